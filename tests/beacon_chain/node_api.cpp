// The Beacon API calls of a simulated node.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <vector>

#include "tests/beacon_chain/attestation_json.hpp"
#include "tests/beacon_chain/digest.hpp"
#include "tests/beacon_chain/node.hpp"
#include "tests/beacon_chain/replies.hpp"

namespace holdfast::sim {
namespace {

using ethereum::AttestationData;
using ethereum::Checkpoint;
using net::HttpResponse;

constexpr const char* kNoHead = R"({{"execution_optimistic":{},"finalized":false,"data":)";

std::string wrapped(bool optimistic, const std::string& data) {
    return fmt::format(fmt::runtime(kNoHead), optimistic) + data + "}";
}

std::string checkpoint_json(const Checkpoint& checkpoint) {
    return fmt::format(R"({{"epoch":"{}","root":"{}"}})", checkpoint.epoch.value, to_hex(checkpoint.root));
}

std::string validator_json(std::uint64_t index, const PublicKey& key, bool slashed) {
    return fmt::format(R"({{"index":"{}","balance":"32000000000","status":"{}","validator":{{"pubkey":"{}",)"
                       R"("withdrawal_credentials":"{}","effective_balance":"32000000000","slashed":{},)"
                       R"("activation_eligibility_epoch":"0","activation_epoch":"0","exit_epoch":"18446744073709551615",)"
                       R"("withdrawable_epoch":"18446744073709551615"}}}})",
                       index, slashed ? "active_slashed" : "active_ongoing", to_hex(key), to_hex(Root{}), slashed);
}

std::string data_json(const AttestationData& data) {
    return fmt::format(R"({{"slot":"{}","index":"{}","beacon_block_root":"{}","source":{},"target":{}}})", data.slot.value,
                       data.index.value, to_hex(data.beacon_block_root), checkpoint_json(data.source),
                       checkpoint_json(data.target));
}

bool says(const std::vector<std::string>& statuses, bool slashed) {
    return statuses.empty() || std::any_of(statuses.begin(), statuses.end(), [slashed](const std::string& status) {
               return status == "active" || status == (slashed ? "active_slashed" : "active_ongoing");
           });
}

// The strings of a list in an object, or none. False if it is something else.
bool strings_of(const Json::Value& body, const char* name, std::vector<std::string>& out) {
    if (!body.isObject()) return false;
    if (!body.isMember(name) || body[name].isNull()) return true;
    if (!body[name].isArray()) return false;
    for (const Json::Value& item : body[name]) {
        if (!item.isString()) return false;
        out.push_back(item.asString());
    }
    return true;
}

}  // namespace

net::Reply Node::route(const net::ServerRequest& request) {
    const std::string& path = request.path;
    if (request.message.method == "GET" && path == "/eth/v1/events") {
        const std::string topics = request.parameter("topics").value_or("");
        if (faults_.old && topics.find("head_v2") != std::string::npos)
            return net::make_error(400, "head_v2: invalid topic name");
        auto stream = hub_->subscribe(topics);
        if (!stream) return net::make_error(400, stream.error().message);
        return std::move(stream.value());
    }
    if (auto answer = route_beacon(request)) return std::move(*answer);
    return plain_reply(404, "404 page not found\n");
}

Task<std::optional<HttpResponse>> Node::route_slow(net::ServerRequest request) {
    const std::string path = request.path;
    const bool get = request.message.method == "GET";
    const bool post = request.message.method == "POST";
    std::optional<HttpResponse> response;
    if (post && path == "/eth/v2/beacon/blocks") {
        response = co_await post_block(std::move(request), false);
    } else if (post && path == "/eth/v2/beacon/blinded_blocks") {
        response = co_await post_block(std::move(request), true);
    } else if (get && path == "/eth/v2/validator/aggregate_attestation") {
        response = co_await aggregate(std::move(request));
    } else if (get && path == "/eth/v1/validator/sync_committee_contribution") {
        response = co_await contribution(std::move(request));
    } else if (post && path == "/eth/v1/beacon/execution_payload_envelopes") {
        response = co_await post_envelope(std::move(request));
    }
    co_return response;
}

std::optional<HttpResponse> Node::route_config(const std::string& path) {
    if (path == "/eth/v1/config/spec") return json_reply(spec_json(world_.chain.config()));
    if (path == "/eth/v1/config/fork_schedule") return json_reply(fork_schedule_json(world_.chain.config()));
    if (path == "/eth/v1/beacon/genesis") return genesis();
    if (path == "/eth/v1/node/version") return json_reply(R"({"data":{"version":"holdfast-sim/0.1"}})");
    if (path == "/eth/v1/node/syncing") return syncing();
    if (path == "/eth/v1/node/health") return empty_reply();
    return std::nullopt;
}

std::optional<HttpResponse> Node::route_beacon(const net::ServerRequest& request) {
    const std::vector<std::string> parts = split(request.path, '/');  // "", "eth", "v1", ...
    if (request.path.starts_with("/eth/v1/beacon/states/") && parts.size() == 7) return state(request, parts[5], parts[6]);
    if (request.message.method == "GET") return route_get(request, parts);
    if (request.message.method == "POST") return route_post(request, parts);
    return std::nullopt;
}

std::optional<HttpResponse> Node::route_get(const net::ServerRequest& request, const std::vector<std::string>& parts) {
    const std::string& path = request.path;
    if (auto answer = route_config(path)) return answer;
    const bool v2 = path.starts_with("/eth/v2/") && !faults_.old;
    if ((v2 || path.starts_with("/eth/v1/")) && path.find("/validator/duties/proposer/") == 7 && parts.size() == 7)
        return proposer_duties(parts[6], v2);
    if (path == "/eth/v1/validator/attestation_data") return attestation_data(request);
    if (path == "/eth/v1/validator/payload_attestation_data") return payload_attestation_data(request);
    if (path.starts_with("/eth/v3/validator/blocks/") && parts.size() == 6) return produce_block(request, parts[5], false);
    if (path.starts_with("/eth/v4/validator/blocks/") && parts.size() == 6) return produce_block(request, parts[5], true);
    if (path.starts_with("/eth/v2/beacon/blocks/") && parts.size() == 6) return block(request, parts[5]);
    if (path.starts_with("/eth/v1/beacon/headers/") && parts.size() == 6) return header(parts[5]);
    if (path.starts_with("/eth/v1/beacon/blocks/") && path.ends_with("/root") && parts.size() == 7) return block_root(parts[5]);
    return std::nullopt;
}

std::optional<HttpResponse> Node::route_post(const net::ServerRequest& request, const std::vector<std::string>& parts) {
    const std::string& path = request.path;
    if (path.starts_with("/eth/v1/validator/duties/attester/") && parts.size() == 7) return attester_duties(request, parts[6]);
    if (path.starts_with("/eth/v1/validator/duties/sync/") && parts.size() == 7) return sync_duties(request, parts[6]);
    if (path.starts_with("/eth/v1/validator/liveness/") && parts.size() == 6) return liveness(request, parts[5]);
    if (path.starts_with("/eth/v1/validator/duties/ptc/") && parts.size() == 7) return ptc_duties(request, parts[6]);
    if (path == "/eth/v1/beacon/pool/payload_attestations") return post_payload_attestations(request);
    if (path == "/eth/v1/validator/proposer_preferences") return post_preferences(request);
    if (path == "/eth/v2/beacon/pool/attestations") return post_attestations(request);
    if (path == "/eth/v2/validator/aggregate_and_proofs") return post_aggregates(request);
    if (path == "/eth/v1/beacon/pool/sync_committees") return post_sync_messages(request);
    if (path == "/eth/v1/validator/contribution_and_proofs") return post_contributions(request);
    if (path == "/eth/v1/validator/prepare_beacon_proposer") return prepare_proposers(request);
    if (path == "/eth/v1/validator/register_validator") return register_validators(request);
    if (path == "/eth/v1/validator/sync_committee_subscriptions") return subscribe_sync(request);
    if (path == "/eth/v1/validator/beacon_committee_subscriptions") {
        if (auto refused = no_content_type(request)) return refused;
        return empty_reply();
    }
    return std::nullopt;
}

HttpResponse Node::genesis() const {
    Root root = genesis_validators_root_of(world_.chain.config());
    std::int64_t time = world_.time.genesis_seconds();
    if (faults_.foreign_genesis) {
        root = digest("foreign", {number_}, root);
        time -= 1000;
    }
    return json_reply(
        fmt::format(R"({{"data":{{"genesis_time":"{}","genesis_validators_root":"{}","genesis_fork_version":"{}"}}}})", time,
                    to_hex(root), to_hex(forks_of(world_.chain.config()).front().version)));
}

HttpResponse Node::syncing() const {
    const Slot now = world_.time.slot_at(world_.clock.now());
    const std::uint64_t distance = now > head_->slot ? now - head_->slot : 0;
    return json_reply(fmt::format(
        R"({{"data":{{"head_slot":"{}","sync_distance":"{}","is_syncing":false,"is_optimistic":{},"el_offline":false}}}})",
        head_->slot.value, distance, faults_.optimistic));
}

const Block* Node::block_of(const std::string& id) const {
    const Chain& chain = world_.chain;
    const auto of_checkpoint = [&](const Checkpoint& point) {
        return point.root.is_zero() ? &chain.genesis() : chain.find(point.root);
    };
    if (id == "head") return head_;
    if (id == "genesis") return &chain.genesis();
    if (id == "finalized") return of_checkpoint(head_->state.finality.finalized);
    if (id == "justified") return of_checkpoint(head_->state.finality.current_justified);
    if (const auto root = parse_hex<Root>(id); id.starts_with("0x")) return root ? chain.find(root.value()) : nullptr;
    const auto slot = parse_decimal(id);
    if (!slot || Slot{slot.value()} > head_->slot) return nullptr;
    const Block& block = chain.ancestor(*head_, Slot{slot.value()});
    return block.slot.value == slot.value() ? &block : nullptr;
}

HttpResponse Node::block_root(const std::string& id) const {
    const Block* const block = block_of(id);
    if (block == nullptr) return net::make_error(404, "Block not found: no blocks found for " + id);
    return json_reply(fmt::format(R"({{"data":{{"root":"{}"}},"execution_optimistic":{},"finalized":false}})",
                                  to_hex(shown(block->root)), faults_.optimistic));
}

HttpResponse Node::header(const std::string& id) const {
    const Block* const block = block_of(id);
    if (block == nullptr) return net::make_error(404, "Block not found: no blocks found for " + id);
    const Root parent = block->parent == nullptr ? Root{} : block->parent->root;
    const ValidatorIndex proposer = proposer_at(*block, block->slot);
    Root state_root = digest("state", {}, block->root);
    Root body_root = digest("body", {}, block->root);
    if (const Object* const made = world_.desk.signed_block(block->root)) {
        const Part body = made->find({"message", "body"});
        state_root = made->find({"message", "state_root"}).as_bytes<Root>();
        body_root = hash_tree_root(*body.type, body.bytes);
    }
    return json_reply(wrapped(
        faults_.optimistic,
        fmt::format(R"({{"header":{{"message":{{"slot":"{}","proposer_index":"{}","parent_root":"{}","state_root":"{}",)"
                    R"("body_root":"{}"}},"signature":"{}"}},"root":"{}","canonical":true}})",
                    block->slot.value, proposer.value, to_hex(parent), to_hex(state_root), to_hex(body_root),
                    to_hex(Signature{{0xC0}}), to_hex(shown(block->root)))));
}

HttpResponse Node::state(const net::ServerRequest& request, const std::string& id, const std::string& what) {
    const Block* const block = block_of(id);
    if (block == nullptr) return net::make_error(404, "State not found");
    if (what == "validators") return validators(request);
    if (what != "finality_checkpoints" || request.message.method != "GET") return plain_reply(404, "404 page not found\n");
    const Finality& finality = block->state.finality;
    return json_reply(
        wrapped(faults_.optimistic,
                fmt::format(R"({{"previous_justified":{},"current_justified":{},"finalized":{}}})",
                            checkpoint_json(shown(finality.previous_justified)),
                            checkpoint_json(shown(finality.current_justified)), checkpoint_json(shown(finality.finalized)))));
}

HttpResponse Node::attestation_data(const net::ServerRequest& request) {
    const auto slot_text = request.parameter("slot");
    if (!slot_text) return net::make_error(400, "slot is required");
    const auto slot = parse_decimal(*slot_text);
    if (!slot) return net::make_error(400, "slot is invalid: " + *slot_text);
    const auto committee = request.parameter("committee_index");
    if (!committee) return net::make_error(400, "committee_index is required");
    if (!parse_decimal(*committee)) return net::make_error(400, "committee_index is invalid: " + *committee);
    const WallTime now = world_.clock.now();
    const Slot current = world_.time.slot_at(now);
    if (slot.value() != current.value || now < world_.time.genesis()) {
        return net::make_error(400,
                               fmt::format("invalid request: slot {} is not the current slot {}", slot.value(), current.value));
    }
    if (faults_.optimistic)
        return net::make_error(503, "Beacon node is currently syncing and not serving request on that endpoint");
    const AttestationData data = data_for(current);
    if (wants_ssz(request) && !faults_.json_only) return ssz_reply(encoding(data));
    return json_reply(R"({"data":)" + data_json(data) + "}");
}

HttpResponse Node::post_attestations(const net::ServerRequest& request) {
    const auto version = net::find_header(request.message.headers, "eth-consensus-version");
    if (!version) return net::make_error(400, "Eth-Consensus-Version header is required");
    if (*version != "electra" && *version != "fulu" && *version != "gloas")
        return net::make_error(400, fmt::format("Invalid version: {}", *version));
    if (auto refused = no_content_type(request)) return *refused;
    auto attestations = parse_attestations(request.message.body);
    if (!attestations) return net::make_error(400, attestations.error().message);
    if (attestations.value().empty()) return net::make_error(400, "No data submitted");
    if (!faults_.drop_posts) world_.intake.submit(number_, std::move(attestations.value()));
    return empty_reply();
}

HttpResponse Node::validators(const net::ServerRequest& request) const {
    std::vector<std::string> ids;
    std::vector<std::string> statuses;
    if (request.message.method == "POST") {
        if (auto refused = no_content_type(request)) return *refused;
        const auto body = parse_object(request.message.body);
        if (!body || !strings_of(body.value(), "ids", ids) || !strings_of(body.value(), "statuses", statuses)) {
            return net::make_error(400, "Could not decode request body");
        }
    } else {
        ids = split(request.parameter("id").value_or(""), ',');
        statuses = split(request.parameter("status").value_or(""), ',');
    }
    std::string list{"["};
    const auto add = [&](std::uint64_t index) {
        const bool slashed = world_.desk.slashed().contains(index);
        if (!says(statuses, slashed)) return;
        if (list.back() == '}') list += ',';
        list += validator_json(index, world_.keys.key(index), slashed);
    };
    if (ids.empty()) {
        for (std::uint64_t index = 0; index < world_.keys.size(); ++index) add(index);
    }
    for (const std::string& id : ids) {
        if (const auto index = world_.keys.index_of(id)) add(*index);
    }
    return json_reply(wrapped(faults_.optimistic, list + "]"));
}

}  // namespace holdfast::sim
