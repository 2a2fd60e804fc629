#include "tests/simulation/pair/party.hpp"

#include <utility>

namespace holdfast::simulation::pair {

using healthcheck::Action;
using healthcheck::Command;
using healthcheck::PrimaryState;
using healthcheck::SecondaryState;

namespace {

// As in instance/driver.
constexpr Time kTick = 100 * kMillisecond;
constexpr Time kDrainStep = 50 * kMillisecond;
constexpr Time kStartAgain = 500 * kMillisecond;
constexpr Time kFinishLook = 50 * kMillisecond;
constexpr Time kLastBeat = 100 * kMillisecond;

}  // namespace

Party::Party(Ground& ground, std::size_t number)
    : ground_{ground},
      number_{number},
      name_{party_name(number)},
      process_{ground.base.events, ground.base.random},
      quorum_{ground, number, process_},
      engine_{ground, number, process_, quorum_} {}

void Party::boot() {
    if (up()) return;
    ground_.say(name_, "starts");
    process_.begin();
    stopping_ = finishing_ = forced_ = false;
    beaten_well_ = poll_open_ = watch_closely_ = false;
    last_poll_ = {};
    readiness_ = {};
    checks_ = {times().rise, times().fall};
    primary_.reset();
    secondary_.reset();
    if (number_ == kPrimary) {
        primary_.emplace(healthcheck::PrimaryOptions{times(), false});
    } else {
        secondary_.emplace(healthcheck::SecondaryOptions{times(), ground_.setup.automatic_failback});
    }
    process_.after(ground_.setup.start_up + ground_.base.random_time(kSecond), [this] { try_to_start(); });
}

// Its validators are looked up first.
void Party::try_to_start() {
    if (ground_.truth[number_].nodes_fit >= ground_.setup.threshold && !ground_.truth[number_].hung) return start();
    process_.after(kStartAgain, [this] { try_to_start(); });
}

void Party::start() {
    ground_.say(name_, "is warm");
    warm_ = true;
    first_ready_.reset();
    quorum_.refresh(process_.now() + kSecond);
    engine_.start();
    quorum_.start_heartbeats([this] { return protection::Beat{engine_.on_duty(), well()}; });
    with([&](auto& rules) { rules.on_started(now()); });
    follow_up();
    sample();
    sample_for_ever();
    tick_for_ever();
    if (secondary_) {
        poll_due_ = process_.now();
        poll();
    }
    if (stopping_) request_stop();
}

void Party::kill() {
    if (!up()) return;
    ground_.say(name_, "is gone");
    process_.end();
    quorum_.reset();
    engine_.reset();
    warm_ = stopping_ = finishing_ = false;
    ground_.watch.on_gone(number_);
}

void Party::freeze() {
    if (!up() || frozen()) return;
    ground_.say(name_, "is frozen");
    process_.freeze();
}

void Party::thaw() {
    if (!frozen()) return;
    ground_.say(name_, "goes on");
    process_.thaw();
}

bool Party::paused() const {
    return up() && with([](const auto& rules) { return rules.paused(); });
}
bool Party::on_duty() const {
    return warm_ && with([](const auto& rules) { return rules.on_duty(); });
}
bool Party::drained() const {
    return warm_ && with([](const auto& rules) { return rules.drained(); });
}
bool Party::moving() const {
    if (!warm_) return false;
    const bool taking = secondary_ && secondary_->state() == SecondaryState::kTakingOver;
    return draining() || taking || (engine_.on_duty() && !on_duty());
}

bool Party::draining() const {
    return primary_ ? primary_->state() == PrimaryState::kDraining : secondary_->state() == SecondaryState::kYielding;
}
bool Party::performs() const { return warm_ && engine_.gate_open(); }

bool Party::ready() const {
    if (!warm_) return false;
    if (primary_) return primary_->ready();
    const SecondaryState now = secondary_->state();
    return now == SecondaryState::kArmed || now == SecondaryState::kSuspecting || now == SecondaryState::kTakingOver;
}

bool Party::well() const { return on_duty() ? checks_.ok() : ready(); }

bool Party::healthy() const {
    if (!warm_ || !checks_.ok()) return false;
    if (on_duty() || drained()) return true;
    return readiness_.ready;
}

std::string Party::state() const {
    if (!up()) return "gone";
    if (!warm_) return "starting";
    return std::string{primary_ ? to_string(primary_->state()) : to_string(secondary_->state())};
}

std::string Party::says() const {
    if (!warm_) return {};
    const std::string reason = with([](const auto& rules) { return rules.reason(); });
    return checks_.ok() ? reason : reason + " (" + checks_.why_not() + ")";
}

void Party::sample_for_ever() {
    process_.after(time_of(times().sample_interval), [this] {
        if (finishing_) return;
        sample();
        sample_for_ever();
    });
}

void Party::sample() {
    checks_.sample(engine_.checks(), wall_of(process_.now()));
    readiness_ = {checks_.ok(), checks_.why_not()};
    with([&](auto& rules) { rules.on_readiness(readiness_, now()); });
    follow_up();
}

void Party::tick_for_ever() {
    process_.after(kTick, [this] {
        if (finishing_) return;
        watch_fence();
        with([&](auto& rules) { rules.tick(now()); });
        follow_up();
        tick_for_ever();
    });
}

void Party::watch_fence() {
    if (!on_duty() && !draining()) return;
    const std::optional<protection::Tenure> by = quorum_.fenced_by();
    if (by) with([&](auto& rules) { rules.on_fenced("fenced by " + describe(*by), now()); });
}

void Party::follow_up() {
    with([&](auto& rules) {
        while (auto change = rules.next_change()) note(*change);
        while (const auto action = rules.next()) perform(*action);
        while (auto change = rules.next_change()) note(*change);
    });
    if (ready() && !first_ready_) first_ready_ = process_.now();
    if (well() != beaten_well_) {
        beaten_well_ = well();
        if (ground_.trace.on()) ground_.say(name_, beaten_well_ ? "is well" : "is not well: " + checks_.why_not());
        quorum_.beat_now();
    }
    if (stopping_ && with([](const auto& rules) { return rules.may_stop(); })) finish();
}

void Party::note(const healthcheck::Change& change) {
    if (ground_.trace.on()) ground_.say(name_, change.from + " -> " + change.to + ": " + change.why);
    ground_.watch.on_change(number_, change.from, change.to);
}

void Party::perform(Action action) {
    switch (action) {
        case Action::kLook: return look({});
        case Action::kGoOnDuty: return go_on_duty();
        case Action::kDrain: return drain();
        case Action::kGoOnAgain: ground_.watch.on_go_on_again(number_); return engine_.reopen();
        case Action::kStandDown: return engine_.stand_down();
    }
}

void Party::look(std::function<void()> then) {
    const Time deadline = process_.now() + time_of(times().look_timeout);
    quorum_.heard(deadline, [this, then = std::move(then)](const Result<std::vector<std::vector<protection::Heard>>>& heard) {
        healthcheck::Sight sight;
        if (heard) {
            sight = healthcheck::look(heard.value(), quorum_.highest(), name_, ground_.setup.base.quorum, times());
        } else {
            sight.sentence = heard.error().message;
        }
        if (finishing_) return;
        with([&](auto& rules) { rules.on_sight(sight, now()); });
        follow_up();
        if (then) then();
    });
}

void Party::go_on_duty() {
    ground_.watch.on_going_on_duty(number_, std::exchange(forced_, false));
    engine_.take_over(process_.now() + time_of(times().acquire_timeout), [this](const Result<void>& done) {
        if (finishing_) return;
        if (done) {
            ground_.watch.on_duty_begun(number_);
            with([&](auto& rules) { rules.on_duty_begun(now()); });
        } else {
            if (ground_.trace.on()) ground_.say(name_, "could not go on duty: " + done.error().message);
            with([&](auto& rules) { rules.on_duty_failed(done.error().message, now()); });
        }
        follow_up();
        quorum_.beat_now();
    });
}

void Party::drain() {
    ground_.watch.on_draining(number_);
    drain_step(std::make_shared<healthcheck::Drain>(), false);
}

// At a slot's very begin its duty may not be under way yet.
void Party::drain_step(const std::shared_ptr<healthcheck::Drain>& drain, bool begun) {
    if (!draining() || drained() || finishing_) return;
    const Slot slot = engine_.slot();
    const healthcheck::Drain::Step step = drain->step({slot, !engine_.idle() || !begun, ground_.next_proposal(slot)});
    if (step.last_slot) engine_.close_after(*step.last_slot);
    if (ground_.trace.on() && step.sentence != last_drain_) ground_.say(name_, last_drain_ = step.sentence);
    if (!step.done) {
        process_.after(kDrainStep, [this, drain] { drain_step(drain, true); });
        return;
    }
    ground_.watch.on_drained(number_, engine_.idle(), *step.last_slot);
    engine_.stand_down();
    with([&](auto& rules) { rules.on_drained(now()); });
    quorum_.beat_now();
    follow_up();
}

void Party::request_stop() {
    if (!up() || finishing_) return;
    ground_.say(name_, "is told to stop");
    stopping_ = true;
    if (!warm_) return kill();
    with([&](auto& rules) { rules.on_stop(now()); });
    follow_up();
}

// What is under way is finished, then the process ends.
void Party::finish() {
    finishing_ = true;
    engine_.request_stop();
    if (!engine_.idle()) {
        process_.after(kFinishLook, [this] { finish(); });
        return;
    }
    // So that nobody has to wait until it has been silent for long.
    engine_.stand_down();
    quorum_.beat_now();
    process_.after(kLastBeat, [this] { kill(); });
}

}  // namespace holdfast::simulation::pair
