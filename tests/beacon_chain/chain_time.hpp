// The slots of the simulated chain in wall time.
#pragma once

#include <chrono>
#include <cstdint>

#include "shared/base/time.hpp"
#include "shared/base/types.hpp"

namespace holdfast::sim {

class ChainTime {
public:
    ChainTime(WallTime genesis, std::uint64_t slot_ms) : genesis_{genesis}, slot_{std::chrono::milliseconds{slot_ms}} {}
    [[nodiscard]] WallTime genesis() const { return genesis_; }
    [[nodiscard]] Duration slot() const { return slot_; }
    [[nodiscard]] WallTime start_of(Slot slot) const { return genesis_ + slot_ * static_cast<std::int64_t>(slot.value); }
    // Slot 0 before genesis.
    [[nodiscard]] Slot slot_at(WallTime when) const {
        return when < genesis_ ? Slot{0} : Slot{static_cast<std::uint64_t>((when - genesis_) / slot_)};
    }
    [[nodiscard]] std::int64_t genesis_seconds() const {
        return std::chrono::duration_cast<std::chrono::seconds>(genesis_.time_since_epoch()).count();
    }

private:
    WallTime genesis_;
    Duration slot_;
};

}  // namespace holdfast::sim
