// When what arrived: for latency figures. Microseconds, relative to the start of the attestation's slot.
#pragma once

#include <json/value.h>

#include <cstdint>
#include <map>
#include <optional>

#include "tests/beacon_chain/chain_time.hpp"

namespace holdfast::sim {

class Arrivals {
public:
    explicit Arrivals(const ChainTime& time) : time_{time} {}

    // Only the first of each validator and slot is kept, and of the last slots only.
    void attestation(Slot slot, std::uint64_t validator, std::size_t node, WallTime when);
    // Only the first of each slot is kept.
    void head_event(Slot slot, WallTime when);
    [[nodiscard]] Json::Value to_json(Slot slot) const;

private:
    struct Arrival {
        std::int64_t us{0};
        std::size_t node{0};
    };
    struct OfSlot {
        std::optional<std::int64_t> head_event_us;
        std::map<std::uint64_t, Arrival> attestations;
    };
    ChainTime time_;
    std::map<Slot, OfSlot> slots_;

    OfSlot& of(Slot slot);
    [[nodiscard]] std::int64_t us_into(Slot slot, WallTime when) const;
};

}  // namespace holdfast::sim
