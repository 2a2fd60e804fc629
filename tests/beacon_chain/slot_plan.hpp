// What is to happen to the blocks of coming slots, as ordered through the admin interface. Pure.
#pragma once

#include <json/value.h>

#include <cstdint>
#include <map>
#include <optional>

#include "shared/base/result.hpp"
#include "shared/base/types.hpp"

namespace holdfast::sim {

struct SlotPlan {
    bool skip{false};                      // no block
    std::optional<std::uint64_t> late_ms;  // into the slot, when the block arrives
    bool withhold{false};                  // from Gloas on: its payload never comes
    std::uint64_t reorg_depth{0};          // built on the block that many blocks before the head, whose branch is left
};

class SlotPlans {
public:
    // {"skip": slot}, {"withhold": slot}, {"late": slot, "ms": n} or {"reorg": slot, "depth": blocks}, of a slot after `now`;
    // kInvalidArgument otherwise.
    Result<void> order(const Json::Value& command, Slot now);
    SlotPlan take(Slot slot);

private:
    std::map<Slot, SlotPlan> plans_;
};

}  // namespace holdfast::sim
