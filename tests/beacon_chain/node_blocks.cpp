// Blocks at a simulated node: made for proposers, taken from them, and given to whoever asks.
#include <spdlog/fmt/fmt.h>

#include <utility>

#include "tests/beacon_chain/attestation_json.hpp"
#include "tests/beacon_chain/digest.hpp"
#include "tests/beacon_chain/node.hpp"
#include "tests/beacon_chain/replies.hpp"

namespace holdfast::sim {
namespace {

using net::HttpResponse;

const Address kForeignPayee{{0xBA, 0xD0, 0xBA, 0xD0}};

// In Wei; other at each node and in each slot, in some order of the nodes.
std::string value_of(const char* what, Slot slot, std::size_t node, bool high) {
    const Root hash = digest(what, {slot.value, node});
    return fmt::format("{}{:03}000000000000", (high ? 100U : 1U) + hash.bytes[0] % 50U, hash.bytes[1]);
}

}  // namespace

// GET /eth/v3/validator/blocks/{slot}, and v4 from Gloas on.
HttpResponse Node::produce_block(const net::ServerRequest& request, const std::string& slot_text, bool v4) {
    const auto slot_number = parse_decimal(slot_text);
    if (!slot_number) return net::make_error(400, "slot is invalid: " + slot_text);
    const Slot slot{slot_number.value()};
    const ChainConfig& config = world_.chain.config();
    if ((config.epoch_of(slot) >= config.gloas_epoch) != v4)
        return net::make_error(400, "slot " + slot_text + " is of a fork that has another version of this call");
    const auto reveal = parse_hex<Signature>(request.parameter("randao_reveal").value_or(""));
    if (!reveal) return net::make_error(400, "randao_reveal is required");
    const auto graffiti = parse_hex<Root>(request.parameter("graffiti").value_or(to_hex(Root{})));
    if (!graffiti) return net::make_error(400, "graffiti is invalid");
    const auto boost = parse_decimal(request.parameter("builder_boost_factor").value_or("100"));
    if (!boost) return net::make_error(400, "builder_boost_factor is invalid");
    if (v4 && !request.parameter("include_payload")) return net::make_error(400, "include_payload is required");
    if (faults_.optimistic)
        return net::make_error(503, "Beacon node is currently syncing and not serving request on that endpoint");
    const Slot now = world_.time.slot_at(world_.clock.now());
    if (slot > now + 1) return net::make_error(400, "slot " + slot_text + " is too far in the future");
    if (slot <= head_->slot) return net::make_error(500, "Could not get head state: slot is not after the head's");

    Offer offer{slot, number_, {}, false, {}, {}, {}};
    BlockDraft draft = world_.desk.draft(*head_, slot, offer.inclusion);
    offer.proposer = draft.proposer;
    offer.payee = payee_of(draft.proposer, slot);
    draft.randao_reveal = reveal.value();
    draft.graffiti = graffiti.value();
    draft.payee = offer.payee;
    draft.flavour = number_ + 1;
    draft.parent = shown(draft.parent);
    if (faults_.wrong_block) ++draft.proposer;
    const bool builder = world_.builder_every > 0 && slot.value % world_.builder_every == 0 && boost.value() > 0;
    offer.blinded = builder && !v4;
    draft.by_builder = builder && v4;
    const ethereum::BlockTypes& types = world_.desk.types().at(config.epoch_of(slot));
    offer.forged = forge(types, draft);
    const bool with_contents = v4 ? offer.forged.envelope && request.parameter("include_payload") == "true" : !offer.blinded;
    const Object object = offer.blinded   ? blinded(types, offer.forged.block)
                          : with_contents ? contents(types, offer.forged)
                                          : offer.forged.block;
    net::Headers headers{{"eth-consensus-version", fork_at(config, config.epoch_of(slot)).name},
                         {"eth-consensus-block-value", value_of("consensus value", slot, number_, false)}};
    if (v4) {
        headers.push_back({"eth-execution-payload-included", with_contents ? "true" : "false"});
    } else {
        headers.push_back({"eth-execution-payload-blinded", offer.blinded ? "true" : "false"});
        headers.push_back({"eth-execution-payload-value", value_of("payload value", slot, number_, offer.blinded)});
    }
    world_.desk.proposals().offer(std::move(offer));
    return versioned(request, object, std::move(headers));
}

// What the headers say stands in the JSON, too.
HttpResponse Node::versioned(const net::ServerRequest& request, const Object& object, net::Headers headers) const {
    HttpResponse response;
    if (wants_ssz(request) && !faults_.json_only) {
        response = ssz_reply(object.bytes);
    } else {
        std::string body = "{";
        for (const net::Header& header : headers) {
            std::string name = header.name == "eth-consensus-version"       ? "version"
                               : header.name == "eth-consensus-block-value" ? "consensus_block_value"
                                                                            : header.name.substr(4);
            for (char& c : name) c = c == '-' ? '_' : c;
            const bool flag = header.value == "true" || header.value == "false";
            body += fmt::format(R"("{}":{}{}{},)", name, flag ? "" : "\"", header.value, flag ? "" : "\"");
        }
        response = json_reply(body + R"("data":)" + one_line(to_json(*object.type, object.bytes)) + "}");
    }
    for (net::Header& header : headers) response.headers.push_back(std::move(header));
    return response;
}

Address Node::payee_of(ValidatorIndex proposer, Slot slot) const {
    if (faults_.foreign_payee) return kForeignPayee;
    if (const auto preferred = world_.desk.preparation().preferred_payee(slot, proposer)) return *preferred;
    return world_.desk.preparation().payee(number_, proposer).value_or(Address{});
}

// POST /eth/v2/beacon/blocks and blinded_blocks.
Task<HttpResponse> Node::post_block(net::ServerRequest request, bool is_blinded) {
    const auto version = net::find_header(request.message.headers, "eth-consensus-version");
    if (!version) co_return net::make_error(400, "Eth-Consensus-Version header is required");
    if (auto refused = no_content_type(request)) co_return *refused;
    if (faults_.json_only && sends_ssz(request)) co_return plain_reply(415, "Unsupported media type\n");
    Result<Object> read = read_block(request, std::string{*version}, is_blinded);
    if (!read) co_return net::make_error(400, read.error().message);
    if (faults_.drop_posts) co_return empty_reply();
    Object signed_block = std::move(read.value());
    const Desk::Posted posted = co_await world_.desk.post_block(number_, std::move(signed_block));
    if (posted.status == 200) co_return empty_reply();
    HttpResponse response = net::make_error(posted.status, posted.message);
    co_return response;
}

// The signed block in a body; without its blobs.
Result<Object> Node::read_block(const net::ServerRequest& request, const std::string& version, bool is_blinded) const {
    const ChainConfig& config = world_.chain.config();
    const Epoch epoch = config.epoch_of(world_.time.slot_at(world_.clock.now()));
    if (version != fork_at(config, epoch).name) return failure(ErrorCode::kMalformed, "Invalid version: " + version);
    const ethereum::BlockTypes& types = world_.desk.types().at(epoch);
    const bool with_contents = !is_blinded && types.signed_block_contents != nullptr;
    const ethereum::schema::TypePtr type = is_blinded      ? types.signed_blinded_block
                                           : with_contents ? types.signed_block_contents
                                                           : types.signed_block;
    if (!type) return failure(ErrorCode::kMalformed, "There are no blinded blocks in " + version);
    HOLDFAST_TRY(Object object, read_object(request, type));
    if (!with_contents) return object;
    return Object{types.signed_block, copy(object.find({"signed_block"}))};
}

Result<Object> Node::read_object(const net::ServerRequest& request, const ethereum::schema::TypePtr& type) {
    const std::string& body = request.message.body;
    if (sends_ssz(request)) return Object::make(type, Bytes(body.begin(), body.end()));
    HOLDFAST_TRY(const Json::Value json, parse_object(body));
    return from_json(type, json);
}

// GET /eth/v2/beacon/blocks/{id}
HttpResponse Node::block(const net::ServerRequest& request, const std::string& id) const {
    const Block* const found = block_of(id);
    const Object* const object = found == nullptr ? nullptr : world_.desk.signed_block(found->root);
    if (object == nullptr) return net::make_error(404, "Block not found: no blocks found for " + id);
    const ChainConfig& config = world_.chain.config();
    const std::string fork = fork_at(config, config.epoch_of(found->slot)).name;
    HttpResponse response;
    if (wants_ssz(request) && !faults_.json_only) {
        response = ssz_reply(object->bytes);
    } else {
        response = json_reply(fmt::format(R"({{"version":"{}","execution_optimistic":{},"finalized":false,"data":{}}})", fork,
                                          faults_.optimistic, one_line(to_json(*object->type, object->bytes))));
    }
    response.headers.push_back({"eth-consensus-version", fork});
    return response;
}

}  // namespace holdfast::sim
