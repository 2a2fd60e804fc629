// A cluster's certificate authority and what it signs: X.509 v3 with keys on P-256. Keys come from OpenSSL's generator.
#pragma once

#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/time.hpp"

namespace holdfast::cli {

// A certificate and its private key, both PEM.
struct Credential {
    std::string certificate;
    std::string key;
};

struct Subject {
    std::string common_name;  // "member/p1"
    std::string host;         // the address or name that it serves at; empty: a client only
};

// A CA that signs itself. `name` becomes its common name.
[[nodiscard]] Result<Credential> make_authority(const std::string& name, WallTime now, int days);
// Good from an hour before `now`, for clocks that are behind. With a host: for server and client, with that host as the
// subject's alternative name; without: for clients. kInvalidArgument if the CA can't be used.
[[nodiscard]] Result<Credential> issue(const Credential& authority, const Subject& subject, WallTime now, int days);

struct CertificateFacts {
    std::string common_name;
    WallTime ends;
    std::string host;  // as in Subject
};
// All certificates of a PEM text, in their order; kNotFound if there is none, kMalformed if one can't be read.
[[nodiscard]] Result<std::vector<CertificateFacts>> read_certificates(const std::string& pem);
// The first certificate of `pem` only.
[[nodiscard]] Result<std::string> first_certificate(const std::string& pem);
// Has the first certificate of `authority_pem` signed the first of `pem`?
[[nodiscard]] Result<bool> is_signed_by(const std::string& pem, const std::string& authority_pem);

}  // namespace holdfast::cli
