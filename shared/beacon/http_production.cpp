#include "shared/beacon/http_node.hpp"
#include "shared/beacon/production_decode.hpp"
#include "shared/beacon/ssz_json.hpp"

// GCC 12 mistakes the frames of some coroutines for memory of another allocator.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace holdfast::beacon {
namespace {

using ethereum::ForkName;

std::string path_of(const BlockRequest& request) {
    const bool gloas = request.fork >= ForkName::kGloas;
    std::string path = std::string{gloas ? "/eth/v4" : "/eth/v3"} + "/validator/blocks/" + to_string(request.slot) +
                       "?randao_reveal=" + to_hex(request.randao_reveal) + "&graffiti=" + to_hex(request.graffiti);
    // With the payload, so that every node can publish what any of them has made.
    if (gloas) path += "&include_payload=true";
    if (request.builder_boost_factor) path += "&builder_boost_factor=" + std::to_string(*request.builder_boost_factor);
    return path;
}

net::HttpRequest post_of_fork(const char* path, ForkName fork) {
    net::HttpRequest request = get_request(path);
    request.method = "POST";
    add_fork(request, fork);
    return request;
}

net::HttpRequest with_body(const net::HttpRequest& request, const ethereum::schema::Object& object, bool json) {
    net::HttpRequest whole = request;
    whole.headers.push_back({"content-type", json ? kJson : kSsz});
    if (json) {
        append_json(*object.type, object.bytes, whole.body);
    } else {
        whole.body.assign(object.bytes.begin(), object.bytes.end());
    }
    return whole;
}

}  // namespace

Task<Result<ProducedBlock>> HttpBeaconNode::produce_block(BlockRequest request, SteadyTime deadline) {
    const std::string path = path_of(request);
    if (!types_) co_return no_types(path);
    const Result<net::HttpResponse> response = co_await ask_either(path, deadline);
    if (!response) co_return response.error();
    co_return link_.decoded(path, decode_produced_block(response.value(), request, *types_));
}

Task<Result<ChainBlock>> HttpBeaconNode::block(std::string block_id, SteadyTime deadline) {
    const std::string path = "/eth/v2/beacon/blocks/" + block_id;
    if (!types_) co_return no_types(path);
    const Result<net::HttpResponse> response = co_await ask_either(path, deadline);
    if (!response) co_return response.error();
    co_return link_.decoded(path, decode_chain_block(response.value(), *types_));
}

Task<Result<void>> HttpBeaconNode::publish_object(net::HttpRequest request, const ethereum::schema::Object& object,
                                                  SteadyTime deadline) {
    const std::string path = request.url;
    const bool ssz_first = !json_blocks_;
    net::HttpRequest first = with_body(request, object, json_blocks_);
    Result<net::HttpResponse> response = co_await link_.send(std::move(first), deadline);
    if (!response) co_return std::move(response).error();
    if (ssz_first && (response.value().status == 415 || response.value().status == 406)) {
        json_blocks_ = true;
        net::HttpRequest second = with_body(request, object, true);
        response = co_await link_.send(std::move(second), deadline);
        if (!response) co_return std::move(response).error();
    }
    if (!response.value().ok()) co_return link_.status_error(path, response.value());
    if (response.value().status == 202) {
        co_return with_context(link_.context(path),
                               failure(ErrorCode::kRefused, "status 202: sent on, but not valid to the node"));
    }
    co_return success();
}

Task<Result<void>> HttpBeaconNode::publish_block(std::shared_ptr<const SignedBlock> block, SteadyTime deadline) {
    net::HttpRequest request =
        post_of_fork(block->blinded ? "/eth/v2/beacon/blinded_blocks" : "/eth/v2/beacon/blocks", block->fork);
    co_return co_await publish_object(std::move(request), block->object, deadline);
}

Task<Result<void>> HttpBeaconNode::publish_envelope(std::shared_ptr<const SignedEnvelope> envelope, SteadyTime deadline) {
    net::HttpRequest request = post_of_fork("/eth/v1/beacon/execution_payload_envelopes", envelope->fork);
    request.headers.push_back({"eth-blob-data-included", "true"});
    co_return co_await publish_object(std::move(request), envelope->object, deadline);
}

}  // namespace holdfast::beacon
