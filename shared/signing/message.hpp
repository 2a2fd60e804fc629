// What else than blocks and attestations is signed. Nothing here can be slashed.
#pragma once

#include <cstdint>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/types.hpp"
#include "shared/ethereum/signing_root.hpp"

namespace holdfast::signing {

enum class MessageKind : std::uint8_t {
    kRandaoReveal,
    kSelectionProof,
    kAggregateAndProof,
    kSyncCommitteeMessage,
    kSyncSelectionProof,
    kContributionAndProof,
    kValidatorRegistration,
    kVoluntaryExit,
    kPayloadAttestation,
    kExecutionPayloadEnvelope,
    kProposerPreferences,
};

// The one domain type in which a message of that kind may be signed.
[[nodiscard]] DomainType domain_type_of(MessageKind kind);

struct Message {
    MessageKind kind{};
    Root object_root;
    Domain domain;
    // The object's encoding, for signers that want to see what they sign; empty where the root is the object (sync committee
    // messages: the block's root).
    std::vector<std::uint8_t> object{};
    // The slot that a sync committee message is for; others name their own.
    Slot slot{};
};

// What is due sooner goes first, whoever asked before.
enum class Urgency : std::uint8_t {
    kBlock,        // block, RANDAO, envelope
    kAttestation,  // attestation, sync committee message, payload attestation
    kAggregation,  // aggregate, contribution
    kSoon,         // selection proofs of this slot and the next
    kAhead,        // selection proofs of later slots, registrations, preferences
};

}  // namespace holdfast::signing
