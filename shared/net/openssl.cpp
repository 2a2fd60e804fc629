#include "shared/net/openssl.hpp"

#include <openssl/err.h>

#include <system_error>

namespace holdfast::net {

std::string take_openssl_error() {
    const unsigned long error = ERR_get_error();
    ERR_clear_error();
    if (error == 0) return "no reason given";
    if (ERR_SYSTEM_ERROR(error)) return std::generic_category().message(ERR_GET_REASON(error));
    const char* reason = ERR_reason_error_string(error);
    return reason != nullptr ? reason : "OpenSSL's error " + std::to_string(error);
}

std::string common_name_of(const X509* certificate) {
    const X509_NAME* subject = X509_get_subject_name(certificate);
    const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (index < 0) return {};
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
    if (size < 0) return {};
    std::string result{text, text + size};
    OPENSSL_free(text);
    return result;
}

}  // namespace holdfast::net
