#include "shared/duties/payload_attestation_duty.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/log.hpp"
#include "shared/duties/payload_majority.hpp"
#include "shared/duties/performing.hpp"
#include "shared/ethereum/signing_root.hpp"

// GCC 12 mistakes the frames of some coroutines for memory of another allocator.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace holdfast::duties {

using beacon::PtcDuties;
using beacon::PtcDuty;
using ethereum::PayloadAttestationData;
using ethereum::PayloadAttestationMessage;

namespace {

constexpr Duration kRetry = std::chrono::milliseconds{500};
constexpr Duration kLookMin = std::chrono::milliseconds{50};
constexpr Duration kCallTimeout = std::chrono::seconds{10};
constexpr std::size_t kSlotsRemembered = 8;

std::optional<Epoch> first_epoch_of(const ethereum::ChainSpec& spec, ethereum::ForkName name) {
    for (const ethereum::Fork& fork : spec.forks()) {
        if (fork.name == name) return fork.epoch;
    }
    return std::nullopt;
}

}  // namespace

PayloadAttestationDuty::PayloadAttestationDuty(DutyParts parts, std::function<const Validators&()> validators,
                                               DutyObserver observer)
    : parts_{std::move(parts)},
      validators_{std::move(validators)},
      observer_{std::move(observer)},
      fork_{first_epoch_of(parts_.nodes.spec(), ethereum::ForkName::kGloas)} {}

// --- duties ---

Task<void> PayloadAttestationDuty::run() {
    if (!fork_) co_return;
    for (;;) {
        const Epoch now = current_epoch();
        epochs_.erase(epochs_.begin(), epochs_.lower_bound(now));
        stale_.erase(stale_.begin(), stale_.lower_bound(now));
        asked_at_.erase(asked_at_.begin(), asked_at_.lower_bound(now));
        bool all = true;
        for (const Epoch epoch : {now, now + 1}) {
            if (epoch < *fork_ || !needs(epoch)) continue;
            const bool known = co_await fetch(epoch);
            all = all && known;
        }
        // In the middle of a slot, when nothing else is due.
        const SteadyTime middle =
            parts_.start_of(parts_.slots.slot_at(parts_.clock.now()) + 1) + parts_.nodes.spec().slot_duration() / 2;
        SteadyTime next = all ? middle : std::min(middle, parts_.clock.steady() + kRetry);
        const SteadyTime soonest = parts_.clock.steady() + kLookMin;
        for (const auto& [epoch, due] : stale_) next = std::min(next, std::max(due, soonest));
        co_await wake_.wait_until(parts_.clock, next);
    }
}

bool PayloadAttestationDuty::needs(Epoch epoch) const {
    if (validators_().empty()) return false;
    const auto stale = stale_.find(epoch);
    if (stale != stale_.end() && stale->second <= parts_.clock.steady()) return true;
    const auto known = epochs_.find(epoch);
    return known == epochs_.end() || known->second.asked != validators_();
}

Task<bool> PayloadAttestationDuty::fetch(Epoch epoch) {
    stale_.erase(epoch);
    asked_at_.insert_or_assign(epoch, parts_.clock.steady());
    const Validators asked = validators_();
    std::vector<ValidatorIndex> indices;
    indices.reserve(asked.size());
    for (const auto& [key, index] : asked) indices.push_back(index);
    std::ranges::sort(indices);
    const Result<PtcDuties> duties =
        co_await parts_.nodes.ptc_duties(epoch, std::move(indices), parts_.clock.steady() + kCallTimeout);
    Result<Known> known = duties ? check(duties.value(), epoch, asked) : Result<Known>{duties.error()};
    if (!known) {
        log_debug("payload timeliness duties of epoch {}: {}", epoch.value, known.error().message);
        // What is known stays in use meanwhile, but it must be asked for again.
        if (epochs_.contains(epoch)) stale_.try_emplace(epoch, parts_.clock.steady() + kRetry);
        co_return false;
    }
    epochs_.insert_or_assign(epoch, std::move(known).value());
    log_info("payload timeliness duties of epoch {}: {}", epoch.value, duties.value().duties.size());
    co_return true;
}

