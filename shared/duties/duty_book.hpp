// Which of our validators attests when: the attester duties of this and the next epoch. Pure.
#pragma once

#include <map>
#include <unordered_map>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/beacon/api_types.hpp"

namespace holdfast::duties {

class DutyBook {
public:
    explicit DutyBook(std::uint64_t slots_per_epoch) : slots_per_epoch_{slots_per_epoch} {}

    // Takes the duties of an epoch in place of what was known of it. `asked` are the validators they were asked for.
    // kMalformed, and nothing is changed, if a slot lies outside the epoch, a key isn't ours, a validator is there twice or has
    // another index, or a committee place is impossible.
    Result<void> put(beacon::AttesterDuties duties, const std::unordered_map<PublicKey, ValidatorIndex>& asked);

    // Forgets the duties of all others.
    void keep_only(const std::unordered_map<PublicKey, ValidatorIndex>& validators);

    [[nodiscard]] std::vector<beacon::AttesterDuty> at(Slot slot) const;
    [[nodiscard]] bool knows(Epoch epoch) const { return epochs_.contains(epoch); }
    // Whether the duties of `epoch` are known for all of `validators` (one that became active later is not among those asked).
    [[nodiscard]] bool asked_for_all(Epoch epoch, const std::unordered_map<PublicKey, ValidatorIndex>& validators) const;
    [[nodiscard]] std::size_t count(Epoch epoch) const;
    // All that is known of `epoch`; without duties if nothing is.
    [[nodiscard]] beacon::AttesterDuties all(Epoch epoch) const;
    // Another number after each change of what is known of `epoch`; 0: nothing is.
    [[nodiscard]] std::uint64_t version(Epoch epoch) const;
    // Epochs whose known duties stand on another block than this head says.
    [[nodiscard]] std::vector<Epoch> stale_after(const beacon::HeadEvent& event) const;
    void forget_before(Epoch epoch);

private:
    struct Known {
        Root dependent_root;
        std::vector<PublicKey> asked;  // sorted
        std::vector<beacon::AttesterDuty> duties;
        std::uint64_t version{0};
    };
    std::uint64_t slots_per_epoch_;
    std::uint64_t versions_{0};
    std::map<Epoch, Known> epochs_;
};

}  // namespace holdfast::duties
