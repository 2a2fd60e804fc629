#include "shared/duties/attester_duties.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/log.hpp"
#include "shared/duties/duty_outlook.hpp"

namespace holdfast::duties {

using beacon::AttesterDuties;
using beacon::AttesterDuty;
using beacon::CommitteeSubscription;

namespace {

// Aggregators of slots so near are told of at once, others together with what is sent next.
constexpr std::uint64_t kNearSlots = 2;

}  // namespace

AttesterDutiesService::AttesterDutiesService(const DutyParts& parts, std::function<const Validators&()> validators,
                                             AttesterDutiesOptions options)
    : parts_{parts}, validators_{std::move(validators)}, options_{options}, book_{parts.nodes.spec().slots_per_epoch()} {}

Task<void> AttesterDutiesService::run() {
    Duration pause = options_.retry_min;
    for (;;) {
        book_.forget_before(parts_.epoch_of(now()));
        const bool all = co_await fetch_all();
        looked_ = true;
        pause = all ? options_.retry_min : std::min<Duration>(pause * 2, options_.retry_max);
        co_await tell_aggregators();
        co_await wake_.wait_until(parts_.clock, next_look(all, pause));
    }
}

Task<bool> AttesterDutiesService::fetch_all() {
    bool all = true;
    const Epoch epoch = parts_.epoch_of(now());
    // The next epoch may be asked for while this one fails: each is worth having.
    for (const Epoch one : {epoch, epoch + 1}) {
        if (!needs(one)) continue;
        const bool fetched = co_await fetch(one);
        all = all && fetched;
    }
    co_return all;
}

SteadyTime AttesterDutiesService::next_look(bool all, Duration pause) const {
    const SteadyTime steady = parts_.clock.steady();
    // At least once a slot, for a wall clock that is set meanwhile.
    SteadyTime next = steady + (all ? parts_.nodes.spec().slot_duration() : pause);
    next = std::min(next, parts_.start_of(parts_.nodes.spec().first_slot(parts_.epoch_of(now()) + 1)));
    if (quiet_from(parts_) > steady) next = std::min(next, quiet_from(parts_));
    for (const auto& [epoch, due] : stale_) next = std::min(next, std::max(due, steady + options_.retry_min));
    return next;
}

bool AttesterDutiesService::on_head(const beacon::HeadEvent& event) {
    const std::vector<Epoch> stale = book_.stale_after(event);
    const SteadyTime steady = parts_.clock.steady();
    bool sooner = false;
    for (const Epoch epoch : stale) {
        // A node on another fork would make us fetch with every block; so there is a pause between two fetches.
        const auto last = fetched_.find(epoch);
        const SteadyTime earliest = last == fetched_.end() ? steady : last->second + options_.refetch_min;
        sooner = stale_.try_emplace(epoch, std::max(steady, earliest)).second || sooner;
    }
    if (sooner) wake_.notify_all();
    return !stale.empty();
}

void AttesterDutiesService::on_validators_changed() {
    changed();
    wake_.notify_all();
}

// Some may have been held back while their duties were asked for.
void AttesterDutiesService::changed() {
    book_.keep_only(validators_());
    complete_.clear();
    const Epoch epoch = parts_.epoch_of(now());
    for (const Epoch of : {epoch, epoch + 1}) {
        if (book_.asked_for_all(of, validators_())) complete_.insert(of);
    }
    if (hooks_.on_change) hooks_.on_change();
}

void AttesterDutiesService::on_aggregators_known(Slot slot) {
    aggregators_known_.insert(slot);
    if (slot <= now() + kNearSlots) wake_.notify_all();
}

Result<void> AttesterDutiesService::put(AttesterDuties duties, bool confirm) {
    const Epoch epoch = duties.epoch;
    HOLDFAST_TRY(book_.put(std::move(duties), validators_()));
    changed();
    if (confirm) stale_.try_emplace(epoch, parts_.clock.steady());
    return success();
}

bool AttesterDutiesService::needs(Epoch epoch) const {
    if (validators_().empty()) return false;
    const auto stale = stale_.find(epoch);
    if (stale != stale_.end() && stale->second <= parts_.clock.steady()) return true;
    if (book_.asked_for_all(epoch, validators_())) return false;
    // At the start both are wanted at once; later on the next epoch's can wait until this one's first block is out.
    const bool waits = epoch > parts_.epoch_of(now()) && looked_;
    return !waits || parts_.clock.steady() >= quiet_from(parts_);
}

Task<bool> AttesterDutiesService::fetch(Epoch epoch) {
    const bool again = book_.knows(epoch);
    const Validators asked = validators_();
    std::vector<ValidatorIndex> indices;
    indices.reserve(asked.size());
    for (const auto& [key, index] : asked) indices.push_back(index);
    std::ranges::sort(indices);
    fetched_[epoch] = parts_.clock.steady();
    stale_.erase(epoch);
    Result<AttesterDuties> duties =
        co_await parts_.nodes.attester_duties(epoch, std::move(indices), parts_.clock.steady() + options_.call_timeout);
    Result<void> taken = duties ? Result<void>{success()} : Result<void>{duties.error()};
    if (duties) {
        duties.value().epoch = epoch;
        taken = book_.put(std::move(duties).value(), asked);
    }
    if (!taken) {
        log_warn("attester duties of epoch {}: {}", epoch.value, taken.error().message);
        // What is known stays in use meanwhile, but it must be fetched again.
        if (again) stale_.try_emplace(epoch, parts_.clock.steady() + options_.retry_min);
        co_return false;
    }
    changed();
    if (again) ++refetches_;
    log_info("attester duties of epoch {}: {} of {} validators{}", epoch.value, book_.count(epoch), asked.size(),
             again ? " (fetched again)" : "");
    std::erase_if(fetched_, [epoch](const auto& entry) { return entry.first.value + 2 < epoch.value; });
    std::erase_if(stale_, [epoch](const auto& entry) { return entry.first.value + 2 < epoch.value; });
    co_await subscribe(epoch);
    co_return true;
}

CommitteeSubscription AttesterDutiesService::subscription(const AttesterDuty& duty) const {
    const bool aggregates = hooks_.aggregates && hooks_.aggregates(duty);
    return {duty.validator_index, duty.committee_index, duty.committees_at_slot, duty.slot, aggregates};
}

Task<void> AttesterDutiesService::subscribe(Epoch epoch) {
    std::vector<CommitteeSubscription> subscriptions;
    for (const AttesterDuty& duty : book_.all(epoch).duties) subscriptions.push_back(subscription(duty));
    co_await send(std::move(subscriptions));
}

// A node collects the votes of a committee only where somebody aggregates.
Task<void> AttesterDutiesService::tell_aggregators() {
    std::vector<CommitteeSubscription> subscriptions;
    for (const Slot slot : std::exchange(aggregators_known_, {})) {
        if (slot < now()) continue;
        for (const AttesterDuty& duty : book_.at(slot)) {
            const CommitteeSubscription one = subscription(duty);
            if (one.is_aggregator) subscriptions.push_back(one);
        }
    }
    co_await send(std::move(subscriptions));
}

Task<void> AttesterDutiesService::send(std::vector<CommitteeSubscription> subscriptions) {
    if (subscriptions.empty()) co_return;
    const Result<void> sent =
        co_await parts_.nodes.subscribe_committees(std::move(subscriptions), parts_.clock.steady() + options_.call_timeout);
    if (!sent) log_warn("committee subscriptions: {}", sent.error().message);
}

}  // namespace holdfast::duties