Result<PayloadAttestationDuty::Known> PayloadAttestationDuty::check(const PtcDuties& duties, Epoch epoch,
                                                                    const Validators& asked) const {
    Known known{duties.dependent_root, asked, {}};
    for (const PtcDuty& duty : duties.duties) {
        const auto ours = asked.find(duty.key);
        if (ours == asked.end() || ours->second != duty.validator_index || parts_.epoch_of(duty.slot) != epoch) {
            return failure(ErrorCode::kMalformed, "the duty of validator " + to_string(duty.validator_index) + " at slot " +
                                                      to_string(duty.slot) + " is not one that was asked for");
        }
        std::vector<PtcDuty>& members = known.members[duty.slot];
        // A validator may sit in a committee more than once; it says the same.
        const bool there = std::ranges::any_of(members, [&duty](const PtcDuty& other) { return other.key == duty.key; });
        if (!there) members.push_back(duty);
    }
    return known;
}

const std::vector<PtcDuty>& PayloadAttestationDuty::members_at(Slot slot) const {
    static const std::vector<PtcDuty> kNone;
    const auto known = epochs_.find(parts_.epoch_of(slot));
    if (known == epochs_.end()) return kNone;
    const auto members = known->second.members.find(slot);
    return members == known->second.members.end() ? kNone : members->second;
}

void PayloadAttestationDuty::on_event(const beacon::NodeEventAt& at) {
    const auto* head = std::get_if<beacon::HeadEvent>(&at.event);
    if (head == nullptr || !fork_) return;
    const Slot now = parts_.slots.slot_at(parts_.clock.now());
    if (head->slot > now + 1) return;
    with_block_.insert(head->slot);
    while (with_block_.size() > kSlotsRemembered) with_block_.erase(with_block_.begin());
    compare(parts_.epoch_of(head->slot), head->previous_duty_dependent_root);
    compare(parts_.epoch_of(head->slot) + 1, head->current_duty_dependent_root);
}

void PayloadAttestationDuty::compare(Epoch epoch, const Root& dependent_root) {
    const auto known = epochs_.find(epoch);
    if (known == epochs_.end() || dependent_root.is_zero() || known->second.dependent_root == dependent_root) return;
    // A node on another fork would have us ask with every block; so there is a pause between two questions.
    const SteadyTime earliest = asked_at_[epoch] + parts_.nodes.spec().slot_duration() / 4;
    stale_.try_emplace(epoch, std::max(parts_.clock.steady(), earliest));
    wake();
}

// --- what is said ---

Task<void> PayloadAttestationDuty::perform(Slot slot) {
    if (parts_.fork_of(slot) < ethereum::ForkName::kGloas || (last_slot_ && slot <= *last_slot_)) co_return;
    last_slot_ = slot;
    const Duration due = parts_.nodes.spec().payload_attestation_due(slot);
    co_await sleep_until(parts_.clock, parts_.slots.start_of(slot) + due);
    std::vector<PtcDuty> members = members_at(slot);
    if (members.empty()) co_return;
    DutyReport report = begin_report(parts_, DutyKind::kPayloadAttestation, slot, due);
    report.due = members.size();
    const SteadyTime end = last_moment(parts_, slot);
    const bool too_late = parts_.clock.steady() >= end;
    Outcome outcome;
    if (!too_late) outcome = co_await decide(slot, end);
    if (outcome.no_block) co_return;
    if (outcome.data) report.decided = since_start_of(parts_, slot);
    report.what = outcome.detail;
    const bool may = co_await wait_to_perform(parts_, slot, end);
    if (!may) {
        leave_to_others(report, report.due);
    } else if (too_late) {
        report.miss(MissedReason::kTooLate, report.due, begun_late(report));
    } else if (!outcome.data) {
        report.miss(MissedReason::kNoPayloadStatus, report.due, outcome.detail);
    } else {
        const Counted performing{performing_};
        co_await sign_and_publish(report, *outcome.data, std::move(members));
    }
    finish_report(report, observer_);
}

