// Goal: mutual TLS lets in who has a right certificate of the right CA, and nobody else, on both sides; who is turned away is
// told to the server with the reason. Method: certificates made here, wrong in one way each.
#include "tests/shared/net/tls_fixture.hpp"

namespace holdfast::net {
namespace {

TEST_F(TlsTest, RightCertificates_AcceptedAndNamed) {
    start_tls_server("ca");
    const auto response = get_as("ca", "client");
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response.value().body, "/x");
    EXPECT_EQ(peers_name, "client");
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(get("/x").has_value());
    stop_server(kLong);
}

TEST_F(TlsTest, WrongClientCertificates_RefusedWithTheReason) {
    start_tls_server("ca");
    write_leaf("expired", ca, {.ends_in = -std::chrono::minutes{1}});
    write_leaf("server_only", ca, {.purposes = "serverAuth"});
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", "it showed no certificate"},
        {"foreign", "certificate is not accepted: "},
        {"expired", "certificate is not accepted: certificate has expired"},
        {"server_only", "certificate is not accepted: "}};
    for (const auto& [name, why] : cases) {
        refused.clear();
        const auto response = get_as("ca", name);
        ASSERT_FALSE(response.has_value()) << name;
        EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
        ASSERT_TRUE(run_until([&] { return !refused.empty(); })) << name;
        EXPECT_TRUE(refused.front().starts_with("127.0.0.1:")) << refused.front();
        EXPECT_NE(refused.front().find(why), std::string::npos) << refused.front();
    }
    EXPECT_EQ(asked, 0);
    EXPECT_TRUE(get_as("ca", "client").has_value());
}

TEST_F(TlsTest, CertificateForAnotherHost_OrForClientsOnly_RefusedByTheClient) {
    for (const LeafOptions& wrong :
         {LeafOptions{.hosts = "IP:127.0.0.2,DNS:localhost"}, LeafOptions{.purposes = "clientAuth"}}) {
        write_leaf("server", ca, wrong);
        start_tls_server("ca");
        const auto response = get_as("ca", "client");
        ASSERT_FALSE(response.has_value());
        EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
        stop_server();
    }
    EXPECT_EQ(asked, 0);
}

TEST_F(TlsTest, ClientThatRefusesOurCertificate_IsToldToTheServer) {
    start_tls_server("ca");
    EXPECT_FALSE(get_as("other_ca", "client").has_value());
    ASSERT_TRUE(run_until([&] { return !refused.empty(); }));
    EXPECT_NE(refused.front().find("refused our certificate"), std::string::npos) << refused.front();
}

TEST_F(TlsTest, IntermediateAsOnlyAnchor_IsNoAnchor) {
    const Identity middle = Identity::make_ca("middle", &ca);
    folder.write("middle", middle);
    folder.write("server", Identity::make_leaf("server", middle), middle.certificate());
    folder.write("client", Identity::make_leaf("client", middle), middle.certificate());
    start_tls_server("ca");
    EXPECT_TRUE(get_as("ca", "client").has_value());
    EXPECT_FALSE(get_as("middle", "client").has_value());
    stop_server();
    start_tls_server("middle");
    EXPECT_FALSE(get_as("ca", "client").has_value());
}

TEST_F(TlsTest, CaFileWithTwoAuthorities_BothAreLetIn) {
    folder.write("both.pem", ca.certificate() + other_ca.certificate());
    start_tls_server("both");
    EXPECT_TRUE(get_as("ca", "client").has_value());
    EXPECT_TRUE(get_as("both", "foreign").has_value());
    EXPECT_EQ(peers_name, "foreign");
}

TEST_F(TlsTest, ServerOfAnotherCa_IsRefusedByTheClient) {
    start_tls_server("ca");
    for (const char* trusted : {"other_ca", ""}) {
        const auto response = get_as(trusted, "client");
        ASSERT_FALSE(response.has_value());
        EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
        EXPECT_NE(response.error().message.find("certificate"), std::string::npos) << response.error().message;
    }
    EXPECT_EQ(asked, 0);
}

TEST_F(TlsTest, WithoutCaFile_AnyClientMayAsk) {
    start_tls_server("");
    const auto response = get_as("ca", "");
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(peers_name, "");
}

TEST_F(TlsTest, LargeBodiesBothWays) {
    HttpServerOptions options;
    options.tls = files("ca", "server");
    start_server(
        [](ServerRequest request) -> Task<Reply> {
            co_return make_response(200, "text/plain", std::move(request.message.body));
        },
        options);
    HttpClientOptions client_options;
    client_options.tls = files("ca", "client");
    start_client(client_options);
    HttpRequest request{"POST", url("/"), {}, std::string(3'000'000, 'x')};
    const auto response = send(request);
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response.value().body, request.body);
}

TEST_F(TlsTest, BodyTooLarge_413_AlsoSeenByOurClientThatIsStillSending) {
    HttpServerOptions options;
    options.body_bytes_max = 1000;
    start_tls_server("ca", options);
    start_client_as("ca", "client");
    const auto response = send(HttpRequest{"POST", url("/"), {}, std::string(4'000'000, 'x')});
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response.value().status, 413);
}

TEST_F(TlsTest, PlainTextOrSilence_ToATlsPort_IsClosed) {
    HttpServerOptions options;
    options.header_timeout = milliseconds{100};
    start_tls_server("ca", options);
    EXPECT_EQ(talk({}), "");
    EXPECT_TRUE(refused.empty());
    EXPECT_EQ(talk({"GET / HTTP/1.1\r\n\r\n"}).find("HTTP"), std::string::npos);
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_NE(refused.front().find("does not speak TLS"), std::string::npos) << refused.front();
    EXPECT_EQ(asked, 0);
    EXPECT_TRUE(get_as("ca", "client").has_value());
}

TEST_F(TlsTest, UnusableFiles_NamedWhenListening) {
    for (const TlsFiles& tls : {TlsFiles{"", folder.path("none.pem"), folder.path("server.key")},
                                TlsFiles{"", folder.path("server.pem"), folder.path("client.key")},
                                TlsFiles{folder.path("server.key"), folder.path("server.pem"), folder.path("server.key")}}) {
        HttpServerOptions options;
        options.tls = tls;
        HttpServer broken{io.get_executor(), clock, options, echo_path};
        const auto result = broken.listen("127.0.0.1", 0);
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
        EXPECT_NE(result.error().message.find(folder.path("")), std::string::npos) << result.error().message;
    }
}

}  // namespace
}  // namespace holdfast::net
