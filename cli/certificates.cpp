#include "cli/certificates.hpp"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

namespace holdfast::cli {

namespace {

template <auto free>
struct Freed {
    template <class T>
    void operator()(T* object) const {
        free(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<&EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<&X509_free>>;
using Bio = std::unique_ptr<BIO, Freed<&BIO_free_all>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freed<&GENERAL_NAMES_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<&X509_EXTENSION_free>>;
using Octets = std::unique_ptr<ASN1_OCTET_STRING, Freed<&ASN1_OCTET_STRING_free>>;

constexpr long kX509v3 = 2;  // versions are counted from 0
constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kEarlierSeconds = 3600;

Error openssl_failure(const std::string& doing) {
    const char* reason = ERR_reason_error_string(ERR_get_error());
    ERR_clear_error();
    return failure(ErrorCode::kInternal, "can't " + doing + ": " + (reason != nullptr ? reason : "OpenSSL gives no reason"));
}

std::string text_of(const Bio& bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

Bio reader_of(const std::string& text) { return Bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))}; }

Result<std::string> pem_of(X509* certificate) {
    const Bio bio{BIO_new(BIO_s_mem())};
    if (PEM_write_bio_X509(bio.get(), certificate) != 1) return openssl_failure("write a certificate");
    return text_of(bio);
}

Result<Credential> credential_of(X509* certificate, EVP_PKEY* key) {
    const Bio bio{BIO_new(BIO_s_secmem())};
    if (PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
        return openssl_failure("write a key");
    HOLDFAST_TRY(std::string pem, pem_of(certificate));
    return Credential{std::move(pem), text_of(bio)};
}

Result<Certificate> read_certificate(BIO* bio) {
    Certificate certificate{PEM_read_bio_X509(bio, nullptr, nullptr, nullptr)};
    if (certificate) return certificate;
    const bool none = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    const std::string sentence = openssl_failure("read a certificate").message;
    if (none) return failure(ErrorCode::kNotFound, "there is no certificate");
    return failure(ErrorCode::kMalformed, sentence);
}

bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const Extension extension{X509V3_EXT_conf_nid(nullptr, &context, nid, value)};
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Built without OpenSSL's configuration language: a host can't say more than a host.
bool add_host(X509* certificate, const std::string& host) {
    const Octets address{a2i_IPADDRESS(host.c_str())};
    ERR_clear_error();
    const Names names{sk_GENERAL_NAME_new_null()};
    GENERAL_NAME* name = a2i_GENERAL_NAME(nullptr, nullptr, nullptr, address ? GEN_IPADD : GEN_DNS, host.c_str(), 0);
    if (name == nullptr) return false;
    if (sk_GENERAL_NAME_push(names.get(), name) <= 0) {
        GENERAL_NAME_free(name);
        return false;
    }
    return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

bool set_serial(X509* certificate) {
    std::array<unsigned char, 16> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
    bytes[0] &= 0x7FU;  // positive
    using Number = std::unique_ptr<BIGNUM, Freed<&BN_free>>;
    const Number number{BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr)};
    return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_times(X509* certificate, WallTime now, int days) {
    const std::int64_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    return ASN1_TIME_set(X509_getm_notBefore(certificate), seconds - kEarlierSeconds) != nullptr &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), seconds + days * kDaySeconds) != nullptr;
}

bool set_name(X509* certificate, const std::string& common_name) {
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0) == 1;
}

// All but issuer, extensions and signature.
Certificate begin_certificate(EVP_PKEY* key, const std::string& common_name, WallTime now, int days) {
    Certificate made{X509_new()};
    if (!made || X509_set_version(made.get(), kX509v3) != 1 || !set_serial(made.get()) || !set_times(made.get(), now, days) ||
        X509_set_pubkey(made.get(), key) != 1 || !set_name(made.get(), common_name)) {
        return nullptr;
    }
    return made;
}

bool finish_authority(X509* made, EVP_PKEY* key) {
    return X509_set_issuer_name(made, X509_get_subject_name(made)) == 1 &&
           add_extension(made, made, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
           add_extension(made, made, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           add_extension(made, made, NID_subject_key_identifier, "hash") && X509_sign(made, key, EVP_sha256()) > 0;
}

bool finish_leaf(X509* made, const std::string& host, X509* issuer, EVP_PKEY* issuer_key) {
    const char* usage = host.empty() ? "clientAuth" : "serverAuth,clientAuth";
    return X509_set_issuer_name(made, X509_get_subject_name(issuer)) == 1 &&
           add_extension(made, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(made, issuer, NID_key_usage, "critical,digitalSignature") &&
           add_extension(made, issuer, NID_ext_key_usage, usage) &&
           add_extension(made, issuer, NID_subject_key_identifier, "hash") &&
           add_extension(made, issuer, NID_authority_key_identifier, "keyid:always") &&
           (host.empty() || add_host(made, host)) && X509_sign(made, issuer_key, EVP_sha256()) > 0;
}

std::string common_name_of(const X509* certificate) {
    std::array<char, 256> text{};
    const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text.data(), text.size());
    return size < 0 ? "" : std::string{text.data(), static_cast<std::size_t>(size)};
}

std::string text_of_address(const ASN1_OCTET_STRING* address) {
    const int size = ASN1_STRING_length(address);
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = size == 4 ? AF_INET : AF_INET6;
    if (size != 4 && size != 16) return {};
    return inet_ntop(family, ASN1_STRING_get0_data(address), text.data(), text.size()) == nullptr ? "" : text.data();
}

// The first of the subject's alternative names.
std::string host_of_certificate(const X509* certificate) {
    const Names names{static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
    if (!names || sk_GENERAL_NAME_num(names.get()) < 1) return {};
    int type = 0;
    const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), 0), &type));
    if (type == GEN_IPADD) return text_of_address(value);
    if (type != GEN_DNS) return {};
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)), static_cast<std::size_t>(ASN1_STRING_length(value))};
}

