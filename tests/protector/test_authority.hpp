// A certificate authority for tests: makes certificates as `holdfast cluster create` does, and such as it never would.
#pragma once

#include <openssl/types.h>

#include <string>

namespace holdfast::protector {

class TestAuthority {
public:
    // A CA of its own, good for a year.
    TestAuthority();
    TestAuthority(const TestAuthority&) = delete;
    TestAuthority& operator=(const TestAuthority&) = delete;
    ~TestAuthority();

    void write_ca(const std::string& file) const;
    // Writes FILE.pem and FILE.key: for 127.0.0.1, as client and server, good until `ends_in_seconds` from now.
    void issue(const std::string& file, const std::string& common_name, long ends_in_seconds = 86'400) const;

private:
    EVP_PKEY* key_;
    X509* certificate_;
};

}  // namespace holdfast::protector
