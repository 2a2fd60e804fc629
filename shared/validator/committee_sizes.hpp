// How large the committees of an epoch are. Nodes tell that only of those in which we sit, but where a vote of ours lies in an
// on-chain aggregate depends on all committees before ours. Sizes follow from one number, the active validators
// (consensus-specs, phase0/beacon-chain.md, compute_committee), and every committee of ours, and every aggregate, says
// something about it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "shared/base/types.hpp"

namespace holdfast::validator {

class CommitteeSizes {
public:
    CommitteeSizes(std::uint64_t slots_per_epoch, std::uint64_t committees_at_slot);

    // Committees `indices` of the slot (by its place in the epoch) have so many members together. What contradicts all that is
    // known is ignored.
    void learn(std::uint64_t slot_in_epoch, std::span<const std::uint64_t> indices, std::uint64_t members);
    // How many members those have together; nothing as long as that isn't certain.
    [[nodiscard]] std::optional<std::uint64_t> sum(std::uint64_t slot_in_epoch, std::span<const std::uint64_t> indices) const;
    [[nodiscard]] std::uint64_t committees_at_slot() const { return committees_at_slot_; }

private:
    std::uint64_t committees_at_slot_;
    std::uint64_t committees_;           // of the epoch
    std::vector<std::uint64_t> active_;  // what the number of active validators may be; empty: nothing is known

    [[nodiscard]] std::uint64_t sum_if(std::uint64_t active, std::uint64_t slot_in_epoch,
                                       std::span<const std::uint64_t> indices) const;
};

}  // namespace holdfast::validator
