#include "shared/duties/sync_committee_duty.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/log.hpp"
#include "shared/duties/performing.hpp"
#include "shared/ethereum/signing_root.hpp"

// GCC 12 mistakes the frames of some coroutines for memory of another allocator.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace holdfast::duties {

using beacon::SyncDuty;
using ethereum::SyncCommitteeMessage;

namespace {

// Subscriptions of the next period's members begin so many epochs before it: nodes need a while to find peers.
constexpr std::uint64_t kSubscribeAhead = 2;
// Between two looks at what may have changed without an event.
constexpr Duration kLook = std::chrono::milliseconds{50};

// So long messages wait for the slot's attestations: 250 ms of a slot of 12 s. They are needed when aggregation begins.
Duration attestations_wait(const DutyParts& parts) { return parts.nodes.spec().slot_duration() / 48; }

std::uint64_t period_epochs(const ethereum::ChainSpec& spec) {
    const Result<std::uint64_t> epochs = spec.number("EPOCHS_PER_SYNC_COMMITTEE_PERIOD");
    return epochs ? epochs.value() : 0;
}

}  // namespace

SyncCommitteeDuty::SyncCommitteeDuty(DutyParts parts, std::function<const Validators&()> validators, SyncOptions options,
                                     DutyObserver observer)
    : parts_{std::move(parts)},
      validators_{std::move(validators)},
      options_{options},
      observer_{std::move(observer)},
      tasks_{parts_.executor},
      members_{period_epochs(parts_.nodes.spec()), parts_.nodes.types()->preset().sync_committee_size},
      contributions_{parts_, members_, tasks_,
                     [this](Slot slot) {
                         const auto found = blocks_.find(slot);
                         return found == blocks_.end() ? std::nullopt : std::optional<Root>{found->second};
                     },
                     observer_} {}

// --- members ---

Task<void> SyncCommitteeDuty::run() {
    if (!members_.exist()) co_return;
    const Duration slot_duration = parts_.nodes.spec().slot_duration();
    Duration pause = options_.retry_min;
    std::optional<Epoch> subscribed;
    for (;;) {
        const Epoch now = current_epoch();
        members_.forget_before(now);
        bool all = co_await ask(now);
        if (subscribed != now || moved_) {
            moved_ = false;
            const bool sent = co_await subscribe(now);
            if (sent) subscribed = now;
            moved_ = moved_ || !sent;
            all = all && sent;
        }
        pause = all ? options_.retry_min : std::min<Duration>(pause * 2, options_.retry_max);
        // In the middle of a slot, when nothing else is due.
        const SteadyTime next = parts_.start_of(parts_.slots.slot_at(parts_.clock.now()) + 1) + slot_duration / 2;
        co_await wake_.wait_until(parts_.clock, all ? next : std::min(next, parts_.clock.steady() + pause));
    }
}

// False if something is missing that every node gives.
Task<bool> SyncCommitteeDuty::ask(Epoch now) {
    if (validators_().empty()) co_return true;
    const Epoch first = members_.first_of_period(now);
    if (!members_.settled(first, now, validators_())) {
        const bool known = co_await ask_period(first, now);
        if (!known) co_return false;
    }
    const Epoch next = members_.next_period(now);
    if (!members_.settled(next, now, validators_()) && tried_next_ != now) {
        tried_next_ = now;
        const bool known = co_await ask_period(next, now);
        static_cast<void>(known);  // asked again in the next epoch
    }
    co_return true;
}

Task<bool> SyncCommitteeDuty::ask_period(Epoch first, Epoch now) {
    const Validators asked = validators_();
    std::vector<ValidatorIndex> indices;
    indices.reserve(asked.size());
    for (const auto& [key, index] : asked) indices.push_back(index);
    std::ranges::sort(indices);
    // This epoch's committee is asked for as such: a node may no longer know the first epoch of a long period.
    const Epoch epoch = std::max(first, now);
    Result<std::vector<SyncDuty>> answer =
        co_await parts_.nodes.sync_duties(epoch, std::move(indices), parts_.clock.steady() + options_.call_timeout);
    Result<void> taken = answer ? members_.put(first, now, asked, std::move(answer).value()) : Result<void>{answer.error()};
    if (!taken) {
        log_debug("sync committee of epoch {}: {}", epoch.value, taken.error().message);
        co_return false;
    }
    moved_ = true;
    log_info("sync committee of epochs {} to {}: {} of {} validators", first.value, members_.next_period(first).value - 1,
             members_.at(first).size(), asked.size());
    co_return true;
}

