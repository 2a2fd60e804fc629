#include "healthcheck/primary_rules.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/base/assert.hpp"

namespace holdfast::healthcheck {

using State = PrimaryState;

namespace {

constexpr std::array kTransitions{
    Transition<State>{State::kStarting, State::kOnDuty, "nobody else is on duty"},
    Transition<State>{State::kStarting, State::kStandby, "another instance is on duty"},
    Transition<State>{State::kOnDuty, State::kDraining, "failover, or stopping"},
    Transition<State>{State::kOnDuty, State::kStandby, "fenced"},
    Transition<State>{State::kDraining, State::kStandby, "the secondary has taken it"},
    Transition<State>{State::kDraining, State::kOnDuty, "the secondary can't take it, or did not"},
    Transition<State>{State::kStandby, State::kOnDuty, "duty is vacant, its holder is unwell, or the operator forces it"},
};

}  // namespace

std::string_view to_string(State state) {
    switch (state) {
        case State::kStarting: return "starting";
        case State::kOnDuty: return "on_duty";
        case State::kDraining: return "draining";
        case State::kStandby: return "standby";
    }
    return "unknown";
}

std::span<const Transition<State>> PrimaryRules::transitions() { return kTransitions; }

void PrimaryRules::move(State to, std::string reason) {
    HOLDFAST_ASSERT(std::ranges::any_of(kTransitions, [&](const auto& t) { return t.from == state_ && t.to == to; }));
    changes_.push_back({std::string{to_string(state_)}, std::string{to_string(to)}, reason});
    state_ = to;
    reason_ = std::move(reason);
}

void PrimaryRules::on_started(SteadyTime now) {
    started_ = true;
    if (options_.shared_mode) {
        go_on_duty("this cluster has no generations");
    } else {
        reason_ = "looking who is on duty";
    }
    think(now);
}

void PrimaryRules::on_readiness(const Readiness& readiness, SteadyTime now) {
    readiness_ = readiness;
    think(now);
}

void PrimaryRules::on_sight(const Sight& sight, SteadyTime now) {
    looking_ = false;
    look_at_ = now + options_.times.look_interval;
    remember(sight, now);
    think(now);
}

void PrimaryRules::remember(const Sight& sight, SteadyTime now) {
    sight_ = sight;
    const auto follow = [&](std::optional<SteadyTime>& since, bool holds) {
        if (!holds) since.reset();
        if (holds && !since) since = now;
    };
    follow(quiet_since_, sight.enough && !sight.other_on_duty);
    follow(unserved_since_, sight.enough && !sight.other_performs);
}

void PrimaryRules::on_duty_begun(SteadyTime now) {
    if (!acquiring_) return;
    acquiring_ = fenced_ = held_ = asks_ = false;
    if (state_ != State::kOnDuty) move(State::kOnDuty, why_on_duty_);
    think(now);
}

void PrimaryRules::on_duty_failed(std::string why, SteadyTime now) {
    if (!acquiring_) return;
    acquiring_ = false;
    reason_ = "not on duty: " + std::move(why);
    look_at_ = now + options_.times.look_interval;
    forget_sight();
    // A cluster without generations has nobody to look for.
    if (options_.shared_mode) go_on_duty(why_on_duty_);
    think(now);
}

void PrimaryRules::on_drained(SteadyTime now) {
    if (!draining() || drained_) return;
    drained_ = true;
    wait_until_ = now + options_.times.handover_timeout;
    reason_ += "; drained, the secondary may take over";
    think(now);
}

void PrimaryRules::on_fenced(const std::string& by, SteadyTime now) {
    if (state_ == State::kOnDuty && in_force(FailoverRule::kFencedStandsDown)) {
        fenced_ = true;
        leave_duty(by);
    }
    if (draining()) leave_duty("handed over: " + by);
    think(now);
}

void PrimaryRules::leave_duty(std::string why) {
    actions_.push_back(Action::kStandDown);
    drained_ = false;
    forget_sight();
    move(State::kStandby, std::move(why));
}

// Duty has moved, or may have: what was seen before says nothing any more.
void PrimaryRules::forget_sight() {
    sight_ = {};
    quiet_since_.reset();
    unserved_since_.reset();
}

Result<void> PrimaryRules::on_command(Command command, SteadyTime now) {
    switch (command) {
        case Command::kFailover: return fail_over(now);
        case Command::kForceFailover: return failure(ErrorCode::kRefused, "a forced failover is to be asked at the secondary");
        case Command::kFailback: return fail_back(false);
        case Command::kForceFailback: return fail_back(true);
        case Command::kPause: paused_ = true; break;
        case Command::kResume: paused_ = held_ = false; break;
    }
    think(now);
    return success();
}

Result<void> PrimaryRules::fail_over(SteadyTime now) {
    if (draining()) return success();
    if (options_.shared_mode) return failure(ErrorCode::kRefused, "this cluster has no generations: there is no failover");
    if (state_ != State::kOnDuty) return failure(ErrorCode::kRefused, "the primary is not on duty: " + reason_);
    if (!sight_.other_ready && in_force(FailoverRule::kHandoverOnlyIfOtherReady)) {
        return failure(ErrorCode::kRefused, "no other instance is ready to take duty: " + sight_.sentence);
    }
    held_ = true;
    drain("the operator asks for a failover", now);
    return success();
}

Result<void> PrimaryRules::fail_back(bool by_force) {
    if (state_ == State::kOnDuty || draining()) return failure(ErrorCode::kRefused, "the primary is on duty already");
    if (state_ != State::kStandby || !readiness_.ready) {
        return failure(ErrorCode::kRefused,
                       "the primary is not ready for duty: " + (state_ == State::kStandby ? readiness_.why_not : reason_));
    }
    held_ = false;
    if (by_force) {
        go_on_duty("the operator forces it");
    } else {
        asks_ = true;
    }
    return success();
}

void PrimaryRules::on_stop(SteadyTime now) {
    if (!stop_at_) stop_at_ = now + options_.times.stop_timeout;
    think(now);
}

void PrimaryRules::tick(SteadyTime now) { think(now); }

std::optional<Action> PrimaryRules::next() {
    if (actions_.empty()) return std::nullopt;
    const Action action = actions_.front();
    actions_.pop_front();
    return action;
}

std::optional<Change> PrimaryRules::next_change() {
    if (changes_.empty()) return std::nullopt;
    Change change = std::move(changes_.front());
    changes_.pop_front();
    return change;
}

void PrimaryRules::go_on_duty(std::string why) {
    if (acquiring_) return;
    acquiring_ = true;
    why_on_duty_ = std::move(why);
    actions_.push_back(Action::kGoOnDuty);
}

void PrimaryRules::drain(std::string why, SteadyTime now) {
    drained_ = false;
    wait_until_ = now + options_.times.stop_timeout;
    move(State::kDraining, std::move(why));
    actions_.push_back(Action::kDrain);
}

void PrimaryRules::go_on(std::string why) {
    drained_ = held_ = false;
    actions_.push_back(Action::kGoOnAgain);
    move(State::kOnDuty, std::move(why));
}

bool PrimaryRules::for_long(const std::optional<SteadyTime>& since, Duration enough, SteadyTime now) const {
    return since && now - *since >= enough;
}

void PrimaryRules::look_if_due(SteadyTime now) {
    if (looking_ || now < look_at_ || options_.shared_mode) return;
    looking_ = true;
    actions_.push_back(Action::kLook);
}

void PrimaryRules::think(SteadyTime now) {
    if (!started_) {
        may_stop_ = may_stop_ || stop_at_;
        return;
    }
    look_if_due(now);
    if (stop_at_) return think_stopping(now);
    if (acquiring_) return;
    switch (state_) {
        case State::kStarting: return think_starting(now);
        case State::kStandby: return think_standby(now);
        case State::kDraining: return think_draining(now);
        case State::kOnDuty: return;
    }
}

void PrimaryRules::think_stopping(SteadyTime now) {
    const bool can_hand_over = sight_.other_ready || !in_force(FailoverRule::kHandoverOnlyIfOtherReady);
    if (state_ == State::kOnDuty && can_hand_over && !may_stop_) drain("stopping", now);
    if (draining()) return think_draining(now);
    may_stop_ = may_stop_ || !acquiring_ || now >= *stop_at_;
}

void PrimaryRules::think_starting(SteadyTime now) {
    if (!in_force(FailoverRule::kLooksBeforeDuty)) return go_on_duty("nobody was asked");
    if (!sight_.enough) {
        if (!sight_.sentence.empty()) reason_ = "not on duty: " + sight_.sentence;
        return;
    }
    if (sight_.vacant) return go_on_duty("nobody else is on duty");
    if (sight_.other_on_duty) return move(State::kStandby, sight_.sentence);
    if (for_long(quiet_since_, options_.times.vacancy, now)) return go_on_duty("nobody else was heard on duty");
    reason_ = "waiting whether anybody is on duty: " + sight_.sentence;
}

void PrimaryRules::think_standby(SteadyTime now) {
    if (!readiness_.ready || !sight_.enough) return;
    // What the other hands over on purpose is taken also while paused.
    if (sight_.vacant && in_force(FailoverRule::kVacancyTaken)) return go_on_duty("duty is vacant: " + sight_.sentence);
    if (paused_ && in_force(FailoverRule::kPausedDoesNothing)) return;
    if (!in_force(FailoverRule::kUnwellHolderReplaced)) return;
    if (for_long(unserved_since_, options_.times.patience, now)) go_on_duty("nobody performs: " + sight_.sentence);
}

void PrimaryRules::think_draining(SteadyTime now) {
    const bool lost = !sight_.other_ready && in_force(FailoverRule::kHandoverOnlyIfOtherReady);
    const bool over =
        drained_ ? now >= wait_until_ && in_force(FailoverRule::kUnansweredHandoverGoesOn) : now >= wait_until_ || lost;
    if (!over) return;
    may_stop_ = stop_at_.has_value();
    go_on(drained_ ? "the secondary did not take over" : "the secondary can't take over: " + sight_.sentence);
}

}  // namespace holdfast::healthcheck
