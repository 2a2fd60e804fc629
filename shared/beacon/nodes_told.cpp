#include "shared/beacon/beacon_nodes_impl.hpp"
#include "shared/beacon/production_encode.hpp"

namespace holdfast::beacon {

Task<Result<void>> BeaconNodes::publish_attestations(std::vector<ethereum::SingleAttestation> attestations,
                                                     ethereum::ForkName fork, SteadyTime deadline) {
    const auto body = std::make_shared<const std::string>(encode_attestations(attestations));
    NodeCall<void> call = [body, fork, deadline](BeaconNode& node) { return node.publish_attestations(body, fork, deadline); };
    return send_to_all(impl_->set, std::move(call), deadline);
}

Task<Result<void>> BeaconNodes::subscribe_committees(std::vector<CommitteeSubscription> subscriptions, SteadyTime deadline) {
    NodeCall<void> call = [subscriptions = std::move(subscriptions), deadline](BeaconNode& node) {
        return node.subscribe_committees(subscriptions, deadline);
    };
    return send_to_all(impl_->set, std::move(call), deadline);
}

Task<Result<void>> BeaconNodes::publish_block(SignedBlock block, SteadyTime deadline) {
    const auto shared = std::make_shared<const SignedBlock>(std::move(block));
    NodeCall<void> call = [shared, deadline](BeaconNode& node) { return node.publish_block(shared, deadline); };
    // A node that has it from another one already may refuse it.
    return send_to_all(impl_->set, std::move(call), deadline, Judged::kNotRefusals);
}

Task<Delivery> BeaconNodes::publish_envelope(SignedEnvelope envelope, Resending again, Duration timeout) {
    const auto shared = std::make_shared<const SignedEnvelope>(std::move(envelope));
    NodeCall<void> call = [shared, timeout, &clock = impl_->set->clock](BeaconNode& node) {
        return node.publish_envelope(shared, clock.steady() + timeout);
    };
    return send_until_taken(impl_->set, std::move(call), again, Judged::kNotRefusals);
}

Task<Result<void>> BeaconNodes::publish_aggregates(std::vector<ethereum::schema::Object> aggregates, ethereum::ForkName fork,
                                                   SteadyTime deadline) {
    const auto body = std::make_shared<const std::string>(encode_objects(aggregates));
    NodeCall<void> call = [body, fork, deadline](BeaconNode& node) { return node.publish_aggregates(body, fork, deadline); };
    return send_to_all(impl_->set, std::move(call), deadline);
}

Task<Result<void>> BeaconNodes::publish_contributions(std::vector<ethereum::schema::Object> contributions,
                                                      SteadyTime deadline) {
    const auto body = std::make_shared<const std::string>(encode_objects(contributions));
    NodeCall<void> call = [body, deadline](BeaconNode& node) { return node.publish_contributions(body, deadline); };
    return send_to_all(impl_->set, std::move(call), deadline);
}

Task<Result<void>> BeaconNodes::publish_sync_messages(std::vector<ethereum::SyncCommitteeMessage> messages,
                                                      SteadyTime deadline) {
    const auto body = std::make_shared<const std::string>(encode_sync_messages(messages));
    NodeCall<void> call = [body, deadline](BeaconNode& node) { return node.publish_sync_messages(body, deadline); };
    return send_to_all(impl_->set, std::move(call), deadline);
}

Task<Result<void>> BeaconNodes::subscribe_sync_committees(std::vector<SyncSubscription> subscriptions, SteadyTime deadline) {
    NodeCall<void> call = [subscriptions = std::move(subscriptions), deadline](BeaconNode& node) {
        return node.subscribe_sync_committees(subscriptions, deadline);
    };
    return send_to_all(impl_->set, std::move(call), deadline);
}

Task<Result<void>> BeaconNodes::prepare_proposers(std::vector<ProposerPreparation> preparations, SteadyTime deadline) {
    NodeCall<void> call = [preparations = std::move(preparations), deadline](BeaconNode& node) {
        return node.prepare_proposers(preparations, deadline);
    };
    return send_to_all(impl_->set, std::move(call), deadline);
}

Task<Result<void>> BeaconNodes::register_validators(std::vector<SignedRegistration> registrations, SteadyTime deadline) {
    const auto body = std::make_shared<const std::string>(encode_registrations(registrations));
    NodeCall<void> call = [body, deadline](BeaconNode& node) { return node.register_validators(body, deadline); };
    // A node without a builder refuses them.
    return send_to_all(impl_->set, std::move(call), deadline, Judged::kNotRefusals);
}

Task<Result<void>> BeaconNodes::publish_payload_attestations(std::vector<ethereum::PayloadAttestationMessage> messages,
                                                             ethereum::ForkName fork, SteadyTime deadline) {
    const auto body = std::make_shared<const std::string>(encode_payload_attestations(messages));
    NodeCall<void> call = [body, fork, deadline](BeaconNode& node) {
        return node.publish_payload_attestations(body, fork, deadline);
    };
    return send_to_all(impl_->set, std::move(call), deadline);
}

Task<Result<void>> BeaconNodes::publish_preferences(std::vector<SignedPreferences> preferences, ethereum::ForkName fork,
                                                    SteadyTime deadline) {
    const auto body = std::make_shared<const std::string>(encode_preferences(preferences));
    NodeCall<void> call = [body, fork, deadline](BeaconNode& node) { return node.publish_preferences(body, fork, deadline); };
    return send_to_all(impl_->set, std::move(call), deadline);
}

}  // namespace holdfast::beacon
