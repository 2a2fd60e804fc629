// What can be wrong with one simulated node. All off at first.
#pragma once

#include <json/value.h>

#include <cstdint>

#include "shared/base/result.hpp"

namespace holdfast::sim {

struct Faults {
    std::uint64_t latency_ms{0};          // before every answer
    std::uint64_t error_percent{0};       // of the answers are 500
    std::uint64_t late_events_ms{0};      // before every event
    std::uint64_t lag_ms{0};              // sees each block that much later
    bool hang{false};                     // takes requests and never answers
    bool down{false};                     // its port is closed
    bool garbage{false};                  // 200, and a body that means nothing
    bool wrong_head{false};               // names a block that nobody else has
    bool wrong_checkpoints{false};        // names source and target that nobody else has
    bool stale_head{false};               // its head stays where it is, while it claims to be synced
    bool freeze_attestation_data{false};  // the first answer of a slot is the answer for the whole slot
    bool drop_posts{false};               // 200 for attestations, which are then lost
    bool no_events{false};
    bool duplicate_events{false};
    bool optimistic{false};
    bool foreign_genesis{false};  // says it is on another chain
    bool foreign_payee{false};    // its blocks pay to an address that nobody asked for
    bool wrong_block{false};      // its blocks name another proposer
    bool half_aggregates{false};  // has only half of the votes in aggregates and contributions
    bool wrong_payload{false};    // from Gloas on: says the opposite of what is known of payloads
    bool old{false};              // lacks v2 of proposer duties, and head_v2
    bool json_only{false};        // neither takes nor gives SSZ
};

// Of {"latency_ms": 500, "hang": true, ...}: what isn't named is off. kInvalidArgument names an unknown fault or a wrong value.
[[nodiscard]] Result<Faults> parse_faults(const Json::Value& json);
// Only those that are on.
[[nodiscard]] Json::Value to_json(const Faults& faults);

}  // namespace holdfast::sim
