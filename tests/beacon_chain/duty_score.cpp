#include "tests/beacon_chain/duty_score.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::sim {
namespace {

constexpr Json::ArrayIndex kMissedTold = 1000;

void add(Json::Value& into, Slot slot, const KindScore& score) {
    const auto sum = [&into](const char* name, std::uint64_t number) {
        into[name] = Json::UInt64{into[name].asUInt64() + number};
    };
    sum("expected", score.expected);
    sum("accepted", score.accepted);
    sum("right", score.right);
    into["last_ms"] = Json::UInt64{std::max<std::uint64_t>(into["last_ms"].asUInt64(), score.last_ms)};
    if (!into.isMember("missed")) into["missed"] = Json::arrayValue;
    for (const KindScore::Missed& missed : score.missed) {
        if (into["missed"].size() >= kMissedTold) break;
        Json::Value& item = into["missed"].append(Json::objectValue);
        item["validator"] = Json::UInt64{missed.validator};
        item["slot"] = Json::UInt64{slot.value};
        item["why"] = missed.why;
    }
}

}  // namespace

void DutyScore::close(Slot slot, const std::string& kind, KindScore score) {
    if (score.expected == 0 && score.accepted == 0) return;
    slots_[slot][kind] = std::move(score);
}

Json::Value DutyScore::of_slot(Slot slot) const {
    Json::Value result = Json::objectValue;
    const auto found = slots_.find(slot);
    if (found == slots_.end()) return result;
    for (const auto& [kind, score] : found->second) add(result[kind], slot, score);
    return result;
}

Json::Value DutyScore::total(std::optional<Slot> last) const {
    Json::Value result = Json::objectValue;
    for (const auto& [slot, kinds] : slots_) {
        if (last && slot > *last) break;
        for (const auto& [kind, score] : kinds) add(result[kind], slot, score);
    }
    return result;
}

Json::Value DutyScore::counts() const {
    Json::Value result = Json::objectValue;
    for (const auto& [what, count] : counts_) result[what] = Json::UInt64{count};
    return result;
}

}  // namespace holdfast::sim
