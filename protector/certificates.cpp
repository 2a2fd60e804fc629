#include "protector/certificates.hpp"

#include <utility>

#include "shared/base/log.hpp"

namespace holdfast::protector {

Certificates::Certificates(std::optional<net::TlsFiles> files, Metrics& metrics) : files_{std::move(files)} {
    static_cast<void>(metrics);
}

void Certificates::read(WallTime now) { static_cast<void>(now); }

}  // namespace holdfast::protector
