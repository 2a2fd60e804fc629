// The files of this protector's certificate: whether they have changed, and when it and the CA end, for status, metrics, and a
// warning in the log while there is time. Reads the disk: now and then, not on the way to an answer.
#pragma once

#include <optional>
#include <string>

#include "shared/base/metrics.hpp"
#include "shared/base/result.hpp"
#include "shared/base/time.hpp"
#include "shared/net/http.hpp"

namespace holdfast::protector {

class Certificates {
public:
    // `files`: nothing without TLS; then nothing ever happens here. `metrics` must outlive it.
    Certificates(std::optional<net::TlsFiles> files, Metrics& metrics);

    // Reads when they end; what ends within 30 days of `now` is logged, once a day.
    void read(WallTime now);

    // Are the files others than at the last accept()?
    [[nodiscard]] bool changed() const;
    // They are in use as they are now.
    void accept();

    [[nodiscard]] std::optional<WallTime> certificate_expires() const { return certificate_.expires; }
    [[nodiscard]] std::optional<WallTime> ca_expires() const { return ca_.expires; }

private:
    struct Watched {
        std::string what;
        std::optional<Gauge> gauge;
        std::optional<WallTime> expires;
    };

    std::optional<net::TlsFiles> files_;
    Watched certificate_{"certificate", {}, {}};
    Watched ca_{"CA", {}, {}};
    std::optional<WallTime> warned_;
    std::string in_use_;  // the files' stamps

    [[nodiscard]] std::string stamps() const;
    void take(Watched& watched, const Result<WallTime>& expires);
    [[nodiscard]] bool warn(const Watched& watched, WallTime now) const;
};

}  // namespace holdfast::protector
