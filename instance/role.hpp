// What tells a primary from a secondary: its rules, behind one face for the driver. Pure, as the rules are.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "healthcheck/failover.hpp"
#include "healthcheck/secondary_rules.hpp"
#include "healthcheck/sight.hpp"
#include "shared/base/result.hpp"

namespace holdfast::instance {

// The words of /healthz, the same for both roles (HealthDocument::state).
namespace state {
inline constexpr std::string_view kStarting = "starting";
inline constexpr std::string_view kStandby = "standby";
inline constexpr std::string_view kOnDuty = "on_duty";
inline constexpr std::string_view kDraining = "draining";
inline constexpr std::string_view kFenced = "fenced";
}  // namespace state

class Role {
public:
    Role() = default;
    Role(const Role&) = delete;
    Role& operator=(const Role&) = delete;
    virtual ~Role() = default;

    virtual void on_started(SteadyTime now) = 0;
    virtual void on_readiness(const healthcheck::Readiness& readiness, SteadyTime now) = 0;
    // Of a secondary; nobody polls for a primary.
    virtual void on_poll(const healthcheck::Poll& poll, SteadyTime now) = 0;
    virtual void on_sight(const healthcheck::Sight& sight, SteadyTime now) = 0;
    virtual void on_duty_begun(SteadyTime now) = 0;
    virtual void on_duty_failed(std::string why, SteadyTime now) = 0;
    virtual void on_drained(SteadyTime now) = 0;
    virtual void on_fenced(const std::string& by, SteadyTime now) = 0;
    virtual Result<void> on_command(healthcheck::Command command, SteadyTime now) = 0;
    virtual void on_stop(SteadyTime now) = 0;
    virtual void tick(SteadyTime now) = 0;
    [[nodiscard]] virtual std::optional<healthcheck::Action> next() = 0;
    [[nodiscard]] virtual std::optional<healthcheck::Change> next_change() = 0;

    [[nodiscard]] virtual std::string_view state() const = 0;        // one of the words above
    [[nodiscard]] virtual std::string_view rules_state() const = 0;  // by the role's own rules
    [[nodiscard]] virtual const std::string& reason() const = 0;
    [[nodiscard]] virtual bool on_duty() const = 0;
    [[nodiscard]] virtual bool drained() const = 0;
    [[nodiscard]] virtual bool paused() const = 0;
    [[nodiscard]] virtual bool may_stop() const = 0;
    // Off duty, and it would go on duty at once if it were told to.
    [[nodiscard]] virtual bool ready() const = 0;
    [[nodiscard]] virtual bool wants_duty() const { return false; }
    [[nodiscard]] virtual bool asks_for_duty() const { return false; }
    // Whether another instance could take duty this second, as far as it is known here.
    [[nodiscard]] virtual bool other_ready() const = 0;
    [[nodiscard]] virtual std::optional<SteadyTime> failback_at() const { return std::nullopt; }

    [[nodiscard]] bool draining() const { return state() == state::kDraining; }
};

}  // namespace holdfast::instance
