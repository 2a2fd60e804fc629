#include "shared/validator/engine_duties.hpp"

#include <utility>

namespace holdfast::validator {

namespace {

using Validators = std::unordered_map<PublicKey, ValidatorIndex>;

std::function<const Validators&()> active(const ValidatorSet& set) {
    return [&set]() -> const Validators& { return set.active(); };
}

duties::AttesterDutiesOptions attester_options(const duties::DutyParts& parts, const EngineDutiesOptions& options) {
    duties::AttesterDutiesOptions result;
    result.call_timeout = options.call_timeout;
    result.refetch_min = parts.nodes.spec().slot_duration() / 4;
    return result;
}

duties::DutyOutlookOptions outlook_options(const EngineDutiesOptions& options) {
    duties::DutyOutlookOptions result;
    result.call_timeout = options.call_timeout;
    return result;
}

}  // namespace

EngineDuties::EngineDuties(const duties::DutyParts& parts, const ValidatorSet& validators, const EngineDutiesOptions& options,
                           const EngineDutiesObservers& observers)
    : parts_{parts},
      validators_{validators},
      attester_duties_{parts.clock, parts.nodes, parts.slots, active(validators), attester_options(parts, options)},
      outlook_{parts.clock, parts.nodes, parts.slots, active(validators), outlook_options(options)},
      attestation_{parts.executor, parts.clock, parts.nodes,  parts.slots,         attester_duties_.book(),
                   parts.gate,     parts.door,  parts.quorum, options.attestation, observers.on_attestations} {}

void EngineDuties::follow(TaskGroup& background) {
    background.spawn("attester duties", attester_duties_.run());
    background.spawn("proposers and sync committees", outlook_.run());
}

void EngineDuties::on_event(const beacon::NodeEventAt& at) {
    attestation_.on_event(at);
    const auto* head = std::get_if<beacon::HeadEvent>(&at.event);
    if (head != nullptr && !head->execution_optimistic && parts_.nodes.fit(at.node)) on_head(*head);
}

void EngineDuties::on_head(const beacon::HeadEvent& head) {
    outlook_.on_head(head);
    const bool moved = attester_duties_.on_head(head);
    if (moved) attestation_.drop_checkpoints();
}

void EngineDuties::on_validators_changed() { attester_duties_.wake(); }

std::vector<EngineDuties::SlotTask> EngineDuties::tasks_of(Slot slot) {
    std::vector<SlotTask> tasks;
    const auto add = [&](const char* name, Task<void> task) {
        tasks.push_back({std::string{name} + " of slot " + to_string(slot), std::move(task)});
    };
    add("attestations", attestation_.perform(slot));
    return tasks;
}

Task<void> EngineDuties::join() { return attestation_.join(); }

Task<void> EngineDuties::stop() { return attestation_.stop(); }

Upcoming EngineDuties::upcoming() const {
    Upcoming upcoming;
    const ethereum::ChainSpec& spec = parts_.nodes.spec();
    const Slot now = parts_.slots.slot_at(parts_.clock.now());
    const Epoch epoch = spec.epoch_of(now);
    upcoming.known = outlook_.knows(epoch) && (validators_.active().empty() || attester_duties_.book().knows(epoch));
    upcoming.next_proposal = outlook_.next_proposal(now);
    upcoming.sync_committee_until = outlook_.sync_committee_until();
    const Slot end = spec.first_slot(epoch + 2);
    for (Slot slot = now; slot < end && !upcoming.next_attestation; slot = slot + 1) {
        if (attestation_.due_at(slot)) upcoming.next_attestation = slot;
    }
    return upcoming;
}

}  // namespace holdfast::validator
