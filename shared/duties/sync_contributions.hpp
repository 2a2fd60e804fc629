// Contributions of the sync committee: for each subcommittee in which one of ours aggregates, the contribution with the most
// bits over all nodes for the block that our own messages name, signed by each of our aggregators there, published to all
// nodes. Specification: consensus-specs, altair/validator.md, "Sync committee contributions".
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "shared/base/task_group.hpp"
#include "shared/duties/duty_parts.hpp"
#include "shared/duties/duty_report.hpp"
#include "shared/duties/sync_members.hpp"

namespace holdfast::duties {

class SyncContributions {
public:
    // The block that our messages of a slot name, once it is decided.
    using BlockOf = std::function<std::optional<Root>(Slot)>;

    // Everything passed by reference must outlive the object, and `tasks` end before it.
    SyncContributions(DutyParts parts, const SyncMembers& members, TaskGroup& tasks, BlockOf block_of, DutyObserver observer);

    // Signs the selection proofs of `slot` that are missing; also with the gate closed.
    Task<void> prepare(Slot slot);
    // Waits for the deadline itself; then the same as AggregationDuty.
    Task<void> perform(Slot slot);
    // Nothing is signed that is not published yet.
    [[nodiscard]] bool idle() const { return performing_ == 0; }

private:
    struct Work;
    using WorkPtr = std::shared_ptr<Work>;
    using Place = std::pair<std::uint64_t, PublicKey>;  // in which subcommittee

    DutyParts parts_;
    const SyncMembers& members_;
    TaskGroup& tasks_;
    BlockOf block_of_;
    DutyObserver observer_;
    std::map<Slot, std::map<Place, Signature>> proofs_;
    std::size_t performing_{0};

    [[nodiscard]] const std::vector<beacon::SyncDuty>& members_at(Slot slot) const;
    Task<void> prove(Slot slot, std::uint64_t subcommittee, std::vector<PublicKey> keys);
    [[nodiscard]] WorkPtr begin(Slot slot) const;
    Task<void> contribute(WorkPtr work);
    Task<bool> wait_for_block(WorkPtr work);
    Task<void> contribute_one(WorkPtr work, std::size_t subcommittee);
    Task<void> sign(WorkPtr work, std::size_t subcommittee, std::size_t aggregator);
    Task<void> publish(WorkPtr work);
    void note(Work& work) const;
};

}  // namespace holdfast::duties
