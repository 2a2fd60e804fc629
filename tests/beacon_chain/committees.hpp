// Who attests when: the committees of one epoch. A shuffle whose seed is the epoch's dependent root, so that a reorganisation
// that changes the root changes the duties. Numbers of committees: consensus-specs, phase0, get_committee_count_per_slot.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "shared/base/types.hpp"
#include "tests/beacon_chain/chain_config.hpp"

namespace holdfast::sim {

struct Duty {
    Slot slot;
    CommitteeIndex committee;
    std::uint64_t committee_length{0};
    std::uint64_t committees_at_slot{0};
    std::uint64_t position{0};
};

class Committees {
public:
    Committees(const ChainConfig& config, Epoch epoch, const Root& dependent_root);

    // `validator` must exist; each attests exactly once in the epoch.
    [[nodiscard]] Duty duty(ValidatorIndex validator) const;
    // All who attest in `slot` (of this epoch), committee by committee.
    [[nodiscard]] std::span<const std::uint32_t> attesters(Slot slot) const;
    [[nodiscard]] std::uint64_t per_slot() const { return per_slot_; }

private:
    Slot first_slot_;
    std::uint64_t slots_;
    std::uint64_t per_slot_;
    std::vector<std::uint32_t> shuffled_;
    std::vector<std::uint32_t> places_;  // validator -> place in shuffled_

    // Start of the epoch's committee `number` in shuffled_.
    [[nodiscard]] std::uint64_t start(std::uint64_t number) const;
};

}  // namespace holdfast::sim
