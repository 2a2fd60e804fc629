// What became of one slot's attestations: for the log line, the metrics and the health.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "shared/duties/attestation_consensus.hpp"

namespace holdfast::duties {

struct MissedDuties {
    std::size_t count{0};
    std::string detail;  // of the first
};

// Times are from the start of the slot.
struct SlotReport {
    Slot slot;
    Epoch epoch;
    std::size_t due{0};
    std::size_t attested{0};  // signed, and accepted by a node
    bool adopted{false};      // what the instance before us had recorded, published once more
    // The gate was closed: decided, and nothing more; no duty is missed by that.
    bool only_decided{false};
    // Decided while the gate was closed, performed after it was opened.
    bool caught_up{false};
    std::map<MissedReason, MissedDuties> missed;

    std::optional<Decided> vote;
    std::optional<GaveUp> gave_up;         // why there is no vote
    std::optional<std::size_t> head_node;  // whose head event was first
    std::optional<Duration> head_event;
    Duration deadline{};
    std::optional<Duration> started;
    std::optional<Duration> decided;
    std::optional<Duration> approved;
    std::optional<Duration> posted;  // first accepted by a node
    ConsensusCounters counters;

    void miss(MissedReason reason, std::size_t count, const std::string& detail);
    [[nodiscard]] std::size_t missed_count() const;
};

// One line for people.
[[nodiscard]] std::string describe(const SlotReport& report);

}  // namespace holdfast::duties
