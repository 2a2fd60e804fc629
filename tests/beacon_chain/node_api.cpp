// The Beacon API calls of a simulated node.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include "tests/beacon_chain/attestation_json.hpp"
#include "tests/beacon_chain/digest.hpp"
#include "tests/beacon_chain/node.hpp"

namespace holdfast::sim {
namespace {

using ethereum::AttestationData;
using ethereum::Checkpoint;
using net::HttpResponse;

constexpr const char* kNoHead = R"({{"execution_optimistic":{},"finalized":false,"data":)";

HttpResponse json(std::string body) { return net::make_response(200, "application/json", std::move(body)); }
HttpResponse plain(int status, std::string body) {
    return net::make_response(status, "text/plain; charset=utf-8", std::move(body));
}
HttpResponse empty() {
    HttpResponse response;
    response.status = 200;
    return response;
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream{text};
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
    return parts;
}

std::string wrapped(bool optimistic, const std::string& data) {
    return fmt::format(fmt::runtime(kNoHead), optimistic) + data + "}";
}

std::string checkpoint_json(const Checkpoint& checkpoint) {
    return fmt::format(R"({{"epoch":"{}","root":"{}"}})", checkpoint.epoch.value, to_hex(checkpoint.root));
}

std::string validator_json(std::uint64_t index, const PublicKey& key) {
    return fmt::format(R"({{"index":"{}","balance":"32000000000","status":"active_ongoing","validator":{{"pubkey":"{}",)"
                       R"("withdrawal_credentials":"{}","effective_balance":"32000000000","slashed":false,)"
                       R"("activation_eligibility_epoch":"0","activation_epoch":"0","exit_epoch":"18446744073709551615",)"
                       R"("withdrawable_epoch":"18446744073709551615"}}}})",
                       index, to_hex(key), to_hex(Root{}));
}

std::string ssz(const AttestationData& data) {
    std::string out;
    const auto number = [&out](std::uint64_t value) {
        for (unsigned shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>((value >> shift) & 0xFFU));
    };
    const auto root = [&out](const Root& value) { out.append(value.bytes.begin(), value.bytes.end()); };
    number(data.slot.value);
    number(data.index.value);
    root(data.beacon_block_root);
    number(data.source.epoch.value);
    root(data.source.root);
    number(data.target.epoch.value);
    root(data.target.root);
    return out;
}

std::string data_json(const AttestationData& data) {
    return fmt::format(R"({{"slot":"{}","index":"{}","beacon_block_root":"{}","source":{},"target":{}}})", data.slot.value,
                       data.index.value, to_hex(data.beacon_block_root), checkpoint_json(data.source),
                       checkpoint_json(data.target));
}

bool says_active(const std::vector<std::string>& statuses) {
    return statuses.empty() || std::any_of(statuses.begin(), statuses.end(), [](const std::string& status) {
               return status == "active" || status == "active_ongoing";
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
        auto stream = hub_->subscribe(request.parameter("topics").value_or(""));
        if (!stream) return net::make_error(400, stream.error().message);
        return std::move(stream.value());
    }
    if (auto answer = route_beacon(request)) return std::move(*answer);
    return plain(404, "404 page not found\n");
}

std::optional<HttpResponse> Node::route_config(const std::string& path) {
    if (path == "/eth/v1/config/spec") return json(spec_json(world_.chain.config()));
    if (path == "/eth/v1/config/fork_schedule") return json(fork_schedule_json(world_.chain.config()));
    if (path == "/eth/v1/beacon/genesis") return genesis();
    if (path == "/eth/v1/node/version") return json(R"({"data":{"version":"holdfast-sim/0.1"}})");
    if (path == "/eth/v1/node/syncing") return syncing();
    if (path == "/eth/v1/node/health") return empty();
    return std::nullopt;
}

std::optional<HttpResponse> Node::route_beacon(const net::ServerRequest& request) {
    const std::string& path = request.path;
    const bool get = request.message.method == "GET";
    const bool post = request.message.method == "POST";
    const std::vector<std::string> parts = split(path, '/');  // "", "eth", "v1", ...
    if (get) {
        if (auto answer = route_config(path)) return answer;
        if (path.starts_with("/eth/v1/validator/duties/proposer/") && parts.size() == 7) return proposer_duties(parts[6]);
        if (path == "/eth/v1/validator/attestation_data") return attestation_data(request);
        if (path.starts_with("/eth/v1/beacon/headers/") && parts.size() == 6) return header(parts[5]);
        if (path.starts_with("/eth/v1/beacon/blocks/") && path.ends_with("/root") && parts.size() == 7)
            return block_root(parts[5]);
    }
    if (path.starts_with("/eth/v1/beacon/states/") && parts.size() == 7) return state(request, parts[5], parts[6]);
    if (!post) return std::nullopt;
    if (path.starts_with("/eth/v1/validator/duties/attester/") && parts.size() == 7) return attester_duties(request, parts[6]);
    if (path.starts_with("/eth/v1/validator/duties/sync/") && parts.size() == 7) return sync_duties(request, parts[6]);
    if (path == "/eth/v2/beacon/pool/attestations") return post_attestations(request);
    if (path == "/eth/v1/validator/beacon_committee_subscriptions") {
        if (auto refused = no_content_type(request)) return refused;
        return empty();
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
    return json(fmt::format(R"({{"data":{{"genesis_time":"{}","genesis_validators_root":"{}","genesis_fork_version":"{}"}}}})",
                            time, to_hex(root), to_hex(forks_of(world_.chain.config()).front().version)));
}

HttpResponse Node::syncing() const {
    const Slot now = world_.time.slot_at(world_.clock.now());
    const std::uint64_t distance = now > head_->slot ? now - head_->slot : 0;
    return json(fmt::format(
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
    return json(fmt::format(R"({{"data":{{"root":"{}"}},"execution_optimistic":{},"finalized":false}})",
                            to_hex(shown(block->root)), faults_.optimistic));
}

HttpResponse Node::header(const std::string& id) const {
    const Block* const block = block_of(id);
    if (block == nullptr) return net::make_error(404, "Block not found: no blocks found for " + id);
    const Root parent = block->parent == nullptr ? Root{} : block->parent->root;
    const ValidatorIndex proposer = proposer_at(*block, block->slot);
    return json(wrapped(
        faults_.optimistic,
        fmt::format(R"({{"header":{{"message":{{"slot":"{}","proposer_index":"{}","parent_root":"{}","state_root":"{}",)"
                    R"("body_root":"{}"}},"signature":"{}"}},"root":"{}","canonical":true}})",
                    block->slot.value, proposer.value, to_hex(parent), to_hex(digest("state", {}, block->root)),
                    to_hex(digest("body", {}, block->root)), to_hex(Signature{{0xC0}}), to_hex(shown(block->root)))));
}

HttpResponse Node::state(const net::ServerRequest& request, const std::string& id, const std::string& what) {
    const Block* const block = block_of(id);
    if (block == nullptr) return net::make_error(404, "State not found");
    if (what == "validators") return validators(request);
    if (what != "finality_checkpoints" || request.message.method != "GET") return plain(404, "404 page not found\n");
    const Finality& finality = block->state.finality;
    return json(wrapped(faults_.optimistic, fmt::format(R"({{"previous_justified":{},"current_justified":{},"finalized":{}}})",
                                                        checkpoint_json(shown(finality.previous_justified)),
                                                        checkpoint_json(shown(finality.current_justified)),
                                                        checkpoint_json(shown(finality.finalized)))));
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
    const auto accept = net::find_header(request.message.headers, "accept");
    if (accept && accept->starts_with("application/octet-stream")) {
        return net::make_response(200, "application/octet-stream", ssz(data));
    }
    return json(R"({"data":)" + data_json(data) + "}");
}

HttpResponse Node::post_attestations(const net::ServerRequest& request) {
    const auto version = net::find_header(request.message.headers, "eth-consensus-version");
    if (!version) return net::make_error(400, "Eth-Consensus-Version header is required");
    if (*version != "electra" && *version != "fulu") return net::make_error(400, fmt::format("Invalid version: {}", *version));
    if (auto refused = no_content_type(request)) return *refused;
    auto attestations = parse_attestations(request.message.body);
    if (!attestations) return net::make_error(400, attestations.error().message);
    if (attestations.value().empty()) return net::make_error(400, "No data submitted");
    if (!faults_.drop_posts) world_.intake.submit(number_, std::move(attestations.value()));
    return empty();
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
        if (list.back() == '}') list += ',';
        list += validator_json(index, world_.keys.key(index));
    };
    if (says_active(statuses)) {
        if (ids.empty()) {
            for (std::uint64_t index = 0; index < world_.keys.size(); ++index) add(index);
        }
        for (const std::string& id : ids) {
            if (const auto index = world_.keys.index_of(id)) add(*index);
        }
    }
    return json(wrapped(faults_.optimistic, list + "]"));
}

}  // namespace holdfast::sim
