// When the secondary takes over and when it gives back: starting → standby → armed → suspecting → taking_over → on_duty →
// yielding. Pure: events and times in, actions out; the program and the simulation drive the same object.
//
//   rules.on_poll(poll, now);  rules.on_sight(sight, now);  rules.tick(now);  ...
//   while (const auto action = rules.next()) { ... do it, and tell the outcome }
#pragma once

#include <deque>
#include <optional>
#include <span>

#include "healthcheck/failover.hpp"
#include "healthcheck/failover_rule.hpp"
#include "healthcheck/sight.hpp"
#include "healthcheck/times.hpp"
#include "shared/base/result.hpp"

namespace holdfast::healthcheck {

enum class SecondaryState : std::uint8_t { kStarting, kStandby, kArmed, kSuspecting, kTakingOver, kOnDuty, kYielding };
[[nodiscard]] std::string_view to_string(SecondaryState state);

// What one poll of the primary brought.
struct Poll {
    enum class Outcome : std::uint8_t { kAnswered, kRefused, kSilent };
    Outcome outcome{Outcome::kSilent};
    // Of kAnswered.
    bool on_duty{false};
    bool healthy{false};
    bool draining{false};       // on its way off duty, not there yet
    bool drained{false};        // off duty on purpose, and waits for us
    bool ready{false};          // on standby, and would go on duty at once if we left it
    bool wants_duty{false};     // ready, and nobody has told it to stay on standby
    bool asks_for_duty{false};  // the operator has told it to take duty back
    std::string sentence;       // what it says, or why there is no answer

    [[nodiscard]] bool performs() const { return outcome == Outcome::kAnswered && on_duty && healthy; }
};

struct SecondaryOptions {
    FailoverTimes times;
    bool automatic_failback{true};
};

class SecondaryRules {
public:
    explicit SecondaryRules(SecondaryOptions options);

    // The engine is warm. Readiness comes from then on, at every sample.
    void on_started(SteadyTime now);
    void on_readiness(const Readiness& readiness, SteadyTime now);
    void on_poll(const Poll& poll, SteadyTime now);
    void on_sight(const Sight& sight, SteadyTime now);
    void on_duty_begun(SteadyTime now);
    void on_duty_failed(std::string why, SteadyTime now);
    void on_drained(SteadyTime now);
    // A quorum knows a higher generation than ours: somebody else is on duty.
    void on_fenced(const std::string& by, SteadyTime now);
    // kRefused with a sentence if it can't be done now. kFailover changes nothing here: it is for the primary, which the driver
    // asks after this has said that the secondary could take duty.
    Result<void> on_command(Command command, SteadyTime now);
    // The process is to end: duty is handed over first, if the primary can take it.
    void on_stop(SteadyTime now);
    // Time has passed; often enough (every 100 ms).
    void tick(SteadyTime now);

    [[nodiscard]] std::optional<Action> next();
    [[nodiscard]] std::optional<Change> next_change();

    [[nodiscard]] SecondaryState state() const { return state_; }
    [[nodiscard]] const std::string& reason() const { return reason_; }  // why it is in this state: a sentence
    [[nodiscard]] bool on_duty() const { return state_ == SecondaryState::kOnDuty || (yielding() && !drained_); }
    [[nodiscard]] bool drained() const { return yielding() && drained_; }
    [[nodiscard]] bool paused() const { return paused_; }
    // After on_stop(): nothing is left to wait for.
    [[nodiscard]] bool may_stop() const { return may_stop_; }
    // When duty will be given back if nothing changes; nothing if that isn't planned.
    [[nodiscard]] std::optional<SteadyTime> failback_at() const;
    [[nodiscard]] std::uint64_t takeovers() const { return takeovers_; }

    [[nodiscard]] static std::span<const Transition<SecondaryState>> transitions();

private:
    SecondaryOptions options_;
    SecondaryState state_{SecondaryState::kStarting};
    std::string reason_{"starting"};
    std::deque<Action> actions_;
    std::deque<Change> changes_;
    Readiness readiness_;
    bool paused_{false};
    // The primary, as polled.
    Poll last_poll_;
    std::uint32_t bad_polls_{0};
    bool seen_on_duty_{false};
    std::optional<SteadyTime> ready_since_;       // it wants duty back
    std::optional<SteadyTime> performing_since_;  // it is on duty and well
    // Suspicion.
    std::optional<SteadyTime> first_armed_;
    bool looking_{false};
    SteadyTime look_at_{};  // when the protectors are asked (again)
    std::optional<Sight> sight_;
    // On duty, and giving it back.
    bool planned_{false};   // how duty came to us
    bool held_{false};      // the operator took it by force: it stays
    bool relapsed_{false};  // a takeover since the primary was last good for long
    Duration failback_delay_;
    SteadyTime yield_not_before_{};
    bool drained_{false};
    SteadyTime wait_until_{};  // of a handover
    // The end.
    std::optional<SteadyTime> stop_at_;
    bool may_stop_{false};
    std::uint64_t takeovers_{0};

    [[nodiscard]] bool yielding() const { return state_ == SecondaryState::kYielding; }
    void move(SecondaryState to, std::string reason);
    void count_poll(const Poll& poll);
    void follow_primary(const Poll& poll, SteadyTime now);
    [[nodiscard]] bool suspicious() const;
    [[nodiscard]] bool handed_over() const;
    [[nodiscard]] bool held_back() const;
    [[nodiscard]] bool in_start_grace(SteadyTime now) const;
    [[nodiscard]] std::string suspicion() const;
    void take_over(std::string why);
    void yield(std::string why, SteadyTime now);
    void go_on(std::string why, SteadyTime now);
    void leave_duty(std::string why);
    void look_if_due(SteadyTime now);
    void think(SteadyTime now);
    void think_stopping(SteadyTime now);
    void think_off_duty(SteadyTime now);
    void think_suspecting(SteadyTime now);
    void think_on_duty(SteadyTime now);
    void think_yielding(SteadyTime now);
    Result<void> force_failover();
    Result<void> fail_back(SteadyTime now);
};

}  // namespace holdfast::healthcheck
