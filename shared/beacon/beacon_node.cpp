#include "shared/beacon/beacon_node.hpp"

namespace holdfast::beacon {

namespace {

Error not_offered(const BeaconNode& node) { return failure(ErrorCode::kNotFound, node.url() + " does not offer this call"); }

}  // namespace

ethereum::schema::Part ProducedBlock::block() const {
    if (!with_contents) return {object.type.get(), object.bytes};
    return object.find({"block"});
}

void BeaconNode::use_types(ethereum::TypeTablePtr /*types*/) {}

Task<Result<ProducedBlock>> BeaconNode::produce_block(BlockRequest /*request*/, SteadyTime /*deadline*/) {
    co_return not_offered(*this);
}
Task<Result<void>> BeaconNode::publish_block(std::shared_ptr<const SignedBlock> /*block*/, SteadyTime /*deadline*/) {
    co_return not_offered(*this);
}
Task<Result<void>> BeaconNode::publish_envelope(std::shared_ptr<const SignedEnvelope> /*envelope*/, SteadyTime /*deadline*/) {
    co_return not_offered(*this);
}
Task<Result<ChainBlock>> BeaconNode::block(std::string /*block_id*/, SteadyTime /*deadline*/) { co_return not_offered(*this); }
Task<Result<Aggregate>> BeaconNode::aggregate(Slot /*slot*/, CommitteeIndex /*committee*/, Root /*data_root*/,
                                              SteadyTime /*deadline*/) {
    co_return not_offered(*this);
}
Task<Result<void>> BeaconNode::publish_aggregates(std::shared_ptr<const std::string> /*body*/, ethereum::ForkName /*fork*/,
                                                  SteadyTime /*deadline*/) {
    co_return not_offered(*this);
}
Task<Result<void>> BeaconNode::publish_sync_messages(std::shared_ptr<const std::string> /*body*/, SteadyTime /*deadline*/) {
    co_return not_offered(*this);
}
Task<Result<SyncContribution>> BeaconNode::sync_contribution(Slot /*slot*/, std::uint64_t /*subcommittee*/, Root /*block*/,
                                                             SteadyTime /*deadline*/) {
    co_return not_offered(*this);
}
Task<Result<void>> BeaconNode::publish_contributions(std::shared_ptr<const std::string> /*body*/, SteadyTime /*deadline*/) {
    co_return not_offered(*this);
}
Task<Result<void>> BeaconNode::subscribe_sync_committees(std::vector<SyncSubscription> /*subscriptions*/,
                                                         SteadyTime /*deadline*/) {
    co_return not_offered(*this);
}
Task<Result<void>> BeaconNode::prepare_proposers(std::vector<ProposerPreparation> /*preparations*/, SteadyTime /*deadline*/) {
    co_return not_offered(*this);
}
Task<Result<void>> BeaconNode::register_validators(std::shared_ptr<const std::string> /*body*/, SteadyTime /*deadline*/) {
    co_return not_offered(*this);
}
Task<Result<std::vector<Liveness>>> BeaconNode::liveness(Epoch /*epoch*/, std::vector<ValidatorIndex> /*indices*/,
                                                         SteadyTime /*deadline*/) {
    co_return not_offered(*this);
}
Task<Result<PtcDuties>> BeaconNode::ptc_duties(Epoch /*epoch*/, std::vector<ValidatorIndex> /*indices*/,
                                               SteadyTime /*deadline*/) {
    co_return not_offered(*this);
}
Task<Result<ethereum::PayloadAttestationData>> BeaconNode::payload_attestation_data(Slot /*slot*/, SteadyTime /*deadline*/) {
    co_return not_offered(*this);
}
Task<Result<void>> BeaconNode::publish_payload_attestations(std::shared_ptr<const std::string> /*body*/,
                                                            ethereum::ForkName /*fork*/, SteadyTime /*deadline*/) {
    co_return not_offered(*this);
}
Task<Result<void>> BeaconNode::publish_preferences(std::shared_ptr<const std::string> /*body*/, ethereum::ForkName /*fork*/,
                                                   SteadyTime /*deadline*/) {
    co_return not_offered(*this);
}

}  // namespace holdfast::beacon
