#include "tests/shared/beacon/fake_beacon_node.hpp"

#include <utility>

namespace holdfast::beacon::testing {

std::map<std::string, std::string> spec_values() {
    std::map<std::string, std::string> values{
        {"SLOT_DURATION_MS", "12000"},         {"SECONDS_PER_SLOT", "12"},    {"SLOTS_PER_EPOCH", "32"},
        {"ATTESTATION_DUE_BPS", "3333"},       {"AGGREGATE_DUE_BPS", "6667"}, {"TARGET_AGGREGATORS_PER_COMMITTEE", "16"},
        {"GENESIS_FORK_VERSION", "0x10000042"}};
    int number = 2;
    for (const char* fork : {"ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA"}) {
        values[std::string{fork} + "_FORK_VERSION"] = "0x" + std::to_string(number++) + "0000042";
        values[std::string{fork} + "_FORK_EPOCH"] = "0";
    }
    return values;
}

ethereum::ChainSpec chain_spec() { return ethereum::ChainSpec::parse(spec_values()).value(); }

ethereum::Genesis chain_genesis() {
    ethereum::Genesis genesis;
    genesis.time = WallTime{std::chrono::seconds{1'700'000'000}};
    genesis.validators_root.bytes.fill(0x11);
    genesis.fork_version = ForkVersion{{0x10, 0, 0, 0x42}};
    return genesis;
}

FakeBeaconNode::FakeBeaconNode(Clock& clock, std::string url) : clock_{clock}, url_{std::move(url)} {}

Task<Result<void>> FakeBeaconNode::behave(const char* call, SteadyTime deadline) {
    ++asked[call];
    const auto own = behaviour.find(call);
    const Behaviour how = own == behaviour.end() ? always : own->second;
    const bool in_time = !how.hang && clock_.steady() + how.delay <= deadline;
    if (!in_time) {
        co_await sleep_until(clock_, deadline);
        co_return failure(ErrorCode::kTimeout, url_ + " " + call + ": no answer in time");
    }
    if (how.delay > Duration::zero()) co_await sleep_for(clock_, how.delay);
    if (how.error) co_return Error{how.error->code, url_ + " " + call + ": " + how.error->message};
    co_return success();
}

Task<Result<ethereum::ChainSpec>> FakeBeaconNode::spec(SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("spec", deadline));
    co_return ethereum::ChainSpec::parse(spec_said);
}

Task<Result<ethereum::Genesis>> FakeBeaconNode::genesis(SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("genesis", deadline));
    co_return genesis_said;
}

Task<Result<std::string>> FakeBeaconNode::version(SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("version", deadline));
    co_return version_said;
}

Task<Result<SyncStatus>> FakeBeaconNode::syncing(SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("syncing", deadline));
    co_return sync;
}

Task<Result<Root>> FakeBeaconNode::block_root(std::string /*block_id*/, SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("block_root", deadline));
    co_return head;
}

Task<Result<std::vector<Validator>>> FakeBeaconNode::validators(std::vector<PublicKey> keys, SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("validators", deadline));
    if (!on_validators) co_return std::vector<Validator>{};
    co_return on_validators(keys);
}

Task<Result<AttesterDuties>> FakeBeaconNode::attester_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                             SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("attester_duties", deadline));
    if (!on_attester_duties) co_return AttesterDuties{epoch, {}, {}};
    co_return on_attester_duties(epoch, indices);
}

Task<Result<ProposerDuties>> FakeBeaconNode::proposer_duties(Epoch epoch, SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("proposer_duties", deadline));
    if (!on_proposer_duties) co_return ProposerDuties{epoch, {}};
    co_return on_proposer_duties(epoch);
}

Task<Result<std::vector<SyncDuty>>> FakeBeaconNode::sync_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                                SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("sync_duties", deadline));
    if (!on_sync_duties) co_return std::vector<SyncDuty>{};
    co_return on_sync_duties(epoch, indices);
}

Task<Result<ethereum::AttestationData>> FakeBeaconNode::attestation_data(Slot slot, SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("attestation_data", deadline));
    if (!on_attestation_data) co_return failure(ErrorCode::kUnavailable, url_ + ": this test gives no attestation data");
    co_return on_attestation_data(slot);
}

Task<Result<void>> FakeBeaconNode::subscribe_committees(std::vector<CommitteeSubscription> subscriptions, SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("subscribe_committees", deadline));
    subscribed.push_back(std::move(subscriptions));
    co_return success();
}

Task<Result<void>> FakeBeaconNode::publish_attestations(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                                        SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("publish_attestations", deadline));
    published.push_back(std::move(body));
    published_forks.push_back(fork);
    co_return success();
}

Task<Result<ProducedBlock>> FakeBeaconNode::produce_block(BlockRequest request, SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("produce_block", deadline));
    if (!on_produce_block) co_return failure(ErrorCode::kUnavailable, url_ + ": this test gives no blocks");
    co_return on_produce_block(request);
}

