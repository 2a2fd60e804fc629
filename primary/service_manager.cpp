#include "primary/service_manager.hpp"

#include <systemd/sd-daemon.h>

namespace holdfast::primary {

namespace {

void tell(const std::string& what) { sd_notify(0, what.c_str()); }

}  // namespace

void service_ready() { tell("READY=1\nSTATUS=on duty"); }
void service_status(const std::string& sentence) { tell("STATUS=" + sentence); }
void service_stopping() { tell("STOPPING=1\nSTATUS=finishing the duty of this slot"); }
void service_alive() { tell("WATCHDOG=1"); }

}  // namespace holdfast::primary
