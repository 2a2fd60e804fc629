// Goal: certificates are renewed without dropping a connection, on both sides; who was taken out does not come in again, not
// even by resuming an old session; and files tell when they end. Method: files overwritten under a running server and client.
#include <openssl/ssl.h>

#include <boost/asio/ip/tcp.hpp>
#include <thread>

#include "shared/net/certificates.hpp"
#include "tests/shared/net/tls_fixture.hpp"

namespace holdfast::net {
namespace {

struct TlsReloadTest : TlsTest {
    Result<HttpResponse> get_on_a_new_connection() {
        HttpRequest request;
        request.url = url("/x");
        request.headers.push_back({"connection", "close"});
        return send(std::move(request));
    }
};

TEST_F(TlsReloadTest, NewConnectionsUseTheNewFiles_OldOnesStay) {
    start_tls_server("ca");
    ASSERT_TRUE(get_as("ca", "client").has_value());
    const std::string address = peers_address;
    const auto old_client = std::move(client);
    EXPECT_FALSE(get_as("other_ca", "client").has_value());

    write_leaf("server", other_ca);
    ASSERT_TRUE(server->reload_tls().has_value());
    EXPECT_TRUE(get_as("other_ca", "client").has_value());
    EXPECT_NE(peers_address, address);
    HttpRequest request;
    request.url = url("/x");
    EXPECT_TRUE(run(old_client->send(std::move(request), clock.steady() + kLong)).has_value());
    EXPECT_EQ(peers_address, address);
}

TEST_F(TlsReloadTest, UnusableFiles_TheOldOnesStayAndTheFailureSaysWhy) {
    start_tls_server("ca");
    for (const char* name : {"server.pem", "server.key", "ca.pem"}) {
        const std::string file = folder.path(name);
        std::filesystem::rename(file, file + ".away");
        for (const char* content : {"", "no certificate"}) {
            if (*content != '\0') folder.write(name, content);
            const auto reloaded = server->reload_tls();
            ASSERT_FALSE(reloaded.has_value()) << name;
            EXPECT_EQ(reloaded.error().code, ErrorCode::kInvalidArgument);
            EXPECT_NE(reloaded.error().message.find(file), std::string::npos) << reloaded.error().message;
        }
        std::filesystem::rename(file + ".away", file);
    }
    folder.write("server.key", Identity::make_leaf("server", ca).key());
    EXPECT_FALSE(server->reload_tls().has_value()) << "the key of another certificate";
    EXPECT_TRUE(get_as("ca", "client").has_value());
}

TEST_F(TlsReloadTest, WithoutTls_ThereIsNothingToReload) {
    scheme = "http";
    start_server(echo_path);
    EXPECT_TRUE(server->reload_tls().has_value());
    EXPECT_TRUE(get("/").has_value());
}

TEST_F(TlsReloadTest, AuthorityTakenOut_ItsClientsComeInNoMore) {
    folder.write("members.pem", ca.certificate() + other_ca.certificate());
    start_tls_server("members");
    start_client_as("ca", "foreign");
    ASSERT_TRUE(get_on_a_new_connection().has_value());
    folder.write("members.pem", ca.certificate());
    ASSERT_TRUE(server->reload_tls().has_value());
    EXPECT_FALSE(get_on_a_new_connection().has_value());
    EXPECT_EQ(asked, 1);
}

TEST_F(TlsReloadTest, RenewedFilesOfTheClient_AreUsedByItsNextConnection) {
    start_tls_server("ca");
    folder.write("trusted.pem", ca.certificate());
    start_client_as("trusted", "client");
    ASSERT_TRUE(get_on_a_new_connection().has_value());
    EXPECT_EQ(peers_name, "client");

    folder.write("client", Identity::make_leaf("renewed", ca));
    ASSERT_TRUE(get_on_a_new_connection().has_value());
    EXPECT_EQ(peers_name, "renewed");

    write_leaf("server", other_ca);
    ASSERT_TRUE(server->reload_tls().has_value());
    EXPECT_FALSE(get_on_a_new_connection().has_value());
    folder.write("trusted.pem", ca.certificate() + other_ca.certificate());
    const auto response = get_on_a_new_connection();
    EXPECT_TRUE(response.has_value()) << response.error().message;
}

// A client that blocks, on a thread of its own, and can do what ours does not: choose its TLS version, and resume.
struct BlockingClient {
    SSL_CTX* context{SSL_CTX_new(TLS_client_method())};
    SSL_SESSION* session{nullptr};
    std::string version;
    bool resumed{false};
    bool resumable{false};
    bool answered{false};

    BlockingClient(const TlsFiles& files, int max_version) {
        SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
        SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context, max_version);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT);
        SSL_CTX_use_certificate_chain_file(context, files.certificate_file.c_str());
        SSL_CTX_use_PrivateKey_file(context, files.key_file.c_str(), SSL_FILETYPE_PEM);
    }
    BlockingClient(const BlockingClient&) = delete;
    BlockingClient& operator=(const BlockingClient&) = delete;
    ~BlockingClient() {
        SSL_SESSION_free(session);
        SSL_CTX_free(context);
    }

