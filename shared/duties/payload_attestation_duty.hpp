// From Gloas on: those of ours that sit in a slot's payload timeliness committee say whether the block's payload came in time.
// Not slashable. Nothing is said of a slot whose block no node has seen. Specification: consensus-specs, gloas/validator.md.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <unordered_map>

#include "shared/base/notifier.hpp"
#include "shared/base/task_group.hpp"
#include "shared/duties/duty_parts.hpp"
#include "shared/duties/duty_report.hpp"

namespace holdfast::duties {

class PayloadAttestationDuty {
public:
    using Validators = std::unordered_map<PublicKey, ValidatorIndex>;

    PayloadAttestationDuty(DutyParts parts, std::function<const Validators&()> validators, DutyObserver observer);

    // Keeps the duties of this and the next epoch known, from one epoch before the fork on; for ever, ends by cancellation. (At
    // once on a chain that has no such fork scheduled.)
    Task<void> run();
    // Looks at once whether something is missing (another set of validators).
    void wake() { wake_.notify_all(); }
    // Every event of every node, as it comes.
    void on_event(const beacon::NodeEventAt& event);
    // Waits for the deadline itself; what most nodes say is signed and published. Nothing before the fork, and nothing if this
    // slot or a later one has been performed. With the gate closed it waits for it to open, as long as the slot is good for
    // that.
    Task<void> perform(Slot slot);
    // Of ours, in the payload timeliness committee of `slot`, as far as it is known.
    [[nodiscard]] const std::vector<beacon::PtcDuty>& members_at(Slot slot) const;
    // Nothing is signed that is not published yet.
    [[nodiscard]] bool idle() const { return performing_ == 0; }
    Task<void> stop();

private:
    struct Known {
        Root dependent_root;
        Validators asked;
        std::map<Slot, std::vector<beacon::PtcDuty>> members;
    };
    struct Outcome {
        std::optional<ethereum::PayloadAttestationData> data;
        bool no_block{false};  // a node has seen none, and none has seen one
        std::string detail;
    };

    DutyParts parts_;
    std::function<const Validators&()> validators_;
    DutyObserver observer_;
    std::optional<Epoch> fork_;
    Notifier wake_;
    std::map<Epoch, Known> epochs_;
    std::map<Epoch, SteadyTime> stale_;  // on another block than a head says: when they are asked for again
    std::map<Epoch, SteadyTime> asked_at_;
    std::set<Slot> with_block_;  // a node has announced one
    std::optional<Slot> last_slot_;
    std::size_t performing_{0};

    [[nodiscard]] Epoch current_epoch() const { return parts_.epoch_of(parts_.slots.slot_at(parts_.clock.now())); }
    [[nodiscard]] bool needs(Epoch epoch) const;
    Task<bool> fetch(Epoch epoch);
    [[nodiscard]] Result<Known> check(const beacon::PtcDuties& duties, Epoch epoch, const Validators& asked) const;
    void compare(Epoch epoch, const Root& dependent_root);
    Task<Outcome> decide(Slot slot, SteadyTime end);
    Task<Outcome> ask_once(Slot slot, SteadyTime end);
    Task<void> sign_and_publish(DutyReport& report, ethereum::PayloadAttestationData data,
                                std::vector<beacon::PtcDuty> members);
};

}  // namespace holdfast::duties