Task<bool> SyncCommitteeDuty::subscribe(Epoch now) {
    const Epoch next = members_.next_period(now);
    std::vector<beacon::SyncSubscription> subscriptions;
    const auto add = [&subscriptions](const std::vector<SyncDuty>& members, Epoch until) {
        for (const SyncDuty& member : members) subscriptions.push_back({member.validator_index, member.positions, until});
    };
    add(members_.at(now), next);
    if (now + kSubscribeAhead >= next) add(members_.at(next), members_.next_period(next));
    if (subscriptions.empty()) co_return true;
    const SteadyTime deadline = parts_.clock.steady() + options_.call_timeout;
    const Result<void> sent = co_await parts_.nodes.subscribe_sync_committees(std::move(subscriptions), deadline);
    if (!sent) log_warn("sync committee subscriptions in epoch {}: {}", now.value, sent.error().message);
    co_return sent.has_value();
}

// --- messages ---

void SyncCommitteeDuty::on_event(const beacon::NodeEventAt& at) {
    const auto* head = std::get_if<beacon::HeadEvent>(&at.event);
    if (head == nullptr || head->execution_optimistic || !members_.exist()) return;
    // Also events of the next slot, for a clock that is a little late.
    const Slot now = parts_.slots.slot_at(parts_.clock.now());
    if (head->slot < now || head->slot > now + 1) return;
    heads_of(head->slot)->announced(at.node, head->block);
    head_changed_.notify_all();
}

const std::shared_ptr<HeadMajority>& SyncCommitteeDuty::heads_of(Slot slot) {
    std::shared_ptr<HeadMajority>& heads = heads_[slot];
    if (!heads) heads = std::make_shared<HeadMajority>(parts_.nodes.size(), parts_.threshold);
    return heads;
}

std::vector<bool> SyncCommitteeDuty::fit() const {
    std::vector<bool> result(parts_.nodes.size());
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = parts_.nodes.fit(i);
    return result;
}

Task<void> SyncCommitteeDuty::perform(Slot slot) {
    if (!members_.exist() || (last_slot_ && slot <= *last_slot_)) co_return;
    last_slot_ = slot;
    heads_.erase(heads_.begin(), heads_.lower_bound(slot));
    blocks_.erase(blocks_.begin(), blocks_.lower_bound(slot));
    SideBySide both{tasks_};
    both.add("sync committee messages", send_messages(slot));
    both.add("sync committee contributions", contribute(slot));
    co_await both.join();
}

Task<void> SyncCommitteeDuty::contribute(Slot slot) {
    co_await contributions_.prepare(slot);
    co_await contributions_.perform(slot);
    co_await contributions_.prepare(slot + 1);
}

Task<void> SyncCommitteeDuty::send_messages(Slot slot) {
    DutyReport report = begin_report(parts_, DutyKind::kSyncMessage, slot, parts_.nodes.spec().sync_message_due(slot));
    const SteadyTime end = last_moment(parts_, slot);
    const bool too_late = parts_.clock.steady() >= end;
    std::optional<Root> block;
    if (!too_late) block = co_await decide(slot, end);
    std::vector<SyncDuty> members = members_at(slot);
    report.due = members.size();
    if (members.empty()) co_return;
    if (block) {
        blocks_.insert_or_assign(slot, *block);
        report.decided = since_start_of(parts_, slot);
        report.what = "block " + to_short_hex(*block) + ", head of " + std::to_string(heads_of(slot)->count(*block)) + " of " +
                      std::to_string(parts_.nodes.fit_count()) + " nodes";
    }
    const bool may = co_await wait_to_perform(parts_, slot, end);
    if (!may) {
        leave_to_others(report, report.due);
    } else if (too_late) {
        report.miss(MissedReason::kTooLate, report.due, begun_late(report));
    } else if (!block) {
        report.miss(MissedReason::kNoHead, report.due,
                    parts_.nodes.fit_count() == 0 ? "no beacon node is fit" : "no beacon node answered in time");
    } else {
        const Counted performing{performing_};
        co_await send(report, *block, std::move(members), end);
    }
    finish_report(report, observer_);
}

