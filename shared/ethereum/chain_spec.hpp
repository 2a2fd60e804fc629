// What a chain is: its constants and forks as a beacon node tells them, and the arithmetic of its slots. A value; copies are
// cheap. Specification: consensus-specs configs and presets; Beacon API /eth/v1/config/spec, /eth/v1/beacon/genesis.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/time.hpp"
#include "shared/base/types.hpp"

namespace holdfast::ethereum {

enum class ForkName { kPhase0, kAltair, kBellatrix, kCapella, kDeneb, kElectra, kFulu, kGloas };

// "electra": the value of the header Eth-Consensus-Version.
[[nodiscard]] std::string_view to_string(ForkName fork);

struct Fork {
    ForkName name{};
    ForkVersion version;
    Epoch epoch;  // from which it is in force
    friend bool operator==(const Fork&, const Fork&) = default;
};

struct Genesis {
    WallTime time;
    Root validators_root;
    ForkVersion fork_version;
    friend bool operator==(const Genesis&, const Genesis&) = default;
};

class ChainSpec {
public:
    // `values` as /eth/v1/config/spec gives them (those that are strings). kMalformed names the value that is missing or wrong.
    // Slot length: SLOT_DURATION_MS, else SECONDS_PER_SLOT. Deadlines: *_DUE_BPS, else the old thirds.
    static Result<ChainSpec> parse(const std::map<std::string, std::string>& values);

    [[nodiscard]] Duration slot_duration() const { return slot_duration_; }
    [[nodiscard]] std::uint64_t slots_per_epoch() const { return slots_per_epoch_; }
    [[nodiscard]] Epoch epoch_of(Slot slot) const { return Epoch{slot.value / slots_per_epoch_}; }
    // The last slot there is for an epoch beyond all slots.
    [[nodiscard]] Slot first_slot(Epoch epoch) const;

    // Forks with a scheduled epoch, in order; the fork in force at an epoch.
    [[nodiscard]] const std::vector<Fork>& forks() const { return forks_; }
    [[nodiscard]] const Fork& fork_at(Epoch epoch) const;

    // How far into its slot an attestation is due (ATTESTATION_DUE_BPS, from Gloas on ATTESTATION_DUE_BPS_GLOAS), and an
    // aggregate.
    [[nodiscard]] Duration attestation_due(Slot slot) const;
    [[nodiscard]] Duration aggregate_due(Slot slot) const;
    // The same of a sync committee message and a contribution.
    [[nodiscard]] Duration sync_message_due(Slot slot) const;
    [[nodiscard]] Duration contribution_due(Slot slot) const;
    // From Gloas on: when a payload has to be published, and when the PTC attests to it.
    [[nodiscard]] Duration payload_due(Slot slot) const;
    [[nodiscard]] Duration payload_attestation_due(Slot slot) const;

    [[nodiscard]] std::uint64_t target_aggregators_per_committee() const { return target_aggregators_per_committee_; }
    // The number of `name`, as the node gave it; kNotFound if it did not.
    [[nodiscard]] Result<std::uint64_t> number(std::string_view name) const;

    // What two nodes must agree on to serve one validator: forks, slot length, epoch length, deadlines. A sentence that names
    // the first difference; empty if there is none.
    [[nodiscard]] std::string difference(const ChainSpec& other) const;

private:
    Duration slot_duration_{};
    std::uint64_t slots_per_epoch_{0};
    std::uint64_t target_aggregators_per_committee_{16};
    std::vector<Fork> forks_;
    std::map<std::string, std::string> values_;

    [[nodiscard]] Duration due(Slot slot, std::string_view name, std::uint64_t thirds, std::uint64_t gloas_default) const;
};

// The slots of one chain in wall time. Nodes may name any slot: those that would start after the year 2200 all start then,
// which leaves room in 64 bits of nanoseconds for what is added to it.
class SlotClock {
public:
    SlotClock(const ChainSpec& spec, WallTime genesis) : slot_duration_{spec.slot_duration()}, genesis_{genesis} {}
    [[nodiscard]] WallTime start_of(Slot slot) const;
    // Slot 0 before genesis.
    [[nodiscard]] Slot slot_at(WallTime when) const;
    [[nodiscard]] WallTime genesis() const { return genesis_; }

private:
    Duration slot_duration_;
    WallTime genesis_;
};

}  // namespace holdfast::ethereum
