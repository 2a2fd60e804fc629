// Bodies of a beacon node's answers as values. Pure. kMalformed names the field that is wrong; kUnavailable where the node says
// that its answer rests on a head that its execution node has not verified ("optimistic").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/beacon/api_types.hpp"
#include "shared/beacon/beacon_node.hpp"
#include "shared/ethereum/chain_spec.hpp"

namespace holdfast::beacon {

[[nodiscard]] Result<ethereum::ChainSpec> decode_spec(std::string_view body);
[[nodiscard]] Result<ethereum::Genesis> decode_genesis(std::string_view body);
// Printable characters only, at most 200.
[[nodiscard]] Result<std::string> decode_version(std::string_view body);
[[nodiscard]] Result<SyncStatus> decode_syncing(std::string_view body);
[[nodiscard]] Result<Root> decode_block_root(std::string_view body);

// Only of `keys`, each at most once; those that the node does not know are left out.
[[nodiscard]] Result<std::vector<Validator>> decode_validators(std::string_view body, const std::vector<PublicKey>& keys);
// Only of `indices`, each at most once, with a position that is inside its committee.
[[nodiscard]] Result<AttesterDuties> decode_attester_duties(std::string_view body, Epoch epoch,
                                                            const std::vector<ValidatorIndex>& indices);
// Each slot at most once. The dependent root is read from version 2 of the call only.
[[nodiscard]] Result<ProposerDuties> decode_proposer_duties(std::string_view body, Epoch epoch, int version);
// Only of `indices`, each at most once, with at least one position.
[[nodiscard]] Result<std::vector<SyncDuty>> decode_sync_duties(std::string_view body,
                                                               const std::vector<ValidatorIndex>& indices);
// Only of `indices`, each at most once.
[[nodiscard]] Result<PtcDuties> decode_ptc_duties(std::string_view body, Epoch epoch,
                                                  const std::vector<ValidatorIndex>& indices);
[[nodiscard]] Result<std::vector<Liveness>> decode_liveness(std::string_view body, const std::vector<ValidatorIndex>& indices);
[[nodiscard]] Result<ethereum::AttestationData> decode_attestation_data(std::string_view body);
[[nodiscard]] Result<ethereum::AttestationData> decode_attestation_data_ssz(std::string_view body);

// kNotFound: an event of another kind, to be ignored.
[[nodiscard]] Result<NodeEvent> decode_event(std::string_view name, std::string_view data);

// What an answer with an error status says, in one line; never fails.
[[nodiscard]] std::string describe_error(std::string_view body);

}  // namespace holdfast::beacon
