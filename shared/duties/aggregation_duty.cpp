#include "shared/duties/aggregation_duty.hpp"

#include <bit>
#include <map>
#include <utility>

#include "shared/duties/fullest.hpp"
#include "shared/duties/performing.hpp"
#include "shared/ethereum/containers.hpp"
#include "shared/ethereum/signing_root.hpp"

// GCC 12 mistakes the frames of some coroutines for memory of another allocator.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace holdfast::duties {

using beacon::Aggregate;
using beacon::AttesterDuty;
using ethereum::schema::Object;
using ethereum::schema::Part;
using ethereum::schema::View;

namespace {

constexpr Duration kVoteStep = std::chrono::milliseconds{20};
constexpr Duration kPublishTimeout = std::chrono::seconds{10};

struct Aggregator {
    AttesterDuty duty;
    Signature proof;
};

// What is asked for, to check what comes.
struct Question {
    ethereum::ForkName fork{};
    ethereum::schema::TypePtr type;
    Slot slot;
    Root data_root;
    CommitteeIndex committee;
    std::uint64_t length{0};
};

// Exactly the bit of `committee`.
bool names_only(View committee_bits, CommitteeIndex committee) {
    const std::size_t place = static_cast<std::size_t>(committee.value) / 8;
    if (place >= committee_bits.size()) return false;
    for (std::size_t i = 0; i < committee_bits.size(); ++i) {
        const std::uint8_t expected = i == place ? static_cast<std::uint8_t>(1U << committee.value % 8) : std::uint8_t{0};
        if (committee_bits[i] != expected) return false;
    }
    return true;
}

std::string fault_of(const Aggregate& aggregate, const Question& asked) {
    const std::string what = "the aggregate of slot " + to_string(asked.slot) + ", committee " + to_string(asked.committee);
    if (aggregate.fork != asked.fork || aggregate.object.type != asked.type) return what + " is another fork's";
    const Part data = aggregate.object.find({"data"});
    if (ethereum::schema::hash_tree_root(*data.type, data.bytes) != asked.data_root) return what + " is of another vote";
    if (!names_only(aggregate.object.find({"committee_bits"}).bytes, asked.committee)) return what + " is another committee's";
    if (aggregate.votes == 0) return what + " is empty";
    const View bits = aggregate.object.find({"aggregation_bits"}).bytes;
    // The last byte holds the end mark.
    const std::size_t size = 8 * bits.size() - 1 - static_cast<std::size_t>(std::countl_zero(bits.back()));
    if (size != asked.length)
        return what + " is of " + std::to_string(size) + " validators instead of " + std::to_string(asked.length);
    return {};
}

}  // namespace

struct AggregationDuty::Work {
    struct Committee {
        CommitteeIndex index;
        std::uint64_t length{0};
        std::vector<Aggregator> aggregators;
        Fullest<Aggregate> found;
    };
    Slot slot;
    SteadyTime end;
    DutyReport report;
    ethereum::AttestationData data;
    Root data_root;
    std::vector<Committee> committees;
    std::vector<Object> made;
    std::size_t left{0};                // the gate was closed before they could be signed
    std::optional<Counted> performing;  // from the first signature to the publication
};

AggregationDuty::AggregationDuty(DutyParts parts, const DutyBook& book, const SelectionProofs& proofs, VoteOf vote_of,
                                 DutyObserver observer)
    : parts_{std::move(parts)},
      book_{book},
      proofs_{proofs},
      vote_of_{std::move(vote_of)},
      observer_{std::move(observer)},
      tasks_{parts_.executor} {}

Task<void> AggregationDuty::perform(Slot slot) {
    if (last_slot_ && slot <= *last_slot_) co_return;
    last_slot_ = slot;
    co_await sleep_until(parts_.clock, parts_.slots.start_of(slot) + parts_.nodes.spec().aggregate_due(slot));
    const WorkPtr work = begin(slot);
    if (work->report.due == 0) co_return;
    if (parts_.clock.steady() >= work->end) {
        work->report.miss(MissedReason::kTooLate, work->report.due, begun_late(work->report));
    } else {
        co_await aggregate(work);
    }
    work->performing.reset();
    leave_to_others(work->report, work->left);
    finish_report(work->report, observer_);
}

AggregationDuty::WorkPtr AggregationDuty::begin(Slot slot) const {
    auto work = std::make_shared<Work>();
    work->slot = slot;
    work->end = last_moment(parts_, slot);
    work->report = begin_report(parts_, DutyKind::kAggregation, slot, parts_.nodes.spec().aggregate_due(slot));
    std::map<CommitteeIndex, Work::Committee> committees;
    for (const AttesterDuty& duty : book_.at(slot)) {
        if (!proofs_.aggregates(duty)) continue;
        Work::Committee& committee = committees[duty.committee_index];
        committee.index = duty.committee_index;
        committee.length = duty.committee_length;
        committee.aggregators.push_back({duty, *proofs_.proof(slot, duty.key)});
        ++work->report.due;
    }
    for (auto& [index, committee] : committees) work->committees.push_back(std::move(committee));
    return work;
}

