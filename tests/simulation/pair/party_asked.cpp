// What others ask of an instance: the operator's commands, and the secondary's polls.
#include <utility>

#include "tests/simulation/pair/party.hpp"

namespace holdfast::simulation::pair {

using healthcheck::Command;
using healthcheck::PrimaryState;

void Party::command(Command command) {
    process_.receive(process_.life(), [this, command] { on_command(command); });
}

void Party::on_command(Command command) {
    if (!warm_ || finishing_) return;
    const auto then = [this, command] {
        const Result<void> taken = obey(command);
        const bool both = command == Command::kPause || command == Command::kResume;
        if (taken && secondary_ && (command == Command::kFailover || both)) relay(command);
    };
    // A failover is judged by what is so now.
    primary_&& command == Command::kFailover ? look(then) : then();
}

Result<void> Party::obey(Command command) {
    forced_ = command == Command::kForceFailover || command == Command::kForceFailback;
    const Result<void> taken = with([&](auto& rules) { return rules.on_command(command, now()); });
    if (ground_.trace.on()) {
        ground_.say(name_, "the operator: " + std::string{to_string(command)} + (taken ? "" : ": " + taken.error().message));
    }
    if (taken) ground_.watch.on_command(number_, command);
    follow_up();
    forced_ = false;
    return taken;
}

void Party::relay(Command command) {
    Party& primary = *ground_.parties[kPrimary];
    ground_.base.network.send(ground_.endpoint(kSecondary), ground_.endpoint(kPrimary),
                              [&primary, command] { primary.command(command); });
}

healthcheck::Poll Party::describe_to_poller() const {
    healthcheck::Poll poll;
    poll.outcome = healthcheck::Poll::Outcome::kAnswered;
    if (!warm_) {
        poll.sentence = "starting";
        return poll;
    }
    poll.on_duty = on_duty();
    poll.healthy = healthy();
    poll.drained = drained();
    poll.draining = draining() && !poll.drained;
    poll.ready = primary_->state() == PrimaryState::kStandby && primary_->ready();
    poll.wants_duty = poll.ready && primary_->wants_duty();
    poll.asks_for_duty = poll.ready && primary_->asks_for_duty();
    if (ground_.trace.on()) poll.sentence = says();
    return poll;
}

void Party::poll() {
    poll_open_ = true;
    const std::uint64_t number = ++poll_number_;
    const auto arrive = [this, number, life = process_.life()](const healthcheck::Poll& poll) {
        ground_.base.network.send(ground_.endpoint(kPrimary), ground_.endpoint(kSecondary), [this, number, life, poll] {
            process_.receive(life, [this, number, poll] {
                if (poll_open_ && number == poll_number_) on_poll(poll);
            });
        });
    };
    ground_.base.network.send(ground_.endpoint(kSecondary), ground_.endpoint(kPrimary), [this, arrive] {
        Party& primary = *ground_.parties[kPrimary];
        if (primary.up()) {
            primary.process_.receive(primary.process_.life(), [&primary, arrive] { arrive(primary.describe_to_poller()); });
        } else if (ground_.setup.dead_hosts_refuse) {
            healthcheck::Poll refused;
            refused.outcome = healthcheck::Poll::Outcome::kRefused;
            refused.sentence = "connection refused";
            arrive(refused);
        }
    });
    process_.after(time_of(times().poll_timeout), [this, number] {
        if (!poll_open_ || number != poll_number_) return;
        healthcheck::Poll silent;
        silent.sentence = "no answer";
        on_poll(silent);
    });
}

void Party::on_poll(const healthcheck::Poll& poll) {
    poll_open_ = false;
    if (finishing_) return;
    if (ground_.trace.on() && (poll.outcome != last_poll_.outcome || poll.performs() != last_poll_.performs())) {
        ground_.say(name_, "polled the primary: " + poll.sentence + (poll.performs() ? " (performs)" : ""));
    }
    last_poll_ = poll;
    watch_closely_ = poll.draining;
    secondary_->on_poll(poll, now());
    follow_up();
    next_poll();
}

// On a steady schedule; polls that have been missed are not made up for.
void Party::next_poll() {
    const Time interval = watch_closely_ ? 100 * kMillisecond : time_of(times().poll_interval);
    if (process_.now() >= poll_due_ + interval) {
        poll_due_ += (process_.now() - poll_due_) / interval * interval;
        return poll();
    }
    const Time pause = poll_due_ + interval - process_.now();
    poll_due_ += interval;
    process_.after(pause, [this] { poll(); });
}

}  // namespace holdfast::simulation::pair