Task<void> SyncCommitteeDuty::send(DutyReport& report, Root block, std::vector<SyncDuty> members, SteadyTime end) {
    if (options_.attestations_first) {
        const SteadyTime until = std::min(end, parts_.clock.steady() + attestations_wait(parts_));
        co_await options_.attestations_first(report.slot, until);
    }
    if (parts_.may_perform(report.slot)) {
        co_await sign_and_publish(report, block, std::move(members));
    } else {
        leave_to_others(report, report.due);
    }
}

Task<std::optional<Root>> SyncCommitteeDuty::decide(Slot slot, SteadyTime end) {
    const std::shared_ptr<HeadMajority> heads = heads_of(slot);
    const SteadyTime due = parts_.start_of(slot) + parts_.nodes.spec().sync_message_due(slot);
    while (parts_.clock.steady() < due) {
        heads->set_fit(fit());
        const std::optional<Root> block = heads->announced_by_enough();
        if (block) co_return block;
        co_await head_changed_.wait_until(parts_.clock, std::min(due, parts_.clock.steady() + kLook));
    }
    if (!due_at(slot)) co_return std::nullopt;
    co_return co_await ask_heads(heads, end);
}

// All fit nodes, again and again, until one of them has answered. A head event that comes meanwhile counts.
Task<std::optional<Root>> SyncCommitteeDuty::ask_heads(std::shared_ptr<HeadMajority> heads, SteadyTime end) {
    for (;;) {
        const beacon::AskingPtr<Root> asking = parts_.nodes.head_roots(end);
        SteadyTime until = end;
        while (parts_.clock.steady() < until) {
            heads->set_fit(fit());
            const std::optional<Root> block = heads->certain();
            if (block) co_return block;
            if (asking->open() == 0) break;
            const SteadyTime look = std::min(until, parts_.clock.steady() + kLook);
            const std::optional<beacon::NodeAnswer<Root>> answer = co_await asking->next(look);
            if (!answer) continue;
            if (answer->result) {
                heads->told(answer->node, answer->result.value());
                until = std::min(until, parts_.clock.steady() + answer_wait(parts_));
            } else {
                heads->failed(answer->node);
            }
        }
        const std::optional<Root> most = heads->most();
        if (most || parts_.clock.steady() + ask_again(parts_) >= end) co_return most;
        co_await sleep_for(parts_.clock, ask_again(parts_));
    }
}

// The same message for all: signed in one go.
Task<void> SyncCommitteeDuty::sign_and_publish(DutyReport& report, Root block, std::vector<SyncDuty> members) {
    signing::Message message;
    message.kind = signing::MessageKind::kSyncCommitteeMessage;
    message.object_root = block;
    message.domain = parts_.domain_at(ethereum::kDomainSyncCommittee, report.epoch);
    message.slot = report.slot;
    std::vector<PublicKey> keys;
    std::unordered_map<PublicKey, ValidatorIndex> indices;
    for (const SyncDuty& member : members) {
        keys.push_back(member.key);
        indices.emplace(member.key, member.validator_index);
    }
    const SignedAll all =
        co_await sign_with_all(parts_.door, std::move(message), std::move(keys), signing::Urgency::kAttestation);
    std::vector<SyncCommitteeMessage> messages;
    for (const signing::SignedKey& made : all.made) {
        messages.push_back({report.slot, block, indices[made.key], made.signature});
    }
    report.miss(MissedReason::kSigningFailed, members.size() - messages.size(), all.why_not);
    const std::size_t count = messages.size();
    if (count == 0) co_return;
    const SteadyTime deadline = parts_.clock.steady() + options_.publish_timeout;
    const Result<void> sent = co_await parts_.nodes.publish_sync_messages(std::move(messages), deadline);
    if (!sent) {
        report.miss(MissedReason::kPublishFailed, count, sent.error().message);
        co_return;
    }
    report.done += count;
    report.posted = since_start_of(parts_, report.slot);
}

Task<void> SyncCommitteeDuty::stop() {
    tasks_.cancel();
    co_await tasks_.join();
}

}  // namespace holdfast::duties
