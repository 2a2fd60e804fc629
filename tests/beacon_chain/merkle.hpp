// The simulated chain's own hashing and signing roots, sharing no code with the programs under test. Specification:
// consensus-specs, ssz/simple-serialize.md; phase0/beacon-chain.md (compute_domain, compute_signing_root). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "shared/ethereum/attestation.hpp"
#include "shared/ethereum/validator_messages.hpp"

namespace holdfast::sim {

using Leaf = std::array<std::uint8_t, 32>;

[[nodiscard]] Leaf hash_of(std::span<const std::uint8_t> data);
[[nodiscard]] Leaf hash_pair(const Leaf& left, const Leaf& right);
[[nodiscard]] Leaf leaf_of(std::uint64_t number);

// Roots of what is small enough to be hashed by hand.
[[nodiscard]] Root root_of(std::uint64_t number);
[[nodiscard]] Root root_of(const ethereum::AttestationData& data);
[[nodiscard]] Root root_of(const ethereum::SyncAggregatorSelectionData& data);
[[nodiscard]] Root root_of(const ethereum::ValidatorRegistration& registration);
[[nodiscard]] Root root_of(const ethereum::PayloadAttestationData& data);
[[nodiscard]] Root root_of(const ethereum::ProposerPreferences& preferences);

// What is signed for, in the specification's numbers.
enum class Purpose : std::uint32_t {
    kProposer = 0x00,
    kAttester = 0x01,
    kRandao = 0x02,
    kSelection = 0x05,
    kAggregate = 0x06,
    kSyncMessage = 0x07,
    kSyncSelection = 0x08,
    kContribution = 0x09,
    kEnvelope = 0x0b,
    kPayloadAttestation = 0x0c,
    kPreferences = 0x0d,
    kBuilder = 0x01000000,
};
[[nodiscard]] Root signing_root_of(const Root& object_root, Purpose purpose, ForkVersion version,
                                   const Root& genesis_validators_root);
[[nodiscard]] Root signing_root_of(const ethereum::AttestationData& data, ForkVersion version,
                                   const Root& genesis_validators_root);

// is_aggregator and is_sync_committee_aggregator: by the first 8 bytes of the proof's hash.
[[nodiscard]] bool selected(const Signature& proof, std::uint64_t modulo);

}  // namespace holdfast::sim
