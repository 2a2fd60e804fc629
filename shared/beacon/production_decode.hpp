// What a node gives to be signed, or of the chain, as values: SSZ or JSON, as the answer says. Pure. Everything is checked
// against its type, and against what was asked for: kMalformed with what is wrong. kUnavailable where the node says that it is
// optimistic.
#pragma once

#include "shared/base/result.hpp"
#include "shared/beacon/production_types.hpp"
#include "shared/ethereum/type_table.hpp"
#include "shared/net/http.hpp"

namespace holdfast::beacon {

// Of the slot and the fork that were asked for. A value that the node doesn't say is 0.
[[nodiscard]] Result<ProducedBlock> decode_produced_block(const net::HttpResponse& response, const BlockRequest& request,
                                                          const ethereum::TypeTable& types);
// A fork before Electra: kMalformed.
[[nodiscard]] Result<ChainBlock> decode_chain_block(const net::HttpResponse& response, const ethereum::TypeTable& types);
// Of these attestation data and this committee only. The fork is what the node says: an aggregate of Gloas has Electra's bytes
// and another root.
[[nodiscard]] Result<Aggregate> decode_aggregate(const net::HttpResponse& response, CommitteeIndex committee,
                                                 const Root& data_root, const ethereum::TypeTable& types);
[[nodiscard]] Result<SyncContribution> decode_contribution(const net::HttpResponse& response, Slot slot,
                                                           std::uint64_t subcommittee, const Root& block,
                                                           const ethereum::TypeTable& types);
// kNotFound where the node has seen no block of the slot (204).
[[nodiscard]] Result<ethereum::PayloadAttestationData> decode_payload_attestation_data(const net::HttpResponse& response,
                                                                                       Slot slot);

}  // namespace holdfast::beacon
