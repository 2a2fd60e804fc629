#include "secondary/role.hpp"

#include <utility>

#include "healthcheck/secondary_rules.hpp"

namespace holdfast::secondary {

namespace {

using healthcheck::SecondaryState;
namespace state = instance::state;

class SecondaryRole final : public instance::Role {
public:
    explicit SecondaryRole(healthcheck::SecondaryOptions options) : rules_{options} {}

    void on_started(SteadyTime now) override { rules_.on_started(now); }
    void on_readiness(const healthcheck::Readiness& readiness, SteadyTime now) override { rules_.on_readiness(readiness, now); }
    void on_poll(const healthcheck::Poll& poll, SteadyTime now) override {
        primary_ready_ = poll.ready;
        rules_.on_poll(poll, now);
    }
    void on_sight(const healthcheck::Sight& sight, SteadyTime now) override { rules_.on_sight(sight, now); }
    void on_duty_begun(SteadyTime now) override { rules_.on_duty_begun(now); }
    void on_duty_failed(std::string why, SteadyTime now) override { rules_.on_duty_failed(std::move(why), now); }
    void on_drained(SteadyTime now) override { rules_.on_drained(now); }
    void on_fenced(const std::string& by, SteadyTime now) override { rules_.on_fenced(by, now); }
    Result<void> on_command(healthcheck::Command command, SteadyTime now) override { return rules_.on_command(command, now); }
    void on_stop(SteadyTime now) override { rules_.on_stop(now); }
    void tick(SteadyTime now) override { rules_.tick(now); }
    std::optional<healthcheck::Action> next() override { return rules_.next(); }
    std::optional<healthcheck::Change> next_change() override { return rules_.next_change(); }

    [[nodiscard]] std::string_view state() const override {
        switch (rules_.state()) {
            case SecondaryState::kStarting: return state::kStarting;
            case SecondaryState::kStandby:
            case SecondaryState::kArmed:
            case SecondaryState::kSuspecting:
            case SecondaryState::kTakingOver: return state::kStandby;
            case SecondaryState::kOnDuty: return state::kOnDuty;
            case SecondaryState::kYielding: return state::kDraining;
        }
        return state::kStarting;
    }
    [[nodiscard]] std::string_view rules_state() const override { return to_string(rules_.state()); }
    [[nodiscard]] const std::string& reason() const override { return rules_.reason(); }
    [[nodiscard]] bool on_duty() const override { return rules_.on_duty(); }
    [[nodiscard]] bool drained() const override { return rules_.drained(); }
    [[nodiscard]] bool paused() const override { return rules_.paused(); }
    [[nodiscard]] bool may_stop() const override { return rules_.may_stop(); }
    [[nodiscard]] bool ready() const override {
        const SecondaryState now = rules_.state();
        return now == SecondaryState::kArmed || now == SecondaryState::kSuspecting || now == SecondaryState::kTakingOver;
    }
    [[nodiscard]] bool other_ready() const override { return primary_ready_; }
    [[nodiscard]] std::optional<SteadyTime> failback_at() const override { return rules_.failback_at(); }

private:
    healthcheck::SecondaryRules rules_;
    bool primary_ready_{false};
};

}  // namespace

std::unique_ptr<instance::Role> make_role(const instance::Settings& settings) {
    healthcheck::SecondaryOptions options;
    options.times = settings.failover_times();
    options.automatic_failback = settings.automatic_failback;
    return std::make_unique<SecondaryRole>(options);
}

}  // namespace holdfast::secondary
