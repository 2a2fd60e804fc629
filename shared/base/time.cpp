#include "shared/base/time.hpp"

#include <algorithm>

#include "shared/base/notifier.hpp"

namespace holdfast {

double to_ms(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

Task<void> sleep_until(Clock& clock, SteadyTime when) {
    Notifier never;
    co_await never.wait_until(clock, when);
}

Task<void> sleep_until(Clock& clock, WallTime when) {
    constexpr Duration kLook = std::chrono::seconds{1};
    while (clock.now() < when) {
        co_await sleep_for(clock, std::min<Duration>(when - clock.now(), kLook));
    }
}

Task<void> sleep_for(Clock& clock, Duration duration) { return sleep_until(clock, clock.steady() + duration); }

}  // namespace holdfast
