// Certificates made for a test: authorities, their leaves, wrong ones of every kind. Files in a folder of its own.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <filesystem>
#include <memory>
#include <string>

#include "shared/base/time.hpp"
#include "shared/net/http.hpp"

namespace holdfast::net {

struct LeafOptions {
    std::string purposes{"serverAuth,clientAuth"};
    std::string hosts{"IP:127.0.0.1,IP:::1"};
    Duration ends_in{std::chrono::hours{1}};  // negative: it has ended
};

// A key with its certificate.
class Identity {
public:
    // `issuer` signs it; without one it is a root.
    static Identity make_ca(const std::string& name, const Identity* issuer = nullptr);
    static Identity make_leaf(const std::string& name, const Identity& issuer, const LeafOptions& options = {});

    [[nodiscard]] std::string certificate() const;  // PEM
    [[nodiscard]] std::string key() const;

private:
    template <auto free>
    struct Freed {
        template <class T>
        void operator()(T* object) const {
            free(object);
        }
    };
    std::unique_ptr<EVP_PKEY, Freed<&EVP_PKEY_free>> key_;
    std::unique_ptr<X509, Freed<&X509_free>> certificate_;

    static Identity begin(const std::string& name, Duration ends_in);
    void add(int extension, const std::string& value, const Identity& issuer);
    void sign(const Identity& issuer);
};

// The files of one test, gone with it.
class CertificateFolder {
public:
    CertificateFolder();
    CertificateFolder(const CertificateFolder&) = delete;
    CertificateFolder& operator=(const CertificateFolder&) = delete;
    ~CertificateFolder();

    [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
    void write(const std::string& name, const std::string& text) const;
    // NAME.pem and NAME.key; `chain` stands below the certificate.
    void write(const std::string& name, const Identity& identity, const std::string& chain = {}) const;
    // CA.pem, NAME.pem and NAME.key; an empty name leaves them out.
    [[nodiscard]] TlsFiles files(const std::string& ca, const std::string& name) const;

private:
    std::filesystem::path folder_;
};

}  // namespace holdfast::net
