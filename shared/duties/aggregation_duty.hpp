// Aggregation of attestations: for each committee in which one of ours is an aggregator, the aggregate with the most votes over
// all nodes at the fork's deadline, signed by each of our aggregators there, published to all nodes.
// Specification: consensus-specs, phase0/validator.md, "Attestation aggregation"; electra/validator.md.
#pragma once

#include "shared/duties/duty_book.hpp"
#include "shared/duties/duty_parts.hpp"
#include "shared/duties/duty_report.hpp"
#include "shared/duties/selection_proofs.hpp"

namespace holdfast::duties {

class AggregationDuty {
public:
    // The attestation data that was voted for in a slot, once it is decided.
    using VoteOf = std::function<std::optional<ethereum::AttestationData>(Slot)>;

    AggregationDuty(DutyParts parts, const DutyBook& book, const SelectionProofs& proofs, VoteOf vote_of,
                    DutyObserver observer);

    // Waits for the deadline itself. Nothing without aggregators.
    Task<void> perform(Slot slot);
    [[nodiscard]] bool idle() const { return performing_ == 0; }
    Task<void> stop();

private:
    DutyParts parts_;
    const DutyBook& book_;
    const SelectionProofs& proofs_;
    VoteOf vote_of_;
    DutyObserver observer_;
    std::optional<Slot> last_slot_;
    std::size_t performing_{0};
};

}  // namespace holdfast::duties
