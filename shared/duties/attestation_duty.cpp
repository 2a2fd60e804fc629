#include "shared/duties/attestation_duty.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/log.hpp"
#include "shared/ethereum/signing_root.hpp"

namespace holdfast::duties {

using beacon::AttesterDuty;
using ethereum::SingleAttestation;

namespace {

// Enough for every node to announce a few blocks of the slots around now.
constexpr std::size_t kSeenHeadsMax = 256;

// However the duty ends, also by cancellation, no answer reaches what may be gone by then.
struct CloseAtEnd {
    std::shared_ptr<ConsensusRun> run;
    ~CloseAtEnd() { run->close(); }
};

}  // namespace

AttestationDuty::AttestationDuty(Executor executor, Clock& clock, beacon::BeaconNodes& nodes, const ethereum::SlotClock& slots,
                                 const DutyBook& book, signing::SigningDoor& door, protection::QuorumClient& quorum,
                                 AttestationOptions options, Observer observer)
    : executor_{std::move(executor)},
      clock_{clock},
      nodes_{nodes},
      slots_{slots},
      book_{book},
      door_{door},
      quorum_{quorum},
      options_{options},
      observer_{std::move(observer)},
      cache_{nodes.spec().slots_per_epoch()},
      late_delivery_{executor_, nodes_} {}

Task<void> AttestationDuty::perform(Slot slot) {
    if (last_slot_ && slot <= *last_slot_) co_return;
    last_slot_ = slot;
    SlotReport report;
    report.slot = slot;
    report.epoch = nodes_.spec().epoch_of(slot);
    report.deadline = nodes_.spec().attestation_due(slot);
    report.started = clock_.now() - slots_.start_of(slot);
    report.due = pending_at(slot).size();
    if (report.due == 0 && cache_.knows(report.epoch)) co_return;
    if (*report.started >= nodes_.spec().slot_duration()) {
        report.miss(MissedReason::kTooLate, report.due,
                    "begun " + std::to_string(to_ms(*report.started)) + " ms into the slot");
    } else {
        co_await vote(report);
    }
    finish(report);
}

Task<void> AttestationDuty::adopt(ethereum::AttestationData data, std::vector<AttesterDuty> duties, SteadyTime end) {
    SlotReport report;
    report.slot = data.slot;
    report.epoch = data.target.epoch;
    report.due = duties.size();
    report.adopted = true;
    report.vote.emplace().data = data;
    Work work;
    work.data = data;
    work.domain = ethereum::domain_at(nodes_.spec(), nodes_.genesis().validators_root, ethereum::kDomainBeaconAttester,
                                      data.target.epoch);
    work.slot_start = slots_.start_of(data.slot);
    work.end = end;
    for (const AttesterDuty& duty : duties) work.pending.emplace(duty.key, duty);
    co_await approve_and_publish(report, work);
    finish(report);
}

void AttestationDuty::leave_out(ValidatorIndex validator, Epoch target) {
    Epoch& last = attested_.try_emplace(validator, target).first->second;
    last = std::max(last, target);
}

void AttestationDuty::on_event(const beacon::NodeEventAt& at) {
    if (const auto* reorg = std::get_if<beacon::ReorgEvent>(&at.event)) {
        if (cache_.on_reorg(*reorg)) {
            ++checkpoints_dropped_;
            log_warn(
                "node {}: reorganisation of depth {} at slot {} across an epoch's edge; checkpoints are to be confirmed again",
                at.node + 1, reorg->depth, reorg->slot.value);
        }
        return;
    }
    const auto& event = std::get<beacon::HeadEvent>(at.event);
    remember(at, event);
    late_delivery_.on_head(at.node, event);
    if (!current_ || current_->slot() != event.slot) return;
    const std::uint64_t others = current_->machine().counters().other_blocks_late;
    current_->on_head(at.node, event);
    if (current_->machine().counters().other_blocks_late > others) {
        log_warn("slot {}: node {} announced block {} after the vote for another", event.slot.value, at.node + 1,
                 to_short_hex(event.block));
    }
}

void AttestationDuty::remember(const beacon::NodeEventAt& at, const beacon::HeadEvent& event) {
    // Also events of a slot that has not begun by our clock: they count when it begins.
    if (last_slot_ && event.slot < *last_slot_) return;
    seen_heads_.push_back({at.node, clock_.now() - (clock_.steady() - at.received), event});
    if (seen_heads_.size() > kSeenHeadsMax) seen_heads_.pop_front();
}

ConsensusSettings AttestationDuty::settings_for(Slot slot) const {
    const ethereum::ChainSpec& spec = nodes_.spec();
    ConsensusSettings settings;
    settings.slot = slot;
    settings.epoch = spec.epoch_of(slot);
    settings.nodes = nodes_.size();
    settings.threshold = options_.threshold;
    settings.index_max = spec.fork_at(settings.epoch).name >= ethereum::ForkName::kGloas ? 1 : 0;
    const SteadyTime start = clock_.steady_at(slots_.start_of(slot));
    settings.due = start + spec.attestation_due(slot);
    settings.end = start + spec.slot_duration();
    set_waits(settings, spec.slot_duration());
    return settings;
}

AttestationDuty::Pending AttestationDuty::pending_at(Slot slot) const {
    Pending pending;
    const Epoch target = nodes_.spec().epoch_of(slot);
    for (const AttesterDuty& duty : book_.at(slot)) {
        const auto done = attested_.find(duty.validator_index);
        if (done == attested_.end() || done->second < target) pending.emplace(duty.key, duty);
    }
    return pending;
}

Task<void> AttestationDuty::vote(SlotReport& report) {
    const std::shared_ptr<ConsensusRun> run = begin(report.slot);
    const CloseAtEnd close_at_end{run};
    const ConsensusOutcome outcome = co_await run->run();
    run->close();
    report.decided = clock_.now() - slots_.start_of(report.slot);
    note_head(report, run->machine());
    Work work = make_work(report, outcome);
    if (!work.pending.empty()) co_await approve_and_publish(report, work);
    co_await run->join();
    report.counters = run->machine().counters();
}

std::shared_ptr<ConsensusRun> AttestationDuty::begin(Slot slot) {
    const ConsensusSettings settings = settings_for(slot);
    const Duration call_timeout = nodes_.spec().slot_duration() / 4;
    auto run = std::make_shared<ConsensusRun>(executor_, clock_, nodes_, settings, cache_, call_timeout);
    current_ = run;
    for (const SeenHead& head : seen_heads_) run->on_head(head.node, head.event);
    return run;
}

// The keys that may go on with the outcome; none if there is no vote. A duty that moved to this slot or away from it meanwhile
// counts as it is now.
AttestationDuty::Work AttestationDuty::make_work(SlotReport& report, const ConsensusOutcome& outcome) const {
    Work work;
    work.pending = pending_at(report.slot);
    report.due = work.pending.size();
    work.slot_start = slots_.start_of(report.slot);
    work.end = clock_.steady_at(work.slot_start + nodes_.spec().slot_duration());
    if (const auto* gave_up = std::get_if<GaveUp>(&outcome)) {
        report.miss(gave_up->reason, report.due, gave_up->detail);
        work.pending.clear();
        return work;
    }
    report.vote = std::get<Decided>(outcome);
    work.data = report.vote->data;
    work.domain = ethereum::domain_at(nodes_.spec(), nodes_.genesis().validators_root, ethereum::kDomainBeaconAttester,
                                      work.data.target.epoch);
    return work;
}

void AttestationDuty::note_head(SlotReport& report, const AttestationConsensus& machine) const {
    // The first that counted, by the time it was received.
    const auto& first = machine.first_event();
    if (!first) return;
    for (const SeenHead& head : seen_heads_) {
        if (head.event.slot != report.slot || head.node != first->first) continue;
        report.head_node = head.node;
        report.head_event = head.when - slots_.start_of(report.slot);
        return;
    }
}

std::vector<bool> AttestationDuty::who_announced(const Root& block) const {
    std::vector<bool> announced(nodes_.size(), false);
    for (const SeenHead& head : seen_heads_) {
        if (head.event.block == block && head.node < announced.size()) announced[head.node] = true;
    }
    return announced;
}

Task<void> AttestationDuty::approve_and_publish(SlotReport& report, Work& work) {
    for (;;) {
        co_await attempt(report, work);
        if (work.pending.empty()) co_return;
        // No quorum yet: the same question again is harmless, and a protector may come back.
        if (clock_.steady() + options_.quorum_retry >= work.end) break;
        co_await sleep_for(clock_, options_.quorum_retry);
    }
    report.miss(MissedReason::kNoQuorum, work.pending.size(), work.no_quorum);
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
    if (decision.approvals.empty()) co_return;
    if (!report.approved) report.approved = clock_.now() - work.slot_start;
    std::vector<SingleAttestation> attestations = co_await sign(report, work, std::move(decision.approvals));
    if (!attestations.empty()) co_await publish(report, work, std::move(attestations));
}

Task<std::vector<SingleAttestation>> AttestationDuty::sign(SlotReport& report, Work& work,
                                                           std::vector<signing::Approval> approvals) {
    const Root expected = ethereum::attestation_signing_root(work.data, work.domain);
    std::vector<SingleAttestation> attestations;
    for (signing::Approval& approval : approvals) {
        HOLDFAST_ASSERT(approval.signing_root() == expected);
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
                attestations.push_back({duty.committee_index, duty.validator_index, work.data, made.signature});
                ours.erase(found);
            }
        }
        report.miss(MissedReason::kSigningFailed, ours.size(), result ? "the key is not loaded" : result.error().message);
    }
    co_return attestations;
}

Task<void> AttestationDuty::publish(SlotReport& report, const Work& work, std::vector<SingleAttestation> attestations) {
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
    if (!report.posted) report.posted = clock_.now() - work.slot_start;
}

void AttestationDuty::finish(const SlotReport& report) {
    if (!report.adopted) {
        std::erase_if(seen_heads_, [&report](const SeenHead& head) { return head.event.slot < report.slot; });
    }
    if (report.due == 0) return;
    if (report.missed_count() == 0) {
        log_info("{}", describe(report));
    } else {
        log_warn("{}", describe(report));
    }
    if (observer_) observer_(report);
}

}  // namespace holdfast::duties
