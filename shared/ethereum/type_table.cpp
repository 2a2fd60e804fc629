#include "shared/ethereum/type_table.hpp"

#include <algorithm>

namespace holdfast::ethereum {

namespace {

// Far more than any chain has, far less than memory.
constexpr std::uint64_t kCommitteesMax = 2048;
constexpr std::uint64_t kMembersMax = 65'536;
constexpr std::uint64_t kSyncSubnets = 4;

BlockPreset preset_of(const ChainSpec& spec) {
    const auto read = [&spec](std::string_view name, std::uint64_t otherwise, std::uint64_t unit = 1) {
        const Result<std::uint64_t> value = spec.number(name);
        const std::uint64_t most = name == "MAX_COMMITTEES_PER_SLOT" ? kCommitteesMax : kMembersMax;
        const bool possible = value && value.value() > 0 && value.value() <= most && value.value() % unit == 0;
        return possible ? value.value() : otherwise;
    };
    BlockPreset preset = kMainnetPreset;
    preset.committees_per_slot_max = read("MAX_COMMITTEES_PER_SLOT", preset.committees_per_slot_max);
    preset.sync_committee_size = read("SYNC_COMMITTEE_SIZE", preset.sync_committee_size, kSyncSubnets);
    preset.withdrawals_per_payload_max = read("MAX_WITHDRAWALS_PER_PAYLOAD", preset.withdrawals_per_payload_max);
    preset.ptc_size = read("PTC_SIZE", preset.ptc_size);
    return preset;
}

}  // namespace

TypeTable::TypeTable(const ChainSpec& spec) : preset_{preset_of(spec)} {
    for (const ForkName fork : {ForkName::kElectra, ForkName::kFulu, ForkName::kGloas}) {
        types_.emplace(fork, make_block_types(fork, preset_));
    }
}

const BlockTypes& TypeTable::of(ForkName fork) const { return types_.at(std::max(fork, ForkName::kElectra)); }

}  // namespace holdfast::ethereum
