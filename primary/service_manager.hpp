// What systemd wants to know of a Type=notify service (sd_notify(3)); nothing happens without it.
#pragma once

#include <string>

namespace holdfast::primary {

void service_ready();
void service_status(const std::string& sentence);
void service_stopping();
// For the watchdog.
void service_alive();

}  // namespace holdfast::primary
