// Attestation containers from Electra on. Specification: consensus-specs, phase0/beacon-chain.md (Checkpoint, AttestationData)
// and electra/beacon-chain.md (SingleAttestation, Attestation). Their SSZ is in shared/ethereum/ssz.hpp's terms, declared
// beside them.
#pragma once

#include "shared/base/types.hpp"

namespace holdfast::ethereum {

struct Checkpoint {
    Epoch epoch;
    Root root;
    friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

struct AttestationData {
    Slot slot;
    CommitteeIndex index;  // 0 from Electra on; payload status from Gloas on
    Root beacon_block_root;
    Checkpoint source;
    Checkpoint target;
    friend bool operator==(const AttestationData&, const AttestationData&) = default;
};

// What a validator publishes from Electra on: one vote, with the place it was made in.
struct SingleAttestation {
    CommitteeIndex committee_index;
    ValidatorIndex attester_index;
    AttestationData data;
    Signature signature;
    friend bool operator==(const SingleAttestation&, const SingleAttestation&) = default;
};

}  // namespace holdfast::ethereum
