#include "tests/beacon_chain/merkle.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <initializer_list>
#include <vector>

namespace holdfast::sim {
namespace {

// The root of a tree over a few leaves, filled up with zeros.
Root tree(std::initializer_list<Leaf> leaves) {
    std::vector<Leaf> level{leaves};
    std::size_t width = 1;
    while (width < level.size()) width *= 2;
    level.resize(width);
    for (; level.size() > 1; level.resize(level.size() / 2)) {
        for (std::size_t i = 0; i < level.size() / 2; ++i) level[i] = hash_pair(level[2 * i], level[2 * i + 1]);
    }
    return Root{level[0]};
}

template <class Bytes>
Leaf padded(const Bytes& bytes) {
    Leaf leaf{};
    std::copy(bytes.bytes.begin(), bytes.bytes.end(), leaf.begin());
    return leaf;
}

Leaf leaf_of(const ethereum::Checkpoint& checkpoint) {
    return hash_pair(sim::leaf_of(checkpoint.epoch.value), checkpoint.root.bytes);
}

Leaf leaf_of(const PublicKey& key) {
    Leaf first{};
    Leaf second{};
    std::copy_n(key.bytes.begin(), 32, first.begin());
    std::copy_n(key.bytes.begin() + 32, 16, second.begin());
    return hash_pair(first, second);
}

}  // namespace

Leaf hash_of(std::span<const std::uint8_t> data) {
    Leaf result{};
    SHA256(data.data(), data.size(), result.data());
    return result;
}

Leaf hash_pair(const Leaf& left, const Leaf& right) {
    std::array<std::uint8_t, 64> both{};
    std::copy(left.begin(), left.end(), both.begin());
    std::copy(right.begin(), right.end(), both.begin() + 32);
    return hash_of(both);
}

Leaf leaf_of(std::uint64_t number) {
    Leaf leaf{};
    for (std::size_t i = 0; i < 8; ++i) leaf[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return leaf;
}

Root root_of(std::uint64_t number) { return Root{leaf_of(number)}; }

Root root_of(const ethereum::AttestationData& data) {
    return tree({leaf_of(data.slot.value), leaf_of(data.index.value), data.beacon_block_root.bytes, leaf_of(data.source),
                 leaf_of(data.target)});
}

Root root_of(const ethereum::SyncAggregatorSelectionData& data) {
    return tree({leaf_of(data.slot.value), leaf_of(data.subcommittee_index)});
}

Root root_of(const ethereum::ValidatorRegistration& registration) {
    return tree({padded(registration.fee_recipient), leaf_of(registration.gas_limit), leaf_of(registration.timestamp),
                 leaf_of(registration.pubkey)});
}

Root root_of(const ethereum::PayloadAttestationData& data) {
    return tree({data.beacon_block_root.bytes, leaf_of(data.slot.value), leaf_of(data.payload_present ? 1U : 0U),
                 leaf_of(data.blob_data_available ? 1U : 0U)});
}

Root root_of(const ethereum::ProposerPreferences& preferences) {
    return tree({preferences.dependent_root.bytes, leaf_of(preferences.proposal_slot.value),
                 leaf_of(preferences.validator_index.value), padded(preferences.fee_recipient),
                 leaf_of(preferences.target_gas_limit)});
}

Root signing_root_of(const Root& object_root, Purpose purpose, ForkVersion version, const Root& genesis_validators_root) {
    const Leaf fork_data = hash_pair(padded(version), genesis_validators_root.bytes);
    Leaf domain = leaf_of(static_cast<std::uint32_t>(purpose));
    std::copy_n(fork_data.begin(), 28, domain.begin() + 4);
    return Root{hash_pair(object_root.bytes, domain)};
}

Root signing_root_of(const ethereum::AttestationData& data, ForkVersion version, const Root& genesis_validators_root) {
    return signing_root_of(root_of(data), Purpose::kAttester, version, genesis_validators_root);
}

bool selected(const Signature& proof, std::uint64_t modulo) {
    const Leaf hash = hash_of(proof.bytes);
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < 8; ++i) number |= std::uint64_t{hash[i]} << (8 * i);
    return number % modulo == 0;
}

}  // namespace holdfast::sim
