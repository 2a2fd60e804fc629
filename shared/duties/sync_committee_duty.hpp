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
#include "shared/duties/selection_proofs.hpp"

namespace holdfast::duties {

struct SyncOptions {
    Duration retry_min{std::chrono::milliseconds{250}};
    Duration retry_max{std::chrono::seconds{5}};
    Duration call_timeout{std::chrono::seconds{10}};
    Duration publish_timeout{std::chrono::seconds{10}};
};

class SyncCommitteeDuty {
public:
    using Validators = std::unordered_map<PublicKey, ValidatorIndex>;

    // `validators`: all of ours that have an index, whether they still attest or not.
    SyncCommitteeDuty(DutyParts parts, std::function<const Validators&()> validators, SyncOptions options,
                      DutyObserver observer);

    // Keeps this period's and the next one's members known, and subscribes; for ever, ends by cancellation.
    Task<void> run();
    // Every event of every node, as it comes.
    void on_event(const beacon::NodeEventAt& event);
    // Messages of `slot`, with the block that the threshold of fit nodes announced, else at the deadline with the head that
    // most of them name; and contributions at theirs.
    Task<void> perform(Slot slot);
    // Messages and contributions of `slot` are signed by members of the committee of epoch_of(slot + 1).
    [[nodiscard]] bool due_at(Slot slot) const;
    [[nodiscard]] bool idle() const { return performing_ == 0; }
    // Nothing if none of ours sits in this epoch's committee. Else the last epoch of its period; of the next one, too, if one
    // of ours sits there.
    [[nodiscard]] std::optional<Epoch> until() const;
    // The members of this epoch's committee are known.
    [[nodiscard]] bool known() const;
    Task<void> stop();

private:
    struct State;
    DutyParts parts_;
    std::function<const Validators&()> validators_;
    SyncOptions options_;
    DutyObserver observer_;
    std::shared_ptr<State> state_;
    std::size_t performing_{0};
};

}  // namespace holdfast::duties
