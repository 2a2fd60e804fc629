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
#include "shared/beacon/api_types.hpp"
#include "shared/ethereum/chain_spec.hpp"

namespace holdfast::beacon {

using NodeEvent = std::variant<HeadEvent, ReorgEvent>;

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
    // Head and reorganisation events as they come, until the stream ends; returns why.
    virtual Task<Result<void>> follow_events(std::function<void(NodeEvent)> on_event) = 0;
};

[[nodiscard]] std::string encode_attestations(const std::vector<ethereum::SingleAttestation>& attestations);

}  // namespace holdfast::beacon
