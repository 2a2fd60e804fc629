// What a simulated node is told ahead of time, and what it tells of validators: fee recipients, registrations, subscriptions,
// liveness.
#include <spdlog/fmt/fmt.h>

#include <utility>

#include "tests/beacon_chain/attestation_json.hpp"
#include "tests/beacon_chain/node.hpp"
#include "tests/beacon_chain/replies.hpp"

namespace holdfast::sim {
namespace {

using ethereum::schema::TypePtr;
using ethereum::schema::uint_of;
using net::HttpResponse;

TypePtr bytes_type(std::size_t size) { return ethereum::schema::bytes_of(size); }
TypePtr container_type(std::vector<ethereum::schema::Field> fields) { return ethereum::schema::container(std::move(fields)); }

const TypePtr& preparation_type() {
    static const TypePtr type = container_type({{"validator_index", uint_of(8)}, {"fee_recipient", bytes_type(20)}});
    return type;
}

const TypePtr& registration_type() {
    static const TypePtr type = container_type({{"message", container_type({{"fee_recipient", bytes_type(20)},
                                                                            {"gas_limit", uint_of(8)},
                                                                            {"timestamp", uint_of(8)},
                                                                            {"pubkey", bytes_type(48)}})},
                                                {"signature", bytes_type(96)}});
    return type;
}

Result<std::vector<Object>> read_list(const std::string& body, const TypePtr& type) {
    HOLDFAST_TRY(const Json::Value list, parse_array(body));
    std::vector<Object> objects;
    for (const Json::Value& item : list) {
        HOLDFAST_TRY(Object object, from_json(type, item));
        objects.push_back(std::move(object));
    }
    return objects;
}

}  // namespace

// POST /eth/v1/validator/prepare_beacon_proposer
HttpResponse Node::prepare_proposers(const net::ServerRequest& request) {
    if (auto refused = no_content_type(request)) return *refused;
    const auto objects = read_list(request.message.body, preparation_type());
    if (!objects) return net::make_error(400, objects.error().message);
    for (const Object& one : objects.value()) {
        world_.desk.preparation().prepare(number_, ValidatorIndex{one.find({"validator_index"}).as_uint()},
                                          one.find({"fee_recipient"}).as_bytes<Address>());
    }
    return empty_reply();
}

// POST /eth/v1/validator/register_validator
HttpResponse Node::register_validators(const net::ServerRequest& request) {
    if (auto refused = no_content_type(request)) return *refused;
    const auto objects = read_list(request.message.body, registration_type());
    if (!objects) return net::make_error(400, objects.error().message);
    std::vector<Desk::SignedRegistration> registrations;
    for (const Object& one : objects.value()) {
        registrations.push_back(
            {{one.find({"message", "fee_recipient"}).as_bytes<Address>(), one.find({"message", "gas_limit"}).as_uint(),
              one.find({"message", "timestamp"}).as_uint(), one.find({"message", "pubkey"}).as_bytes<PublicKey>()},
             one.find({"signature"}).as_bytes<Signature>()});
    }
    if (!faults_.drop_posts) world_.desk.submit_registrations(std::move(registrations));
    return empty_reply();
}

// POST /eth/v1/validator/sync_committee_subscriptions
HttpResponse Node::subscribe_sync(const net::ServerRequest& request) {
    if (auto refused = no_content_type(request)) return *refused;
    const auto list = parse_array(request.message.body);
    if (!list || list.value().empty()) return net::make_error(400, "No data submitted");
    for (const Json::Value& item : list.value()) {
        const bool whole = item.isObject() && item["validator_index"].isString() && item["until_epoch"].isString() &&
                           item["sync_committee_indices"].isArray() && !item["sync_committee_indices"].empty();
        if (!whole) return net::make_error(400, "Could not decode request body: a subscription lacks a field");
    }
    return empty_reply();
}

// POST /eth/v1/validator/liveness/{epoch}
HttpResponse Node::liveness(const net::ServerRequest& request, const std::string& epoch_text) const {
    if (auto refused = no_content_type(request)) return *refused;
    const Result<Epoch> epoch = epoch_up_to(epoch_text, current_epoch() + 1);
    if (!epoch) return net::make_error(400, epoch.error().message);
    if (epoch.value() + 1 < current_epoch()) return net::make_error(400, "Requested epoch cannot be that far in the past");
    const auto indices = asked_validators(request.message.body);
    if (!indices) return net::make_error(400, indices.error().message);
    std::string body = R"({"data":[)";
    for (const std::uint64_t index : indices.value()) {
        if (body.back() == '}') body += ',';
        body += fmt::format(R"({{"index":"{}","is_live":{}}})", index, world_.desk.ledger().is_live(index, epoch.value()));
    }
    return json_reply(body + "]}");
}

}  // namespace holdfast::sim
