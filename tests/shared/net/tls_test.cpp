// Goal: mutual TLS lets in who has a certificate of the right CA, and nobody else, on both sides. Method: certificates made
// here.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <filesystem>

#include "tests/shared/net/net_fixture.hpp"

namespace holdfast::net {
namespace {

namespace fs = std::filesystem;

struct Identity {
    EVP_PKEY* key{nullptr};
    X509* certificate{nullptr};
    Identity() = default;
    Identity(const Identity&) = delete;
    Identity& operator=(const Identity&) = delete;
    ~Identity() {
        EVP_PKEY_free(key);
        X509_free(certificate);
    }
};

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    ASSERT_NE(extension, nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

// Signed by `issuer`; without one it is a CA of its own.
void make_identity(Identity& self, const std::string& name, const Identity* issuer) {
    static long serial = 0;
    self.key = EVP_EC_gen("P-256");
    self.certificate = X509_new();
    X509_set_version(self.certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(self.certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(self.certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(self.certificate), 3600);
    X509_set_pubkey(self.certificate, self.key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(self.certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    const Identity& signer = issuer != nullptr ? *issuer : self;
    X509_set_issuer_name(self.certificate, X509_get_subject_name(signer.certificate));
    add_extension(self.certificate, signer.certificate, NID_basic_constraints,
                  issuer != nullptr ? "CA:FALSE" : "critical,CA:TRUE");
    if (issuer != nullptr) add_extension(self.certificate, signer.certificate, NID_subject_alt_name, "IP:127.0.0.1");
    ASSERT_GT(X509_sign(self.certificate, signer.key, EVP_sha256()), 0);
}

void write_identity(const Identity& identity, const fs::path& certificate_file, const fs::path& key_file) {
    std::FILE* file = std::fopen(certificate_file.c_str(), "w");
    ASSERT_NE(file, nullptr);
    PEM_write_X509(file, identity.certificate);
    std::fclose(file);
    file = std::fopen(key_file.c_str(), "w");
    ASSERT_NE(file, nullptr);
    PEM_write_PrivateKey(file, identity.key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
}

struct TlsTest : NetTest {
    fs::path folder;

    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "holdfast-tls-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder = pattern;
        Identity ca;
        Identity other_ca;
        make_identity(ca, "ca", nullptr);
        make_identity(other_ca, "other ca", nullptr);
        write(ca, "ca");
        write(other_ca, "other_ca");
        write_leaf("server", ca);
        write_leaf("client", ca);
        write_leaf("foreign", other_ca);
        scheme = "https";
    }
    void TearDown() override { fs::remove_all(folder); }

    void write(const Identity& identity, const std::string& name) {
        write_identity(identity, path(name + ".pem"), path(name + ".key"));
    }
    void write_leaf(const std::string& name, const Identity& issuer) {
        Identity leaf;
        make_identity(leaf, name, &issuer);
        write(leaf, name);
    }
    [[nodiscard]] std::string path(const std::string& name) const { return (folder / name).string(); }
    [[nodiscard]] TlsFiles files(const std::string& ca, const std::string& name) const {
        TlsFiles tls;
        if (!ca.empty()) tls.ca_file = path(ca + ".pem");
        if (!name.empty()) tls.certificate_file = path(name + ".pem");
        if (!name.empty()) tls.key_file = path(name + ".key");
        return tls;
    }
    void start_tls_server(const std::string& ca, HttpServerOptions options = {}) {
        options.tls = files(ca, "server");
        start_server(
            [this](ServerRequest request) -> Task<Reply> {
                ++asked;
                peers_name = request.common_name;
                return echo_path(std::move(request));
            },
            options);
    }
    Result<HttpResponse> get_as(const std::string& ca, const std::string& name) {
        HttpClientOptions options;
        options.tls = files(ca, name);
        start_client(options);
        return get("/x");
    }
    int asked{0};
    std::string peers_name;
};

TEST_F(TlsTest, RightCertificates_AcceptedAndNamed) {
    start_tls_server("ca");
    const auto response = get_as("ca", "client");
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response.value().body, "/x");
    EXPECT_EQ(peers_name, "client");
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(get("/x").has_value());
    stop_server(kLong);
}

TEST_F(TlsTest, ClientWithoutCertificate_OrOfAnotherCa_IsRefused) {
    start_tls_server("ca");
    for (const char* name : {"", "foreign"}) {
        const auto response = get_as("ca", name);
        ASSERT_FALSE(response.has_value()) << name;
        EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
    }
    EXPECT_EQ(asked, 0);
}

TEST_F(TlsTest, ServerOfAnotherCa_IsRefusedByTheClient) {
    start_tls_server("ca");
    for (const char* ca : {"other_ca", ""}) {
        const auto response = get_as(ca, "client");
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

TEST_F(TlsTest, PlainTextOrSilence_ToATlsPort_IsClosed) {
    HttpServerOptions options;
    options.header_timeout = milliseconds{100};
    start_tls_server("ca", options);
    EXPECT_EQ(talk({"GET / HTTP/1.1\r\n\r\n"}).find("HTTP"), std::string::npos);
    EXPECT_EQ(talk({}), "");
    EXPECT_EQ(asked, 0);
    EXPECT_TRUE(get_as("ca", "client").has_value());
}

TEST_F(TlsTest, UnusableFiles_NamedWhenListening) {
    for (const TlsFiles& tls :
         {TlsFiles{"", path("none.pem"), path("server.key")}, TlsFiles{"", path("server.pem"), path("client.key")},
          TlsFiles{path("server.key"), path("server.pem"), path("server.key")}}) {
        HttpServerOptions options;
        options.tls = tls;
        HttpServer broken{io.get_executor(), clock, options, echo_path};
        const auto result = broken.listen("127.0.0.1", 0);
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
        EXPECT_NE(result.error().message.find(folder.string()), std::string::npos) << result.error().message;
    }
}

}  // namespace
}  // namespace holdfast::net
