#include "instance/driver.hpp"

#include <utility>

#include "shared/base/log.hpp"

namespace holdfast::instance {

using healthcheck::Action;

namespace {

constexpr Duration kTick = std::chrono::milliseconds{100};
constexpr Duration kDrainStep = std::chrono::milliseconds{50};

}  // namespace

Driver::Driver(Executor executor, Clock& clock, Role& role, Duty& duty, healthcheck::FailoverTimes times, DriverHooks hooks)
    : clock_{clock},
      role_{role},
      duty_{duty},
      times_{times},
      hooks_{std::move(hooks)},
      checks_{times.rise, times.fall},
      since_{clock.now()},
      tasks_{std::move(executor)} {}

void Driver::start() {
    role_.on_started(clock_.steady());
    follow_up();
    sample();
    tasks_.spawn("health", sample_for_ever());
    tasks_.spawn("failover rules", tick_for_ever());
}

Task<void> Driver::stop() {
    tasks_.cancel();
    co_await tasks_.join();
}

void Driver::on_poll(const healthcheck::Poll& poll) {
    role_.on_poll(poll, clock_.steady());
    follow_up();
}

Result<void> Driver::command(healthcheck::Command command) {
    const Result<void> taken = role_.on_command(command, clock_.steady());
    follow_up();
    return taken;
}

void Driver::request_stop() {
    role_.on_stop(clock_.steady());
    follow_up();
}

void Driver::stop_now() {
    stop_now_ = true;
    may_stop_.notify_all();
}

Task<void> Driver::until_it_may_stop() {
    while (!stop_now_ && !role_.may_stop()) co_await may_stop_.wait();
}

bool Driver::healthy() const {
    if (!checks_.ok()) return false;
    if (role_.on_duty() || role_.drained()) return true;
    return role_.state() != state::kStarting && readiness_.ready;
}

Task<void> Driver::sample_for_ever() {
    for (;;) {
        co_await sleep_for(clock_, times_.sample_interval);
        sample();
    }
}

void Driver::sample() {
    checks_.sample(duty_.checks(), clock_.now());
    readiness_ = {checks_.ok(), checks_.why_not()};
    if (readiness_.ready && hooks_.obstacle) {
        readiness_.why_not = hooks_.obstacle();
        readiness_.ready = readiness_.why_not.empty();
    }
    role_.on_readiness(readiness_, clock_.steady());
    follow_up();
}

Task<void> Driver::tick_for_ever() {
    for (;;) {
        co_await sleep_for(clock_, kTick);
        watch_fence();
        role_.tick(clock_.steady());
        follow_up();
    }
}

void Driver::watch_fence() {
    if (!role_.on_duty() && !role_.draining()) return;
    const std::optional<std::string> by = duty_.fenced_by();
    if (by) role_.on_fenced(*by, clock_.steady());
}

void Driver::follow_up() {
    while (auto change = role_.next_change()) note(std::move(*change));
    while (const auto action = role_.next()) perform(*action);
    // An action that is done at once may have brought more.
    while (auto change = role_.next_change()) note(std::move(*change));
    if (well() != beaten_well_) {
        beaten_well_ = well();
        duty_.beat_now();
    }
    if (role_.may_stop()) may_stop_.notify_all();
}

void Driver::note(healthcheck::Change change) {
    log_info("{} -> {}: {}", change.from, change.to, change.why);
    since_ = clock_.now();
    changes_.push_front({since_, std::move(change)});
    if (changes_.size() > kChangesMax) changes_.pop_back();
    if (hooks_.on_change) hooks_.on_change(changes_.front());
}

void Driver::perform(Action action) {
    switch (action) {
        case Action::kLook: return tasks_.spawn("look at the other instance", look());
        case Action::kGoOnDuty: return tasks_.spawn("going on duty", go_on_duty());
        case Action::kDrain: return tasks_.spawn("draining", drain());
        case Action::kGoOnAgain: return duty_.reopen();
        case Action::kStandDown: return duty_.stand_down();
    }
}

Task<void> Driver::look() {
    sight_ = co_await duty_.look(clock_.steady() + times_.look_timeout);
    role_.on_sight(sight_, clock_.steady());
    follow_up();
}

Task<void> Driver::go_on_duty() {
    const Result<void> done = co_await duty_.take_over(clock_.steady() + times_.acquire_timeout);
    if (done) {
        said_failure_.clear();
        role_.on_duty_begun(clock_.steady());
    } else {
        // Tried several times a second: said once.
        if (done.error().message != said_failure_) log_warn("could not go on duty: {}", done.error().message);
        said_failure_ = done.error().message;
        role_.on_duty_failed(done.error().message, clock_.steady());
    }
    follow_up();
}

Task<void> Driver::drain() {
    healthcheck::Drain drain;
    std::string said;
    // At a slot's very begin its duty may not be under way yet.
    bool begun = false;
    while (role_.draining() && !role_.drained()) {
        healthcheck::DrainView view = duty_.drain_view();
        view.duties_under_way = view.duties_under_way || !begun;
        begun = true;
        const healthcheck::Drain::Step step = drain.step(view);
        if (step.sentence != said) log_info("{}", step.sentence);
        said = step.sentence;
        if (step.last_slot) duty_.close_after(*step.last_slot);
        if (step.done) {
            // Nothing is under way: from here on heartbeats say that we are off duty.
            duty_.stand_down();
            role_.on_drained(clock_.steady());
            duty_.beat_now();
            follow_up();
            co_return;
        }
        co_await sleep_for(clock_, kDrainStep);
    }
}

}  // namespace holdfast::instance
