#include "tests/beacon_chain/proposers.hpp"

#include <algorithm>

#include "shared/base/random.hpp"
#include "tests/beacon_chain/digest.hpp"

namespace holdfast::sim {
namespace {

constexpr std::uint64_t kStrangers = 1000;

std::uint64_t number_of(const Root& root) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < 8; ++i) number = (number << 8U) | root.bytes[i];
    return number;
}

}  // namespace

ValidatorIndex proposer_of(const ChainConfig& config, Slot slot, const Root& dependent_root) {
    const std::uint64_t number = number_of(digest("proposer", {config.seed, slot.value}, dependent_root));
    const bool ours = config.proposals_of_ours > 0 && slot.value % config.proposals_of_ours == 0;
    const std::uint64_t count = config.count_of_ours == 0 ? config.validators : config.count_of_ours;
    return ValidatorIndex{ours ? config.first_of_ours + number % count : config.validators + number % kStrangers};
}

PublicKey key_of_stranger(ValidatorIndex index) {
    const Root first = digest("stranger", {index.value});
    const Root second = digest("stranger", {index.value}, first);
    PublicKey key;
    std::copy_n(first.bytes.begin(), 32, key.bytes.begin());
    std::copy_n(second.bytes.begin(), 16, key.bytes.begin() + 32);
    return key;
}

std::uint64_t epochs_per_sync_period(const ChainConfig& config) { return config.preset == "minimal" ? 8 : 256; }

std::vector<ValidatorIndex> sync_committee(const ChainConfig& config, Epoch epoch) {
    const std::uint64_t period = epoch.value / epochs_per_sync_period(config);
    SeededRandom random{number_of(digest("sync", {config.seed, period}))};
    std::vector<ValidatorIndex> members(sync_committee_size(config));
    for (ValidatorIndex& member : members) member = ValidatorIndex{random.below(config.validators)};
    return members;
}

}  // namespace holdfast::sim
