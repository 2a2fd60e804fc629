#include "shared/beacon/api_decode.hpp"
#include "shared/beacon/encode.hpp"
#include "shared/beacon/http_node.hpp"
#include "shared/beacon/production_decode.hpp"
#include "shared/beacon/production_encode.hpp"

namespace holdfast::beacon {

Task<Result<Aggregate>> HttpBeaconNode::aggregate(Slot slot, CommitteeIndex committee, Root data_root, SteadyTime deadline) {
    const std::string path = "/eth/v2/validator/aggregate_attestation?attestation_data_root=" + to_hex(data_root) +
                             "&slot=" + to_string(slot) + "&committee_index=" + std::to_string(committee.value);
    if (!types_) co_return no_types(path);
    const Result<net::HttpResponse> response = co_await ask_either(path, deadline);
    if (!response) co_return response.error();
    co_return link_.decoded(path, decode_aggregate(response.value(), committee, data_root, *types_));
}

Task<Result<void>> HttpBeaconNode::publish_aggregates(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                                      SteadyTime deadline) {
    net::HttpRequest request = post_request("/eth/v2/validator/aggregate_and_proofs", *body);
    add_fork(request, fork);
    co_return co_await link_.tell(std::move(request), deadline);
}

Task<Result<void>> HttpBeaconNode::publish_sync_messages(std::shared_ptr<const std::string> body, SteadyTime deadline) {
    net::HttpRequest request = post_request("/eth/v1/beacon/pool/sync_committees", *body);
    co_return co_await link_.tell(std::move(request), deadline);
}

Task<Result<SyncContribution>> HttpBeaconNode::sync_contribution(Slot slot, std::uint64_t subcommittee, Root block,
                                                                 SteadyTime deadline) {
    const std::string path = "/eth/v1/validator/sync_committee_contribution?slot=" + to_string(slot) +
                             "&subcommittee_index=" + std::to_string(subcommittee) + "&beacon_block_root=" + to_hex(block);
    if (!types_) co_return no_types(path);
    net::HttpRequest request = get_request(path);
    const Result<net::HttpResponse> response = co_await link_.send_ok(std::move(request), deadline);
    if (!response) co_return response.error();
    co_return link_.decoded(path, decode_contribution(response.value(), slot, subcommittee, block, *types_));
}

Task<Result<void>> HttpBeaconNode::publish_contributions(std::shared_ptr<const std::string> body, SteadyTime deadline) {
    net::HttpRequest request = post_request("/eth/v1/validator/contribution_and_proofs", *body);
    co_return co_await link_.tell(std::move(request), deadline);
}

Task<Result<void>> HttpBeaconNode::subscribe_sync_committees(std::vector<SyncSubscription> subscriptions, SteadyTime deadline) {
    if (subscriptions.empty()) co_return success();
    net::HttpRequest request =
        post_request("/eth/v1/validator/sync_committee_subscriptions", encode_sync_subscriptions(subscriptions));
    co_return co_await link_.tell(std::move(request), deadline);
}

Task<Result<void>> HttpBeaconNode::prepare_proposers(std::vector<ProposerPreparation> preparations, SteadyTime deadline) {
    if (preparations.empty()) co_return success();
    net::HttpRequest request = post_request("/eth/v1/validator/prepare_beacon_proposer", encode_preparations(preparations));
    co_return co_await link_.tell(std::move(request), deadline);
}

Task<Result<void>> HttpBeaconNode::register_validators(std::shared_ptr<const std::string> body, SteadyTime deadline) {
    net::HttpRequest request = post_request("/eth/v1/validator/register_validator", *body);
    co_return co_await link_.tell(std::move(request), deadline);
}

Task<Result<std::vector<Liveness>>> HttpBeaconNode::liveness(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                             SteadyTime deadline) {
    const std::string path = "/eth/v1/validator/liveness/" + to_string(epoch);
    if (indices.empty()) co_return nobody(path);
    net::HttpRequest request = post_request(path, encode_indices(indices));
    const Result<net::HttpResponse> response = co_await link_.send_ok(std::move(request), deadline);
    if (!response) co_return response.error();
    co_return link_.decoded(path, decode_liveness(response.value().body, indices));
}

Task<Result<PtcDuties>> HttpBeaconNode::ptc_duties(Epoch epoch, std::vector<ValidatorIndex> indices, SteadyTime deadline) {
    const std::string path = "/eth/v1/validator/duties/ptc/" + to_string(epoch);
    if (indices.empty()) co_return nobody(path);
    net::HttpRequest request = post_request(path, encode_indices(indices));
    const Result<net::HttpResponse> response = co_await link_.send_ok(std::move(request), deadline);
    if (!response) co_return response.error();
    co_return link_.decoded(path, decode_ptc_duties(response.value().body, epoch, indices));
}

Task<Result<ethereum::PayloadAttestationData>> HttpBeaconNode::payload_attestation_data(Slot slot, SteadyTime deadline) {
    const std::string path = "/eth/v1/validator/payload_attestation_data?slot=" + to_string(slot);
    const Result<net::HttpResponse> response = co_await ask_either(path, deadline);
    if (!response) co_return response.error();
    co_return link_.decoded(path, decode_payload_attestation_data(response.value(), slot));
}

Task<Result<void>> HttpBeaconNode::publish_payload_attestations(std::shared_ptr<const std::string> body,
                                                                ethereum::ForkName fork, SteadyTime deadline) {
    net::HttpRequest request = post_request("/eth/v1/beacon/pool/payload_attestations", *body);
    add_fork(request, fork);
    co_return co_await link_.tell(std::move(request), deadline);
}

Task<Result<void>> HttpBeaconNode::publish_preferences(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                                       SteadyTime deadline) {
    net::HttpRequest request = post_request("/eth/v1/validator/proposer_preferences", *body);
    add_fork(request, fork);
    co_return co_await link_.tell(std::move(request), deadline);
}

}  // namespace holdfast::beacon
