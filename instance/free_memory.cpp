#include "instance/free_memory.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace holdfast::instance {

namespace {

// After the inclusion of the slots before was looked at, before connections are warmed for the next.
constexpr Duration quiet_moment(Duration slot) { return slot * 5 / 6; }

bool trim() {
#ifdef __GLIBC__
    return ::malloc_trim(0) != 0;
#else
    return false;
#endif
}

}  // namespace

Task<void> give_back_memory(Clock& clock, const ethereum::SlotClock& slots, const ethereum::ChainSpec& spec,
                            WorkerPool& workers) {
    for (;;) {
        const Slot slot = slots.slot_at(clock.now());
        co_await sleep_until(clock, slots.start_of(slot) + quiet_moment(spec.slot_duration()));
        co_await workers.run(trim, WorkerPool::kUrgencies - 1);
        co_await sleep_until(clock, slots.start_of(slot + spec.slots_per_epoch()));
    }
}

}  // namespace holdfast::instance
