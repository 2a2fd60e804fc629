// What became of a slot's duties of one kind: for the log line, the metrics and the health. Attestations have a report of their
// own, with more in it (slot_report.hpp).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/time.hpp"
#include "shared/base/types.hpp"
#include "shared/duties/missed_reasons.hpp"
#include "shared/duties/slot_report.hpp"

namespace holdfast::duties {

enum class DutyKind {
    kAttestation,
    kAggregation,
    kProposal,
    kEnvelope,  // from Gloas on: the payload of a block of ours
    kSyncMessage,
    kSyncContribution,
    kPayloadAttestation,
};
// Label `duty` of the metrics, as Vero names them: attestation, attestation-aggregation, block-proposal,
// sync-committee-message, sync-committee-contribution; and execution-payload-envelope, payload-attestation.
[[nodiscard]] std::string_view to_string(DutyKind kind);

// Times are from the start of the slot.
struct DutyReport {
    DutyKind kind{};
    Slot slot;
    Epoch epoch;
    std::size_t due{0};
    std::size_t done{0};       // signed, and accepted by a node
    bool only_decided{false};  // the gate was closed; no duty is missed by that
    std::map<MissedReason, MissedDuties> missed;
    std::optional<Root> block;  // of a proposal: what a node has accepted
    std::string what;           // for people: which block, from which node, worth what
    Duration deadline{};
    std::optional<Duration> started;
    std::optional<Duration> decided;
    std::optional<Duration> approved;  // of what needs an approval
    std::optional<Duration> posted;    // first accepted by a node
    // What single nodes gave, by node: values of blocks in Wei (consensus, payload), participants of aggregates or
    // contributions (first only).
    std::vector<std::pair<std::size_t, std::pair<double, double>>> of_nodes;

    void miss(MissedReason reason, std::size_t count, const std::string& detail);
    [[nodiscard]] std::size_t missed_count() const;
};

// One line for people: "slot 5 (epoch 0): block-proposal 1 of 1, block 0x.. from node 2 worth 0.05 ETH, decided +120 ms, ...".
[[nodiscard]] std::string describe(const DutyReport& report);

using DutyObserver = std::function<void(const DutyReport&)>;

}  // namespace holdfast::duties
