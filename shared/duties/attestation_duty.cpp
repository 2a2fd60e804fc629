#include "shared/duties/attestation_duty.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/log.hpp"
#include "shared/ethereum/signing_root.hpp"

namespace holdfast::duties {

using beacon::AttesterDuty;

namespace {

// Enough for every node to announce a few blocks of the slots around now.
constexpr std::size_t kSeenHeadsMax = 256;
constexpr std::uint64_t kVotesKept = 2;  // slots

// However the duty ends, also by cancellation, no answer reaches what may be gone by then.
struct CloseAtEnd {
    std::shared_ptr<ConsensusRun> run;
    ~CloseAtEnd() { run->close(); }
};

}  // namespace

AttestationDuty::AttestationDuty(Executor executor, Clock& clock, beacon::BeaconNodes& nodes, const ethereum::SlotClock& slots,
                                 const DutyBook& book, const Gate& gate, signing::SigningDoor& door,
                                 protection::QuorumClient& quorum, AttestationOptions options, Observer observer)
    : executor_{std::move(executor)},
      clock_{clock},
      nodes_{nodes},
      slots_{slots},
      book_{book},
      gate_{gate},
      door_{door},
      quorum_{quorum},
      options_{options},
      observer_{std::move(observer)},
      cache_{nodes.spec().slots_per_epoch()},
      late_delivery_{executor_, nodes_},
      kept_{nodes.spec().slots_per_epoch()},
      catching_up_{executor_} {}

Task<void> AttestationDuty::perform(Slot slot) {
    if (last_slot_ && slot <= *last_slot_) co_return;
    last_slot_ = slot;
    kept_.forget_before(slot);
    std::erase_if(votes_, [slot](const auto& vote) { return vote.first + kVotesKept < slot; });
    SlotReport report;
    report.slot = slot;
    report.epoch = nodes_.spec().epoch_of(slot);
    report.deadline = nodes_.spec().attestation_due(slot);
    report.started = clock_.now() - slots_.start_of(slot);
    report.due = pending_at(slot).size();
    if (report.due == 0 && cache_.knows(report.epoch)) co_return;
    if (*report.started >= nodes_.spec().slot_duration()) {
        const GaveUp too_late{MissedReason::kTooLate, "begun " + std::to_string(to_ms(*report.started)) + " ms into the slot"};
        Work work = make_work(report, too_late);
        co_await perform_vote(report, work);
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
    votes_.try_emplace(data.slot, data);
    Work work;
    work.slot = data.slot;
    set_data(work, data);
    work.slot_start = slots_.start_of(data.slot);
    work.end = end;
    work.before_opening = true;
    for (const AttesterDuty& duty : duties) work.pending.emplace(duty.key, duty);
    co_await perform_vote(report, work);
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
    const auto* head = std::get_if<beacon::HeadEvent>(&at.event);
    if (head == nullptr) return;
    const beacon::HeadEvent& event = *head;
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

bool AttestationDuty::may_perform(Slot slot) const { return gate_.open_for(slot) && !quorum_.fenced_by(); }

Task<void> AttestationDuty::vote(SlotReport& report) {
    const std::shared_ptr<ConsensusRun> run = begin(report.slot);
    const CloseAtEnd close_at_end{run};
    {
        const Marked unsent{unsent_, report.slot};
        Work work = co_await decide(report, run);
        co_await perform_vote(report, work);
    }
    sent_.notify_all();
    co_await run->join();
    report.counters = run->machine().counters();
}

Task<void> AttestationDuty::wait_sent(Slot slot, SteadyTime until) {
    while (unsent_.contains(slot) && clock_.steady() < until) co_await sent_.wait_until(clock_, until);
}

Task<AttestationDuty::Work> AttestationDuty::decide(SlotReport& report, std::shared_ptr<ConsensusRun> run) {
    const Marked deciding{deciding_, report.slot};
    const ConsensusOutcome outcome = co_await run->run();
    run->close();
    report.decided = clock_.now() - slots_.start_of(report.slot);
    note_head(report, run->machine());
    co_return make_work(report, outcome);
}

std::shared_ptr<ConsensusRun> AttestationDuty::begin(Slot slot) {
    const ConsensusSettings settings = settings_for(slot);
    const Duration call_timeout = nodes_.spec().slot_duration() / 4;
    auto run = std::make_shared<ConsensusRun>(executor_, clock_, nodes_, settings, cache_, call_timeout);
    current_ = run;
    for (const SeenHead& head : seen_heads_) run->on_head(head.node, head.event);
    return run;
}

// The keys that may go on with the outcome. A duty that moved to this slot or away from it meanwhile counts as it is now.
AttestationDuty::Work AttestationDuty::make_work(SlotReport& report, const ConsensusOutcome& outcome) {
    Work work;
    work.slot = report.slot;
    work.pending = pending_at(report.slot);
    report.due = work.pending.size();
    work.slot_start = slots_.start_of(report.slot);
    work.end = clock_.steady_at(work.slot_start + nodes_.spec().slot_duration());
    if (const auto* gave_up = std::get_if<GaveUp>(&outcome)) {
        report.gave_up = *gave_up;
    } else {
        report.vote = std::get<Decided>(outcome);
        set_data(work, report.vote->data);
        votes_.insert_or_assign(report.slot, report.vote->data);
    }
    return work;
}

std::optional<ethereum::AttestationData> AttestationDuty::vote_of(Slot slot) const {
    const auto vote = votes_.find(slot);
    return vote == votes_.end() ? std::nullopt : std::optional{vote->second};
}

void AttestationDuty::set_data(Work& work, const ethereum::AttestationData& data) const {
    work.data = data;
    work.domain = ethereum::domain_at(nodes_.spec(), nodes_.genesis().validators_root, ethereum::kDomainBeaconAttester,
                                      data.target.epoch);
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

void AttestationDuty::finish(const SlotReport& report) {
    if (!report.adopted) {
        std::erase_if(seen_heads_, [&report](const SeenHead& head) { return head.event.slot < report.slot; });
    }
    if (report.due == 0) return;
    if (report.only_decided) {
        log_debug("{}", describe(report));
    } else if (report.missed_count() == 0) {
        log_info("{}", describe(report));
    } else {
        log_warn("{}", describe(report));
    }
    if (observer_) observer_(report);
}

}  // namespace holdfast::duties
