#include "tests/beacon_chain/faults.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace holdfast::sim {
namespace {

struct Flag {
    std::string_view name;
    bool Faults::*member;
};
struct Amount {
    std::string_view name;
    std::uint64_t Faults::*member;
};

constexpr Flag kFlags[] = {{"hang", &Faults::hang},
                           {"down", &Faults::down},
                           {"garbage", &Faults::garbage},
                           {"wrong_head", &Faults::wrong_head},
                           {"wrong_checkpoints", &Faults::wrong_checkpoints},
                           {"stale_head", &Faults::stale_head},
                           {"freeze_attestation_data", &Faults::freeze_attestation_data},
                           {"freeze_first", &Faults::freeze_attestation_data},
                           {"drop_posts", &Faults::drop_posts},
                           {"drop_accepted", &Faults::drop_posts},
                           {"no_events", &Faults::no_events},
                           {"duplicate_events", &Faults::duplicate_events},
                           {"optimistic", &Faults::optimistic},
                           {"foreign_genesis", &Faults::foreign_genesis},
                           {"foreign_payee", &Faults::foreign_payee},
                           {"wrong_block", &Faults::wrong_block},
                           {"half_aggregates", &Faults::half_aggregates},
                           {"wrong_payload", &Faults::wrong_payload},
                           {"old", &Faults::old},
                           {"json_only", &Faults::json_only}};
constexpr Amount kAmounts[] = {{"latency_ms", &Faults::latency_ms},
                               {"error_percent", &Faults::error_percent},
                               {"late_events_ms", &Faults::late_events_ms},
                               {"lag_ms", &Faults::lag_ms}};

Result<void> set(Faults& faults, const std::string& name, const Json::Value& value) {
    for (const Flag& flag : kFlags) {
        if (flag.name != name) continue;
        if (!value.isBool()) return failure(ErrorCode::kInvalidArgument, "fault " + name + " must be true or false");
        faults.*flag.member = value.asBool();
        return success();
    }
    for (const Amount& amount : kAmounts) {
        if (amount.name != name) continue;
        if (!value.isUInt64()) return failure(ErrorCode::kInvalidArgument, "fault " + name + " must be a number of at least 0");
        faults.*amount.member = value.asUInt64();
        return success();
    }
    return failure(ErrorCode::kInvalidArgument, "unknown fault " + name);
}

}  // namespace

Result<Faults> parse_faults(const Json::Value& json) {
    if (!json.isObject()) return failure(ErrorCode::kInvalidArgument, "faults must be an object");
    Faults faults;
    for (const std::string& name : json.getMemberNames()) {
        HOLDFAST_TRY(set(faults, name, json[name]));
    }
    return faults;
}

Json::Value to_json(const Faults& faults) {
    Json::Value result = Json::objectValue;
    // A second name of the same fault stands behind the first and isn't told.
    const bool Faults::*last = nullptr;
    for (const Flag& flag : kFlags) {
        const bool Faults::*const member = flag.member;
        if (faults.*member && member != last) result[std::string{flag.name}] = true;
        last = member;
    }
    for (const Amount& amount : kAmounts) {
        if (faults.*amount.member != 0) result[std::string{amount.name}] = Json::UInt64{faults.*amount.member};
    }
    return result;
}

}  // namespace holdfast::sim
