// Aggregates and sync committees at a simulated node.
#include <spdlog/fmt/fmt.h>

#include <utility>

#include "tests/beacon_chain/attestation_json.hpp"
#include "tests/beacon_chain/node.hpp"
#include "tests/beacon_chain/replies.hpp"

namespace holdfast::sim {
namespace {

using ethereum::schema::TypePtr;
using net::HttpResponse;

Error failed(std::size_t index, const std::string& why) {
    return failure(ErrorCode::kMalformed, fmt::format("One or more messages failed validation: {}: {}", index, why));
}

Result<std::vector<Object>> read_list(const std::string& body, const TypePtr& type) {
    HOLDFAST_TRY(const Json::Value list, parse_array(body));
    std::vector<Object> objects;
    for (const Json::Value& item : list) {
        auto object = from_json(type, item);
        if (!object) return failed(objects.size(), object.error().message);
        objects.push_back(std::move(object.value()));
    }
    return objects;
}

const TypePtr& sync_message_type() {
    using namespace ethereum::schema;
    static const TypePtr type = ethereum::schema::container({{"slot", uint_of(8)},
                                                             {"beacon_block_root", ethereum::schema::bytes_of(32)},
                                                             {"validator_index", uint_of(8)},
                                                             {"signature", ethereum::schema::bytes_of(96)}});
    return type;
}

}  // namespace

// GET /eth/v2/validator/aggregate_attestation
Task<HttpResponse> Node::aggregate(net::ServerRequest request) {
    const auto slot_number = parse_decimal(request.parameter("slot").value_or(""));
    const auto committee = parse_decimal(request.parameter("committee_index").value_or(""));
    const auto root = parse_hex<Root>(request.parameter("attestation_data_root").value_or(""));
    if (!slot_number || !committee || !root)
        co_return net::make_error(400, "slot, committee_index and attestation_data_root are required");
    if (faults_.optimistic) co_return net::make_error(503, "Beacon node is currently syncing");
    const Slot slot{slot_number.value()};
    AggregateBook& book = world_.desk.aggregates();
    const auto draft = book.draft(world_.desk.ledger().pool(), *head_, slot, CommitteeIndex{committee.value()}, root.value(),
                                  faults_.half_aggregates);
    if (!draft) co_return net::make_error(404, "No matching attestations found");
    std::vector<Signature> signatures = draft->signatures;
    const Signature sum = co_await world_.desk.claims().sum(std::move(signatures));
    const Object object = book.give(*head_, *draft, sum);
    const ChainConfig& config = world_.chain.config();
    net::Headers headers{{"eth-consensus-version", fork_at(config, config.epoch_of(slot)).name}};
    HttpResponse response = versioned(request, object, std::move(headers));
    co_return response;
}

// POST /eth/v2/validator/aggregate_and_proofs
HttpResponse Node::post_aggregates(const net::ServerRequest& request) {
    const auto version = net::find_header(request.message.headers, "eth-consensus-version");
    if (!version) return net::make_error(400, "Eth-Consensus-Version header is required");
    if (auto refused = no_content_type(request)) return *refused;
    const ChainConfig& config = world_.chain.config();
    // What belongs to the last slot before a fork may come in its first.
    Epoch epoch = current_epoch();
    if (epoch.value > 0 && *version != fork_at(config, epoch).name) epoch = epoch - 1;
    if (*version != fork_at(config, epoch).name) return net::make_error(400, fmt::format("Invalid version: {}", *version));
    auto objects = read_list(request.message.body, world_.desk.types().at(epoch).signed_aggregate_and_proof);
    if (!objects) return net::make_error(400, objects.error().message);
    if (objects.value().empty()) return net::make_error(400, "No data submitted");
    if (!faults_.drop_posts) world_.desk.submit_aggregates(std::move(objects.value()));
    return empty_reply();
}

// POST /eth/v1/beacon/pool/sync_committees
HttpResponse Node::post_sync_messages(const net::ServerRequest& request) {
    if (auto refused = no_content_type(request)) return *refused;
    const auto objects = read_list(request.message.body, sync_message_type());
    if (!objects) return net::make_error(400, objects.error().message);
    if (objects.value().empty()) return net::make_error(400, "No data submitted");
    std::vector<SyncMessage> messages;
    for (const Object& one : objects.value()) {
        messages.push_back({Slot{one.find({"slot"}).as_uint()}, one.find({"beacon_block_root"}).as_bytes<Root>(),
                            ValidatorIndex{one.find({"validator_index"}).as_uint()},
                            one.find({"signature"}).as_bytes<Signature>()});
    }
    if (!faults_.drop_posts) world_.desk.submit_sync_messages(std::move(messages));
    return empty_reply();
}

// GET /eth/v1/validator/sync_committee_contribution
Task<HttpResponse> Node::contribution(net::ServerRequest request) {
    const auto slot_number = parse_decimal(request.parameter("slot").value_or(""));
    const auto subcommittee = parse_decimal(request.parameter("subcommittee_index").value_or(""));
    const auto root = parse_hex<Root>(request.parameter("beacon_block_root").value_or(""));
    if (!slot_number || !subcommittee || !root)
        co_return net::make_error(400, "slot, subcommittee_index and beacon_block_root are required");
    if (faults_.optimistic) co_return net::make_error(503, "Beacon node is currently syncing");
    const Slot slot{slot_number.value()};
    SyncBook& book = world_.desk.sync();
    const auto draft = book.draft(slot, subcommittee.value(), root.value(), faults_.half_aggregates);
    if (!draft) co_return net::make_error(404, "No subcommittee messages found");
    std::vector<Signature> signatures = draft->signatures;
    const Signature sum = co_await world_.desk.claims().sum(std::move(signatures));
    const Object object = book.give(slot, subcommittee.value(), root.value(), *draft, sum);
    if (wants_ssz(request) && !faults_.json_only) co_return ssz_reply(object.bytes);
    HttpResponse response = json_reply(R"({"data":)" + one_line(to_json(*object.type, object.bytes)) + "}");
    co_return response;
}

// POST /eth/v1/validator/contribution_and_proofs
HttpResponse Node::post_contributions(const net::ServerRequest& request) {
    if (auto refused = no_content_type(request)) return *refused;
    auto objects = read_list(request.message.body, world_.desk.types().at(current_epoch()).signed_contribution_and_proof);
    if (!objects) return net::make_error(400, objects.error().message);
    if (objects.value().empty()) return net::make_error(400, "No data submitted");
    if (!faults_.drop_posts) world_.desk.submit_contributions(std::move(objects.value()));
    return empty_reply();
}

}  // namespace holdfast::sim
