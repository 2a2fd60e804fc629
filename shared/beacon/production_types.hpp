// What the Beacon API says about producing and publishing, as values: blocks, aggregates, sync committees, builders, and Gloas'
// payloads. Paths and fields: ethereum/beacon-APIs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/beacon/api_types.hpp"
#include "shared/ethereum/containers.hpp"
#include "shared/ethereum/schema.hpp"
#include "shared/ethereum/validator_messages.hpp"

namespace holdfast::beacon {

// 10^-18 of the chain's currency; enough bits for all there is.
__extension__ using Wei = unsigned __int128;

// GET /eth/v3/validator/blocks/{slot}; from Gloas on /eth/v4/... with include_payload=true
struct BlockRequest {
    Slot slot;
    ethereum::ForkName fork{};  // in force at the slot: says which version of the call
    Signature randao_reveal;
    Root graffiti;
    std::optional<std::uint64_t> builder_boost_factor;  // nothing: as the node thinks best
    bool again{false};                                  // asked before in this slot: failures say nothing new of the nodes
};
struct ProducedBlock {
    ethereum::ForkName fork{};
    bool blinded{false};
    bool with_contents{false};  // block contents (blobs and proofs; from Gloas on the payload's envelope), not a bare block
    Wei consensus_value{0};
    Wei payload_value{0};             // 0 where the node doesn't say; never said from Gloas on
    ethereum::schema::Object object;  // block_contents, block or blinded_block of the fork's types, checked

    // The block in it, blinded or not; valid as long as the object.
    [[nodiscard]] ethereum::schema::Part block() const;
};

// POST /eth/v2/beacon/blocks, /eth/v2/beacon/blinded_blocks
struct SignedBlock {
    ethereum::ForkName fork{};
    bool blinded{false};
    ethereum::schema::Object object;  // signed_block_contents (up to Fulu, not blinded), signed_block or signed_blinded_block
};
// POST /eth/v1/beacon/execution_payload_envelopes
struct SignedEnvelope {
    ethereum::ForkName fork{};
    ethereum::schema::Object object;  // signed_envelope_contents
};

// GET /eth/v2/beacon/blocks/{block_id}
struct ChainBlock {
    ethereum::ForkName fork{};
    ethereum::schema::Object object;  // signed_block
};

// GET /eth/v2/validator/aggregate_attestation
struct Aggregate {
    ethereum::ForkName fork{};
    ethereum::schema::Object object;  // attestation
    std::size_t votes{0};             // bits that are set
};

// GET /eth/v1/validator/sync_committee_contribution
struct SyncContribution {
    ethereum::schema::Object object;  // sync_contribution
    std::size_t votes{0};
};

// POST /eth/v1/validator/sync_committee_subscriptions
struct SyncSubscription {
    ValidatorIndex validator_index;
    std::vector<std::uint64_t> positions;
    Epoch until;
};

// POST /eth/v1/validator/prepare_beacon_proposer
struct ProposerPreparation {
    ValidatorIndex validator_index;
    Address fee_recipient;
};

// POST /eth/v1/validator/register_validator
struct SignedRegistration {
    ethereum::ValidatorRegistration message;
    Signature signature;
};

// POST /eth/v1/validator/proposer_preferences
struct SignedPreferences {
    ethereum::ProposerPreferences message;
    Signature signature;
};

// POST /eth/v1/validator/liveness/{epoch}
struct Liveness {
    ValidatorIndex validator_index;
    bool is_live{false};
};

// POST /eth/v1/validator/duties/ptc/{epoch}
struct PtcDuty {
    PublicKey key;
    ValidatorIndex validator_index;
    Slot slot;
};
struct PtcDuties {
    Epoch epoch;
    Root dependent_root;
    std::vector<PtcDuty> duties;
};

}  // namespace holdfast::beacon
