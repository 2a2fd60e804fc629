// From Gloas on: envelopes, the payload timeliness committee and preferences at a simulated node.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <utility>

#include "tests/beacon_chain/attestation_json.hpp"
#include "tests/beacon_chain/node.hpp"
#include "tests/beacon_chain/replies.hpp"

namespace holdfast::sim {
namespace {

using ethereum::schema::TypePtr;
using net::HttpResponse;

Result<std::vector<Object>> read_list(const std::string& body, const TypePtr& type) {
    HOLDFAST_TRY(const Json::Value list, parse_array(body));
    std::vector<Object> objects;
    for (const Json::Value& item : list) {
        HOLDFAST_TRY(Object object, from_json(type, item));
        objects.push_back(std::move(object));
    }
    if (objects.empty()) return failure(ErrorCode::kMalformed, "No data submitted");
    return objects;
}

}  // namespace

bool Node::shows_payload(const Block& block) const { return block.payload != faults_.wrong_payload; }

void Node::send_head_v2(const Block& block) {
    const Chain& chain = world_.chain;
    const Epoch epoch = chain.config().epoch_of(block.slot);
    if (epoch < chain.config().gloas_epoch) return;
    const bool transition = block.parent == nullptr || chain.config().epoch_of(block.parent->slot) != epoch;
    publish("head_v2",
            fmt::format(R"({{"version":"gloas","data":{{"slot":"{}","block":"{}","state":"{}","payload_status":"{}",)"
                        R"("epoch_transition":{},"current_epoch_dependent_root":"{}","next_epoch_dependent_root":"{}",)"
                        R"("execution_optimistic":{}}}}})",
                        block.slot.value, to_hex(shown(block.root)), to_hex(block.root),
                        shows_payload(block) ? "full" : "empty", transition, to_hex(chain.dependent_root(block, epoch)),
                        to_hex(chain.dependent_root(block, epoch + 1)), faults_.optimistic));
}

void Node::receive_payload(const Block& block) {
    if (faults_.stale_head) return;
    publish("execution_payload_available",
            fmt::format(R"({{"slot":"{}","block_root":"{}"}})", block.slot.value, to_hex(shown(block.root))));
    if (head_ == &block) send_head_v2(block);
}

// POST /eth/v1/beacon/execution_payload_envelopes
Task<HttpResponse> Node::post_envelope(net::ServerRequest request) {
    const auto version = net::find_header(request.message.headers, "eth-consensus-version");
    if (!version) co_return net::make_error(400, "Eth-Consensus-Version header is required");
    const auto included = net::find_header(request.message.headers, "eth-blob-data-included");
    if (!included) co_return net::make_error(400, "Eth-Blob-Data-Included header is required");
    if (auto refused = no_content_type(request)) co_return *refused;
    const ethereum::BlockTypes& types = world_.desk.types().at(current_epoch());
    if (*version != "gloas" || !types.signed_envelope_contents) co_return net::make_error(400, "Invalid version");
    if (faults_.json_only && sends_ssz(request)) co_return plain_reply(415, "Unsupported media type\n");
    const bool with_blobs = *included == "true";
    Result<Object> read =
        read_object(request, with_blobs ? types.signed_envelope_contents : types.signed_execution_payload_envelope);
    if (!read) co_return net::make_error(400, read.error().message);
    if (faults_.drop_posts) co_return empty_reply();
    Object envelope = std::move(read.value());
    if (with_blobs)
        envelope = {types.signed_execution_payload_envelope, copy(envelope.find({"signed_execution_payload_envelope"}))};
    const Desk::Posted posted = co_await world_.desk.post_envelope(std::move(envelope));
    if (posted.status == 200) co_return empty_reply();
    HttpResponse response = net::make_error(posted.status, posted.message);
    co_return response;
}

// POST /eth/v1/validator/duties/ptc/{epoch}
HttpResponse Node::ptc_duties(const net::ServerRequest& request, const std::string& epoch_text) {
    if (auto refused = no_content_type(request)) return *refused;
    const Result<Epoch> epoch = epoch_up_to(epoch_text, current_epoch() + 1);
    if (!epoch) return net::make_error(400, epoch.error().message);
    const ChainConfig& config = world_.chain.config();
    if (epoch.value() < config.gloas_epoch) return net::make_error(400, "PTC duties are not available before Gloas");
    const auto indices = asked_validators(request.message.body);
    if (!indices) return net::make_error(400, indices.error().message);
    std::string body = fmt::format(R"({{"dependent_root":"{}","execution_optimistic":{},"data":[)",
                                   to_hex(world_.chain.dependent_root(*head_, epoch.value())), faults_.optimistic);
    for (Slot slot = config.first_slot(epoch.value()); slot <= config.last_slot(epoch.value()); slot = slot + 1) {
        const std::vector<std::uint64_t> members = world_.desk.payloads().committee(*head_, slot);
        for (const std::uint64_t index : indices.value()) {
            if (!std::ranges::binary_search(members, index)) continue;
            if (body.back() == '}') body += ',';
            body += fmt::format(R"({{"pubkey":"{}","validator_index":"{}","slot":"{}"}})", to_hex(world_.keys.key(index)),
                                index, slot.value);
        }
    }
    return json_reply(body + "]}");
}

// GET /eth/v1/validator/payload_attestation_data
HttpResponse Node::payload_attestation_data(const net::ServerRequest& request) {
    const auto number = parse_decimal(request.parameter("slot").value_or(""));
    if (!number) return net::make_error(400, "slot is required");
    const Slot slot{number.value()};
    const ChainConfig& config = world_.chain.config();
    const Slot now = world_.time.slot_at(world_.clock.now());
    if (slot != now || config.epoch_of(slot) < config.gloas_epoch)
        return net::make_error(400, "slot is not the current slot, or before Gloas");
    if (faults_.optimistic) return net::make_error(503, "Beacon node is currently syncing");
    if (head_->slot != slot) {
        HttpResponse nothing;
        nothing.status = 204;
        return nothing;
    }
    const bool present = shows_payload(*head_);
    HttpResponse response;
    if (wants_ssz(request) && !faults_.json_only) {
        Bytes bytes = bytes_of(shown(head_->root));
        const Bytes slot_bytes = sim::number(slot.value);
        bytes.insert(bytes.end(), slot_bytes.begin(), slot_bytes.end());
        bytes.insert(bytes.end(), 2, static_cast<std::uint8_t>(present ? 1 : 0));
        response = ssz_reply(bytes);
    } else {
        response = json_reply(fmt::format(R"({{"version":"gloas","data":{{"beacon_block_root":"{}","slot":"{}",)"
                                          R"("payload_present":{},"blob_data_available":{}}}}})",
                                          to_hex(shown(head_->root)), slot.value, present, present));
    }
    response.headers.push_back({"eth-consensus-version", "gloas"});
    return response;
}

// POST /eth/v1/beacon/pool/payload_attestations
HttpResponse Node::post_payload_attestations(const net::ServerRequest& request) {
    if (!net::find_header(request.message.headers, "eth-consensus-version"))
        return net::make_error(400, "Eth-Consensus-Version header is required");
    if (auto refused = no_content_type(request)) return *refused;
    const TypePtr type = world_.desk.types().at(current_epoch()).payload_attestation_message;
    if (!type) return net::make_error(400, "there are no payload attestations before Gloas");
    const auto objects = read_list(request.message.body, type);
    if (!objects) return net::make_error(400, objects.error().message);
    std::vector<PayloadBook::Message> messages;
    for (const Object& one : objects.value()) {
        messages.push_back(
            {ValidatorIndex{one.find({"validator_index"}).as_uint()},
             {one.find({"data", "beacon_block_root"}).as_bytes<Root>(), Slot{one.find({"data", "slot"}).as_uint()},
              one.find({"data", "payload_present"}).as_uint() == 1, one.find({"data", "blob_data_available"}).as_uint() == 1},
             one.find({"signature"}).as_bytes<Signature>()});
    }
    if (!faults_.drop_posts) world_.desk.submit_payload_attestations(std::move(messages));
    return empty_reply();
}

// POST /eth/v1/validator/proposer_preferences: from one epoch before Gloas on.
HttpResponse Node::post_preferences(const net::ServerRequest& request) {
    if (!net::find_header(request.message.headers, "eth-consensus-version"))
        return net::make_error(400, "Eth-Consensus-Version header is required");
    if (auto refused = no_content_type(request)) return *refused;
    const TypePtr type = world_.desk.types().at(world_.chain.config().gloas_epoch).signed_proposer_preferences;
    const auto objects = read_list(request.message.body, type);
    if (!objects) return net::make_error(400, objects.error().message);
    std::vector<Desk::SignedPreferences> preferences;
    for (const Object& one : objects.value()) {
        preferences.push_back(
            {{one.find({"message", "dependent_root"}).as_bytes<Root>(), Slot{one.find({"message", "proposal_slot"}).as_uint()},
              ValidatorIndex{one.find({"message", "validator_index"}).as_uint()},
              one.find({"message", "fee_recipient"}).as_bytes<Address>(), one.find({"message", "target_gas_limit"}).as_uint()},
             one.find({"signature"}).as_bytes<Signature>()});
    }
    if (!faults_.drop_posts) world_.desk.submit_preferences(std::move(preferences));
    return empty_reply();
}

}  // namespace holdfast::sim
