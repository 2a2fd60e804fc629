// Votes that were decided while the gate was closed, until they are caught up with. Pure.
#pragma once

#include <map>
#include <vector>

#include "shared/beacon/api_types.hpp"
#include "shared/duties/slot_report.hpp"

namespace holdfast::duties {

// What was decided (or why nothing was) for a slot, and the duties that are still to be performed with it.
struct KeptVote {
    SlotReport report;
    std::vector<beacon::AttesterDuty> duties;
};

class KeptVotes {
public:
    explicit KeptVotes(std::uint64_t slots_per_epoch) : slots_per_epoch_{slots_per_epoch} {}

    // One for a slot; a later one adds its duties.
    void keep(KeptVote vote);
    // Votes of `now`'s epoch and of the last slot before it stay, older ones go.
    void forget_before(Slot now);
    // The vote of the last slot before this epoch; nothing if none is kept.
    [[nodiscard]] const KeptVote* of_last_epoch(Epoch epoch) const;
    [[nodiscard]] KeptVote take(Slot slot);
    // All, the newest first; none stays.
    [[nodiscard]] std::vector<KeptVote> take_all();
    [[nodiscard]] bool empty() const { return votes_.empty(); }

private:
    std::uint64_t slots_per_epoch_;
    std::map<Slot, KeptVote> votes_;
};

}  // namespace holdfast::duties