Task<PayloadAttestationDuty::Outcome> PayloadAttestationDuty::decide(Slot slot, SteadyTime end) {
    for (;;) {
        Outcome outcome = co_await ask_once(slot, end);
        const bool over = outcome.data || outcome.no_block || parts_.clock.steady() + ask_again(parts_) >= end;
        if (over) co_return outcome;
        co_await sleep_for(parts_.clock, ask_again(parts_));
    }
}

Task<PayloadAttestationDuty::Outcome> PayloadAttestationDuty::ask_once(Slot slot, SteadyTime end) {
    const beacon::AskingPtr<PayloadAttestationData> asking = parts_.nodes.payload_attestation_data(slot, end);
    PayloadMajority majority;
    Outcome outcome;
    outcome.detail = "no beacon node is fit";
    bool seen_none = false;
    SteadyTime until = end;
    while (!outcome.data) {
        const std::optional<beacon::NodeAnswer<PayloadAttestationData>> answer = co_await asking->next(until);
        if (!answer) break;
        if (!answer->result) {
            seen_none = seen_none || answer->result.error().code == ErrorCode::kNotFound;
            outcome.detail = answer->result.error().message;
        } else if (answer->result.value().slot != slot) {
            outcome.detail = "node " + std::to_string(answer->node + 1) + " spoke of another slot";
        } else {
            if (!majority.most()) until = std::min(end, parts_.clock.steady() + answer_wait(parts_));
            majority.said(answer->result.value());
        }
        outcome.data = majority.certain(asking->open());
    }
    if (!outcome.data) outcome.data = majority.most();
    outcome.no_block = !outcome.data && seen_none && !with_block_.contains(slot);
    if (outcome.data) {
        outcome.detail = "block " + to_short_hex(outcome.data->beacon_block_root) + " with" +
                         (outcome.data->payload_present ? "" : "out") + " payload, say " +
                         std::to_string(majority.count(*outcome.data)) + " of " + std::to_string(asking->asked()) + " nodes";
    }
    co_return outcome;
}

// The same message for all: signed in one go.
Task<void> PayloadAttestationDuty::sign_and_publish(DutyReport& report, PayloadAttestationData data,
                                                    std::vector<PtcDuty> members) {
    signing::Message message;
    message.kind = signing::MessageKind::kPayloadAttestation;
    message.object_root = ethereum::ssz::hash_tree_root(data);
    message.domain = parts_.domain_at(ethereum::kDomainPtcAttester, report.epoch);
    message.object = ethereum::ssz::serialize(data);
    message.slot = report.slot;
    std::vector<PublicKey> keys;
    std::unordered_map<PublicKey, ValidatorIndex> indices;
    for (const PtcDuty& member : members) {
        keys.push_back(member.key);
        indices.emplace(member.key, member.validator_index);
    }
    const SignedAll all =
        co_await sign_with_all(parts_.door, std::move(message), std::move(keys), signing::Urgency::kAttestation);
    std::vector<PayloadAttestationMessage> messages;
    for (const signing::SignedKey& made : all.made) messages.push_back({indices[made.key], data, made.signature});
    report.miss(MissedReason::kSigningFailed, members.size() - messages.size(), all.why_not);
    const std::size_t count = messages.size();
    if (count == 0) co_return;
    const SteadyTime deadline = parts_.clock.steady() + kCallTimeout;
    const ethereum::ForkName fork = parts_.fork_of(report.slot);
    const Result<void> sent = co_await parts_.nodes.publish_payload_attestations(std::move(messages), fork, deadline);
    if (!sent) {
        report.miss(MissedReason::kPublishFailed, count, sent.error().message);
        co_return;
    }
    report.done += count;
    report.posted = since_start_of(parts_, report.slot);
}

Task<void> PayloadAttestationDuty::stop() { co_return; }

}  // namespace holdfast::duties
