#include "healthcheck/secondary_rules.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/base/assert.hpp"

namespace holdfast::healthcheck {

using State = SecondaryState;

namespace {

// After a handover that nobody took, in handover timeouts.
constexpr int kYieldPause = 10;

constexpr std::array kTransitions{
    Transition<State>{State::kStarting, State::kStandby, "the engine is warm"},
    Transition<State>{State::kStandby, State::kArmed, "ready for duty"},
    Transition<State>{State::kArmed, State::kStandby, "no longer ready"},
    Transition<State>{State::kArmed, State::kSuspecting, "the primary is silent, refuses, is unwell or has drained"},
    Transition<State>{State::kArmed, State::kTakingOver, "the operator forces it"},
    Transition<State>{State::kSuspecting, State::kArmed, "the primary performs again, or paused"},
    Transition<State>{State::kSuspecting, State::kStandby, "no longer ready"},
    Transition<State>{State::kSuspecting, State::kTakingOver, "it has drained, or no quorum hears it well"},
    Transition<State>{State::kTakingOver, State::kOnDuty, "a generation is ours"},
    Transition<State>{State::kTakingOver, State::kStandby, "no generation to be had"},
    Transition<State>{State::kOnDuty, State::kStandby, "fenced"},
    Transition<State>{State::kOnDuty, State::kYielding, "failback, or stopping"},
    Transition<State>{State::kYielding, State::kOnDuty, "the primary can't take it, or did not"},
    Transition<State>{State::kYielding, State::kStandby, "the primary has taken it"},
};

}  // namespace

std::string_view to_string(State state) {
    switch (state) {
        case State::kStarting: return "starting";
        case State::kStandby: return "standby";
        case State::kArmed: return "armed";
        case State::kSuspecting: return "suspecting";
        case State::kTakingOver: return "taking_over";
        case State::kOnDuty: return "on_duty";
        case State::kYielding: return "yielding";
    }
    return "unknown";
}

std::span<const Transition<State>> SecondaryRules::transitions() { return kTransitions; }

SecondaryRules::SecondaryRules(SecondaryOptions options) : options_{options}, failback_delay_{options.times.failback_after} {}

void SecondaryRules::move(State to, std::string reason) {
    HOLDFAST_ASSERT(std::ranges::any_of(kTransitions, [&](const auto& t) { return t.from == state_ && t.to == to; }));
    changes_.push_back({std::string{to_string(state_)}, std::string{to_string(to)}, reason});
    state_ = to;
    reason_ = std::move(reason);
}

void SecondaryRules::on_started(SteadyTime now) {
    move(State::kStandby, "warm, not ready yet");
    think(now);
}

void SecondaryRules::on_readiness(const Readiness& readiness, SteadyTime now) {
    readiness_ = readiness;
    if (state_ == State::kStandby && !readiness.ready) reason_ = readiness.why_not;
    think(now);
}

void SecondaryRules::on_poll(const Poll& poll, SteadyTime now) {
    // Started again, and on duty before we were: it gets its polls to become well.
    if (poll.on_duty && last_poll_.outcome == Poll::Outcome::kRefused) bad_polls_ = 0;
    last_poll_ = poll;
    count_poll(poll);
    follow_primary(poll, now);
    think(now);
}

void SecondaryRules::count_poll(const Poll& poll) {
    const bool good =
        poll.performs() || (poll.outcome == Poll::Outcome::kAnswered && !in_force(FailoverRule::kUnhealthyCounts));
    if (good) {
        bad_polls_ = 0;
        seen_on_duty_ = seen_on_duty_ || poll.on_duty;
    } else if (poll.outcome == Poll::Outcome::kRefused && in_force(FailoverRule::kRefusedCountsAtOnce)) {
        bad_polls_ = options_.times.polls_to_suspect;
    } else {
        bad_polls_ = std::min(bad_polls_ + 1, options_.times.polls_to_suspect);
    }
}

void SecondaryRules::follow_primary(const Poll& poll, SteadyTime now) {
    const bool answered = poll.outcome == Poll::Outcome::kAnswered;
    const bool wants = in_force(FailoverRule::kFailbackOnlyIfReady) ? poll.wants_duty : answered;
    if (!wants) ready_since_.reset();
    if (wants && !ready_since_) ready_since_ = now;
    if (!poll.performs()) performing_since_.reset();
    if (poll.performs() && !performing_since_) performing_since_ = now;
    if (performing_since_ && now - *performing_since_ >= options_.times.failback_after_max) {
        relapsed_ = false;
        failback_delay_ = options_.times.failback_after;
    }
}

void SecondaryRules::on_sight(const Sight& sight, SteadyTime now) {
    looking_ = false;
    look_at_ = now + options_.times.look_interval;
    sight_ = sight;
    think(now);
}

void SecondaryRules::on_duty_begun(SteadyTime now) {
    if (state_ != State::kTakingOver) return;
    ++takeovers_;
    if (!planned_) {
        if (relapsed_ && in_force(FailoverRule::kFailbackWaitsLonger)) {
            failback_delay_ = std::min(2 * failback_delay_, options_.times.failback_after_max);
        }
        relapsed_ = true;
    }
    ready_since_.reset();
    move(State::kOnDuty, reason_);
    think(now);
}

void SecondaryRules::on_duty_failed(std::string why, SteadyTime now) {
    if (state_ != State::kTakingOver) return;
    held_ = false;
    readiness_ = {false, why};  // until the next sample
    move(State::kStandby, std::move(why));
    think(now);
}

void SecondaryRules::on_drained(SteadyTime now) {
    if (!yielding() || drained_) return;
    drained_ = true;
    wait_until_ = now + options_.times.handover_timeout;
    reason_ += "; drained, the primary may take over";
    think(now);
}

void SecondaryRules::on_fenced(const std::string& by, SteadyTime now) {
    if (state_ == State::kOnDuty && in_force(FailoverRule::kFencedStandsDown)) leave_duty(by);
    if (yielding()) leave_duty("handed over: " + by);
    think(now);
}

void SecondaryRules::leave_duty(std::string why) {
    actions_.push_back(Action::kStandDown);
    // What the primary said while it was off duty doesn't count against it.
    bad_polls_ = 0;
    drained_ = false;
    held_ = false;
    readiness_ = {false, why};
    move(State::kStandby, std::move(why));
}

Result<void> SecondaryRules::on_command(Command command, SteadyTime now) {
    switch (command) {
        case Command::kFailover:
            if (on_duty()) return failure(ErrorCode::kRefused, "the secondary is on duty already");
            if (!readiness_.ready) return failure(ErrorCode::kRefused, "the secondary is not ready: " + readiness_.why_not);
            return success();
        case Command::kForceFailover: return force_failover();
        case Command::kFailback: return fail_back(now);
        case Command::kForceFailback: return failure(ErrorCode::kRefused, "a forced failback is to be asked at the primary");
        case Command::kPause: paused_ = true; break;
        case Command::kResume: paused_ = held_ = false; break;
    }
    think(now);
    return success();
}

Result<void> SecondaryRules::force_failover() {
    if (on_duty() || state_ == State::kTakingOver) return success();
    if (state_ != State::kArmed && state_ != State::kSuspecting) {
        return failure(ErrorCode::kRefused, "the secondary is not ready: " + reason_);
    }
    held_ = true;
    planned_ = true;
    take_over("the operator forces it");
    return success();
}

Result<void> SecondaryRules::fail_back(SteadyTime now) {
    if (yielding()) return success();
    if (state_ != State::kOnDuty) return failure(ErrorCode::kRefused, "the secondary is not on duty: " + reason_);
    if (!last_poll_.ready) {
        return failure(ErrorCode::kRefused, "the primary is not ready for duty: " + last_poll_.sentence);
    }
    held_ = false;
    yield("the operator asks for it", now);
    return success();
}

void SecondaryRules::on_stop(SteadyTime now) {
    if (!stop_at_) stop_at_ = now + options_.times.stop_timeout;
    think(now);
}

void SecondaryRules::tick(SteadyTime now) { think(now); }

std::optional<Action> SecondaryRules::next() {
    if (actions_.empty()) return std::nullopt;
    const Action action = actions_.front();
    actions_.pop_front();
    return action;
}

std::optional<Change> SecondaryRules::next_change() {
    if (changes_.empty()) return std::nullopt;
    Change change = std::move(changes_.front());
    changes_.pop_front();
    return change;
}

std::optional<SteadyTime> SecondaryRules::failback_at() const {
    const bool planned = state_ == State::kOnDuty && options_.automatic_failback && !held_ && !paused_ && ready_since_;
    if (!planned) return std::nullopt;
    const Duration delay = in_force(FailoverRule::kFailbackWaits) ? failback_delay_ : Duration{};
    return std::max(*ready_since_ + delay, yield_not_before_);
}

bool SecondaryRules::handed_over() const { return last_poll_.drained && in_force(FailoverRule::kDrainedTakenAtOnce); }

// What a primary hands over on purpose is taken all the same.
bool SecondaryRules::held_back() const { return paused_ && !handed_over() && in_force(FailoverRule::kPausedDoesNothing); }

bool SecondaryRules::suspicious() const { return bad_polls_ >= options_.times.polls_to_suspect || handed_over(); }

// A primary that was never seen on duty may be starting, as we are.
bool SecondaryRules::in_start_grace(SteadyTime now) const {
    if (seen_on_duty_ || !in_force(FailoverRule::kStartGrace)) return false;
    return first_armed_ && now < *first_armed_ + options_.times.start_grace;
}

std::string SecondaryRules::suspicion() const {
    if (last_poll_.outcome == Poll::Outcome::kAnswered && !last_poll_.on_duty)
        return "the primary is not on duty: " + last_poll_.sentence;
    if (last_poll_.outcome == Poll::Outcome::kAnswered) return "the primary is unwell: " + last_poll_.sentence;
    return "the primary can't be reached: " + last_poll_.sentence;
}

void SecondaryRules::take_over(std::string why) {
    move(State::kTakingOver, std::move(why));
    actions_.push_back(Action::kGoOnDuty);
}

void SecondaryRules::yield(std::string why, SteadyTime now) {
    drained_ = false;
    wait_until_ = now + options_.times.stop_timeout;
    move(State::kYielding, std::move(why));
    actions_.push_back(Action::kDrain);
}

void SecondaryRules::go_on(std::string why, SteadyTime now) {
    drained_ = false;
    ready_since_.reset();
    yield_not_before_ = now + kYieldPause * options_.times.handover_timeout;
    actions_.push_back(Action::kGoOnAgain);
    move(State::kOnDuty, std::move(why));
}

void SecondaryRules::think(SteadyTime now) {
    if (stop_at_) return think_stopping(now);
    switch (state_) {
        case State::kStarting:
        case State::kTakingOver: return;
        case State::kStandby:
        case State::kArmed: return think_off_duty(now);
        case State::kSuspecting: return think_suspecting(now);
        case State::kOnDuty: return think_on_duty(now);
        case State::kYielding: return think_yielding(now);
    }
}

void SecondaryRules::think_stopping(SteadyTime now) {
    if (state_ == State::kOnDuty && last_poll_.ready && !may_stop_) yield("stopping", now);
    if (yielding()) return think_yielding(now);
    may_stop_ = may_stop_ || state_ != State::kTakingOver || now >= *stop_at_;
}

void SecondaryRules::think_off_duty(SteadyTime now) {
    if (state_ == State::kStandby && readiness_.ready) {
        if (!first_armed_) first_armed_ = now;
        // What it said in an outage that was ours, too, doesn't count: it may be over for both.
        if (last_poll_.outcome == Poll::Outcome::kAnswered) bad_polls_ = 0;
        move(State::kArmed, "ready to take over");
    }
    if (state_ != State::kArmed) return;
    if (!readiness_.ready && in_force(FailoverRule::kOnlyArmedTakesOver)) return move(State::kStandby, readiness_.why_not);
    if (held_back() || !suspicious()) return;
    move(State::kSuspecting, handed_over() ? "the primary hands over: " + last_poll_.sentence : suspicion());
    sight_.reset();
    look_at_ = now;
    think_suspecting(now);
}

void SecondaryRules::think_suspecting(SteadyTime now) {
    if (!readiness_.ready && in_force(FailoverRule::kOnlyArmedTakesOver)) return move(State::kStandby, readiness_.why_not);
    if (held_back()) return move(State::kArmed, "paused by the operator");
    if (!suspicious()) return move(State::kArmed, "the primary performs again");
    planned_ = handed_over();
    if (planned_) return take_over("the primary hands over: " + last_poll_.sentence);
    if (in_start_grace(now)) {
        reason_ = "waiting for the primary's start: " + last_poll_.sentence;
        return;
    }
    if (!in_force(FailoverRule::kWitnessesAsked)) return take_over(suspicion());
    if (sight_ && sight_->enough) {
        const bool contradicted = sight_->other_performs && in_force(FailoverRule::kWitnessesBelieved);
        if (!contradicted) return take_over(suspicion() + "; " + sight_->sentence);
    }
    reason_ = sight_ ? suspicion() + "; but " + sight_->sentence : suspicion();
    look_if_due(now);
}

void SecondaryRules::look_if_due(SteadyTime now) {
    if (looking_ || now < look_at_) return;
    looking_ = true;
    // What is not fresh doesn't count.
    sight_.reset();
    actions_.push_back(Action::kLook);
}

void SecondaryRules::think_on_duty(SteadyTime now) {
    if (now < yield_not_before_) return;
    if (last_poll_.asks_for_duty) {
        held_ = false;
        return yield("the primary asks for duty: the operator's failback", now);
    }
    const std::optional<SteadyTime> at = failback_at();
    if (at && now >= *at) yield("the primary is ready again: " + last_poll_.sentence, now);
}

void SecondaryRules::think_yielding(SteadyTime now) {
    const bool stopping = stop_at_.has_value();
    const bool gone = last_poll_.outcome == Poll::Outcome::kRefused;
    const bool over = drained_ ? (gone || now >= wait_until_) && in_force(FailoverRule::kUnansweredHandoverGoesOn)
                               : now >= wait_until_ || !last_poll_.ready;
    if (!over) return;
    may_stop_ = stopping;
    go_on(drained_ ? "the primary did not take over" : "the primary can't take over: " + last_poll_.sentence, now);
}

}  // namespace holdfast::healthcheck
