// Who of ours aggregates: selection proofs of attester duties, signed ahead and kept. One slot's proof is the same message for
// all its attesters. What is due sooner is signed first; what is not due soon leaves the workers idle half of the time, and
// begins after the first third of an epoch's first slot.
// Also signed with the gate closed: they are no votes, and a takeover must find them ready.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "shared/duties/duty_book.hpp"
#include "shared/duties/duty_parts.hpp"

namespace holdfast::duties {

// phase0/validator.md, is_aggregator: by the first 8 bytes of the proof's hash.
[[nodiscard]] bool is_aggregator(const Signature& proof, std::uint64_t committee_length, std::uint64_t target_aggregators);
// altair/validator.md, is_sync_committee_aggregator.
[[nodiscard]] bool is_sync_aggregator(const Signature& proof, std::uint64_t sync_committee_size);

class SelectionProofs {
public:
    // `on_complete`: the last proof of a slot has been signed, so aggregates() is right for all its duties.
    SelectionProofs(DutyParts parts, const DutyBook& book, std::function<void(Slot)> on_complete = {});

    // Signs what is missing of the next slots, for ever; ends by cancellation.
    Task<void> run();
    // Something new is in the book.
    void wake();
    // Of an attester of `slot`; nothing if it is not signed yet.
    [[nodiscard]] std::optional<Signature> proof(Slot slot, const PublicKey& key) const;
    // Whether it is known that this validator aggregates.
    [[nodiscard]] bool aggregates(const beacon::AttesterDuty& duty) const;
    // All proofs of `slot` that the book asks for are there; false while it doesn't know the slot's epoch.
    [[nodiscard]] bool complete(Slot slot) const;

private:
    using OfSlot = std::unordered_map<PublicKey, Signature>;

    DutyParts parts_;
    const DutyBook& book_;
    std::function<void(Slot)> on_complete_;
    Notifier wake_;
    std::map<Slot, OfSlot> proofs_;
    std::set<Slot> settled_;                // looked through since the book changed: complete, or to be tried again later
    std::map<PublicKey, Slot> not_before_;  // could not be signed with: when it is tried again

    [[nodiscard]] Slot now() const { return parts_.slots.slot_at(parts_.clock.now()); }
    [[nodiscard]] SteadyTime quiet_until() const;
    [[nodiscard]] std::optional<Slot> next_slot() const;
    [[nodiscard]] std::vector<PublicKey> missing(Slot slot);
    Task<void> settle(Slot slot);
    Task<void> sign(Slot slot, std::vector<PublicKey> keys);
    Task<void> rest(Slot slot, Duration worked);
};

}  // namespace holdfast::duties
