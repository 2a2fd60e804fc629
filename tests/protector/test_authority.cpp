#include "tests/protector/test_authority.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>

namespace holdfast::protector {

namespace {

constexpr long kYear = 365L * 86'400;

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    ASSERT_NE(extension, nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

X509* make_certificate(EVP_PKEY* key, const std::string& common_name, long ends_in_seconds) {
    static long serial = 0;
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -2 * kYear);
    X509_gmtime_adj(X509_getm_notAfter(certificate), ends_in_seconds);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
    return certificate;
}

std::FILE* create(const std::string& file) {
    std::FILE* handle = std::fopen(file.c_str(), "w");
    EXPECT_NE(handle, nullptr) << file;
    return handle;
}

void write_certificate(const std::string& file, X509* certificate) {
    std::FILE* handle = create(file);
    PEM_write_X509(handle, certificate);
    std::fclose(handle);
}

}  // namespace

TestAuthority::TestAuthority() : key_{EVP_EC_gen("P-256")}, certificate_{make_certificate(key_, "test ca", kYear)} {
    X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
    add_extension(certificate_, certificate_, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate_, certificate_, NID_key_usage, "critical,keyCertSign");
    X509_sign(certificate_, key_, EVP_sha256());
}

TestAuthority::~TestAuthority() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
}

void TestAuthority::write_ca(const std::string& file) const { write_certificate(file, certificate_); }

void TestAuthority::issue(const std::string& file, const std::string& common_name, long ends_in_seconds) const {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = make_certificate(key, common_name, ends_in_seconds);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate_));
    add_extension(certificate, certificate_, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(certificate, certificate_, NID_ext_key_usage, "serverAuth,clientAuth");
    add_extension(certificate, certificate_, NID_subject_alt_name, "IP:127.0.0.1");
    X509_sign(certificate, key_, EVP_sha256());
    write_certificate(file + ".pem", certificate);
    std::FILE* handle = create(file + ".key");
    PEM_write_PrivateKey(handle, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(handle);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

}  // namespace holdfast::protector
