#include "shared/base/real_clock.hpp"

#include <boost/system/error_code.hpp>

namespace holdfast {

RealClock::RealClock(const Executor& executor) : timer_{executor} {}

WallTime RealClock::now() const { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

SteadyTime RealClock::steady() const { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

Clock::AlarmId RealClock::call_at(SteadyTime when, std::function<void()> action) {
    const AlarmId id = alarms_.add(when, std::move(action));
    arm();
    return id;
}

void RealClock::cancel(AlarmId id) {
    alarms_.remove(id);
    arm();
}

// Setting the system's timer is dear, most alarms are cancelled before they ring, and the next one is mostly later: so a timer
// that would ring too early stays as it is, and looks again then. Without any alarm there is none: the loop may run out of
// work.
void RealClock::arm() {
    const auto next = alarms_.next();
    if (!next) {
        if (armed_for_) timer_.cancel();
        armed_for_.reset();
        return;
    }
    if (armed_for_ && *armed_for_ <= *next) return;
    armed_for_ = next;
    timer_.expires_at(*next);
    timer_.async_wait([this](boost::system::error_code error) {
        if (!error) ring();
    });
}

void RealClock::ring() {
    armed_for_.reset();
    const SteadyTime until = steady();
    while (auto action = alarms_.take_due(until)) action();
    arm();
}

}  // namespace holdfast
