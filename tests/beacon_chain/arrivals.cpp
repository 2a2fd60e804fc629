#include "tests/beacon_chain/arrivals.hpp"

#include <algorithm>

namespace holdfast::sim {
namespace {
constexpr std::size_t kSlotsKept = 128;
}

Arrivals::OfSlot& Arrivals::of(Slot slot) {
    OfSlot& entry = slots_[slot];
    if (slots_.size() > kSlotsKept && slots_.begin()->first != slot) slots_.erase(slots_.begin());
    return entry;
}

std::int64_t Arrivals::us_into(Slot slot, WallTime when) const {
    return std::chrono::duration_cast<std::chrono::microseconds>(when - time_.start_of(slot)).count();
}

void Arrivals::attestation(Slot slot, std::uint64_t validator, std::size_t node, WallTime when) {
    of(slot).attestations.try_emplace(validator, Arrival{us_into(slot, when), node});
}

void Arrivals::head_event(Slot slot, WallTime when) {
    std::optional<std::int64_t>& us = of(slot).head_event_us;
    if (!us) us = us_into(slot, when);
}

Json::Value Arrivals::to_json(Slot slot) const {
    Json::Value result;
    result["slot"] = Json::UInt64{slot.value};
    result["head_event_sent_us"] = Json::nullValue;
    result["last_attestation_us"] = Json::nullValue;
    result["received"] = Json::arrayValue;
    const auto found = slots_.find(slot);
    if (found == slots_.end()) return result;
    const OfSlot& entry = found->second;
    if (entry.head_event_us) result["head_event_sent_us"] = Json::Int64{*entry.head_event_us};
    std::int64_t last = 0;
    for (const auto& [validator, arrival] : entry.attestations) {
        last = std::max(last, arrival.us);
        Json::Value& item = result["received"].append(Json::objectValue);
        item["validator"] = Json::UInt64{validator};
        item["node"] = Json::UInt64{arrival.node};
        item["ms"] = static_cast<double>(arrival.us) / 1000;
        item["us"] = Json::Int64{arrival.us};
        if (entry.head_event_us) item["after_head_event_us"] = Json::Int64{arrival.us - *entry.head_event_us};
    }
    if (!entry.attestations.empty()) result["last_attestation_us"] = Json::Int64{last};
    return result;
}

}  // namespace holdfast::sim
