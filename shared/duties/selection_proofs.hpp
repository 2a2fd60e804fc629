// Who of ours aggregates: selection proofs of attester duties and of sync committee duties, signed ahead (spread over the time
// until they are needed, what is due sooner first), and kept. One slot's proof is the same message for all its attesters.
// Also signed with the gate closed: they are no votes, and a takeover must find them ready.
#pragma once

#include <map>
#include <optional>
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
    SelectionProofs(DutyParts parts, const DutyBook& book);

    // Signs what is missing of the next slots, for ever; ends by cancellation.
    Task<void> run();
    // Something new is in the book.
    void wake() { wake_.notify_all(); }
    // Of an attester of `slot`; nothing if it is not signed yet.
    [[nodiscard]] std::optional<Signature> proof(Slot slot, const PublicKey& key) const;
    [[nodiscard]] bool aggregates(const beacon::AttesterDuty& duty) const;
    // All proofs of `slot` that the book asks for are there.
    [[nodiscard]] bool complete(Slot slot) const;

private:
    DutyParts parts_;
    const DutyBook& book_;
    Notifier wake_;
    std::map<Slot, std::unordered_map<PublicKey, Signature>> proofs_;
};

}  // namespace holdfast::duties
