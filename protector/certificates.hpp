// When this protector's certificate and the CA's end: for status, metrics, and a warning in the log while there is time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shared/base/metrics.hpp"
#include "shared/base/time.hpp"
#include "shared/net/http.hpp"

namespace holdfast::protector {

class Certificates {
public:
    // `files`: nothing without TLS. `metrics` must outlive it.
    Certificates(std::optional<net::TlsFiles> files, Metrics& metrics);

    // Reads the files again, and warns, once a day, of what ends within 30 days of `now`.
    void read(WallTime now);

    [[nodiscard]] std::optional<WallTime> certificate_expires() const { return certificate_expires_; }
    [[nodiscard]] std::optional<WallTime> ca_expires() const { return ca_expires_; }

private:
    std::optional<net::TlsFiles> files_;
    std::optional<Gauge> certificate_gauge_;
    std::optional<Gauge> ca_gauge_;
    std::optional<WallTime> certificate_expires_;
    std::optional<WallTime> ca_expires_;
    std::optional<WallTime> warned_;

    void warn(const std::string& file, std::optional<WallTime> expires, WallTime now, bool& warned) const;
};

}  // namespace holdfast::protector
