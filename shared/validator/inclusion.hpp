// Follows what becomes of our attestations and blocks on the chain (inclusion_book.hpp). Blocks are fetched late in the slot,
// one at a time, each once: nothing that is urgent waits for them.
#pragma once

#include <functional>
#include <map>

#include "shared/base/notifier.hpp"
#include "shared/beacon/beacon_nodes.hpp"
#include "shared/validator/inclusion_book.hpp"

namespace holdfast::validator {

struct InclusionHooks {
    std::function<void(const InclusionReport&)> on_slot{};   // each slot with an attestation or a block of ours
    std::function<void(const InclusionReport&)> on_epoch{};  // the sum of its slots; `slot` is its first. Logged, too
};

class InclusionCheck {
public:
    // Everything passed must outlive the object.
    InclusionCheck(Clock& clock, beacon::BeaconNodes& nodes, const ethereum::SlotClock& slots, InclusionHooks hooks);

    // Attestations, all with this data, that a node has accepted.
    void expect(const ethereum::AttestationData& data, const std::vector<beacon::AttesterDuty>& duties);
    // A block of ours that a node has accepted.
    void expect_block(Slot slot, const Root& root) { book_.expect_block(slot, root); }
    // Heads of fit nodes, as they come.
    void on_head(std::size_t node, const beacon::HeadEvent& event) { book_.on_head(node, event.block, event.slot); }
    // For ever; ends by cancellation.
    Task<void> run();

    // Of the last epoch that is over; nothing before.
    [[nodiscard]] const std::optional<InclusionReport>& last_epoch() const { return last_epoch_; }

private:
    Clock& clock_;
    beacon::BeaconNodes& nodes_;
    const ethereum::SlotClock& slots_;
    InclusionHooks hooks_;
    InclusionBook book_;
    std::map<Epoch, InclusionReport> epochs_;
    std::optional<InclusionReport> last_epoch_;

    Task<void> fetch_missing();
    void settle(Slot now);
    void close_epochs(Slot now);
};

// "epoch 5: 990 of 1000 attestations included (980 in the next slot), 6 missed, 4 unknown; head right 985, target right 990"
[[nodiscard]] std::string describe(const InclusionReport& report);

}  // namespace holdfast::validator
