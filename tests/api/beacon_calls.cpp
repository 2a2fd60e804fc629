// Makes every call of a BeaconNode once or more against the URL that is given, and prints what came of each as a line of JSON:
// {"call":"spec","ok":true,"detail":""}. What is asked for has the values of the examples in the Beacon API's documents; for
// beacon_api_test.py, which answers with them and looks at each request.
//
//   holdfast-beacon-calls URL ATTESTATION_DATA_ROOT COMMITTEE BLOCK_ROOT PUBKEY
#include <json/writer.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <iostream>
#include <map>
#include <string>

#include "shared/base/real_clock.hpp"
#include "shared/base/task_group.hpp"
#include "shared/beacon/encode.hpp"
#include "shared/beacon/http_beacon_node.hpp"
#include "shared/beacon/production_encode.hpp"
#include "tests/shared/ethereum/sample_objects.hpp"

namespace holdfast::beacon {
namespace {

using ethereum::ForkName;
using ethereum::schema::Object;
using ethereum::schema::TypePtr;

constexpr ForkName kForks[] = {ForkName::kElectra, ForkName::kFulu, ForkName::kGloas};
constexpr Slot kSlot{1};
constexpr Epoch kEpoch{1};

struct Asked {
    Root data_root;
    CommitteeIndex committee;
    Root block_root;
    PublicKey key;
};

void print(const std::string& call, const Result<void>& outcome, const std::string& detail = "") {
    Json::Value line;
    line["call"] = call;
    line["ok"] = outcome.has_value();
    line["detail"] = outcome ? detail : outcome.error().message;
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "";
    std::cout << Json::writeString(builder, line) << std::endl;
}

template <class T>
void print(const std::string& call, const Result<T>& result, const std::string& detail = "") {
    print(call, result ? Result<void>{success()} : Result<void>{result.error()}, detail);
}

Object sample(const TypePtr& type) { return Object::make(type, ethereum::make_object(*type, 11)).value(); }
std::shared_ptr<const std::string> shared(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

class Calls {
public:
    Calls(BeaconNode& node, Clock& clock, const Asked& asked) : node_{node}, clock_{clock}, asked_{asked} {}

    Task<void> all() {
        co_await of_the_chain();
        co_await of_duties();
        co_await of_attesters();
        co_await of_sync_committees();
        co_await of_proposers();
        for (const ForkName fork : kForks) co_await of_blocks(fork);
        co_await of_payloads();
        co_await events();
    }

private:
    BeaconNode& node_;
    Clock& clock_;
    Asked asked_;
    ethereum::TypeTablePtr types_;
    std::vector<ValidatorIndex> indices_{ValidatorIndex{1}};

    [[nodiscard]] SteadyTime soon() const { return clock_.steady() + std::chrono::seconds{10}; }

    Task<void> of_the_chain() {
        const auto spec = co_await node_.spec(soon());
        print("spec", spec);
        if (!spec) co_return;
        types_ = std::make_shared<const ethereum::TypeTable>(spec.value());
        node_.use_types(types_);
        const auto genesis = co_await node_.genesis(soon());
        print("genesis", genesis);
        const auto version = co_await node_.version(soon());
        print("version", version);
        const auto syncing = co_await node_.syncing(soon());
        print("syncing", syncing);
        std::string head = "head";
        const auto root = co_await node_.block_root(head, soon());
        print("block_root", root);
        std::vector<PublicKey> keys{asked_.key};
        const auto validators = co_await node_.validators(keys, soon());
        print("validators", validators, validators ? std::to_string(validators.value().size()) : "");
    }

    Task<void> of_duties() {
        const auto attesters = co_await node_.attester_duties(kEpoch, indices_, soon());
        print("attester_duties", attesters);
        const auto proposers = co_await node_.proposer_duties(kEpoch, soon());
        print("proposer_duties", proposers, proposers && proposers.value().dependent_root ? "with its root" : "");
        const auto committee = co_await node_.sync_duties(kEpoch, indices_, soon());
        print("sync_duties", committee);
        const auto ptc = co_await node_.ptc_duties(kEpoch, indices_, soon());
        print("ptc_duties", ptc);
        const auto live = co_await node_.liveness(kEpoch, indices_, soon());
        print("liveness", live);
    }

    Task<void> of_attesters() {
        const auto data = co_await node_.attestation_data(kSlot, soon());
        print("attestation_data", data);
        CommitteeSubscription subscription;
        subscription.committees_at_slot = 2;
        std::vector<CommitteeSubscription> subscriptions{subscription};
        const auto subscribe_committees = co_await node_.subscribe_committees(subscriptions, soon());
        print("subscribe_committees", subscribe_committees);
        std::vector<ethereum::SingleAttestation> votes(2);
        const auto body = shared(encode_attestations(votes));
        for (const ForkName fork : kForks) {
            const auto publish_attestations = co_await node_.publish_attestations(body, fork, soon());
            print("publish_attestations", publish_attestations);
            std::vector<Object> signed_aggregates(2, sample(types_->of(fork).signed_aggregate_and_proof));
            const auto aggregates = shared(encode_objects(signed_aggregates));
            const auto publish_aggregates = co_await node_.publish_aggregates(aggregates, fork, soon());
            print("publish_aggregates", publish_aggregates);
        }
        const auto aggregate = co_await node_.aggregate(kSlot, asked_.committee, asked_.data_root, soon());
        print("aggregate", aggregate);
    }

    Task<void> of_sync_committees() {
        std::vector<ethereum::SyncCommitteeMessage> messages(2);
        const auto body = shared(encode_sync_messages(messages));
        const auto publish_sync_messages = co_await node_.publish_sync_messages(body, soon());
        print("publish_sync_messages", publish_sync_messages);
        const auto contribution = co_await node_.sync_contribution(kSlot, 1, asked_.block_root, soon());
        print("sync_contribution", contribution);
        std::vector<Object> objects(2, sample(types_->of(ForkName::kFulu).signed_contribution_and_proof));
        const auto contributions = shared(encode_objects(objects));
        const auto publish_contributions = co_await node_.publish_contributions(contributions, soon());
        print("publish_contributions", publish_contributions);
        SyncSubscription subscription;
        subscription.positions = {0, 511};
        std::vector<SyncSubscription> subscriptions{subscription};
        const auto subscribe_sync_committees = co_await node_.subscribe_sync_committees(subscriptions, soon());
        print("subscribe_sync_committees", subscribe_sync_committees);
    }

    Task<void> of_proposers() {
        std::vector<ProposerPreparation> preparations(2);
        const auto prepare_proposers = co_await node_.prepare_proposers(preparations, soon());
        print("prepare_proposers", prepare_proposers);
        std::vector<SignedRegistration> registrations(2);
        const auto registered = shared(encode_registrations(registrations));
        const auto register_validators = co_await node_.register_validators(registered, soon());
        print("register_validators", register_validators);
        std::vector<SignedPreferences> preferences(2);
        const auto preferred = shared(encode_preferences(preferences));
        const auto publish_preferences = co_await node_.publish_preferences(preferred, ForkName::kGloas, soon());
        print("publish_preferences", publish_preferences);
    }

    Task<void> publish(ForkName fork, bool blinded, TypePtr type) {
        SignedBlock block;
        block.fork = fork;
        block.blinded = blinded;
        block.object = sample(type);
        const auto sent = std::make_shared<const SignedBlock>(std::move(block));
        const auto publish_block = co_await node_.publish_block(sent, soon());
        print("publish_block", publish_block);
    }

    Task<void> of_blocks(ForkName fork) {
        BlockRequest request;
        request.slot = kSlot;
        request.fork = fork;
        std::ranges::copy(to_string(fork), request.graffiti.bytes.begin());  // tells the server which one
        request.builder_boost_factor = 100;
        const auto made = co_await node_.produce_block(request, soon());
        print("produce_block", made, std::string{to_string(fork)} + (made && made.value().blinded ? " blinded" : ""));
        const ethereum::BlockTypes& types = types_->of(fork);
        std::string id{to_string(fork)};
        const auto block = co_await node_.block(id, soon());
        print("block", block, id);
        if (fork >= ForkName::kGloas) {
            co_await publish(fork, false, types.signed_block);
        } else {
            co_await publish(fork, false, types.signed_block_contents);
            co_await publish(fork, true, types.signed_blinded_block);
        }
    }

    Task<void> of_payloads() {
        SignedEnvelope envelope;
        envelope.fork = ForkName::kGloas;
        envelope.object = sample(types_->of(envelope.fork).signed_envelope_contents);
        const auto sent = std::make_shared<const SignedEnvelope>(std::move(envelope));
        const auto publish_envelope = co_await node_.publish_envelope(sent, soon());
        print("publish_envelope", publish_envelope);
        const auto data = co_await node_.payload_attestation_data(kSlot, soon());
        print("payload_attestation_data", data);
        std::vector<ethereum::PayloadAttestationMessage> messages(2);
        const auto body = shared(encode_payload_attestations(messages));
        const auto publish_payload_attestations = co_await node_.publish_payload_attestations(body, ForkName::kGloas, soon());
        print("publish_payload_attestations", publish_payload_attestations);
    }

    // How many there were of each kind.
    Task<void> events() {
        std::map<std::size_t, int> kinds;
        std::function<void(NodeEvent)> count = [&kinds](const NodeEvent& event) { ++kinds[event.index()]; };
        const auto ended = co_await node_.follow_events(std::move(count));
        const std::string text = "head=" + std::to_string(kinds[0]) + " reorg=" + std::to_string(kinds[1]) +
                                 " slashing=" + std::to_string(kinds[2]) + " payload=" + std::to_string(kinds[3]);
        print("follow_events", ended, text);
    }
};

Task<void> run(BeaconNode& node, Clock& clock, Asked asked, boost::asio::io_context& io) {
    Calls calls{node, clock, asked};
    co_await calls.all();
    io.stop();
}

int main_of(int count, char** arguments) {
    if (count != 6) {
        std::cerr << "holdfast-beacon-calls URL ATTESTATION_DATA_ROOT COMMITTEE BLOCK_ROOT PUBKEY\n";
        return 2;
    }
    Asked asked;
    asked.data_root = parse_hex<Root>(arguments[2]).value();
    asked.committee = CommitteeIndex{parse_decimal(arguments[3]).value()};
    asked.block_root = parse_hex<Root>(arguments[4]).value();
    asked.key = parse_hex<PublicKey>(arguments[5]).value();
    boost::asio::io_context io;
    RealClock clock{io.get_executor()};
    const auto client = net::make_http_client(io.get_executor(), clock, {});
    const auto node = make_http_beacon_node(*client, clock, arguments[1]);
    TaskGroup tasks{io.get_executor()};
    tasks.spawn("calls", run(*node, clock, asked, io));
    io.run();
    return 0;
}

}  // namespace
}  // namespace holdfast::beacon

int main(int count, char** arguments) { return holdfast::beacon::main_of(count, arguments); }
