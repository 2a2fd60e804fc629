#include "shared/beacon/http_beacon_node.hpp"

#include <algorithm>

#include "shared/beacon/api_decode.hpp"
#include "shared/beacon/encode.hpp"
#include "shared/beacon/http_node.hpp"

namespace holdfast::beacon {

Error HttpBeaconNode::nobody(std::string_view path) const {
    return with_context(link_.context(path), failure(ErrorCode::kInvalidArgument, "no validators to ask for"));
}
Error HttpBeaconNode::no_types(std::string_view path) const {
    return with_context(link_.context(path), failure(ErrorCode::kInvalidArgument, "the chain's types are not known yet"));
}

Task<Result<net::HttpResponse>> HttpBeaconNode::ask_either(const std::string& path, SteadyTime deadline) {
    if (!json_answers_) {
        net::HttpRequest request = get_request(path, kSszOrJson);
        Result<net::HttpResponse> response = co_await link_.send(std::move(request), deadline);
        if (!response) co_return response;
        if (response.value().ok()) co_return response;
        if (response.value().status != 406) co_return link_.status_error(path, response.value());
        json_answers_ = true;
    }
    net::HttpRequest request = get_request(path);
    co_return co_await link_.send_ok(std::move(request), deadline);
}

Task<Result<ethereum::ChainSpec>> HttpBeaconNode::spec(SteadyTime deadline) {
    get_validators_ = json_answers_ = json_blocks_ = false;
    old_proposers_in_.reset();
    Result<ethereum::ChainSpec> spec = co_await ask("/eth/v1/config/spec", decode_spec, deadline);
    if (spec) gloas_scheduled_ = spec.value().forks().back().name >= ethereum::ForkName::kGloas;
    co_return spec;
}
Task<Result<ethereum::Genesis>> HttpBeaconNode::genesis(SteadyTime deadline) {
    co_return co_await ask("/eth/v1/beacon/genesis", decode_genesis, deadline);
}
Task<Result<std::string>> HttpBeaconNode::version(SteadyTime deadline) {
    co_return co_await ask("/eth/v1/node/version", decode_version, deadline);
}
Task<Result<SyncStatus>> HttpBeaconNode::syncing(SteadyTime deadline) {
    co_return co_await ask("/eth/v1/node/syncing", decode_syncing, deadline);
}

Task<Result<Root>> HttpBeaconNode::block_root(std::string block_id, SteadyTime deadline) {
    const std::string path = "/eth/v1/beacon/blocks/" + block_id + "/root";
    co_return co_await ask(path.c_str(), decode_block_root, deadline);
}

// One request: by POST, or by GET where the node does not know POST.
Task<Result<std::vector<Validator>>> HttpBeaconNode::some_validators(std::vector<PublicKey> keys, SteadyTime deadline) {
    std::string path = "/eth/v1/beacon/states/head/validators";
    net::HttpRequest request;
    if (get_validators_) {
        std::string query = "?id=";
        for (const PublicKey& key : keys) query += (query.size() > 4 ? "," : "") + to_hex(key);
        request = get_request(path + query);
    } else {
        request = post_request(path, encode_ids(keys));
    }
    const Result<net::HttpResponse> response = co_await link_.send(std::move(request), deadline);
    if (!response) co_return response.error();
    const int status = response.value().status;
    if (!get_validators_ && (status == 404 || status == 405 || status == 501)) get_validators_ = true;
    if (!response.value().ok()) co_return link_.status_error(path, response.value());
    co_return link_.decoded(path, decode_validators(response.value().body, keys));
}

Task<Result<std::vector<Validator>>> HttpBeaconNode::validators(std::vector<PublicKey> keys, SteadyTime deadline) {
    std::vector<Validator> all;
    std::size_t done = 0;
    while (done < keys.size()) {
        const bool by_get = get_validators_;
        const std::size_t most = by_get ? options_.validators_per_get : options_.validators_per_request;
        const auto first = keys.begin() + static_cast<std::ptrdiff_t>(done);
        const std::size_t count = std::min(most, keys.size() - done);
        std::vector<PublicKey> some{first, first + static_cast<std::ptrdiff_t>(count)};
        Result<std::vector<Validator>> answer = co_await some_validators(std::move(some), deadline);
        if (!answer && !by_get && get_validators_) continue;
        if (!answer) co_return std::move(answer).error();
        std::ranges::move(answer.value(), std::back_inserter(all));
        done += count;
    }
    co_return all;
}

Task<Result<AttesterDuties>> HttpBeaconNode::attester_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                             SteadyTime deadline) {
    const std::string path = "/eth/v1/validator/duties/attester/" + to_string(epoch);
    if (indices.empty()) co_return nobody(path);
    net::HttpRequest request = post_request(path, encode_indices(indices));
    const Result<net::HttpResponse> response = co_await link_.send_ok(std::move(request), deadline);
    if (!response) co_return response.error();
    co_return link_.decoded(path, decode_attester_duties(response.value().body, epoch, indices));
}

