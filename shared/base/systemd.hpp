// What a service tells its manager (sd_notify(3)). All of it does nothing when no manager asked (no NOTIFY_SOCKET). Any thread.
#pragma once

#include <optional>
#include <string>

#include "shared/base/time.hpp"

namespace holdfast {

void notify_ready();
// One sentence for `systemctl status`; line ends in it become spaces.
void notify_status(std::string sentence);
void notify_stopping();
// "At work": gives a start or a stop that is under way so much more time from now on.
void notify_starting(Duration time);
// "Still turning", to be said by the loop that must turn.
void notify_watchdog();
// How often notify_watchdog() is wanted: half of the manager's limit. Nothing if no watchdog is set for this process.
[[nodiscard]] std::optional<Duration> watchdog_interval();

}  // namespace holdfast
