// Sync committees: who of ours sits in them, messages at the head event or the deadline with the head that most nodes have, and
// contributions of our aggregators with the most bits over all nodes. Validators that have exited and still sit in a committee
// go on. Specification: consensus-specs, altair/validator.md.
#pragma once

#include <functional>
#include <map>
#include <unordered_map>

#include "shared/base/notifier.hpp"
#include "shared/duties/duty_parts.hpp"
#include "shared/duties/duty_report.hpp"
#include "shared/duties/head_majority.hpp"
#include "shared/duties/sync_contributions.hpp"
#include "shared/duties/sync_members.hpp"

namespace holdfast::duties {

struct SyncOptions {
    Duration retry_min{std::chrono::milliseconds{250}};
    Duration retry_max{std::chrono::seconds{5}};
    Duration call_timeout{std::chrono::seconds{10}};
    Duration publish_timeout{std::chrono::seconds{10}};
    // Ends when the slot's attestations are sent, at the deadline at the latest: one head event starts both, and attestations
    // lose more by waiting. Empty: messages go out at once.
    std::function<Task<void>(Slot, SteadyTime)> attestations_first;
};

class SyncCommitteeDuty {
public:
    using Validators = SyncMembers::Validators;

    // `validators`: all of ours that have an index, whether they still attest or not.
    SyncCommitteeDuty(DutyParts parts, std::function<const Validators&()> validators, SyncOptions options,
                      DutyObserver observer);

    // Keeps this period's and the next one's members known, and subscribes; for ever, ends by cancellation. (At once on a chain
    // without sync committees.)
    Task<void> run();
    // Looks at once whether something is missing (another set of validators).
    void wake() { wake_.notify_all(); }
    // Every event of every node, as it comes.
    void on_event(const beacon::NodeEventAt& event);
    // Messages of `slot`, with the block that the threshold of fit nodes announced, else at the deadline with the head that
    // most of them name; and contributions at theirs. Nothing if this slot or a later one has been performed. With the gate
    // closed it waits for it to open, as long as the slot is good for that.
    Task<void> perform(Slot slot);
    // Messages and contributions of `slot` are signed by members of the committee of epoch_of(slot + 1).
    [[nodiscard]] bool due_at(Slot slot) const { return !members_at(slot).empty(); }
    // Nothing is signed that is not published yet.
    [[nodiscard]] bool idle() const { return performing_ == 0 && contributions_.idle(); }
    // Nothing if none of ours sits in this epoch's committee. Else the last epoch of its period; of the next one, too, if one
    // of ours sits there.
    [[nodiscard]] std::optional<Epoch> until() const { return members_.until(current_epoch()); }
    // The members of this epoch's committee are known.
    [[nodiscard]] bool known() const { return members_.known(current_epoch()); }
    // After the last perform().
    Task<void> stop();

private:
    DutyParts parts_;
    std::function<const Validators&()> validators_;
    SyncOptions options_;
    DutyObserver observer_;
    TaskGroup tasks_;
    SyncMembers members_;
    SyncContributions contributions_;
    Notifier wake_;
    std::optional<Epoch> tried_next_;  // the next period is asked for once an epoch
    bool moved_{false};                // members have changed since the last subscription
    std::optional<Slot> last_slot_;
    std::map<Slot, std::shared_ptr<HeadMajority>> heads_;
    Notifier head_changed_;
    std::map<Slot, Root> blocks_;  // that our messages name
    std::size_t performing_{0};

    [[nodiscard]] Epoch current_epoch() const { return parts_.epoch_of(parts_.slots.slot_at(parts_.clock.now())); }
    [[nodiscard]] const std::vector<beacon::SyncDuty>& members_at(Slot slot) const {
        return members_.at(parts_.epoch_of(slot + 1));
    }
    [[nodiscard]] std::vector<bool> fit() const;
    [[nodiscard]] const std::shared_ptr<HeadMajority>& heads_of(Slot slot);
    Task<bool> ask(Epoch now);
    Task<bool> ask_period(Epoch first, Epoch now);
    Task<bool> subscribe(Epoch now);
    Task<void> contribute(Slot slot);
    Task<void> send_messages(Slot slot);
    Task<std::optional<Root>> decide(Slot slot, SteadyTime end);
    Task<std::optional<Root>> ask_heads(std::shared_ptr<HeadMajority> heads, SteadyTime end);
    Task<void> send(DutyReport& report, Root block, std::vector<beacon::SyncDuty> members, SteadyTime end);
    Task<void> sign_and_publish(DutyReport& report, Root block, std::vector<beacon::SyncDuty> members);
};

}  // namespace holdfast::duties
