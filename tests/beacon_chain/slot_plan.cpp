#include "tests/beacon_chain/slot_plan.hpp"

#include <string>

namespace holdfast::sim {
namespace {

Result<std::uint64_t> number(const Json::Value& command, const char* name) {
    if (!command.isMember(name) || !command[name].isUInt64()) {
        return failure(ErrorCode::kInvalidArgument, std::string{name} + " must be a number of at least 0");
    }
    return command[name].asUInt64();
}

Result<Slot> future_slot(const Json::Value& command, const char* name, Slot now) {
    HOLDFAST_TRY(const std::uint64_t slot, number(command, name));
    if (slot <= now.value) return failure(ErrorCode::kInvalidArgument, "slot " + std::to_string(slot) + " has begun already");
    return Slot{slot};
}

}  // namespace

Result<void> SlotPlans::order(const Json::Value& command, Slot now) {
    if (command.isObject() && command.isMember("skip")) {
        HOLDFAST_TRY(const Slot slot, future_slot(command, "skip", now));
        plans_[slot].skip = true;
    } else if (command.isObject() && command.isMember("withhold")) {
        HOLDFAST_TRY(const Slot slot, future_slot(command, "withhold", now));
        plans_[slot].withhold = true;
    } else if (command.isObject() && command.isMember("late")) {
        HOLDFAST_TRY(const Slot slot, future_slot(command, "late", now));
        HOLDFAST_TRY(const std::uint64_t ms, number(command, "ms"));
        plans_[slot].late_ms = ms;
    } else if (command.isObject() && command.isMember("reorg")) {
        HOLDFAST_TRY(const Slot slot, future_slot(command, "reorg", now));
        HOLDFAST_TRY(const std::uint64_t depth, number(command, "depth"));
        plans_[slot].reorg_depth = depth;
    } else {
        return failure(ErrorCode::kInvalidArgument, "the command must be skip, withhold, late or reorg");
    }
    return success();
}

SlotPlan SlotPlans::take(Slot slot) {
    const auto found = plans_.find(slot);
    if (found == plans_.end()) return {};
    const SlotPlan plan = found->second;
    plans_.erase(plans_.begin(), std::next(found));
    return plan;
}

}  // namespace holdfast::sim
