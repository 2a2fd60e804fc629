// The types of blocks and of what belongs to them, by fork and preset, for shared/ethereum/schema.hpp. Specification:
// consensus-specs, {phase0,...,electra,fulu,gloas}/beacon-chain.md; BlockContents and SignedBlockContents: the Beacon API.
#pragma once

#include "shared/ethereum/chain_spec.hpp"
#include "shared/ethereum/schema.hpp"

namespace holdfast::ethereum {

// What presets differ in, as far as these types depend on it.
struct BlockPreset {
    std::uint64_t committees_per_slot_max{64};
    std::uint64_t sync_committee_size{512};
    std::uint64_t withdrawals_per_payload_max{16};
    std::uint64_t ptc_size{512};
};
inline constexpr BlockPreset kMainnetPreset{};
inline constexpr BlockPreset kMinimalPreset{4, 32, 4, 16};

// Of one fork, from Electra on. Types that a fork doesn't have are null.
struct BlockTypes {
    schema::TypePtr attestation;
    schema::TypePtr aggregate_and_proof;
    schema::TypePtr signed_aggregate_and_proof;
    schema::TypePtr sync_contribution;
    schema::TypePtr contribution_and_proof;
    schema::TypePtr signed_contribution_and_proof;
    schema::TypePtr execution_payload;
    schema::TypePtr execution_payload_header;  // up to Fulu
    schema::TypePtr block;
    schema::TypePtr signed_block;
    schema::TypePtr blinded_block;  // up to Fulu
    schema::TypePtr signed_blinded_block;
    schema::TypePtr block_contents;         // the block with blobs and proofs; from Gloas on also with its payload's envelope
    schema::TypePtr signed_block_contents;  // up to Fulu
    schema::TypePtr execution_payload_bid;  // from Gloas on
    schema::TypePtr signed_execution_payload_bid;
    schema::TypePtr execution_payload_envelope;
    schema::TypePtr signed_execution_payload_envelope;
    schema::TypePtr signed_envelope_contents;  // with blobs and proofs, for nodes that have not made the payload
    schema::TypePtr payload_attestation;
    schema::TypePtr payload_attestation_message;
    schema::TypePtr proposer_preferences;
    schema::TypePtr signed_proposer_preferences;
};

[[nodiscard]] BlockTypes make_block_types(ForkName fork, const BlockPreset& preset);

}  // namespace holdfast::ethereum