    void ask(std::uint16_t port) {
        using boost::asio::ip::tcp;
        boost::asio::io_context own;
        tcp::socket socket{own};
        socket.connect({boost::asio::ip::address_v4::loopback(), port});
        SSL* ssl = SSL_new(context);
        SSL_set_fd(ssl, socket.native_handle());
        if (session != nullptr) SSL_set_session(ssl, session);
        constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nconnection: close\r\n\r\n";
        std::array<char, 4096> buffer{};
        answered = SSL_connect(ssl) == 1 && SSL_write(ssl, kRequest.data(), static_cast<int>(kRequest.size())) > 0 &&
                   SSL_read(ssl, buffer.data(), static_cast<int>(buffer.size())) > 0;
        version = SSL_get_version(ssl);
        resumed = SSL_session_reused(ssl) == 1;
        SSL_SESSION_free(session);
        session = SSL_get1_session(ssl);
        resumable = session != nullptr && SSL_SESSION_is_resumable(session) == 1;
        SSL_free(ssl);
    }
};

struct TlsVersionTest : TlsReloadTest {
    void ask(BlockingClient& raw) {
        std::atomic<bool> done{false};
        std::thread thread{[&] {
            raw.ask(port);
            done = true;
        }};
        EXPECT_TRUE(run_until([&] { return done.load(); }));
        thread.join();
    }
};

TEST_F(TlsVersionTest, OldVersionsRefused_NewestTaken) {
    start_tls_server("ca");
    BlockingClient old{files("ca", "client"), TLS1_1_VERSION};
    ask(old);
    EXPECT_FALSE(old.answered);
    EXPECT_EQ(asked, 0);
    BlockingClient free{files("ca", "client"), 0};
    ask(free);
    EXPECT_TRUE(free.answered);
    EXPECT_EQ(free.version, "TLSv1.3");
}

TEST_F(TlsVersionTest, NoSessionIsResumed_AlsoNotAfterItsCertificateWasTakenOut) {
    for (const int max_version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        asked = 0;
        folder.write("members.pem", ca.certificate() + other_ca.certificate());
        start_tls_server("members");
        BlockingClient raw{files("ca", "foreign"), max_version};
        ask(raw);
        EXPECT_TRUE(raw.answered);
        EXPECT_FALSE(raw.resumable);
        ask(raw);
        EXPECT_TRUE(raw.answered);
        EXPECT_FALSE(raw.resumed);
        folder.write("members.pem", ca.certificate());
        ASSERT_TRUE(server->reload_tls().has_value());
        ask(raw);
        EXPECT_FALSE(raw.answered);
        EXPECT_EQ(asked, 2);
        stop_server();
    }
}

struct CertificatesTest : testing::Test {
    CertificateFolder folder;
    RealClock clock{boost::asio::system_executor{}};
    Identity ca = Identity::make_ca("ca");

    [[nodiscard]] Duration left(const Result<WallTime>& end) const { return end.value() - clock.now(); }
};

TEST_F(CertificatesTest, Expiry_IsTheFirstOfAChainAndTheLastOfABundle) {
    const Identity leaf = Identity::make_leaf("leaf", ca, {.ends_in = std::chrono::hours{100}});
    folder.write("chain", leaf, ca.certificate());
    const auto first = certificate_expiry(folder.path("chain.pem"));
    ASSERT_TRUE(first.has_value()) << first.error().message;
    EXPECT_NEAR(to_ms(left(first)), 24 * 3'600'000.0, 60'000.0);
    const auto last = ca_expiry(folder.path("chain.pem"));
    ASSERT_TRUE(last.has_value());
    EXPECT_NEAR(to_ms(left(last)), 100 * 3'600'000.0, 60'000.0);
}

TEST_F(CertificatesTest, Expiry_MayBePastOrFarAway) {
    folder.write("past", Identity::make_leaf("past", ca, {.ends_in = -std::chrono::hours{1}}));
    EXPECT_NEAR(to_ms(left(certificate_expiry(folder.path("past.pem")))), -3'600'000.0, 60'000.0);
    folder.write("far", Identity::make_leaf("far", ca, {.ends_in = std::chrono::hours{24 * 365 * 240}}));
    EXPECT_GT(left(certificate_expiry(folder.path("far.pem"))), std::chrono::hours{24 * 365 * 100});
}

TEST_F(CertificatesTest, Expiry_WithoutACertificate_FailsAndNamesTheFile) {
    folder.write("leaf", Identity::make_leaf("leaf", ca));
    folder.write("text.pem", "no certificate");
    folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    for (const char* name : {"none.pem", "text.pem", "leaf.key", "broken.pem"}) {
        for (const auto& end : {certificate_expiry(folder.path(name)), ca_expiry(folder.path(name))}) {
            ASSERT_FALSE(end.has_value()) << name;
            EXPECT_NE(end.error().message.find(folder.path(name)), std::string::npos) << end.error().message;
        }
    }
}

}  // namespace
}  // namespace holdfast::net
