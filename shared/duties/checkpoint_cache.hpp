// Source and target that enough nodes have confirmed for an epoch. With them known, one node's attestation data suffices in the
// rest of the epoch. Pure; dropped when the chain is reorganised across the epoch's edge, where other checkpoints may become
// right.
#pragma once

#include <optional>

#include "shared/base/types.hpp"
#include "shared/beacon/api_types.hpp"
#include "shared/ethereum/attestation.hpp"

namespace holdfast::duties {

class CheckpointCache {
public:
    explicit CheckpointCache(std::uint64_t slots_per_epoch) : slots_per_epoch_{slots_per_epoch} {}

    void confirm(const ethereum::AttestationData& data) { confirmed_ = Confirmed{data.source, data.target}; }
    [[nodiscard]] bool confirms(const ethereum::AttestationData& data) const {
        return confirmed_ && confirmed_->source == data.source && confirmed_->target == data.target;
    }
    [[nodiscard]] bool knows(Epoch epoch) const { return confirmed_ && confirmed_->target.epoch == epoch; }
    void drop() { confirmed_.reset(); }

    // Drops what is confirmed if the reorganisation reaches back to the first slot of the confirmed epoch or before. (Nodes
    // count depth in blocks or in slots; reaching the first slot counts, because it may have been the checkpoint.) True if
    // dropped.
    bool on_reorg(const beacon::ReorgEvent& event) {
        if (!confirmed_) return false;
        const std::uint64_t first = confirmed_->target.epoch.value * slots_per_epoch_;
        const std::uint64_t ancestor = event.slot.value >= event.depth ? event.slot.value - event.depth : 0;
        const bool across = event.depth > 0 && ancestor <= first;
        if (across) drop();
        return across;
    }

private:
    struct Confirmed {
        ethereum::Checkpoint source;
        ethereum::Checkpoint target;
    };
    std::uint64_t slots_per_epoch_;
    std::optional<Confirmed> confirmed_;
};

}  // namespace holdfast::duties
