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

    // Waits for the deadline itself. Nothing without aggregators, and nothing if this slot or a later one has been performed.
    // With the gate closed it waits for it to open, as long as the slot is good for that.
    Task<void> perform(Slot slot);
    // Nothing is signed that is not published yet.
    [[nodiscard]] bool idle() const { return performing_ == 0; }
    // After the last perform().
    Task<void> stop();

private:
    struct Work;
    using WorkPtr = std::shared_ptr<Work>;

    DutyParts parts_;
    const DutyBook& book_;
    const SelectionProofs& proofs_;
    VoteOf vote_of_;
    DutyObserver observer_;
    std::optional<Slot> last_slot_;
    std::size_t performing_{0};
    TaskGroup tasks_;

    [[nodiscard]] WorkPtr begin(Slot slot) const;
    Task<void> aggregate(WorkPtr work);
    Task<bool> wait_for_vote(WorkPtr work);
    Task<void> aggregate_committee(WorkPtr work, std::size_t committee);
    Task<void> sign(WorkPtr work, std::size_t committee, std::size_t aggregator);
    Task<void> publish(WorkPtr work);
    void note(Work& work) const;
};

}  // namespace holdfast::duties
