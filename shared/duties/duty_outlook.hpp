// What lies before our validators besides attestations: the blocks that they will propose, and the sync committees that they
// sit in. Read only, for handovers and for the question when a restart is safe; no duty is performed with it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "shared/base/notifier.hpp"
#include "shared/beacon/beacon_nodes.hpp"

namespace holdfast::duties {

struct DutyOutlookOptions {
    Duration retry_min{std::chrono::milliseconds{250}};
    Duration retry_max{std::chrono::seconds{5}};
    Duration call_timeout{std::chrono::seconds{10}};
};

class DutyOutlook {
public:
    using Validators = std::unordered_map<PublicKey, ValidatorIndex>;

    // `validators` says which of ours are active now. Everything passed must outlive the object.
    DutyOutlook(Clock& clock, beacon::BeaconNodes& nodes, const ethereum::SlotClock& slots,
                std::function<const Validators&()> validators, DutyOutlookOptions options);

    // Keeps what is known up to date, for ever; ends by cancellation.
    Task<void> run();
    // Has proposers asked for again when a head names another block than before that duties of its epoch, or of the next one,
    // stand on.
    void on_head(const beacon::HeadEvent& event);

    // Whether the proposers of `epoch` are known.
    [[nodiscard]] bool knows(Epoch epoch) const { return proposers_.contains(epoch); }
    // Of one of ours, `from` or later, as far as it is known.
    [[nodiscard]] std::optional<Slot> next_proposal(Slot from) const;
    // Nothing if none of ours sits in this epoch's sync committee. Else the last epoch of its period; of the next one, too, if
    // one of ours sits there.
    [[nodiscard]] std::optional<Epoch> sync_committee_until() const;

private:
    struct Period {
        Validators asked;  // for whom
        bool ours{false};
    };

    Clock& clock_;
    beacon::BeaconNodes& nodes_;
    const ethereum::SlotClock& slots_;
    std::function<const Validators&()> validators_;
    DutyOutlookOptions options_;
    std::uint64_t period_epochs_{0};  // 0: the chain doesn't say
    Notifier wake_;
    std::map<Epoch, std::vector<beacon::ProposerDuty>> proposers_;  // of all validators
    std::map<Epoch, Period> periods_;                               // by first epoch
    std::optional<Epoch> tried_next_;                               // asked for once an epoch: not every node gives it
    std::optional<Epoch> tried_next_period_;                        // the same
    std::optional<beacon::HeadEvent> last_head_;
    bool moved_{false};

    [[nodiscard]] Epoch current_epoch() const;
    [[nodiscard]] Epoch first_of_period(Epoch epoch) const;
    Task<bool> ask_all(Epoch now);
    Task<bool> ask_sync(Epoch now);
    Task<bool> ask_proposers(Epoch epoch);
    Task<bool> ask_period(Epoch first);
    [[nodiscard]] bool period_known(Epoch first) const;
};

}  // namespace holdfast::duties
