#include "shared/duties/attester_duties.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/log.hpp"

namespace holdfast::duties {

AttesterDutiesService::AttesterDutiesService(Clock& clock, beacon::BeaconNodes& nodes, const ethereum::SlotClock& slots,
                                             std::function<const Validators&()> validators, AttesterDutiesOptions options)
    : clock_{clock},
      nodes_{nodes},
      slots_{slots},
      validators_{std::move(validators)},
      options_{options},
      book_{nodes.spec().slots_per_epoch()} {}

Task<void> AttesterDutiesService::run() {
    Duration pause = options_.retry_min;
    for (;;) {
        const Epoch now = current_epoch();
        book_.forget_before(now);
        bool all = true;
        // The next epoch may be asked for while this one fails: each is worth having.
        for (const Epoch epoch : {now, now + 1}) {
            if (!needs(epoch)) continue;
            const bool fetched = co_await fetch(epoch);
            all = all && fetched;
        }
        pause = all ? options_.retry_min : std::min<Duration>(pause * 2, options_.retry_max);
        SteadyTime next = clock_.steady_at(slots_.start_of(nodes_.spec().first_slot(current_epoch() + 1)));
        if (!all) next = std::min(next, clock_.steady() + pause);
        for (const auto& [epoch, due] : stale_) next = std::min(next, due);
        // At least once a slot, for a wall clock that is set meanwhile.
        next = std::min(next, clock_.steady() + nodes_.spec().slot_duration());
        co_await wake_.wait_until(clock_, next);
    }
}

bool AttesterDutiesService::on_head(const beacon::HeadEvent& event) {
    const std::vector<Epoch> stale = book_.stale_after(event);
    for (const Epoch epoch : stale) {
        // A node on another fork would make us fetch with every block; so there is a pause between two fetches.
        const auto last = fetched_.find(epoch);
        const SteadyTime earliest = last == fetched_.end() ? clock_.steady() : last->second + options_.refetch_min;
        stale_.try_emplace(epoch, std::max(clock_.steady(), earliest));
    }
    if (!stale.empty()) wake();
    return !stale.empty();
}

Epoch AttesterDutiesService::current_epoch() const { return nodes_.spec().epoch_of(slots_.slot_at(clock_.now())); }

bool AttesterDutiesService::needs(Epoch epoch) const {
    if (validators_().empty()) return false;
    const auto stale = stale_.find(epoch);
    if (stale != stale_.end() && stale->second <= clock_.steady()) return true;
    return !book_.asked_for_all(epoch, validators_());
}

Task<bool> AttesterDutiesService::fetch(Epoch epoch) {
    const bool again = book_.knows(epoch);
    const Validators asked = validators_();
    std::vector<ValidatorIndex> indices;
    indices.reserve(asked.size());
    for (const auto& [key, index] : asked) indices.push_back(index);
    std::ranges::sort(indices);
    fetched_[epoch] = clock_.steady();
    stale_.erase(epoch);
    Result<beacon::AttesterDuties> duties =
        co_await nodes_.attester_duties(epoch, std::move(indices), clock_.steady() + options_.call_timeout);
    Result<void> taken = duties ? Result<void>{success()} : Result<void>{duties.error()};
    if (duties) {
        duties.value().epoch = epoch;
        taken = book_.put(std::move(duties).value(), asked);
    }
    if (!taken) {
        log_warn("attester duties of epoch {}: {}", epoch.value, taken.error().message);
        // What is known stays in use meanwhile, but it must be fetched again.
        if (again) stale_.try_emplace(epoch, clock_.steady() + options_.retry_min);
        co_return false;
    }
    if (again) ++refetches_;
    log_info("attester duties of epoch {}: {} of {} validators{}", epoch.value, book_.count(epoch), asked.size(),
             again ? " (fetched again)" : "");
    std::erase_if(fetched_, [epoch](const auto& entry) { return entry.first.value + 2 < epoch.value; });
    std::erase_if(stale_, [epoch](const auto& entry) { return entry.first.value + 2 < epoch.value; });
    co_await subscribe(epoch);
    co_return true;
}

Task<void> AttesterDutiesService::subscribe(Epoch epoch) {
    std::vector<beacon::CommitteeSubscription> subscriptions;
    const Slot first = nodes_.spec().first_slot(epoch);
    for (std::uint64_t i = 0; i < nodes_.spec().slots_per_epoch(); ++i) {
        for (const beacon::AttesterDuty& duty : book_.at(first + i)) {
            subscriptions.push_back({duty.validator_index, duty.committee_index, duty.committees_at_slot, duty.slot, false});
        }
    }
    if (subscriptions.empty()) co_return;
    const Result<void> sent =
        co_await nodes_.subscribe_committees(std::move(subscriptions), clock_.steady() + options_.call_timeout);
    if (!sent) log_warn("committee subscriptions of epoch {}: {}", epoch.value, sent.error().message);
}

}  // namespace holdfast::duties
