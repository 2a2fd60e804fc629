// What follows the decision: approval, signatures, publication; and the votes that were kept for later.
#include <algorithm>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/log.hpp"
#include "shared/duties/attestation_duty.hpp"
#include "shared/ethereum/signing_root.hpp"

// GCC 12 mistakes the frames of some coroutines for memory of another allocator.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace holdfast::duties {

using beacon::AttesterDuty;
using ethereum::SingleAttestation;

namespace {

// Votes that are caught up with at the same time: enough not to wait for a slow answer, few enough not to crowd out this slot.
constexpr std::size_t kCatchUpAtOnce = 4;

struct Counted {
    std::size_t& count;
    explicit Counted(std::size_t& which) : count{which} { ++count; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count; }
};

}  // namespace

bool AttestationDuty::may_go_on(const Work& work) const {
    return may_perform(work.slot) || (work.before_opening && !gate_.closed() && !quorum_.fenced_by());
}

// What the outcome of the decision, kept or just made, is good for.
Task<void> AttestationDuty::perform_vote(SlotReport& report, Work& work) {
    const bool go_on = may_go_on(work);
    if (go_on && report.gave_up) {
        report.miss(report.gave_up->reason, work.pending.size(), report.gave_up->detail);
        co_return;
    }
    if (go_on && !work.pending.empty()) {
        const Counted performing{performing_};
        co_await approve_and_publish(report, work);
    }
    if (!work.pending.empty()) keep(report, work);
}

// The gate was closed before these could be signed.
void AttestationDuty::keep(SlotReport& report, const Work& work) {
    if (!report.adopted) {
        KeptVote vote{report, {}};
        for (const auto& [key, duty] : work.pending) vote.duties.push_back(duty);
        kept_.keep(std::move(vote));
    }
    if (report.attested + report.missed_count() == 0 && !report.adopted) {
        report.only_decided = true;
    } else {
        report.due -= work.pending.size();
    }
}

Task<void> AttestationDuty::approve_and_publish(SlotReport& report, Work& work) {
    for (;;) {
        co_await attempt(report, work);
        if (work.pending.empty() || !may_go_on(work)) co_return;
        // No quorum yet: the same question again is harmless, and a protector may come back.
        if (clock_.steady() + options_.quorum_retry >= work.end) break;
        co_await sleep_for(clock_, options_.quorum_retry);
        if (!may_go_on(work)) co_return;
    }
    report.miss(MissedReason::kNoQuorum, work.pending.size(), work.no_quorum);
    work.pending.clear();
}

Task<void> AttestationDuty::attempt(SlotReport& report, Work& work) {
    std::vector<PublicKey> keys;
    keys.reserve(work.pending.size());
    for (const auto& [key, duty] : work.pending) keys.push_back(key);
    const Duration timeout = std::max<Duration>(nodes_.spec().slot_duration() / 6, options_.quorum_timeout_min);
    const SteadyTime deadline = std::min(work.end, clock_.steady() + timeout);
    protection::Decision decision = co_await quorum_.approve_attestation(work.data, work.domain, std::move(keys), deadline);
    for (const protection::Denial& denial : decision.denials) {
        if (denial.kind == protection::Denial::Kind::kNoQuorum) {
            work.no_quorum = denial.reason;
        } else if (work.pending.erase(denial.key) > 0) {
            const bool fenced = denial.kind == protection::Denial::Kind::kFenced;
            report.miss(fenced ? MissedReason::kFenced : MissedReason::kRefused, 1, denial.reason);
        }
    }
    if (decision.approvals.empty() || !may_go_on(work)) co_return;
    if (!report.approved) report.approved = clock_.now() - work.slot_start;
    std::vector<SingleAttestation> attestations = co_await sign(report, work, std::move(decision.approvals));
    if (!attestations.empty()) co_await publish(report, work, std::move(attestations));
}

Task<std::vector<SingleAttestation>> AttestationDuty::sign(SlotReport& report, Work& work,
                                                           std::vector<signing::Approval> approvals) {
    const Root expected = ethereum::attestation_signing_root(work.data, work.domain);
    std::vector<SingleAttestation> attestations;
    work.signed_now.clear();
    for (signing::Approval& approval : approvals) {
        HOLDFAST_ASSERT(approval.signing_root() == expected);
        if (!may_go_on(work)) break;
        const std::vector<PublicKey> keys = approval.keys();
        const Result<std::vector<signing::SignedKey>> result = co_await door_.sign_approved(std::move(approval));
        std::unordered_map<PublicKey, AttesterDuty> ours;
        for (const PublicKey& key : keys) {
            const auto node = work.pending.extract(key);
            if (node) ours.emplace(key, node.mapped());
        }
        if (result) {
            for (const signing::SignedKey& made : result.value()) {
                const auto found = ours.find(made.key);
                if (found == ours.end()) continue;
                const AttesterDuty& duty = found->second;
                leave_out(duty.validator_index, work.data.target.epoch);
                work.signed_now.push_back(duty);
                attestations.push_back({duty.committee_index, duty.validator_index, work.data, made.signature});
                ours.erase(found);
            }
        }
        report.miss(MissedReason::kSigningFailed, ours.size(), result ? "the key is not loaded" : result.error().message);
    }
    co_return attestations;
}

