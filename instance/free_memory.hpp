// Gives memory that is free back to the system. The allocator keeps what the largest answers of an epoch needed: with 10,000
// validators a third of the process.
#pragma once

#include "shared/base/task.hpp"
#include "shared/base/time.hpp"
#include "shared/base/worker_pool.hpp"
#include "shared/ethereum/chain_spec.hpp"

namespace holdfast::instance {

// Late in this slot, when nothing is due, and then once an epoch; for ever, ends by cancellation. Takes some milliseconds of a
// worker thread for each 100 MB, in which other threads may have to wait for memory. Everything passed must outlive the task.
Task<void> give_back_memory(Clock& clock, const ethereum::SlotClock& slots, const ethereum::ChainSpec& spec,
                            WorkerPool& workers);

}  // namespace holdfast::instance
