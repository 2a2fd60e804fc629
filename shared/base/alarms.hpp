// The alarms of a clock in the order in which they ring; those of one moment in the order in which they were set.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "shared/base/time.hpp"

namespace holdfast {

class Alarms {
public:
    Clock::AlarmId add(SteadyTime when, std::function<void()> action);
    void remove(Clock::AlarmId id);
    [[nodiscard]] std::optional<SteadyTime> next() const;
    // Takes out the first alarm that is due at `now`; empty if none is.
    std::function<void()> take_due(SteadyTime now);

private:
    std::map<std::pair<SteadyTime, Clock::AlarmId>, std::function<void()>> queue_;
    std::unordered_map<Clock::AlarmId, SteadyTime> times_;
    Clock::AlarmId last_id_{0};
};

}  // namespace holdfast
