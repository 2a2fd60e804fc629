#include "shared/duties/duty_outlook.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/log.hpp"

namespace holdfast::duties {

DutyOutlook::DutyOutlook(Clock& clock, beacon::BeaconNodes& nodes, const ethereum::SlotClock& slots,
                         std::function<const Validators&()> validators, DutyOutlookOptions options)
    : clock_{clock}, nodes_{nodes}, slots_{slots}, validators_{std::move(validators)}, options_{options} {
    const Result<std::uint64_t> epochs = nodes.spec().number("EPOCHS_PER_SYNC_COMMITTEE_PERIOD");
    if (epochs) period_epochs_ = epochs.value();
}

Task<void> DutyOutlook::run() {
    Duration pause = options_.retry_min;
    for (;;) {
        const Epoch now = current_epoch();
        proposers_.erase(proposers_.begin(), proposers_.lower_bound(now));
        if (period_epochs_ > 0) periods_.erase(periods_.begin(), periods_.lower_bound(first_of_period(now)));
        const bool all = co_await ask_all(now);
        pause = all ? options_.retry_min : std::min<Duration>(pause * 2, options_.retry_max);
        if (moved_) continue;
        const SteadyTime next_epoch = clock_.steady_at(slots_.start_of(nodes_.spec().first_slot(current_epoch() + 1)));
        // At least once a slot, for a wall clock that is set meanwhile and for validators that have become active.
        const Duration at_most = all ? nodes_.spec().slot_duration() : std::min(pause, nodes_.spec().slot_duration());
        co_await wake_.wait_until(clock_, std::min(next_epoch, clock_.steady() + at_most));
    }
}

void DutyOutlook::on_head(const beacon::HeadEvent& event) {
    const std::uint64_t slots = nodes_.spec().slots_per_epoch();
    if (last_head_ && last_head_->slot.value / slots == event.slot.value / slots) {
        moved_ = moved_ || last_head_->current_duty_dependent_root != event.current_duty_dependent_root ||
                 last_head_->previous_duty_dependent_root != event.previous_duty_dependent_root;
    }
    last_head_ = event;
    if (moved_) wake_.notify_all();
}

std::optional<Slot> DutyOutlook::next_proposal(Slot from) const {
    for (const auto& [epoch, duties] : proposers_) {
        for (const beacon::ProposerDuty& duty : duties) {
            if (duty.slot >= from && validators_().contains(duty.key)) return duty.slot;
        }
    }
    return std::nullopt;
}

std::optional<Epoch> DutyOutlook::sync_committee_until() const {
    if (period_epochs_ == 0) return std::nullopt;
    const Epoch first = first_of_period(current_epoch());
    const auto sits = [this](Epoch of) {
        const auto period = periods_.find(of);
        return period != periods_.end() && period->second.ours;
    };
    if (!sits(first)) return std::nullopt;
    const Epoch next = first + period_epochs_;
    return Epoch{(sits(next) ? next : first).value + period_epochs_ - 1};
}

Epoch DutyOutlook::current_epoch() const { return nodes_.spec().epoch_of(slots_.slot_at(clock_.now())); }

Epoch DutyOutlook::first_of_period(Epoch epoch) const { return Epoch{epoch.value - epoch.value % period_epochs_}; }

// False if something is missing that every node gives.
Task<bool> DutyOutlook::ask_all(Epoch now) {
    const bool again = std::exchange(moved_, false);
    if (again) tried_next_.reset();
    bool all = true;
    if (again || !knows(now)) all = co_await ask_proposers(now);
    if (again || (!knows(now + 1) && tried_next_ != now)) {
        tried_next_ = now;
        const bool known = co_await ask_proposers(now + 1);
        // Known before the duties moved: not any more.
        if (!known) proposers_.erase(now + 1);
    }
    const bool sync = co_await ask_sync(now);
    co_return all&& sync;
}

Task<bool> DutyOutlook::ask_sync(Epoch now) {
    if (period_epochs_ == 0 || validators_().empty()) co_return true;
    const Epoch first = first_of_period(now);
    if (!period_known(first)) {
        const bool known = co_await ask_period(first);
        if (!known) co_return false;
    }
    const Epoch next = first + period_epochs_;
    if (!period_known(next) && tried_next_period_ != now) {
        tried_next_period_ = now;
        const bool known = co_await ask_period(next);
        static_cast<void>(known);  // asked again in the next epoch
    }
    co_return true;
}

Task<bool> DutyOutlook::ask_proposers(Epoch epoch) {
    Result<beacon::ProposerDuties> answer = co_await nodes_.proposer_duties(epoch, clock_.steady() + options_.call_timeout);
    if (!answer) {
        log_debug("proposers of epoch {}: {}", epoch.value, answer.error().message);
        co_return false;
    }
    std::vector<beacon::ProposerDuty> duties = std::move(answer.value().duties);
    const ethereum::ChainSpec& spec = nodes_.spec();
    std::erase_if(duties, [&spec, epoch](const beacon::ProposerDuty& duty) { return spec.epoch_of(duty.slot) != epoch; });
    std::ranges::sort(duties, {}, &beacon::ProposerDuty::slot);
    proposers_.insert_or_assign(epoch, std::move(duties));
    co_return true;
}

Task<bool> DutyOutlook::ask_period(Epoch first) {
    const Validators asked = validators_();
    std::vector<ValidatorIndex> indices;
    for (const auto& [key, index] : asked) indices.push_back(index);
    std::ranges::sort(indices);
    // This epoch's committee is asked for as such: a node may no longer know the first epoch of a long period.
    const Epoch epoch = std::max(first, current_epoch());
    const Result<std::vector<beacon::SyncDuty>> answer =
        co_await nodes_.sync_duties(epoch, std::move(indices), clock_.steady() + options_.call_timeout);
    if (!answer) {
        log_debug("sync committee of epoch {}: {}", epoch.value, answer.error().message);
        co_return false;
    }
    periods_.insert_or_assign(first, Period{asked, !answer.value().empty()});
    co_return true;
}

bool DutyOutlook::period_known(Epoch first) const {
    const auto period = periods_.find(first);
    return period != periods_.end() && period->second.asked == validators_();
}

}  // namespace holdfast::duties
