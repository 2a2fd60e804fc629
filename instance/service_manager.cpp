#include "instance/service_manager.hpp"

#include "shared/base/log.hpp"
#include "shared/base/systemd.hpp"

namespace holdfast::instance {

namespace {

constexpr Duration kPause = std::chrono::milliseconds{500};
constexpr Duration kMoreTime = std::chrono::seconds{10};

}  // namespace

Task<void> ServiceManager::run() {
    for (;;) {
        tell();
        co_await sleep_for(clock_, kPause);
    }
}

void ServiceManager::on_stop() {
    stopping_ = true;
    notify_stopping();
    tell();
}

void ServiceManager::tell() {
    if (!ready_ && !stopping_ && sources_.ready()) {
        ready_ = true;
        notify_ready();
        log_info("ready");
    }
    // What waits for a handover has a time limit of its own.
    if (stopping_) notify_starting(kMoreTime);
    const std::string status = (stopping_ ? "stopping; " : "") + sources_.status();
    if (status == said_) return;
    said_ = status;
    notify_status(status);
}

}  // namespace holdfast::instance
