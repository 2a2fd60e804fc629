// When the primary goes on duty and when it leaves it: starting → on_duty → draining → standby. It sees the other instance
// through the protectors alone, so it needs no address of it. Pure: events and times in, actions out.
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

enum class PrimaryState : std::uint8_t { kStarting, kOnDuty, kDraining, kStandby };
[[nodiscard]] std::string_view to_string(PrimaryState state);

struct PrimaryOptions {
    FailoverTimes times;
    // Many instances at once, no generations: on duty from start to end.
    bool shared_mode{false};
};

class PrimaryRules {
public:
    explicit PrimaryRules(PrimaryOptions options) : options_{options} {}

    // The engine is warm: looks who is on duty before it goes on duty itself.
    void on_started(SteadyTime now);
    void on_readiness(const Readiness& readiness, SteadyTime now);
    void on_sight(const Sight& sight, SteadyTime now);
    void on_duty_begun(SteadyTime now);
    void on_duty_failed(std::string why, SteadyTime now);
    void on_drained(SteadyTime now);
    void on_fenced(const std::string& by, SteadyTime now);
    Result<void> on_command(Command command, SteadyTime now);
    void on_stop(SteadyTime now);
    void tick(SteadyTime now);

    [[nodiscard]] std::optional<Action> next();
    [[nodiscard]] std::optional<Change> next_change();

    [[nodiscard]] PrimaryState state() const { return state_; }
    [[nodiscard]] const std::string& reason() const { return reason_; }
    [[nodiscard]] bool fenced() const { return fenced_; }  // why it is on standby
    [[nodiscard]] bool on_duty() const { return state_ == PrimaryState::kOnDuty || (draining() && !drained_); }
    [[nodiscard]] bool drained() const { return draining() && drained_; }
    [[nodiscard]] bool paused() const { return paused_; }
    // For the secondary's polls.
    [[nodiscard]] bool ready() const { return state_ == PrimaryState::kStandby && readiness_.ready; }
    [[nodiscard]] bool wants_duty() const { return state_ == PrimaryState::kStandby && readiness_.ready && !held_ && !paused_; }
    [[nodiscard]] bool asks_for_duty() const { return state_ == PrimaryState::kStandby && readiness_.ready && asks_; }
    [[nodiscard]] bool may_stop() const { return may_stop_; }

    [[nodiscard]] static std::span<const Transition<PrimaryState>> transitions();

private:
    PrimaryOptions options_;
    PrimaryState state_{PrimaryState::kStarting};
    std::string reason_{"starting"};
    std::deque<Action> actions_;
    std::deque<Change> changes_;
    bool started_{false};
    Readiness readiness_;
    bool paused_{false};
    // The other instance, as the protectors hear it.
    Sight sight_;
    bool looking_{false};
    SteadyTime look_at_{};
    std::optional<SteadyTime> quiet_since_;     // nobody else was heard on duty
    std::optional<SteadyTime> unserved_since_;  // nobody else performs
    // Going on duty.
    bool acquiring_{false};
    std::string why_on_duty_;
    bool asks_{false};
    // Leaving it.
    bool fenced_{false};
    bool held_{false};  // the operator moved duty away: it isn't wanted back
    bool drained_{false};
    SteadyTime wait_until_{};
    // The end.
    std::optional<SteadyTime> stop_at_;
    bool may_stop_{false};

    [[nodiscard]] bool draining() const { return state_ == PrimaryState::kDraining; }
    void move(PrimaryState to, std::string reason);
    void go_on_duty(std::string why);
    void drain(std::string why, SteadyTime now);
    void go_on(std::string why);
    void leave_duty(std::string why);
    void remember(const Sight& sight, SteadyTime now);
    void forget_sight();
    void look_if_due(SteadyTime now);
    [[nodiscard]] bool for_long(const std::optional<SteadyTime>& since, Duration enough, SteadyTime now) const;
    void think(SteadyTime now);
    void think_stopping(SteadyTime now);
    void think_starting(SteadyTime now);
    void think_standby(SteadyTime now);
    void think_draining(SteadyTime now);
    Result<void> fail_over(SteadyTime now);
    Result<void> fail_back(bool by_force);
};

}  // namespace holdfast::healthcheck