Task<void> AggregationDuty::aggregate(WorkPtr work) {
    const bool may = co_await wait_to_perform(parts_, work->slot, work->end);
    if (!may) {
        work->left = work->report.due;
        co_return;
    }
    const bool voted = co_await wait_for_vote(work);
    if (!voted) {
        work->report.miss(MissedReason::kNoVote, work->report.due, "no attestation data was decided on");
        co_return;
    }
    SideBySide committees{tasks_};
    for (std::size_t i = 0; i < work->committees.size(); ++i) {
        committees.add("aggregate of a committee", aggregate_committee(work, i));
    }
    co_await committees.join();
    note(*work);
    if (!work->made.empty()) co_await publish(work);
}

Task<bool> AggregationDuty::wait_for_vote(WorkPtr work) {
    std::optional<ethereum::AttestationData> vote = vote_of_(work->slot);
    while (!vote && parts_.clock.steady() < work->end) {
        co_await sleep_for(parts_.clock, kVoteStep);
        vote = vote_of_(work->slot);
    }
    if (!vote) co_return false;
    work->data = *vote;
    work->data_root = ethereum::ssz::hash_tree_root(*vote);
    co_return true;
}

Task<void> AggregationDuty::aggregate_committee(WorkPtr work, std::size_t place) {
    Work::Committee& committee = work->committees[place];
    const ethereum::ForkName fork = parts_.fork_of(work->slot);
    const Question question{
        fork, parts_.nodes.types()->of(fork).attestation, work->slot, work->data_root, committee.index, committee.length};
    std::function<beacon::AskingPtr<Aggregate>(SteadyTime)> ask = [this, question](SteadyTime deadline) {
        return parts_.nodes.aggregates(question.slot, question.committee, question.data_root, deadline);
    };
    std::function<std::string(const Aggregate&)> fault = [question](const Aggregate& given) {
        return fault_of(given, question);
    };
    FullestSettings settings;
    settings.full = static_cast<std::size_t>(committee.length);
    settings.wait = answer_wait(parts_);
    settings.again = ask_again(parts_);
    settings.end = work->end;
    committee.found = co_await ask_for_fullest<Aggregate>(parts_.clock, std::move(ask), std::move(fault), settings);
    const std::size_t count = committee.aggregators.size();
    if (!committee.found.best) {
        work->report.miss(MissedReason::kNoAggregate, count, committee.found.why_not);
        co_return;
    }
    if (!parts_.may_perform(work->slot)) {
        work->left += count;
        co_return;
    }
    if (!work->performing) work->performing.emplace(performing_);
    SideBySide aggregators{tasks_};
    for (std::size_t i = 0; i < count; ++i) aggregators.add("aggregator", sign(work, place, i));
    co_await aggregators.join();
}

Task<void> AggregationDuty::sign(WorkPtr work, std::size_t place, std::size_t which) {
    const Work::Committee& committee = work->committees[place];
    const Aggregator& aggregator = committee.aggregators[which];
    const ethereum::BlockTypes& types = parts_.nodes.types()->of(parts_.fork_of(work->slot));
    const ethereum::ssz::Bytes index = ethereum::ssz::serialize(aggregator.duty.validator_index);
    const Object proof = ethereum::schema::assemble(types.aggregate_and_proof,
                                                    {index, committee.found.best->object.bytes, aggregator.proof.bytes});
    signing::Message message;
    message.kind = signing::MessageKind::kAggregateAndProof;
    message.object_root = proof.root();
    message.domain = parts_.domain_at(ethereum::kDomainAggregateAndProof, parts_.epoch_of(work->slot));
    message.object = proof.bytes;
    message.slot = work->slot;
    std::vector<PublicKey> keys{aggregator.duty.key};
    const SignedAll all =
        co_await sign_with_all(parts_.door, std::move(message), std::move(keys), signing::Urgency::kAggregation);
    if (all.made.empty()) {
        work->report.miss(MissedReason::kSigningFailed, 1, all.why_not);
        co_return;
    }
    work->made.push_back(
        ethereum::schema::assemble(types.signed_aggregate_and_proof, {proof.bytes, all.made.front().signature.bytes}));
}

Task<void> AggregationDuty::publish(WorkPtr work) {
    const std::size_t count = work->made.size();
    const ethereum::ForkName fork = parts_.fork_of(work->slot);
    const SteadyTime deadline = parts_.clock.steady() + kPublishTimeout;
    const Result<void> sent = co_await parts_.nodes.publish_aggregates(std::move(work->made), fork, deadline);
    if (!sent) {
        work->report.miss(MissedReason::kPublishFailed, count, sent.error().message);
        co_return;
    }
    work->report.done += count;
    work->report.posted = since_start_of(parts_, work->slot);
}

// For people: how full the aggregates are.
void AggregationDuty::note(Work& work) const {
    std::size_t votes = 0;
    std::uint64_t possible = 0;
    for (const Work::Committee& committee : work.committees) {
        if (!committee.found.best) continue;
        votes += committee.found.best->votes;
        possible += committee.length;
        if (!work.report.of_nodes.empty()) continue;
        for (const auto& [node, count] : committee.found.votes_of) {
            work.report.of_nodes.emplace_back(node, std::pair{static_cast<double>(count), 0.0});
        }
    }
    if (possible == 0) return;
    work.report.decided = since_start_of(parts_, work.slot);
    work.report.what = std::to_string(work.committees.size()) + " committees with " + std::to_string(votes) + " of " +
                       std::to_string(possible) + " votes";
}

Task<void> AggregationDuty::stop() {
    tasks_.cancel();
    co_await tasks_.join();
}

}  // namespace holdfast::duties
