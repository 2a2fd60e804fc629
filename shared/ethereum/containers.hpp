// SSZ of the containers that a validator signs or sends; more beside attestation.hpp. Specification: consensus-specs,
// phase0/beacon-chain.md, phase0/validator.md, altair/validator.md, electra/beacon-chain.md.
#pragma once

#include "shared/ethereum/attestation.hpp"
#include "shared/ethereum/ssz.hpp"

namespace holdfast::ethereum {

// MAX_COMMITTEES_PER_SLOT of the two presets, and MAX_VALIDATORS_PER_COMMITTEE of both.
inline constexpr std::uint64_t kMainnetCommittees = 64;
inline constexpr std::uint64_t kMinimalCommittees = 4;
inline constexpr std::uint64_t kValidatorsPerCommitteeMax = 2048;

// An aggregate from Electra on; its sizes depend on the preset.
template <std::uint64_t kCommittees>
struct BasicAttestation {
    ssz::Bitlist<kCommittees * kValidatorsPerCommitteeMax> aggregation_bits;
    AttestationData data;
    Signature signature;
    ssz::Bitvector<kCommittees> committee_bits;
    friend bool operator==(const BasicAttestation&, const BasicAttestation&) = default;
};
using Attestation = BasicAttestation<kMainnetCommittees>;
using MinimalAttestation = BasicAttestation<kMinimalCommittees>;

template <std::uint64_t kCommittees>
struct BasicAggregateAndProof {
    ValidatorIndex aggregator_index;
    BasicAttestation<kCommittees> aggregate;
    Signature selection_proof;
    friend bool operator==(const BasicAggregateAndProof&, const BasicAggregateAndProof&) = default;
};
using AggregateAndProof = BasicAggregateAndProof<kMainnetCommittees>;
using MinimalAggregateAndProof = BasicAggregateAndProof<kMinimalCommittees>;

template <std::uint64_t kCommittees>
struct BasicSignedAggregateAndProof {
    BasicAggregateAndProof<kCommittees> message;
    Signature signature;
    friend bool operator==(const BasicSignedAggregateAndProof&, const BasicSignedAggregateAndProof&) = default;
};
using SignedAggregateAndProof = BasicSignedAggregateAndProof<kMainnetCommittees>;
using MinimalSignedAggregateAndProof = BasicSignedAggregateAndProof<kMinimalCommittees>;

struct BeaconBlockHeader {
    Slot slot;
    ValidatorIndex proposer_index;
    Root parent_root;
    Root state_root;
    Root body_root;
    friend bool operator==(const BeaconBlockHeader&, const BeaconBlockHeader&) = default;
};

struct ForkData {
    ForkVersion current_version;
    Root genesis_validators_root;
    friend bool operator==(const ForkData&, const ForkData&) = default;
};

struct SigningData {
    Root object_root;
    Domain domain;
    friend bool operator==(const SigningData&, const SigningData&) = default;
};

struct SyncCommitteeMessage {
    Slot slot;
    Root beacon_block_root;
    ValidatorIndex validator_index;
    Signature signature;
    friend bool operator==(const SyncCommitteeMessage&, const SyncCommitteeMessage&) = default;
};

struct VoluntaryExit {
    Epoch epoch;
    ValidatorIndex validator_index;
    friend bool operator==(const VoluntaryExit&, const VoluntaryExit&) = default;
};

struct SignedVoluntaryExit {
    VoluntaryExit message;
    Signature signature;
    friend bool operator==(const SignedVoluntaryExit&, const SignedVoluntaryExit&) = default;
};

struct DepositMessage {
    PublicKey pubkey;
    Root withdrawal_credentials;
    Gwei amount;
    friend bool operator==(const DepositMessage&, const DepositMessage&) = default;
};

struct Eth1Data {
    Root deposit_root;
    std::uint64_t deposit_count{0};
    Root block_hash;
    friend bool operator==(const Eth1Data&, const Eth1Data&) = default;
};

namespace ssz {

template <>
struct Fields<Checkpoint> {
    static constexpr auto kAll = std::tuple{&Checkpoint::epoch, &Checkpoint::root};
};
template <>
struct Fields<AttestationData> {
    static constexpr auto kAll =
        std::tuple{&AttestationData::slot, &AttestationData::index, &AttestationData::beacon_block_root,
                   &AttestationData::source, &AttestationData::target};
};
template <>
struct Fields<SingleAttestation> {
    static constexpr auto kAll = std::tuple{&SingleAttestation::committee_index, &SingleAttestation::attester_index,
                                            &SingleAttestation::data, &SingleAttestation::signature};
};
template <std::uint64_t kCommittees>
struct Fields<BasicAttestation<kCommittees>> {
    using T = BasicAttestation<kCommittees>;
    static constexpr auto kAll = std::tuple{&T::aggregation_bits, &T::data, &T::signature, &T::committee_bits};
};
template <std::uint64_t kCommittees>
struct Fields<BasicAggregateAndProof<kCommittees>> {
    using T = BasicAggregateAndProof<kCommittees>;
    static constexpr auto kAll = std::tuple{&T::aggregator_index, &T::aggregate, &T::selection_proof};
};
template <std::uint64_t kCommittees>
struct Fields<BasicSignedAggregateAndProof<kCommittees>> {
    using T = BasicSignedAggregateAndProof<kCommittees>;
    static constexpr auto kAll = std::tuple{&T::message, &T::signature};
};
template <>
struct Fields<BeaconBlockHeader> {
    static constexpr auto kAll =
        std::tuple{&BeaconBlockHeader::slot, &BeaconBlockHeader::proposer_index, &BeaconBlockHeader::parent_root,
                   &BeaconBlockHeader::state_root, &BeaconBlockHeader::body_root};
};
template <>
struct Fields<ForkData> {
    static constexpr auto kAll = std::tuple{&ForkData::current_version, &ForkData::genesis_validators_root};
};
template <>
struct Fields<SigningData> {
    static constexpr auto kAll = std::tuple{&SigningData::object_root, &SigningData::domain};
};
template <>
struct Fields<SyncCommitteeMessage> {
    static constexpr auto kAll = std::tuple{&SyncCommitteeMessage::slot, &SyncCommitteeMessage::beacon_block_root,
                                            &SyncCommitteeMessage::validator_index, &SyncCommitteeMessage::signature};
};
template <>
struct Fields<VoluntaryExit> {
    static constexpr auto kAll = std::tuple{&VoluntaryExit::epoch, &VoluntaryExit::validator_index};
};
template <>
struct Fields<SignedVoluntaryExit> {
    static constexpr auto kAll = std::tuple{&SignedVoluntaryExit::message, &SignedVoluntaryExit::signature};
};

template <>
struct Fields<DepositMessage> {
    static constexpr auto kAll =
        std::tuple{&DepositMessage::pubkey, &DepositMessage::withdrawal_credentials, &DepositMessage::amount};
};
template <>
struct Fields<Eth1Data> {
    static constexpr auto kAll = std::tuple{&Eth1Data::deposit_root, &Eth1Data::deposit_count, &Eth1Data::block_hash};
};

}  // namespace ssz
}  // namespace holdfast::ethereum
