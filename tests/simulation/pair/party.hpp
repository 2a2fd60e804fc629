// An instance of the pair: the real rules, checks, drain and sight, driven as instance/driver does it, on a simulated engine
// and network.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "healthcheck/check.hpp"
#include "healthcheck/drain.hpp"
#include "healthcheck/primary_rules.hpp"
#include "healthcheck/secondary_rules.hpp"
#include "tests/simulation/pair/engine.hpp"

namespace holdfast::simulation::pair {

class Party {
public:
    Party(Ground& ground, std::size_t number);

    void boot();  // after the start-up time, and once its nodes are there, it is warm
    void kill();
    void freeze();
    void thaw();
    void request_stop();  // SIGTERM
    // The operator asks on the local socket; nothing if nobody listens.
    void command(healthcheck::Command command);

    [[nodiscard]] bool up() const { return process_.up(); }
    [[nodiscard]] bool frozen() const { return process_.frozen(); }
    [[nodiscard]] bool warm() const { return warm_; }
    [[nodiscard]] bool stopping() const { return stopping_; }
    [[nodiscard]] bool paused() const;
    [[nodiscard]] bool ready() const;  // off duty, and would go on duty at once
    [[nodiscard]] bool on_duty() const;
    [[nodiscard]] bool drained() const;
    // On its way onto duty or off it.
    [[nodiscard]] bool moving() const;
    [[nodiscard]] bool well() const;
    // Duties of this slot would be performed, as far as it knows.
    [[nodiscard]] bool performs() const;
    [[nodiscard]] std::uint64_t generation() const { return quorum_.generation(); }
    [[nodiscard]] std::string state() const;
    // Why it is in this state, and what is wrong with it: what /healthz says.
    [[nodiscard]] std::string says() const;
    // When it was ready for the first time, as this process.
    [[nodiscard]] const std::optional<Time>& first_ready() const { return first_ready_; }

private:
    Ground& ground_;
    std::size_t number_;
    std::string name_;
    Process process_;
    Quorum quorum_;
    Engine engine_;

    bool warm_{false};
    std::optional<Time> first_ready_;
    bool stopping_{false};
    bool finishing_{false};
    std::optional<healthcheck::PrimaryRules> primary_;
    std::optional<healthcheck::SecondaryRules> secondary_;
    healthcheck::Checks checks_{1, 1};
    healthcheck::Readiness readiness_;
    bool beaten_well_{false};
    bool forced_{false};  // by the operator: how duty comes, if it comes now
    // Polls, of the secondary.
    std::uint64_t poll_number_{0};
    bool poll_open_{false};
    Time poll_due_{0};
    bool watch_closely_{false};
    healthcheck::Poll last_poll_;
    std::string last_drain_;  // what was last said of it

    [[nodiscard]] const healthcheck::FailoverTimes& times() const { return ground_.setup.times; }
    [[nodiscard]] SteadyTime now() const { return steady_of(process_.now()); }
    template <class F>
    decltype(auto) with(F f) {
        return primary_ ? f(*primary_) : f(*secondary_);
    }
    template <class F>
    decltype(auto) with(F f) const {
        return primary_ ? f(*primary_) : f(*secondary_);
    }

    void try_to_start();
    void start();
    void sample_for_ever();
    void sample();
    void tick_for_ever();
    void watch_fence();
    void follow_up();
    void note(const healthcheck::Change& change);
    void perform(healthcheck::Action action);
    void look(std::function<void()> then = {});
    void go_on_duty();
    void drain();
    void drain_step(const std::shared_ptr<healthcheck::Drain>& drain, bool begun);
    [[nodiscard]] bool draining() const;
    void finish();
    void on_command(healthcheck::Command command);
    Result<void> obey(healthcheck::Command command);
    void relay(healthcheck::Command command);

    void poll();
    void on_poll(const healthcheck::Poll& poll);
    void next_poll();
    [[nodiscard]] healthcheck::Poll describe_to_poller() const;
    [[nodiscard]] bool healthy() const;
};

}  // namespace holdfast::simulation::pair
