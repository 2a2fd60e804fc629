#include "shared/duties/duty_outlook.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/log.hpp"

namespace holdfast::duties {

using beacon::ProposerDuties;
using beacon::ProposerDuty;

namespace {

Result<void> check(const ProposerDuties& duties, const ethereum::ChainSpec& spec) {
    const auto wrong =
        std::ranges::find_if(duties.duties, [&](const ProposerDuty& duty) { return spec.epoch_of(duty.slot) != duties.epoch; });
    if (wrong != duties.duties.end()) {
        return failure(ErrorCode::kMalformed, "slot " + to_string(wrong->slot) + " is outside the epoch");
    }
    const auto twice = std::ranges::adjacent_find(duties.duties, {}, &ProposerDuty::slot);
    if (twice == duties.duties.end()) return success();
    return failure(ErrorCode::kMalformed, "slot " + to_string(twice->slot) + " has two proposers");
}

}  // namespace

SteadyTime quiet_from(const DutyParts& parts) {
    const ethereum::ChainSpec& spec = parts.nodes.spec();
    const Slot first = spec.first_slot(parts.epoch_of(parts.slots.slot_at(parts.clock.now())));
    return parts.start_of(first) + spec.slot_duration() * 3 / 4;
}

DutyOutlook::DutyOutlook(const DutyParts& parts, std::function<const Validators&()> validators, DutyOutlookOptions options)
    : parts_{parts}, validators_{std::move(validators)}, options_{options} {}

Task<void> DutyOutlook::run() {
    Duration pause = options_.retry_min;
    for (;;) {
        forget_before(parts_.epoch_of(now()));
        const bool all = co_await ask_all();
        pause = all ? options_.retry_min : std::min<Duration>(pause * 2, options_.retry_max);
        const SteadyTime steady = parts_.clock.steady();
        // At least once a slot, for a wall clock that is set meanwhile.
        SteadyTime next = steady + (all ? parts_.nodes.spec().slot_duration() : pause);
        next = std::min(next, parts_.start_of(parts_.nodes.spec().first_slot(parts_.epoch_of(now()) + 1)));
        if (quiet_from(parts_) > steady) next = std::min(next, quiet_from(parts_));
        for (const auto& [epoch, due] : stale_) next = std::min(next, std::max(due, steady + options_.retry_min));
        co_await wake_.wait_until(parts_.clock, next);
    }
}

void DutyOutlook::forget_before(Epoch epoch) {
    const auto forget = [epoch](auto& map) { map.erase(map.begin(), map.lower_bound(epoch)); };
    forget(known_);
    forget(stale_);
    forget(fetched_);
    forget(named_);
}

void DutyOutlook::on_head(const beacon::HeadEvent& event) {
    const Epoch epoch = parts_.epoch_of(event.slot);
    const bool this_moved = note_root(epoch, event.previous_duty_dependent_root);
    const bool next_moved = note_root(epoch + 1, event.current_duty_dependent_root);
    for (const Epoch one : {epoch, epoch + 1}) {
        const auto known = known_.find(one);
        const auto named = named_.find(one);
        if (known == known_.end() || named == named_.end()) continue;
        const std::optional<Root>& stands_on = known->second.duties.dependent_root;
        if (stands_on ? *stands_on != named->second : this_moved || next_moved) make_stale(one);
    }
}

// Whether heads named another block before.
bool DutyOutlook::note_root(Epoch epoch, const Root& root) {
    if (root.is_zero()) return false;
    const auto [before, first] = named_.try_emplace(epoch, root);
    return std::exchange(before->second, root) != root;
}

void DutyOutlook::make_stale(Epoch epoch) {
    // A node on another branch would make us ask with every block; so there is a pause between two fetches.
    const auto last = fetched_.find(epoch);
    const SteadyTime steady = parts_.clock.steady();
    const SteadyTime earliest = last == fetched_.end() ? steady : last->second + options_.refetch_min;
    if (stale_.try_emplace(epoch, std::max(steady, earliest)).second) wake_.notify_all();
}

Result<void> DutyOutlook::put(ProposerDuties duties, bool confirm) {
    const Epoch epoch = duties.epoch;
    std::ranges::sort(duties.duties, {}, &ProposerDuty::slot);
    HOLDFAST_TRY(check(duties, parts_.nodes.spec()));
    const bool ahead = epoch > parts_.epoch_of(now());
    const bool may_change = parts_.nodes.spec().fork_at(epoch).name < ethereum::ForkName::kFulu;
    known_.insert_or_assign(epoch, Known{std::move(duties), ahead && may_change, ++versions_});
    if (confirm) stale_.try_emplace(epoch, parts_.clock.steady());
    return success();
}

std::uint64_t DutyOutlook::version(Epoch epoch) const {
    const auto known = known_.find(epoch);
    return known == known_.end() ? 0 : known->second.version;
}

std::optional<ProposerDuty> DutyOutlook::proposer_at(Slot slot) const {
    // Nobody makes the first one: it is there from the beginning.
    if (slot == Slot{0}) return std::nullopt;
    const auto known = known_.find(parts_.epoch_of(slot));
    if (known == known_.end()) return std::nullopt;
    const auto duty = std::ranges::find(known->second.duties.duties, slot, &ProposerDuty::slot);
    if (duty == known->second.duties.duties.end()) return std::nullopt;
    const auto ours = validators_().find(duty->key);
    if (ours == validators_().end() || ours->second != duty->validator_index) return std::nullopt;
    return *duty;
}

ProposerDuties DutyOutlook::ours(Epoch epoch) const {
    ProposerDuties duties = all(epoch);
    std::erase_if(duties.duties, [this](const ProposerDuty& duty) { return !proposer_at(duty.slot); });
    return duties;
}

ProposerDuties DutyOutlook::all(Epoch epoch) const {
    const auto known = known_.find(epoch);
    return known == known_.end() ? ProposerDuties{epoch, {}, {}} : known->second.duties;
}

std::optional<Slot> DutyOutlook::next_proposal(Slot from) const {
    for (const auto& [epoch, known] : known_) {
        for (const ProposerDuty& duty : known.duties.duties) {
            if (duty.slot >= from && proposer_at(duty.slot)) return duty.slot;
        }
    }
    return std::nullopt;
}

bool DutyOutlook::stale(Epoch epoch) const {
    const auto stale = stale_.find(epoch);
    return stale != stale_.end() && stale->second <= parts_.clock.steady();
}

bool DutyOutlook::needs(Epoch epoch) const {
    const auto known = known_.find(epoch);
    if (known == known_.end() || stale(epoch)) return true;
    return known->second.tentative && epoch <= parts_.epoch_of(now());
}

// Once, and once more in the last quarter of the epoch: not every node gives the next epoch's.
bool DutyOutlook::may_ask_next() const {
    const Slot slot = now();
    const Epoch epoch = parts_.epoch_of(slot);
    if (knows(epoch + 1)) return stale(epoch + 1);
    if (!tried_next_ || parts_.epoch_of(*tried_next_) != epoch) {
        return !tried_next_ || parts_.clock.steady() >= quiet_from(parts_);
    }
    const Slot last_quarter = parts_.nodes.spec().first_slot(epoch) + parts_.nodes.spec().slots_per_epoch() * 3 / 4;
    return *tried_next_ < last_quarter && slot >= last_quarter;
}

// False if something is missing that every node gives.
Task<bool> DutyOutlook::ask_all() {
    bool all = true;
    const Epoch epoch = parts_.epoch_of(now());
    if (needs(epoch)) all = co_await ask(epoch);
    const bool next = may_ask_next();
    if (!next) co_return all;
    tried_next_ = now();
    const bool known = co_await ask(parts_.epoch_of(now()) + 1);
    static_cast<void>(known);
    co_return all;
}

Task<bool> DutyOutlook::ask(Epoch epoch) {
    fetched_[epoch] = parts_.clock.steady();
    Result<ProposerDuties> answer = co_await parts_.nodes.proposer_duties(epoch, parts_.clock.steady() + options_.call_timeout);
    Result<void> taken = answer ? Result<void>{success()} : Result<void>{answer.error()};
    if (answer) {
        answer.value().epoch = epoch;
        taken = put(std::move(answer).value(), false);
    }
    if (taken) {
        stale_.erase(epoch);
        co_return true;
    }
    log_debug("proposers of epoch {}: {}", epoch.value, taken.error().message);
    // What is known stays in use meanwhile, but it must be asked for again.
    const bool ahead = epoch > parts_.epoch_of(now());
    if (knows(epoch)) stale_[epoch] = parts_.clock.steady() + (ahead ? options_.retry_max : options_.retry_min);
    co_return false;
}

}  // namespace holdfast::duties
