// Domains and signing roots. Specification: consensus-specs, phase0/beacon-chain.md, compute_domain, compute_signing_root.
#pragma once

#include "shared/base/types.hpp"
#include "shared/ethereum/attestation.hpp"
#include "shared/ethereum/chain_spec.hpp"

namespace holdfast::ethereum {

inline constexpr DomainType kDomainBeaconProposer{{0x00, 0, 0, 0}};
inline constexpr DomainType kDomainBeaconAttester{{0x01, 0, 0, 0}};
inline constexpr DomainType kDomainRandao{{0x02, 0, 0, 0}};
inline constexpr DomainType kDomainDeposit{{0x03, 0, 0, 0}};
inline constexpr DomainType kDomainVoluntaryExit{{0x04, 0, 0, 0}};
inline constexpr DomainType kDomainSelectionProof{{0x05, 0, 0, 0}};
inline constexpr DomainType kDomainAggregateAndProof{{0x06, 0, 0, 0}};
inline constexpr DomainType kDomainSyncCommittee{{0x07, 0, 0, 0}};
inline constexpr DomainType kDomainSyncCommitteeSelectionProof{{0x08, 0, 0, 0}};
inline constexpr DomainType kDomainContributionAndProof{{0x09, 0, 0, 0}};
// From Gloas on.
inline constexpr DomainType kDomainBeaconBuilder{{0x0b, 0, 0, 0}};
inline constexpr DomainType kDomainPtcAttester{{0x0c, 0, 0, 0}};
inline constexpr DomainType kDomainProposerPreferences{{0x0d, 0, 0, 0}};
// Builder registrations: with the genesis fork version and a validators root of zeros, on every chain in every fork.
inline constexpr DomainType kDomainApplicationBuilder{{0, 0, 0, 1}};

[[nodiscard]] Domain compute_domain(DomainType type, ForkVersion version, const Root& genesis_validators_root);
// The domain in force for a message of `epoch`.
[[nodiscard]] Domain domain_at(const ChainSpec& spec, const Root& genesis_validators_root, DomainType type, Epoch epoch);
[[nodiscard]] DomainType type_of(const Domain& domain);

[[nodiscard]] Root compute_signing_root(const Root& object_root, const Domain& domain);
[[nodiscard]] Root attestation_signing_root(const AttestationData& data, const Domain& domain);

}  // namespace holdfast::ethereum
