#include "shared/validator/engine_duties.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/log.hpp"

namespace holdfast::validator {

namespace {

using Validators = std::unordered_map<PublicKey, ValidatorIndex>;

std::function<const Validators&()> active(const ValidatorSet& set) {
    return [&set]() -> const Validators& { return set.active(); };
}

std::function<const Validators&()> with_index(const ValidatorSet& set) {
    return [&set]() -> const Validators& { return set.with_index(); };
}

template <class Options>
Options duty_options(const duties::DutyParts& parts, const EngineDutiesOptions& options) {
    Options result;
    result.call_timeout = options.call_timeout;
    if constexpr (requires { result.refetch_min; }) result.refetch_min = parts.nodes.spec().slot_duration() / 4;
    return result;
}

duties::ProposerPreparation::Proposals our_proposals(const duties::DutyOutlook& outlook, Epoch epoch) {
    beacon::ProposerDuties ours = outlook.ours(epoch);
    return {std::move(ours.duties), ours.dependent_root};
}

}  // namespace

duties::SyncOptions EngineDuties::sync_options(const duties::DutyParts& parts, const EngineDutiesOptions& options) {
    auto result = duty_options<duties::SyncOptions>(parts, options);
    result.attestations_first = [this](Slot slot, SteadyTime until) { return attestation_.wait_sent(slot, until); };
    return result;
}

EngineDuties::EngineDuties(const duties::DutyParts& parts, const ValidatorSet& validators,
                           const duties::ProposerSettings& settings, const EngineDutiesOptions& options,
                           const EngineDutiesObservers& observers)
    : parts_{parts},
      validators_{validators},
      attester_duties_{parts, active(validators), duty_options<duties::AttesterDutiesOptions>(parts, options)},
      outlook_{parts, active(validators), duty_options<duties::DutyOutlookOptions>(parts, options)},
      cross_check_{parts, attester_duties_, outlook_, active(validators), options.call_timeout},
      proposal_{parts,
                settings,
                options.proposal,
                [this](Slot slot) { return proposer_at(slot); },
                [this](const Root& block) { return heads_.slot(block, witnesses_of_heads()); },
                observers.on_duty},
      attestation_{parts.executor, parts.clock, parts.nodes,  parts.slots,         attester_duties_.book(),
                   parts.gate,     parts.door,  parts.quorum, options.attestation, observers.on_attestations},
      sync_{parts, with_index(validators), sync_options(parts, options), observers.on_duty},
      proofs_{parts, attester_duties_.book(), [this](Slot slot) { attester_duties_.on_aggregators_known(slot); }},
      aggregation_{parts, attester_duties_.book(), proofs_, [this](Slot slot) { return attestation_.vote_of(slot); },
                   observers.on_duty},
      payload_attestation_{parts, active(validators), observers.on_duty},
      preparation_{parts, settings, active(validators), [this](Epoch epoch) { return our_proposals(outlook_, epoch); },
                   duty_options<duties::PreparationOptions>(parts, options)} {
    duties::AttesterDutiesService::Hooks hooks;
    hooks.aggregates = [this](const beacon::AttesterDuty& duty) { return proofs_.aggregates(duty); };
    hooks.on_change = [this] { proofs_.wake(); };
    attester_duties_.use(std::move(hooks));
}

void EngineDuties::follow(TaskGroup& background) {
    background.spawn("proposers", outlook_.run());
    background.spawn("attester duties", attester_duties_.run());
    background.spawn("preparation of blocks", prepare_ahead());
    background.spawn("sync committees", sync_.run());
    background.spawn("selection proofs", proofs_.run());
    background.spawn("payload timeliness committees", payload_attestation_.run());
    background.spawn("preparation of proposers", preparation_.run());
    background.spawn("duties of several nodes", cross_check_.run());
}

void EngineDuties::on_event(const beacon::NodeEventAt& at) {
    attestation_.on_event(at);
    sync_.on_event(at);
    payload_attestation_.on_event(at);
    const auto* head = std::get_if<beacon::HeadEvent>(&at.event);
    if (head != nullptr && !head->execution_optimistic && parts_.nodes.fit(at.node)) on_head(at.node, *head);
}

// Two nodes must name a head, if there are two.
std::size_t EngineDuties::witnesses_of_heads() const {
    std::size_t fit = 0;
    for (std::size_t node = 0; node < parts_.nodes.states().size(); ++node) fit += parts_.nodes.fit(node) ? 1U : 0U;
    return std::clamp<std::size_t>(fit, 1, 2);
}

void EngineDuties::on_head(std::size_t node, const beacon::HeadEvent& head) {
    heads_.add(node, head.block, head.slot);
    cross_check_.on_head(head);
    outlook_.on_head(head);
    const bool moved = attester_duties_.on_head(head);
    if (moved) attestation_.drop_checkpoints();
}

// Not once the slot has its block: the instance before us has made it.
std::optional<beacon::ProposerDuty> EngineDuties::proposer_at(Slot slot) const {
    if (heads_.nodes_with_block_at(slot) >= parts_.threshold) return std::nullopt;
    return outlook_.proposer_at(slot);
}

void EngineDuties::restore(KeptDuties kept) {
    const Epoch now = parts_.epoch_of(parts_.slots.slot_at(parts_.clock.now()));
    const auto use = [this, now](auto& service, auto& all) {
        for (auto& duties : all) {
            if (duties.epoch < now || duties.epoch > now + 1) continue;
            std::erase_if(duties.duties, [this](const auto& duty) { return !validators_.active().contains(duty.key); });
            const Result<void> taken = service.put(std::move(duties), true);
            if (!taken) log_warn("duties of the run before can't be used: {}", taken.error().message);
        }
    };
    use(attester_duties_, kept.attesters);
    use(outlook_, kept.proposers);
}

KeptDuties EngineDuties::kept() const {
    KeptDuties kept;
    const Epoch now = parts_.epoch_of(parts_.slots.slot_at(parts_.clock.now()));
    for (const Epoch epoch : {now, now + 1}) {
        if (attester_duties_.book().knows(epoch)) kept.attesters.push_back(attester_duties_.book().all(epoch));
        if (outlook_.knows(epoch)) kept.proposers.push_back(outlook_.ours(epoch));
    }
    return kept;
}

std::string EngineDuties::fingerprint() const {
    const Epoch now = parts_.epoch_of(parts_.slots.slot_at(parts_.clock.now()));
    std::string text;
    for (const Epoch epoch : {now, now + 1}) {
        text += to_string(epoch) + "." + std::to_string(attester_duties_.book().version(epoch)) + "." +
                std::to_string(outlook_.version(epoch)) + " ";
    }
    return text;
}

void EngineDuties::on_validators_changed() {
    attester_duties_.on_validators_changed();
    sync_.wake();
    payload_attestation_.wake();
}

// In the middle of each slot, for the next.
Task<void> EngineDuties::prepare_ahead() {
    co_await look_at_heads();
    for (;;) {
        co_await prepare_blocks();
        const Slot next = parts_.slots.slot_at(parts_.clock.now()) + 1;
        co_await sleep_until(parts_.clock, parts_.slots.start_of(next) + parts_.nodes.spec().slot_duration() / 2);
    }
}

Task<void> EngineDuties::prepare_blocks() {
    const Slot now = parts_.slots.slot_at(parts_.clock.now());
    co_await proposal_.prepare(now);
    co_await proposal_.prepare(now + 1);
    if (proposal_.due_at(now + 1)) co_await look_at_heads();
}

// Events may have been missed.
Task<void> EngineDuties::look_at_heads() {
    const SteadyTime until = parts_.clock.steady() + parts_.nodes.spec().slot_duration() / 4;
    const auto asking = parts_.nodes.head_roots(until);
    for (;;) {
        const std::optional<beacon::NodeAnswer<Root>> answer = co_await asking->next(until);
        if (!answer) co_return;
        if (answer->result) heads_.add(answer->node, answer->result.value(), parts_.nodes.states()[answer->node].head_slot);
    }
}

std::vector<EngineDuties::SlotTask> EngineDuties::tasks_of(Slot slot) {
    std::vector<SlotTask> tasks;
    const auto add = [&](const char* name, Task<void> task) {
        tasks.push_back({std::string{name} + " of slot " + to_string(slot), std::move(task)});
    };
    add("the block", proposal_.perform(slot));
    add("attestations", attestation_.perform(slot));
    add("sync committee messages", sync_.perform(slot));
    add("aggregates", aggregation_.perform(slot));
    add("payload attestations", payload_attestation_.perform(slot));
    return tasks;
}

bool EngineDuties::idle() const {
    return proposal_.idle() && attestation_.idle() && sync_.idle() && aggregation_.idle() && payload_attestation_.idle();
}

Task<void> EngineDuties::join() { return attestation_.join(); }

Task<void> EngineDuties::stop() {
    co_await attestation_.stop();
    co_await sync_.stop();
    co_await aggregation_.stop();
    co_await payload_attestation_.stop();
}

Upcoming EngineDuties::upcoming() const {
    Upcoming upcoming;
    const ethereum::ChainSpec& spec = parts_.nodes.spec();
    const Slot now = parts_.slots.slot_at(parts_.clock.now());
    const Epoch epoch = spec.epoch_of(now);
    upcoming.known = outlook_.knows(epoch) && (validators_.active().empty() || attester_duties_.book().knows(epoch));
    upcoming.next_proposal = outlook_.next_proposal(proposal_.due_at(now) ? now : now + 1);
    upcoming.sync_committee_until = sync_.until();
    const Slot end = spec.first_slot(epoch + 2);
    for (Slot slot = now; slot < end && !upcoming.next_attestation; slot = slot + 1) {
        if (attestation_.due_at(slot)) upcoming.next_attestation = slot;
    }
    return upcoming;
}

}  // namespace holdfast::validator
