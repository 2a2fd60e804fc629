// What a beacon node says, as SSZ and as JSON: blocks, aggregates, contributions, payloads, events, duties. Whatever is
// accepted is of what was asked for and can be looked into; JSON that becomes an object is written in a way that becomes it
// again.
#include <string>

#include "shared/beacon/api_decode.hpp"
#include "shared/beacon/json_decode.hpp"
#include "shared/beacon/production_decode.hpp"
#include "shared/beacon/ssz_json.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/shared/beacon/fake_beacon_node.hpp"

namespace holdfast::beacon {
namespace {

using ethereum::ForkName;
using ethereum::schema::Object;

constexpr Slot kSlot{1};

const ethereum::TypeTable& types() {
    static const ethereum::TypeTable kTypes = [] {
        auto values = testing::spec_values();
        values["MAX_COMMITTEES_PER_SLOT"] = "4";
        values["SYNC_COMMITTEE_SIZE"] = "32";
        values["MAX_WITHDRAWALS_PER_PAYLOAD"] = "4";
        values["PTC_SIZE"] = "16";
        return ethereum::TypeTable{ethereum::ChainSpec::parse(values).value()};
    }();
    return kTypes;
}

ForkName fork_of(unsigned number) {
    constexpr ForkName kForks[] = {ForkName::kElectra, ForkName::kFulu, ForkName::kGloas};
    return kForks[number % 3];
}

template <class T>
bool accepted(const Result<T>& result) {
    if (result) return true;
    fuzz::require(!result.error().message.empty(), "a refusal without a sentence");
    return false;
}

// The same object from what is written of it.
void expect_settled(const Object& object) {
    std::string text = "{\"data\":";
    append_json(*object.type, object.bytes, text);
    text += '}';
    const auto parsed = parse_json_object(text);
    fuzz::require(parsed.has_value(), "what was written is not JSON");
    const Json::Value& data = parsed.value()["data"];
    fuzz::require(data == decode_to_json(*object.type, object.bytes), "the two ways to write it differ");
    const auto again = encode_json(*object.type, data);
    fuzz::require(again.has_value() && again.value() == object.bytes, "what was written is another object");
    fuzz::require(ethereum::schema::check(*object.type, object.bytes).has_value(), "an object that its type refuses");
    fuzz::require(object.root() == hash_tree_root(*object.type, again.value()), "another root");
}

void look_at_block(const net::HttpResponse& response, ForkName fork) {
    BlockRequest request;
    request.slot = kSlot;
    request.fork = fork;
    const auto block = decode_produced_block(response, request, types());
    if (!accepted(block)) return;
    const auto part = block.value().block();
    fuzz::require(ethereum::schema::find(*part.type, part.bytes, {"slot"}).as_uint() == kSlot.value, "of another slot");
    fuzz::require(!block.value().blinded || fork < ForkName::kGloas, "a blinded block of Gloas");
    expect_settled(block.value().object);
}

void look_at_objects(const net::HttpResponse& response, ForkName fork) {
    const auto chain_block = decode_chain_block(response, types());
    if (accepted(chain_block)) {
        fuzz::require(chain_block.value().fork == fork, "of another fork");
        expect_settled(chain_block.value().object);
    }
    // The root is what nobody can guess: that of whatever data there are.
    const auto aggregate_of = [&](const Root& root) { return decode_aggregate(response, CommitteeIndex{1}, root, types()); };
    static_cast<void>(accepted(aggregate_of(Root{})));
    const auto object = Object::make(types().of(fork).attestation, {response.body.begin(), response.body.end()});
    if (object) {
        const auto data = object.value().find({"data"});
        const auto aggregate = aggregate_of(hash_tree_root(*data.type, data.bytes));
        if (accepted(aggregate)) {
            fuzz::require(aggregate.value().votes <= 8 * response.body.size(), "more votes than bits");
            expect_settled(aggregate.value().object);
        }
    }
    const auto contribution = decode_contribution(response, kSlot, 1, Root{}, types());
    if (accepted(contribution)) expect_settled(contribution.value().object);
    static_cast<void>(accepted(decode_payload_attestation_data(response, kSlot)));
}

void look_at_events(std::string_view body) {
    for (const char* name : {"head", "head_v2", "chain_reorg", "proposer_slashing", "attester_slashing",
                             "execution_payload_available", "another"}) {
        const auto event = decode_event(name, body);
        if (!accepted(event)) continue;
        const auto* slashing = std::get_if<SlashingEvent>(&event.value());
        fuzz::require(slashing == nullptr || !slashing->validators.empty(), "a slashing of nobody");
    }
}

void look_at_answers(std::string_view body) {
    const std::vector<ValidatorIndex> indices{ValidatorIndex{1}, ValidatorIndex{2}};
    static_cast<void>(accepted(decode_spec(body)));
    static_cast<void>(accepted(decode_genesis(body)));
    static_cast<void>(accepted(decode_version(body)));
    static_cast<void>(accepted(decode_syncing(body)));
    static_cast<void>(accepted(decode_block_root(body)));
    static_cast<void>(accepted(decode_validators(body, std::vector<PublicKey>(1))));
    static_cast<void>(accepted(decode_proposer_duties(body, Epoch{1}, 1)));
    static_cast<void>(accepted(decode_proposer_duties(body, Epoch{1}, 2)));
    static_cast<void>(accepted(decode_attestation_data(body)));
    const auto attesters = decode_attester_duties(body, Epoch{1}, indices);
    const auto committee = decode_sync_duties(body, indices);
    const auto ptc = decode_ptc_duties(body, Epoch{1}, indices);
    const auto live = decode_liveness(body, indices);
    fuzz::require(!accepted(attesters) || attesters.value().duties.size() <= 2, "more duties than validators");
    fuzz::require(!accepted(committee) || committee.value().size() <= 2, "more duties than validators");
    fuzz::require(!accepted(ptc) || ptc.value().duties.size() <= 2, "more duties than validators");
    fuzz::require(!accepted(live) || live.value().size() <= 2, "more answers than validators");
    fuzz::require(describe_error(body).size() < 1000, "an error is told at length");
}

// Bits of the first byte: the form, whether it is blinded or has its contents, and what is read.
void eat(const fuzz::Input& input) {
    const ForkName fork = fork_of(input.choice >> 4U);
    const bool is_json = (input.choice & 1U) != 0;
    const std::string flag = (input.choice & 2U) != 0 ? "true" : "false";
    net::HttpResponse response =
        net::make_response(200, is_json ? "application/json" : "application/octet-stream", std::string{input.rest});
    response.headers.push_back({"eth-consensus-version", std::string{to_string(fork)}});
    response.headers.push_back({"eth-execution-payload-blinded", flag});
    response.headers.push_back({"eth-execution-payload-included", flag});
    switch (input.choice >> 2U & 3U) {
        case 0: look_at_block(response, fork); break;
        case 1: look_at_objects(response, fork); break;
        case 2: look_at_events(input.rest); break;
        default: look_at_answers(input.rest); break;
    }
}

}  // namespace
}  // namespace holdfast::beacon

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    holdfast::beacon::eat(holdfast::fuzz::Input{data, size});
    return 0;
}