Task<void> AttestationDuty::publish(SlotReport& report, Work& work, std::vector<SingleAttestation> attestations) {
    const std::size_t count = attestations.size();
    const ethereum::ForkName fork = nodes_.spec().fork_at(work.data.target.epoch).name;
    const SteadyTime deadline = clock_.steady() + options_.publish_timeout;
    const Root& block = work.data.beacon_block_root;
    late_delivery_.published(report.slot, block, who_announced(block), attestations, fork, deadline);
    const Result<void> sent = co_await nodes_.publish_attestations(std::move(attestations), fork, deadline);
    if (!sent) {
        report.miss(MissedReason::kPublishFailed, count, sent.error().message);
        co_return;
    }
    report.attested += count;
    if (on_published_) on_published_(work.data, work.signed_now);
    if (!report.posted) report.posted = clock_.now() - work.slot_start;
}

bool AttestationDuty::idle() const {
    const auto matters = [this](Slot slot) { return may_perform(slot); };
    return performing_ == 0 && catching_up_.size() == 0 && std::ranges::none_of(deciding_, matters);
}

// The kept duties that are still to be performed: not left out, and not moved to another slot since.
AttestationDuty::Pending AttestationDuty::still_due(const KeptVote& vote) const {
    Pending due;
    const std::vector<AttesterDuty> known = book_.at(vote.report.slot);
    for (const AttesterDuty& duty : vote.duties) {
        const auto done = attested_.find(duty.validator_index);
        if (done != attested_.end() && done->second >= vote.report.epoch) continue;
        const bool there = std::ranges::any_of(
            known, [&duty](const AttesterDuty& now) { return now.validator_index == duty.validator_index; });
        if (there || !book_.knows(vote.report.epoch)) due.emplace(duty.key, duty);
    }
    return due;
}

bool AttestationDuty::last_epoch_comes_first() const {
    const Slot now = slots_.slot_at(clock_.now());
    const Epoch epoch = nodes_.spec().epoch_of(now);
    const KeptVote* vote = kept_.of_last_epoch(epoch);
    if (vote == nullptr) return false;
    std::set<ValidatorIndex> waiting;
    for (const auto& [key, duty] : still_due(*vote)) waiting.insert(duty.validator_index);
    for (Slot slot = nodes_.spec().first_slot(epoch); slot <= now; slot = slot + 1) {
        const std::vector<AttesterDuty> due = book_.at(slot);
        const auto both = [&waiting](const AttesterDuty& duty) { return waiting.contains(duty.validator_index); };
        if (std::ranges::any_of(due, both)) return true;
    }
    return false;
}

Task<void> AttestationDuty::catch_up_last_epoch(SteadyTime end) {
    const KeptVote* found = kept_.of_last_epoch(nodes_.spec().epoch_of(slots_.slot_at(clock_.now())));
    if (found == nullptr) co_return;
    KeptVote vote = kept_.take(found->report.slot);
    co_await catch_up_with(std::move(vote), end, true);
}

void AttestationDuty::catch_up() {
    for (KeptVote& vote : kept_.take_all()) to_catch_up_.push_back(std::move(vote));
    const std::size_t at_once = std::min(to_catch_up_.size(), kCatchUpAtOnce);
    for (std::size_t i = 0; i < at_once; ++i) catching_up_.spawn("votes decided before", work_off());
}

Task<void> AttestationDuty::work_off() {
    while (!to_catch_up_.empty()) {
        KeptVote vote = std::move(to_catch_up_.front());
        to_catch_up_.pop_front();
        const WallTime included_until = slots_.start_of(nodes_.spec().first_slot(vote.report.epoch + 2));
        const SteadyTime end = clock_.steady() + nodes_.spec().slot_duration();
        co_await catch_up_with(std::move(vote), std::min(end, clock_.steady_at(included_until)), false);
    }
}

Task<void> AttestationDuty::catch_up_with(KeptVote vote, SteadyTime end, bool before_opening) {
    Work work;
    work.slot = vote.report.slot;
    work.pending = still_due(vote);
    work.slot_start = slots_.start_of(work.slot);
    work.end = end;
    work.before_opening = before_opening;
    SlotReport report = std::move(vote.report);
    report.due = work.pending.size();
    report.attested = 0;
    report.missed.clear();
    report.approved.reset();
    report.posted.reset();
    report.caught_up = true;
    if (report.vote) set_data(work, report.vote->data);
    co_await perform_vote(report, work);
    finish(report);
}

Task<void> AttestationDuty::stop() {
    catching_up_.cancel();
    co_await catching_up_.join();
    co_await late_delivery_.stop();
}

}  // namespace holdfast::duties
