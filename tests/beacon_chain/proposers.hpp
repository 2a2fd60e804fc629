// Who proposes in a slot and who sits in a sync committee: made up from the chain's seed, the same in every run. Pure.
// Blocks come from validators of the chain only where ChainConfig::proposals_of_ours says so; else from strangers, whose
// indices lie beyond the chain's: with few validators each would have a proposal before it all the time.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/beacon_chain/chain_config.hpp"

namespace holdfast::sim {

// `dependent_root` is that of the epoch's attester duties.
[[nodiscard]] ValidatorIndex proposer_of(const ChainConfig& config, Slot slot, const Root& dependent_root);
[[nodiscard]] inline bool is_stranger(const ChainConfig& config, ValidatorIndex index) {
    return index.value >= config.validators;
}
[[nodiscard]] PublicKey key_of_stranger(ValidatorIndex index);

[[nodiscard]] std::uint64_t epochs_per_sync_period(const ChainConfig& config);
// The validator at each position; one may be there several times, as on a real chain with few validators.
[[nodiscard]] std::vector<ValidatorIndex> sync_committee(const ChainConfig& config, Epoch epoch);

}  // namespace holdfast::sim
