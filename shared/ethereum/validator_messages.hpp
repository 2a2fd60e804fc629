// Small messages that a validator signs besides those of containers.hpp, with their SSZ. Specification: consensus-specs,
// altair/validator.md (SyncAggregatorSelectionData), gloas/beacon-chain.md (PayloadAttestation*), gloas/p2p-interface.md
// (ProposerPreferences); builder-specs (ValidatorRegistrationV1).
#pragma once

#include "shared/ethereum/ssz.hpp"

namespace holdfast::ethereum {

struct SyncAggregatorSelectionData {
    Slot slot;
    std::uint64_t subcommittee_index{0};
    friend bool operator==(const SyncAggregatorSelectionData&, const SyncAggregatorSelectionData&) = default;
};

struct ValidatorRegistration {
    Address fee_recipient;
    std::uint64_t gas_limit{0};
    std::uint64_t timestamp{0};  // Unix seconds
    PublicKey pubkey;
    friend bool operator==(const ValidatorRegistration&, const ValidatorRegistration&) = default;
};

struct PayloadAttestationData {
    Root beacon_block_root;
    Slot slot;
    bool payload_present{false};
    bool blob_data_available{false};
    friend bool operator==(const PayloadAttestationData&, const PayloadAttestationData&) = default;
};

struct PayloadAttestationMessage {
    ValidatorIndex validator_index;
    PayloadAttestationData data;
    Signature signature;
    friend bool operator==(const PayloadAttestationMessage&, const PayloadAttestationMessage&) = default;
};

struct ProposerPreferences {
    Root dependent_root;
    Slot proposal_slot;
    ValidatorIndex validator_index;
    Address fee_recipient;
    std::uint64_t target_gas_limit{0};
    friend bool operator==(const ProposerPreferences&, const ProposerPreferences&) = default;
};

namespace ssz {

template <>
struct Fields<SyncAggregatorSelectionData> {
    static constexpr auto kAll =
        std::tuple{&SyncAggregatorSelectionData::slot, &SyncAggregatorSelectionData::subcommittee_index};
};
template <>
struct Fields<ValidatorRegistration> {
    static constexpr auto kAll = std::tuple{&ValidatorRegistration::fee_recipient, &ValidatorRegistration::gas_limit,
                                            &ValidatorRegistration::timestamp, &ValidatorRegistration::pubkey};
};
template <>
struct Fields<PayloadAttestationData> {
    static constexpr auto kAll =
        std::tuple{&PayloadAttestationData::beacon_block_root, &PayloadAttestationData::slot,
                   &PayloadAttestationData::payload_present, &PayloadAttestationData::blob_data_available};
};
template <>
struct Fields<PayloadAttestationMessage> {
    static constexpr auto kAll = std::tuple{&PayloadAttestationMessage::validator_index, &PayloadAttestationMessage::data,
                                            &PayloadAttestationMessage::signature};
};
template <>
struct Fields<ProposerPreferences> {
    static constexpr auto kAll = std::tuple{&ProposerPreferences::dependent_root, &ProposerPreferences::proposal_slot,
                                            &ProposerPreferences::validator_index, &ProposerPreferences::fee_recipient,
                                            &ProposerPreferences::target_gas_limit};
};

}  // namespace ssz

}  // namespace holdfast::ethereum
