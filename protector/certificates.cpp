#include "protector/certificates.hpp"

#include <sys/stat.h>

#include <utility>

#include "shared/base/log.hpp"
#include "shared/net/certificates.hpp"

namespace holdfast::protector {

namespace {

using Days = std::chrono::duration<std::int64_t, std::ratio<86'400>>;

constexpr Duration kWarnBefore = Days{30};
constexpr Duration kWarnPause = Days{1};

constexpr const char* kExpiryHelp = "When it ends, Unix seconds";

double unix_seconds(WallTime time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

// Changes whenever the file is replaced or written.
std::string stamp(const std::string& file) {
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0) return "none;";
    return std::to_string(found.st_ino) + "," + std::to_string(found.st_size) + "," + std::to_string(found.st_mtim.tv_sec) +
           "," + std::to_string(found.st_mtim.tv_nsec) + ";";
}

}  // namespace

Certificates::Certificates(std::optional<net::TlsFiles> files, Metrics& metrics) : files_{std::move(files)} {
    if (!files_) return;
    certificate_.gauge = metrics.gauge("holdfast_protector_certificate_expiry_seconds", kExpiryHelp);
    ca_.gauge = metrics.gauge("holdfast_protector_ca_expiry_seconds", kExpiryHelp);
    accept();
}

void Certificates::read(WallTime now) {
    if (!files_) return;
    take(certificate_, net::certificate_expiry(files_->certificate_file));
    take(ca_, net::ca_expiry(files_->ca_file));
    if (warned_ && now - *warned_ < kWarnPause) return;
    const bool certificate_warned = warn(certificate_, now);
    if (warn(ca_, now) || certificate_warned) warned_ = now;
}

bool Certificates::changed() const { return files_ && stamps() != in_use_; }

void Certificates::accept() {
    if (files_) in_use_ = stamps();
}

std::string Certificates::stamps() const {
    return stamp(files_->ca_file) + stamp(files_->certificate_file) + stamp(files_->key_file);
}

void Certificates::take(Watched& watched, const Result<WallTime>& expires) {
    if (!expires) {
        log_error("{}", expires.error().message);
        return;
    }
    watched.expires = expires.value();
    watched.gauge->set(unix_seconds(expires.value()));
}

bool Certificates::warn(const Watched& watched, WallTime now) const {
    if (!watched.expires || *watched.expires - now > kWarnBefore) return false;
    const auto days = std::chrono::duration_cast<Days>(*watched.expires - now).count();
    if (*watched.expires <= now) {
        log_error("the {} has expired: others refuse this protector until it is renewed", watched.what);
    } else {
        log_warn("the {} ends in {} days: renew it; the files are read again when they change", watched.what, days);
    }
    return true;
}

}  // namespace holdfast::protector
