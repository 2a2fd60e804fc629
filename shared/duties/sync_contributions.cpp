#include "shared/duties/sync_contributions.hpp"

#include "shared/base/log.hpp"
#include "shared/duties/fullest.hpp"
#include "shared/duties/performing.hpp"
#include "shared/duties/selection_proofs.hpp"
#include "shared/ethereum/signing_root.hpp"
#include "shared/ethereum/validator_messages.hpp"

// GCC 12 mistakes the frames of some coroutines for memory of another allocator.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace holdfast::duties {

using beacon::SyncContribution;
using beacon::SyncDuty;
using ethereum::schema::Object;

namespace {

constexpr Duration kBlockStep = std::chrono::milliseconds{20};
constexpr Duration kPublishTimeout = std::chrono::seconds{10};

struct Aggregator {
    PublicKey key;
    ValidatorIndex index;
    Signature proof;
};

std::string fault_of(const SyncContribution& given, Slot slot, std::uint64_t subcommittee, const Root& block) {
    const std::string what = "the contribution of slot " + to_string(slot) + ", subcommittee " + std::to_string(subcommittee);
    if (given.object.find({"slot"}).as_uint() != slot.value) return what + " is of another slot";
    if (given.object.find({"beacon_block_root"}).as_bytes<Root>() != block) return what + " is of another block";
    if (given.object.find({"subcommittee_index"}).as_uint() != subcommittee) return what + " is another subcommittee's";
    if (given.votes == 0) return what + " is empty";
    return {};
}

}  // namespace

struct SyncContributions::Work {
    struct Subcommittee {
        std::uint64_t index{0};
        std::vector<Aggregator> aggregators;
        Fullest<SyncContribution> found;
    };
    Slot slot;
    SteadyTime end;
    DutyReport report;
    Root block;
    std::vector<Subcommittee> subcommittees;
    std::vector<Object> made;
    std::size_t left{0};                // the gate was closed before they could be signed
    std::optional<Counted> performing;  // from the first signature to the publication
};

SyncContributions::SyncContributions(DutyParts parts, const SyncMembers& members, TaskGroup& tasks, BlockOf block_of,
                                     DutyObserver observer)
    : parts_{std::move(parts)},
      members_{members},
      tasks_{tasks},
      block_of_{std::move(block_of)},
      observer_{std::move(observer)} {}

const std::vector<SyncDuty>& SyncContributions::members_at(Slot slot) const { return members_.at(parts_.epoch_of(slot + 1)); }

Task<void> SyncContributions::prepare(Slot slot) {
    if (slot.value > 0) proofs_.erase(proofs_.begin(), proofs_.lower_bound(slot - 1));
    const std::map<Place, Signature>& known = proofs_[slot];
    std::map<std::uint64_t, std::vector<PublicKey>> missing;
    for (const SyncDuty& member : members_at(slot)) {
        for (const std::uint64_t subcommittee : members_.subcommittees(member)) {
            if (!known.contains({subcommittee, member.key})) missing[subcommittee].push_back(member.key);
        }
    }
    for (auto& [subcommittee, keys] : missing) co_await prove(slot, subcommittee, std::move(keys));
}

Task<void> SyncContributions::prove(Slot slot, std::uint64_t subcommittee, std::vector<PublicKey> keys) {
    const ethereum::SyncAggregatorSelectionData data{slot, subcommittee};
    signing::Message message;
    message.kind = signing::MessageKind::kSyncSelectionProof;
    message.object_root = ethereum::ssz::hash_tree_root(data);
    message.domain = parts_.domain_at(ethereum::kDomainSyncCommitteeSelectionProof, parts_.epoch_of(slot));
    message.object = ethereum::ssz::serialize(data);
    message.slot = slot;
    const SignedAll all = co_await sign_with_all(parts_.door, std::move(message), std::move(keys), signing::Urgency::kSoon);
    for (const signing::SignedKey& made : all.made) {
        proofs_[slot].insert_or_assign(Place{subcommittee, made.key}, made.signature);
    }
    if (!all.why_not.empty()) log_warn("sync committee selection proofs of slot {}: {}", slot.value, all.why_not);
}

Task<void> SyncContributions::perform(Slot slot) {
    co_await sleep_until(parts_.clock, parts_.slots.start_of(slot) + parts_.nodes.spec().contribution_due(slot));
    const WorkPtr work = begin(slot);
    if (work->report.due == 0) co_return;
    if (parts_.clock.steady() >= work->end) {
        work->report.miss(MissedReason::kTooLate, work->report.due, begun_late(work->report));
    } else {
        co_await contribute(work);
    }
    work->performing.reset();
    leave_to_others(work->report, work->left);
    finish_report(work->report, observer_);
}

SyncContributions::WorkPtr SyncContributions::begin(Slot slot) const {
    auto work = std::make_shared<Work>();
    work->slot = slot;
    work->end = last_moment(parts_, slot);
    work->report = begin_report(parts_, DutyKind::kSyncContribution, slot, parts_.nodes.spec().contribution_due(slot));
    const auto proofs = proofs_.find(slot);
    if (proofs == proofs_.end()) return work;
    std::map<std::uint64_t, Work::Subcommittee> subcommittees;
    for (const SyncDuty& member : members_at(slot)) {
        for (const std::uint64_t index : members_.subcommittees(member)) {
            const auto proof = proofs->second.find({index, member.key});
            if (proof == proofs->second.end() || !is_sync_aggregator(proof->second, members_.committee_size())) continue;
            subcommittees[index].aggregators.push_back({member.key, member.validator_index, proof->second});
            ++work->report.due;
        }
    }
    for (auto& [index, subcommittee] : subcommittees) {
        subcommittee.index = index;
        work->subcommittees.push_back(std::move(subcommittee));
    }
    return work;
}

