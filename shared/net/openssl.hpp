// OpenSSL's objects with owners, and its errors as text. Only for the sources of this folder.
#pragma once

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace holdfast::net {

template <auto free>
struct Freed {
    template <class T>
    void operator()(T* object) const {
        free(object);
    }
};

using SslOwner = std::unique_ptr<SSL, Freed<&SSL_free>>;
using BioOwner = std::unique_ptr<BIO, Freed<&BIO_free_all>>;
using BioMethodOwner = std::unique_ptr<BIO_METHOD, Freed<&BIO_meth_free>>;
using X509Owner = std::unique_ptr<X509, Freed<&X509_free>>;

// The first error of this thread's queue in words, and the queue emptied.
[[nodiscard]] std::string take_openssl_error();
// The subject's common name; empty if it has none.
[[nodiscard]] std::string common_name_of(const X509* certificate);

}  // namespace holdfast::net
