// The duties that a simulated node tells: attesters, proposers, sync committees. As strict as Prysm.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <map>
#include <vector>

#include "tests/beacon_chain/attestation_json.hpp"
#include "tests/beacon_chain/node.hpp"
#include "tests/beacon_chain/proposers.hpp"

namespace holdfast::sim {
namespace {

using net::HttpResponse;

HttpResponse json(std::string body) { return net::make_response(200, "application/json", std::move(body)); }

std::string duty_json(const PublicKey& key, std::uint64_t index, const Duty& duty) {
    return fmt::format(R"({{"pubkey":"{}","validator_index":"{}","committee_index":"{}","committee_length":"{}",)"
                       R"("committees_at_slot":"{}","validator_committee_index":"{}","slot":"{}"}})",
                       to_hex(key), index, duty.committee.value, duty.committee_length, duty.committees_at_slot, duty.position,
                       duty.slot.value);
}

// A sync committee is known until the end of the next period.
Epoch last_of_next_period(const ChainConfig& config, Epoch now) {
    const std::uint64_t length = epochs_per_sync_period(config);
    return Epoch{(now.value / length + 2) * length - 1};
}

}  // namespace

// What the strict node says to a POST without the header, before it looks at anything else.
std::optional<HttpResponse> Node::no_content_type(const net::ServerRequest& request) {
    if (net::find_header(request.message.headers, "content-type")) return std::nullopt;
    return net::make_response(415, "text/plain; charset=utf-8", "Content-Type header is missing\n");
}

Epoch Node::current_epoch() const { return world_.chain.config().epoch_of(world_.time.slot_at(world_.clock.now())); }

Result<Epoch> Node::epoch_up_to(const std::string& text, Epoch last) const {
    const auto number = parse_decimal(text);
    if (!number) return failure(ErrorCode::kInvalidArgument, "Invalid epoch: " + text);
    if (number.value() <= last.value) return Epoch{number.value()};
    return failure(ErrorCode::kInvalidArgument,
                   fmt::format("Request epoch {} can not be greater than next epoch {}", number.value(), last.value));
}

// The validators that a body of indices in strings names: none unknown, at least one.
Result<std::vector<std::uint64_t>> Node::asked_validators(const std::string& body) const {
    HOLDFAST_TRY(const std::vector<std::string> texts, parse_strings(body));
    if (texts.empty()) return failure(ErrorCode::kInvalidArgument, "No data submitted");
    std::vector<std::uint64_t> indices;
    for (const std::string& text : texts) {
        const auto index = parse_decimal(text);
        if (!index || index.value() >= world_.keys.size()) {
            return failure(ErrorCode::kInvalidArgument, "Invalid validator index " + text);
        }
        indices.push_back(index.value());
    }
    return indices;
}

HttpResponse Node::attester_duties(const net::ServerRequest& request, const std::string& epoch_text) {
    if (auto refused = no_content_type(request)) return *refused;
    const Result<Epoch> epoch = epoch_up_to(epoch_text, current_epoch() + 1);
    if (!epoch) return net::make_error(400, epoch.error().message);
    const auto indices = asked_validators(request.message.body);
    if (!indices) return net::make_error(400, indices.error().message);
    const Committees& committees = world_.chain.committees(*head_, epoch.value());
    std::string body = fmt::format(R"({{"dependent_root":"{}","execution_optimistic":{},"data":[)",
                                   to_hex(world_.chain.dependent_root(*head_, epoch.value())), faults_.optimistic);
    for (const std::uint64_t index : indices.value()) {
        if (body.back() == '}') body += ',';
        body += duty_json(world_.keys.key(index), index, committees.duty(ValidatorIndex{index}));
    }
    return json(body + "]}");
}

ValidatorIndex Node::proposer_at(const Block& branch, Slot slot) const {
    const ChainConfig& config = world_.chain.config();
    return proposer_of(config, slot, world_.chain.dependent_root(branch, config.epoch_of(slot)));
}

// In v1 the dependent root of the next epoch's is that of this one's: so says Prysm.
HttpResponse Node::proposer_duties(const std::string& epoch_text, bool v2) const {
    const Epoch now = current_epoch();
    const Result<Epoch> epoch = epoch_up_to(epoch_text, now + 1);
    if (!epoch) return net::make_error(400, epoch.error().message);
    const ChainConfig& config = world_.chain.config();
    const Root dependent = world_.chain.dependent_root(*head_, v2 ? epoch.value() : std::min(epoch.value(), now) + 1);
    std::string body =
        fmt::format(R"({{"dependent_root":"{}","execution_optimistic":{},"data":[)", to_hex(dependent), faults_.optimistic);
    for (Slot slot = config.first_slot(epoch.value()); slot <= config.last_slot(epoch.value()); slot = slot + 1) {
        const ValidatorIndex index = proposer_at(*head_, slot);
        const PublicKey key = is_stranger(config, index) ? key_of_stranger(index) : world_.keys.key(index.value);
        if (body.back() == '}') body += ',';
        body += fmt::format(R"({{"pubkey":"{}","validator_index":"{}","slot":"{}"}})", to_hex(key), index.value, slot.value);
    }
    return json(body + "]}");
}

// Those of the validators asked for that sit in the committee, with their positions.
HttpResponse Node::sync_duties(const net::ServerRequest& request, const std::string& epoch_text) {
    if (auto refused = no_content_type(request)) return *refused;
    const ChainConfig& config = world_.chain.config();
    const Result<Epoch> epoch = epoch_up_to(epoch_text, last_of_next_period(config, current_epoch()));
    if (!epoch) return net::make_error(400, epoch.error().message);
    const auto indices = asked_validators(request.message.body);
    if (!indices) return net::make_error(400, indices.error().message);
    std::map<std::uint64_t, std::string> positions;
    const std::vector<ValidatorIndex> members = sync_committee(config, epoch.value());
    for (std::size_t position = 0; position < members.size(); ++position) {
        std::string& list = positions[members[position].value];
        list += (list.empty() ? "\"" : ",\"") + std::to_string(position) + "\"";
    }
    std::string body = fmt::format(R"({{"execution_optimistic":{},"data":[)", faults_.optimistic);
    for (const std::uint64_t index : indices.value()) {
        const auto found = positions.find(index);
        if (found == positions.end()) continue;
        if (body.back() == '}') body += ',';
        body += fmt::format(R"({{"pubkey":"{}","validator_index":"{}","validator_sync_committee_indices":[{}]}})",
                            to_hex(world_.keys.key(index)), index, found->second);
    }
    return json(body + "]}");
}

}  // namespace holdfast::sim
