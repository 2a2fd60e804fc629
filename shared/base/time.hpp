// Time as a dependency. Nothing but the sources of this folder reads a clock of the machine: everybody else is given a Clock.
// Wall time is for slots and for people; steady time is for deadlines and pauses.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "shared/base/task.hpp"

namespace holdfast {

using Duration = std::chrono::nanoseconds;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;

// Milliseconds with fraction, for logs and metrics.
[[nodiscard]] double to_ms(Duration duration);

// A clock with alarms. Used on the thread of the I/O loop only.
class Clock {
public:
    using AlarmId = std::uint64_t;

    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;

    [[nodiscard]] virtual WallTime now() const = 0;
    [[nodiscard]] virtual SteadyTime steady() const = 0;

    // Calls `action` once on the I/O loop when steady time has reached `when` (soon, if it has already).
    virtual AlarmId call_at(SteadyTime when, std::function<void()> action) = 0;
    // An alarm that has rung or was never set is ignored.
    virtual void cancel(AlarmId id) = 0;

    // The steady time at which the wall will show `when`, if nobody sets the wall clock until then.
    [[nodiscard]] SteadyTime steady_at(WallTime when) const { return steady() + (when - now()); }
};

// Both end early only by cancellation. The wall variant looks at the wall again at least once a second, so a clock that is set
// while it sleeps delays it by a second at most.
Task<void> sleep_until(Clock& clock, SteadyTime when);
Task<void> sleep_until(Clock& clock, WallTime when);
Task<void> sleep_for(Clock& clock, Duration duration);

}  // namespace holdfast
