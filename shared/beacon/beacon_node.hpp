// One beacon node: typed calls over the Beacon API. No state but the connection: judging nodes is BeaconNodes' work.
// Every call fails with a sentence that names the node and the path.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/task.hpp"
#include "shared/base/time.hpp"
#include "shared/beacon/production_types.hpp"
#include "shared/ethereum/chain_spec.hpp"
#include "shared/ethereum/type_table.hpp"

namespace holdfast::beacon {

using NodeEvent = std::variant<HeadEvent, ReorgEvent, SlashingEvent, PayloadAvailableEvent>;

class BeaconNode {
public:
    BeaconNode() = default;
    BeaconNode(const BeaconNode&) = delete;
    BeaconNode& operator=(const BeaconNode&) = delete;
    virtual ~BeaconNode() = default;

    [[nodiscard]] virtual const std::string& url() const = 0;  // as configured, without credentials: for logs and metrics

    virtual Task<Result<ethereum::ChainSpec>> spec(SteadyTime deadline) = 0;
    virtual Task<Result<ethereum::Genesis>> genesis(SteadyTime deadline) = 0;
    virtual Task<Result<std::string>> version(SteadyTime deadline) = 0;
    virtual Task<Result<SyncStatus>> syncing(SteadyTime deadline) = 0;
    virtual Task<Result<Root>> block_root(std::string block_id, SteadyTime deadline) = 0;
    virtual Task<Result<std::vector<Validator>>> validators(std::vector<PublicKey> keys, SteadyTime deadline) = 0;
    virtual Task<Result<AttesterDuties>> attester_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                         SteadyTime deadline) = 0;
    // Nodes give this epoch's, and most of them the next one's.
    virtual Task<Result<ProposerDuties>> proposer_duties(Epoch epoch, SteadyTime deadline) = 0;
    // Of those of `indices` that sit in the sync committee; up to the end of the next period.
    virtual Task<Result<std::vector<SyncDuty>>> sync_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                            SteadyTime deadline) = 0;
    virtual Task<Result<ethereum::AttestationData>> attestation_data(Slot slot, SteadyTime deadline) = 0;
    virtual Task<Result<void>> subscribe_committees(std::vector<CommitteeSubscription> subscriptions, SteadyTime deadline) = 0;
    // `body` is the JSON list of SingleAttestation, rendered once for all nodes by the caller (encode_attestations).
    virtual Task<Result<void>> publish_attestations(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                                    SteadyTime deadline) = 0;
    // The types of this chain's blocks; before any of the calls below, which fail with kInvalidArgument without them.
    virtual void use_types(ethereum::TypeTablePtr types);

    // What is below, a node (or a stand-in in a test) may not offer: kNotFound. Bodies are rendered once for all nodes by the
    // caller (encode.hpp).
    virtual Task<Result<ProducedBlock>> produce_block(BlockRequest request, SteadyTime deadline);
    // As SSZ; as JSON to a node that doesn't take it (415, or 406). 202 (broadcast, but not valid to the node) is a failure:
    // kRefused.
    virtual Task<Result<void>> publish_block(std::shared_ptr<const SignedBlock> block, SteadyTime deadline);
    virtual Task<Result<void>> publish_envelope(std::shared_ptr<const SignedEnvelope> envelope, SteadyTime deadline);
    virtual Task<Result<ChainBlock>> block(std::string block_id, SteadyTime deadline);
    virtual Task<Result<Aggregate>> aggregate(Slot slot, CommitteeIndex committee, Root data_root, SteadyTime deadline);
    virtual Task<Result<void>> publish_aggregates(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                                  SteadyTime deadline);
    virtual Task<Result<void>> publish_sync_messages(std::shared_ptr<const std::string> body, SteadyTime deadline);
    virtual Task<Result<SyncContribution>> sync_contribution(Slot slot, std::uint64_t subcommittee, Root block,
                                                             SteadyTime deadline);
    virtual Task<Result<void>> publish_contributions(std::shared_ptr<const std::string> body, SteadyTime deadline);
    virtual Task<Result<void>> subscribe_sync_committees(std::vector<SyncSubscription> subscriptions, SteadyTime deadline);
    virtual Task<Result<void>> prepare_proposers(std::vector<ProposerPreparation> preparations, SteadyTime deadline);
    virtual Task<Result<void>> register_validators(std::shared_ptr<const std::string> body, SteadyTime deadline);
    virtual Task<Result<std::vector<Liveness>>> liveness(Epoch epoch, std::vector<ValidatorIndex> indices, SteadyTime deadline);
    // From Gloas on.
    virtual Task<Result<PtcDuties>> ptc_duties(Epoch epoch, std::vector<ValidatorIndex> indices, SteadyTime deadline);
    virtual Task<Result<ethereum::PayloadAttestationData>> payload_attestation_data(Slot slot, SteadyTime deadline);
    virtual Task<Result<void>> publish_payload_attestations(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                                            SteadyTime deadline);
    virtual Task<Result<void>> publish_preferences(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                                   SteadyTime deadline);

    // Head, reorganisation, slashing and payload events as they come, until the stream ends; returns why.
    virtual Task<Result<void>> follow_events(std::function<void(NodeEvent)> on_event) = 0;
};

[[nodiscard]] std::string encode_attestations(const std::vector<ethereum::SingleAttestation>& attestations);

}  // namespace holdfast::beacon