Task<Result<ProposerDuties>> HttpBeaconNode::some_proposer_duties(Epoch epoch, int version, SteadyTime deadline) {
    const std::string path = "/eth/v" + std::to_string(version) + "/validator/duties/proposer/" + to_string(epoch);
    net::HttpRequest request = get_request(path);
    const Result<net::HttpResponse> response = co_await link_.send(std::move(request), deadline);
    if (!response) co_return response.error();
    const int status = response.value().status;
    if (version == 2 && (status == 404 || status == 405 || status == 501)) old_proposers_in_ = epoch;
    if (!response.value().ok()) co_return link_.status_error(path, response.value());
    co_return link_.decoded(path, decode_proposer_duties(response.value().body, epoch, version));
}

Task<Result<ProposerDuties>> HttpBeaconNode::proposer_duties(Epoch epoch, SteadyTime deadline) {
    const bool old = old_proposers_in_ && (epoch == *old_proposers_in_ || epoch + 1 == *old_proposers_in_);
    if (!old) {
        old_proposers_in_.reset();
        Result<ProposerDuties> duties = co_await some_proposer_duties(epoch, 2, deadline);
        if (duties || !old_proposers_in_) co_return duties;
    }
    co_return co_await some_proposer_duties(epoch, 1, deadline);
}

Task<Result<std::vector<SyncDuty>>> HttpBeaconNode::sync_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                                SteadyTime deadline) {
    const std::string path = "/eth/v1/validator/duties/sync/" + to_string(epoch);
    if (indices.empty()) co_return nobody(path);
    net::HttpRequest request = post_request(path, encode_indices(indices));
    const Result<net::HttpResponse> response = co_await link_.send_ok(std::move(request), deadline);
    if (!response) co_return response.error();
    co_return link_.decoded(path, decode_sync_duties(response.value().body, indices));
}

Task<Result<ethereum::AttestationData>> HttpBeaconNode::attestation_data(Slot slot, SteadyTime deadline) {
    // The committee is 0 for all from Electra on, but nodes want it said.
    const std::string path = "/eth/v1/validator/attestation_data?slot=" + to_string(slot) + "&committee_index=0";
    const Result<net::HttpResponse> response = co_await ask_either(path, deadline);
    if (!response) co_return response.error();
    const std::string& body = response.value().body;
    Result<ethereum::AttestationData> data =
        is_ssz(response.value()) ? decode_attestation_data_ssz(body) : decode_attestation_data(body);
    if (!data) co_return with_context(link_.context(path), std::move(data).error());
    if (data.value().slot != slot) {
        std::string text = "the data is of slot " + to_string(data.value().slot) + " instead of " + to_string(slot);
        co_return with_context(link_.context(path), failure(ErrorCode::kMalformed, std::move(text)));
    }
    co_return data;
}

Task<Result<void>> HttpBeaconNode::subscribe_committees(std::vector<CommitteeSubscription> subscriptions, SteadyTime deadline) {
    if (subscriptions.empty()) co_return success();
    net::HttpRequest request =
        post_request("/eth/v1/validator/beacon_committee_subscriptions", encode_subscriptions(subscriptions));
    co_return co_await link_.tell(std::move(request), deadline);
}

Task<Result<void>> HttpBeaconNode::publish_attestations(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                                        SteadyTime deadline) {
    net::HttpRequest request = post_request("/eth/v2/beacon/pool/attestations", *body);
    add_fork(request, fork);
    co_return co_await link_.tell(std::move(request), deadline);
}

std::unique_ptr<BeaconNode> make_http_beacon_node(net::HttpClient& client, Clock& clock, std::string url,
                                                  HttpBeaconNodeOptions options) {
    return std::make_unique<HttpBeaconNode>(client, clock, std::move(url), options);
}

}  // namespace holdfast::beacon
