// Where the chain is by this machine's clock: slots and epochs from the genesis time, as configured.
#pragma once

#include <cstdint>

#include "shared/base/time.hpp"
#include "shared/protection/cluster.hpp"
#include "shared/protection/verdict.hpp"

namespace holdfast::protector {

class ChainClock {
public:
    // Its slot's duration and slots per epoch > 0.
    explicit ChainClock(const protection::ChainIdentity& chain)
        : genesis_{chain.genesis_time}, slot_duration_{chain.slot_duration}, slots_per_epoch_{chain.slots_per_epoch} {}

    // Slot 0 before genesis.
    [[nodiscard]] protection::ChainTime at(WallTime when) const {
        if (when < genesis_) return {};
        const auto slot = static_cast<std::uint64_t>((when - genesis_) / slot_duration_);
        return {Epoch{slot / slots_per_epoch_}, Slot{slot}};
    }
    [[nodiscard]] std::uint64_t slots_per_epoch() const { return slots_per_epoch_; }

private:
    WallTime genesis_;
    Duration slot_duration_;
    std::uint64_t slots_per_epoch_;
};

}  // namespace holdfast::protector
