#include "shared/base/systemd.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>

namespace holdfast {

void notify_ready() { sd_notify(0, "READY=1"); }

void notify_status(std::string sentence) {
    std::ranges::replace(sentence, '\n', ' ');  // a line end would begin another assignment
    sd_notify(0, ("STATUS=" + sentence).c_str());
}

void notify_stopping() { sd_notify(0, "STOPPING=1"); }

void notify_starting(Duration time) {
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    sd_notify(0, ("EXTEND_TIMEOUT_USEC=" + std::to_string(microseconds)).c_str());
}

void notify_watchdog() { sd_notify(0, "WATCHDOG=1"); }

std::optional<Duration> watchdog_interval() {
    std::uint64_t limit_us = 0;
    if (sd_watchdog_enabled(0, &limit_us) <= 0 || limit_us == 0) return std::nullopt;
    return std::chrono::microseconds{limit_us / 2};
}

}  // namespace holdfast
