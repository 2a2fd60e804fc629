// What files of certificates (PEM) say about themselves. They read the disk: not on a hot path.
#pragma once

#include <string>

#include "shared/base/result.hpp"
#include "shared/base/time.hpp"

namespace holdfast::net {

// When the first of the certificates in the file ends: a certificate with the chain below it is good no longer than its
// weakest part. kNotFound, kIo or kInvalidArgument, with the file's name, if there is none or it holds no certificate.
[[nodiscard]] Result<WallTime> certificate_expiry(const std::string& file);

// When the last one in the file ends: while a CA is renewed the old and the new one stand side by side, and the file is good as
// long as the new one is. Failures as above.
[[nodiscard]] Result<WallTime> ca_expiry(const std::string& file);

}  // namespace holdfast::net