WallTime end_of(const X509* certificate) {
    using Time = std::unique_ptr<ASN1_TIME, Freed<&ASN1_STRING_free>>;
    const Time epoch{ASN1_TIME_set(nullptr, 0)};
    int days = 0;
    int seconds = 0;
    if (ASN1_TIME_diff(&days, &seconds, epoch.get(), X509_get0_notAfter(certificate)) != 1) return {};
    constexpr int kDaysMax = 365 * 250;  // what nanoseconds can tell
    return WallTime{std::chrono::hours{24} * std::min(days, kDaysMax) + std::chrono::seconds{seconds}};
}

}  // namespace

Result<Credential> make_authority(const std::string& name, WallTime now, int days) {
    const Key key{EVP_EC_gen("P-256")};
    if (!key) return openssl_failure("make a key");
    const Certificate made = begin_certificate(key.get(), name, now, days);
    if (!made || !finish_authority(made.get(), key.get())) return openssl_failure("make a CA");
    return credential_of(made.get(), key.get());
}

Result<Credential> issue(const Credential& authority, const Subject& subject, WallTime now, int days) {
    const auto unusable = [](const char* what) {
        return failure(ErrorCode::kInvalidArgument, std::string{"the CA's "} + what + " can't be read");
    };
    const Certificate issuer{PEM_read_bio_X509(reader_of(authority.certificate).get(), nullptr, nullptr, nullptr)};
    if (!issuer) return unusable("certificate");
    const Key issuer_key{PEM_read_bio_PrivateKey(reader_of(authority.key).get(), nullptr, nullptr, nullptr)};
    if (!issuer_key) return unusable("key");
    if (X509_check_private_key(issuer.get(), issuer_key.get()) != 1) {
        return failure(ErrorCode::kInvalidArgument, "the CA's key is not that of its certificate");
    }
    const Key key{EVP_EC_gen("P-256")};
    if (!key) return openssl_failure("make a key");
    const Certificate made = begin_certificate(key.get(), subject.common_name, now, days);
    if (!made || !finish_leaf(made.get(), subject.host, issuer.get(), issuer_key.get())) {
        return openssl_failure("make a certificate for " + subject.common_name);
    }
    return credential_of(made.get(), key.get());
}

Result<std::vector<CertificateFacts>> read_certificates(const std::string& pem) {
    const Bio bio = reader_of(pem);
    std::vector<CertificateFacts> all;
    while (true) {
        const auto certificate = read_certificate(bio.get());
        if (!certificate && certificate.error().code == ErrorCode::kNotFound && !all.empty()) return all;
        if (!certificate) return certificate.error();
        all.push_back({common_name_of(certificate.value().get()), end_of(certificate.value().get()),
                       host_of_certificate(certificate.value().get())});
    }
}

Result<std::string> first_certificate(const std::string& pem) {
    HOLDFAST_TRY(const Certificate certificate, read_certificate(reader_of(pem).get()));
    return pem_of(certificate.get());
}

Result<bool> is_signed_by(const std::string& pem, const std::string& authority_pem) {
    HOLDFAST_TRY(const Certificate certificate, read_certificate(reader_of(pem).get()));
    HOLDFAST_TRY(const Certificate authority, read_certificate(reader_of(authority_pem).get()));
    const bool good = X509_verify(certificate.get(), X509_get0_pubkey(authority.get())) == 1;
    ERR_clear_error();
    return good;
}

}  // namespace holdfast::cli