Task<Result<void>> FakeBeaconNode::publish_block(std::shared_ptr<const SignedBlock> block, SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("publish_block", deadline));
    published_blocks.push_back(std::move(block));
    co_return success();
}

Task<Result<void>> FakeBeaconNode::publish_envelope(std::shared_ptr<const SignedEnvelope> envelope, SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("publish_envelope", deadline));
    published_envelopes.push_back(std::move(envelope));
    co_return success();
}

Task<Result<void>> FakeBeaconNode::prepare_proposers(std::vector<ProposerPreparation> preparations, SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("prepare_proposers", deadline));
    if (on_prepare_proposers) {
        HOLDFAST_CO_TRY(on_prepare_proposers(preparations));
    }
    prepared.push_back(std::move(preparations));
    co_return success();
}

Task<Result<void>> FakeBeaconNode::register_validators(std::shared_ptr<const std::string> body, SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("register_validators", deadline));
    registered.push_back(std::move(body));
    co_return success();
}

Task<Result<void>> FakeBeaconNode::publish_preferences(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                                       SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("publish_preferences", deadline));
    preferences.emplace_back(std::move(body), fork);
    co_return success();
}

Task<Result<Aggregate>> FakeBeaconNode::aggregate(Slot slot, CommitteeIndex committee, Root data_root, SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("aggregate", deadline));
    if (!on_aggregate) co_return failure(ErrorCode::kNotFound, url_ + ": no aggregate in this test");
    co_return on_aggregate(slot, committee, data_root);
}

Task<Result<void>> FakeBeaconNode::publish_aggregates(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                                      SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("publish_aggregates", deadline));
    aggregates.emplace_back(std::move(body), fork);
    co_return success();
}

Task<Result<void>> FakeBeaconNode::publish_sync_messages(std::shared_ptr<const std::string> body, SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("publish_sync_messages", deadline));
    sync_messages.push_back(std::move(body));
    co_return success();
}

Task<Result<SyncContribution>> FakeBeaconNode::sync_contribution(Slot slot, std::uint64_t subcommittee, Root block,
                                                                 SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("sync_contribution", deadline));
    if (!on_sync_contribution) co_return failure(ErrorCode::kNotFound, url_ + ": no contribution in this test");
    co_return on_sync_contribution(slot, subcommittee, block);
}

Task<Result<void>> FakeBeaconNode::publish_contributions(std::shared_ptr<const std::string> body, SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("publish_contributions", deadline));
    contributions.push_back(std::move(body));
    co_return success();
}

Task<Result<void>> FakeBeaconNode::subscribe_sync_committees(std::vector<SyncSubscription> subscriptions, SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("subscribe_sync_committees", deadline));
    sync_subscribed.push_back(std::move(subscriptions));
    co_return success();
}

Task<Result<PtcDuties>> FakeBeaconNode::ptc_duties(Epoch epoch, std::vector<ValidatorIndex> indices, SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("ptc_duties", deadline));
    if (!on_ptc_duties) co_return PtcDuties{epoch, {}, {}};
    co_return on_ptc_duties(epoch, indices);
}

Task<Result<ethereum::PayloadAttestationData>> FakeBeaconNode::payload_attestation_data(Slot slot, SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("payload_attestation_data", deadline));
    if (!on_payload_attestation_data) co_return failure(ErrorCode::kNotFound, url_ + ": no block in this test");
    co_return on_payload_attestation_data(slot);
}

Task<Result<void>> FakeBeaconNode::publish_payload_attestations(std::shared_ptr<const std::string> body,
                                                                ethereum::ForkName fork, SteadyTime deadline) {
    HOLDFAST_CO_TRY(co_await behave("publish_payload_attestations", deadline));
    payload_attestations.emplace_back(std::move(body), fork);
    co_return success();
}

Task<Result<void>> FakeBeaconNode::follow_events(std::function<void(NodeEvent)> on_event) {
    const std::size_t stream = ++stream_;
    on_event_ = nullptr;
    // Also when it is cancelled: the listener holds what owns this node.
    struct Listening {
        FakeBeaconNode& node;
        std::size_t stream;
        ~Listening() {
            if (stream == node.stream_) node.on_event_ = nullptr;
        }
    };
    const Listening listening{*this, stream};
    HOLDFAST_CO_TRY(co_await behave("follow_events", clock_.steady() + std::chrono::minutes{1}));
    if (stream != stream_) co_return failure(ErrorCode::kUnavailable, url_ + " follow_events: replaced by a newer stream");
    on_event_ = std::move(on_event);
    events_end_.reset();
    while (!events_end_ && stream == stream_) co_await events_changed_.wait();
    if (stream != stream_) co_return failure(ErrorCode::kUnavailable, url_ + " follow_events: replaced by a newer stream");
    co_return *events_end_;
}

void FakeBeaconNode::emit(const NodeEvent& event) {
    if (on_event_) on_event_(event);
}

void FakeBeaconNode::end_events(Result<void> why) {
    on_event_ = nullptr;
    events_end_ = std::move(why);
    events_changed_.notify_all();
}

}  // namespace holdfast::beacon::testing
