// Drives a role's rules in real time: samples health, hands in what happens, performs the actions that come out, and reports
// how they ended. Nothing is decided here. One thread.
//
//   Driver driver{executor, clock, role, duty, times, hooks};
//   driver.start();                       // the engine is warm
//   driver.on_poll(poll);  driver.command(Command::kPause);
//   driver.request_stop();  co_await driver.until_it_may_stop();
//   co_await driver.stop();
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "healthcheck/check.hpp"
#include "healthcheck/document.hpp"
#include "healthcheck/drain.hpp"
#include "healthcheck/failover.hpp"
#include "instance/duty.hpp"
#include "instance/role.hpp"
#include "shared/base/notifier.hpp"
#include "shared/base/task_group.hpp"

namespace holdfast::instance {

struct DriverHooks {
    // A change of state has happened; it is logged and kept already. May be empty.
    std::function<void(const healthcheck::ChangeAt&)> on_change;
    // Why it can't be ready though its checks are good: a sentence, or empty. May be empty.
    std::function<std::string()> obstacle;
};

class Driver {
public:
    static constexpr std::size_t kChangesMax = 64;

    // Everything passed must outlive the driver.
    Driver(Executor executor, Clock& clock, Role& role, Duty& duty, healthcheck::FailoverTimes times, DriverHooks hooks);
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;

    void start();
    void on_poll(const healthcheck::Poll& poll);
    Result<void> command(healthcheck::Command command);
    // What protectors hear is asked for now, so that a command is not judged by what was so half a second ago.
    Task<void> look();
    // The process is to end: until_it_may_stop() ends when duty is handed over, or nobody takes it.
    void request_stop();
    // It stops without waiting for the handover.
    void stop_now();
    Task<void> until_it_may_stop();
    // Ends all that goes on here.
    Task<void> stop();

    [[nodiscard]] const std::vector<healthcheck::CheckState>& checks() const { return checks_.all(); }
    [[nodiscard]] const healthcheck::Readiness& readiness() const { return readiness_; }
    [[nodiscard]] bool healthy() const;
    // For heartbeats: well on duty, or ready for it.
    [[nodiscard]] bool well() const { return role_.on_duty() ? checks_.ok() : role_.ready(); }
    [[nodiscard]] WallTime since() const { return since_; }
    // Newest first.
    [[nodiscard]] const std::deque<healthcheck::ChangeAt>& changes() const { return changes_; }
    // What was last seen of the other instance through the protectors.
    [[nodiscard]] const healthcheck::Sight& sight() const { return sight_; }

private:
    Clock& clock_;
    Role& role_;
    Duty& duty_;
    healthcheck::FailoverTimes times_;
    DriverHooks hooks_;
    healthcheck::Checks checks_;
    healthcheck::Readiness readiness_;
    healthcheck::Sight sight_;
    WallTime since_;
    std::deque<healthcheck::ChangeAt> changes_;
    bool beaten_well_{false};
    std::string said_failure_;
    bool stop_now_{false};
    Notifier may_stop_;
    TaskGroup tasks_;

    Task<void> sample_for_ever();
    Task<void> tick_for_ever();
    void sample();
    void watch_fence();
    // After each call of the rules.
    void follow_up();
    void note(healthcheck::Change change);
    void perform(healthcheck::Action action);
    Task<void> go_on_duty();
    Task<void> drain();
};

}  // namespace holdfast::instance
