// What systemd is told of an instance: ready, a status line, that a start or a stop needs more time. The watchdog is fed by the
// duty loop, not from here.
#pragma once

#include <functional>
#include <string>

#include "shared/base/task.hpp"
#include "shared/base/time.hpp"

namespace holdfast::instance {

class ServiceManager {
public:
    struct Sources {
        std::function<std::string()> status;  // one sentence
        std::function<bool()> ready;          // duties are known, and it is on duty or stands by
    };

    ServiceManager(Clock& clock, Sources sources) : clock_{clock}, sources_{std::move(sources)} {}

    // For ever; ends by cancellation.
    Task<void> run();
    void on_stop();

private:
    Clock& clock_;
    Sources sources_;
    bool ready_{false};
    bool stopping_{false};
    std::string said_;

    void tell();
};

}  // namespace holdfast::instance