Task<void> SyncContributions::contribute(WorkPtr work) {
    const bool may = co_await wait_to_perform(parts_, work->slot, work->end);
    if (!may) {
        work->left = work->report.due;
        co_return;
    }
    const bool decided = co_await wait_for_block(work);
    if (!decided) {
        work->report.miss(MissedReason::kNoVote, work->report.due, "no block was decided on for the messages");
        co_return;
    }
    SideBySide subcommittees{tasks_};
    for (std::size_t i = 0; i < work->subcommittees.size(); ++i) {
        subcommittees.add("contribution of a subcommittee", contribute_one(work, i));
    }
    co_await subcommittees.join();
    note(*work);
    if (!work->made.empty()) co_await publish(work);
}

Task<bool> SyncContributions::wait_for_block(WorkPtr work) {
    std::optional<Root> block = block_of_(work->slot);
    while (!block && parts_.clock.steady() < work->end) {
        co_await sleep_for(parts_.clock, kBlockStep);
        block = block_of_(work->slot);
    }
    if (block) work->block = *block;
    co_return block.has_value();
}

Task<void> SyncContributions::contribute_one(WorkPtr work, std::size_t place) {
    Work::Subcommittee& subcommittee = work->subcommittees[place];
    std::function<beacon::AskingPtr<SyncContribution>(SteadyTime)> ask = [this, work, place](SteadyTime deadline) {
        return parts_.nodes.contributions(work->slot, work->subcommittees[place].index, work->block, deadline);
    };
    std::function<std::string(const SyncContribution&)> fault = [work, place](const SyncContribution& given) {
        return fault_of(given, work->slot, work->subcommittees[place].index, work->block);
    };
    FullestSettings settings;
    settings.full = static_cast<std::size_t>(members_.subcommittee_size());
    settings.wait = answer_wait(parts_);
    settings.again = ask_again(parts_);
    settings.end = work->end;
    subcommittee.found = co_await ask_for_fullest<SyncContribution>(parts_.clock, std::move(ask), std::move(fault), settings);
    const std::size_t count = subcommittee.aggregators.size();
    if (!subcommittee.found.best) {
        work->report.miss(MissedReason::kNoAggregate, count, subcommittee.found.why_not);
        co_return;
    }
    if (!parts_.may_perform(work->slot)) {
        work->left += count;
        co_return;
    }
    if (!work->performing) work->performing.emplace(performing_);
    SideBySide aggregators{tasks_};
    for (std::size_t i = 0; i < count; ++i) aggregators.add("contributor", sign(work, place, i));
    co_await aggregators.join();
}

Task<void> SyncContributions::sign(WorkPtr work, std::size_t place, std::size_t which) {
    const Work::Subcommittee& subcommittee = work->subcommittees[place];
    const Aggregator& aggregator = subcommittee.aggregators[which];
    const ethereum::BlockTypes& types = parts_.nodes.types()->of(parts_.fork_of(work->slot));
    const ethereum::ssz::Bytes index = ethereum::ssz::serialize(aggregator.index);
    const Object proof = ethereum::schema::assemble(types.contribution_and_proof,
                                                    {index, subcommittee.found.best->object.bytes, aggregator.proof.bytes});
    signing::Message message;
    message.kind = signing::MessageKind::kContributionAndProof;
    message.object_root = proof.root();
    message.domain = parts_.domain_at(ethereum::kDomainContributionAndProof, parts_.epoch_of(work->slot));
    message.object = proof.bytes;
    message.slot = work->slot;
    std::vector<PublicKey> keys{aggregator.key};
    const SignedAll all =
        co_await sign_with_all(parts_.door, std::move(message), std::move(keys), signing::Urgency::kAggregation);
    if (all.made.empty()) {
        work->report.miss(MissedReason::kSigningFailed, 1, all.why_not);
        co_return;
    }
    work->made.push_back(
        ethereum::schema::assemble(types.signed_contribution_and_proof, {proof.bytes, all.made.front().signature.bytes}));
}

Task<void> SyncContributions::publish(WorkPtr work) {
    const std::size_t count = work->made.size();
    const SteadyTime deadline = parts_.clock.steady() + kPublishTimeout;
    const Result<void> sent = co_await parts_.nodes.publish_contributions(std::move(work->made), deadline);
    if (!sent) {
        work->report.miss(MissedReason::kPublishFailed, count, sent.error().message);
        co_return;
    }
    work->report.done += count;
    work->report.posted = since_start_of(parts_, work->slot);
}

// For people: how full the contributions are.
void SyncContributions::note(Work& work) const {
    std::size_t votes = 0;
    std::uint64_t possible = 0;
    for (const Work::Subcommittee& subcommittee : work.subcommittees) {
        if (!subcommittee.found.best) continue;
        votes += subcommittee.found.best->votes;
        possible += members_.subcommittee_size();
        if (!work.report.of_nodes.empty()) continue;
        for (const auto& [node, count] : subcommittee.found.votes_of) {
            work.report.of_nodes.emplace_back(node, std::pair{static_cast<double>(count), 0.0});
        }
    }
    if (possible == 0) return;
    work.report.decided = since_start_of(parts_, work.slot);
    work.report.what = std::to_string(work.subcommittees.size()) + " subcommittees with " + std::to_string(votes) + " of " +
                       std::to_string(possible) + " votes";
}

}  // namespace holdfast::duties
