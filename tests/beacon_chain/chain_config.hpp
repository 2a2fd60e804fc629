// What a simulated chain is: its preset, lengths, forks and validators, and how it tells them as /eth/v1/config/spec.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/types.hpp"

namespace holdfast::sim {

struct ChainConfig {
    std::string preset{"minimal"};
    std::uint64_t slots_per_epoch{8};
    std::uint64_t max_committees_per_slot{4};
    std::uint64_t target_committee_size{4};
    std::uint64_t slot_ms{2000};
    std::uint64_t validators{64};
    std::uint64_t seed{1};
    std::uint64_t proposals_of_ours{0};  // every so many slots the proposer is one of the validators; 0: never
    std::uint64_t first_of_ours{0};      // the validators that may be drawn then
    std::uint64_t count_of_ours{0};      // 0: all
    Epoch fulu_epoch{kFarFutureEpoch};   // Electra until then, from genesis on
    Epoch gloas_epoch{kFarFutureEpoch};

    [[nodiscard]] Epoch epoch_of(Slot slot) const { return Epoch{slot.value / slots_per_epoch}; }
    [[nodiscard]] Slot first_slot(Epoch epoch) const { return Slot{epoch.value * slots_per_epoch}; }
    [[nodiscard]] Slot last_slot(Epoch epoch) const { return Slot{(epoch.value + 1) * slots_per_epoch - 1}; }
};

// "minimal" or "mainnet"; kInvalidArgument for any other.
[[nodiscard]] Result<ChainConfig> config_of_preset(std::string_view preset);

// Sizes of a preset that other parts depend on.
[[nodiscard]] std::uint64_t sync_committee_size(const ChainConfig& config);
[[nodiscard]] std::uint64_t ptc_size(const ChainConfig& config);

struct ForkEntry {
    std::string name;  // "electra"
    ForkVersion version;
    Epoch epoch;
};
// Phase 0 to Gloas, in order; those that are not scheduled at kFarFutureEpoch.
[[nodiscard]] std::vector<ForkEntry> forks_of(const ChainConfig& config);
[[nodiscard]] ForkEntry fork_at(const ChainConfig& config, Epoch epoch);

// The bodies of /eth/v1/config/spec and /eth/v1/config/fork_schedule.
[[nodiscard]] std::string spec_json(const ChainConfig& config);
[[nodiscard]] std::string fork_schedule_json(const ChainConfig& config);

// A digest of the configuration: another seed or number of validators is another chain.
[[nodiscard]] Root genesis_validators_root_of(const ChainConfig& config);

}  // namespace holdfast::sim
