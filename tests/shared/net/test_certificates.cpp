#include "tests/shared/net/test_certificates.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <fstream>

namespace holdfast::net {

namespace fs = std::filesystem;

namespace {

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
}

}  // namespace

Identity Identity::begin(const std::string& name, Duration ends_in) {
    static std::atomic<long> serial{0};
    constexpr long kBegan = -7200;
    Identity self;
    self.key_.reset(EVP_EC_gen("P-256"));
    self.certificate_.reset(X509_new());
    X509* certificate = self.certificate_.get();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), kBegan);
    X509_gmtime_adj(X509_getm_notAfter(certificate), std::chrono::duration_cast<std::chrono::seconds>(ends_in).count());
    X509_set_pubkey(certificate, self.key_.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    return self;
}

void Identity::add(int extension, const std::string& value, const Identity& issuer) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer.certificate_.get(), certificate_.get(), nullptr, nullptr, 0);
    X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, &context, extension, value.c_str());
    ASSERT_NE(made, nullptr) << value;
    X509_add_ext(certificate_.get(), made, -1);
    X509_EXTENSION_free(made);
}

void Identity::sign(const Identity& issuer) {
    X509_set_issuer_name(certificate_.get(), X509_get_subject_name(issuer.certificate_.get()));
    EXPECT_GT(X509_sign(certificate_.get(), issuer.key_.get(), EVP_sha256()), 0);
}

Identity Identity::make_ca(const std::string& name, const Identity* issuer) {
    Identity self = begin(name, std::chrono::hours{24});
    const Identity& signer = issuer != nullptr ? *issuer : self;
    self.add(NID_basic_constraints, "critical,CA:TRUE", signer);
    self.add(NID_key_usage, "critical,keyCertSign,cRLSign", signer);
    self.sign(signer);
    return self;
}

Identity Identity::make_leaf(const std::string& name, const Identity& issuer, const LeafOptions& options) {
    Identity self = begin(name, options.ends_in);
    self.add(NID_basic_constraints, "critical,CA:FALSE", issuer);
    self.add(NID_ext_key_usage, options.purposes, issuer);
    self.add(NID_subject_alt_name, options.hosts, issuer);
    self.sign(issuer);
    return self;
}

std::string Identity::certificate() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate_.get());
    return text_of(bio);
}

std::string Identity::key() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return text_of(bio);
}

CertificateFolder::CertificateFolder() {
    std::string pattern = (fs::temp_directory_path() / "holdfast-tls-XXXXXX").string();
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
}

CertificateFolder::~CertificateFolder() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void CertificateFolder::write(const std::string& name, const std::string& text) const {
    std::ofstream{path(name), std::ios::binary | std::ios::trunc} << text;
}

void CertificateFolder::write(const std::string& name, const Identity& identity, const std::string& chain) const {
    write(name + ".pem", identity.certificate() + chain);
    write(name + ".key", identity.key());
}

TlsFiles CertificateFolder::files(const std::string& ca, const std::string& name) const {
    TlsFiles tls;
    if (!ca.empty()) tls.ca_file = path(ca + ".pem");
    if (!name.empty()) tls.certificate_file = path(name + ".pem");
    if (!name.empty()) tls.key_file = path(name + ".key");
    return tls;
}

}  // namespace holdfast::net
