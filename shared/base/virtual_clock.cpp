#include "shared/base/virtual_clock.hpp"

namespace holdfast {

VirtualTime::VirtualTime(boost::asio::io_context& io, WallTime start) : io_{io}, start_{start} {}

void VirtualTime::drain() {
    if (io_.stopped()) io_.restart();
    while (io_.poll() > 0) {
        if (io_.stopped()) io_.restart();
    }
}

void VirtualTime::advance(Duration duration) {
    const SteadyTime end = steady_ + duration;
    drain();
    while (const auto next = alarms_.next()) {
        if (*next > end) break;
        if (*next > steady_) steady_ = *next;
        // One alarm, then all that follows from it: alarms of one moment never see half of each other's work.
        if (auto action = alarms_.take_due(steady_)) action();
        drain();
    }
    steady_ = end;
}

Clock::AlarmId VirtualClock::call_at(SteadyTime when, std::function<void()> action) {
    return time_.alarms().add(when, std::move(action));
}

}  // namespace holdfast
