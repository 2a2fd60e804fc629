// Where the chain is by this machine's clock: slots and epochs from the genesis time, as configured.
#pragma once

#include <cstdint>

#include "shared/base/time.hpp"
#include "shared/protection/verdict.hpp"

namespace holdfast::protector {

class ChainClock {
public:
    // `slot_duration` > 0, `slots_per_epoch` > 0.
    ChainClock(WallTime genesis, Duration slot_duration, std::uint64_t slots_per_epoch)
        : genesis_{genesis}, slot_duration_{slot_duration}, slots_per_epoch_{slots_per_epoch} {}

    // Slot 0 before genesis.
    [[nodiscard]] protection::ChainTime at(WallTime when) const {
        if (when < genesis_) return {};
        const auto slot = static_cast<std::uint64_t>((when - genesis_) / slot_duration_);
        return {Epoch{slot / slots_per_epoch_}, Slot{slot}};
    }

private:
    WallTime genesis_;
    Duration slot_duration_;
    std::uint64_t slots_per_epoch_;
};

}  // namespace holdfast::protector
