#include "primary/role.hpp"

#include <utility>

#include "healthcheck/primary_rules.hpp"

namespace holdfast::primary {

namespace {

using healthcheck::PrimaryState;
namespace state = instance::state;

class PrimaryRole final : public instance::Role {
public:
    explicit PrimaryRole(healthcheck::PrimaryOptions options) : rules_{options} {}

    void on_started(SteadyTime now) override { rules_.on_started(now); }
    void on_readiness(const healthcheck::Readiness& readiness, SteadyTime now) override { rules_.on_readiness(readiness, now); }
    void on_poll(const healthcheck::Poll&, SteadyTime) override {}
    void on_sight(const healthcheck::Sight& sight, SteadyTime now) override {
        other_ready_ = sight.other_ready;
        rules_.on_sight(sight, now);
    }
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
            case PrimaryState::kStarting: return state::kStarting;
            case PrimaryState::kOnDuty: return state::kOnDuty;
            case PrimaryState::kDraining: return state::kDraining;
            case PrimaryState::kStandby: return rules_.fenced() ? state::kFenced : state::kStandby;
        }
        return state::kStarting;
    }
    [[nodiscard]] std::string_view rules_state() const override { return to_string(rules_.state()); }
    [[nodiscard]] const std::string& reason() const override { return rules_.reason(); }
    [[nodiscard]] bool on_duty() const override { return rules_.on_duty(); }
    [[nodiscard]] bool drained() const override { return rules_.drained(); }
    [[nodiscard]] bool paused() const override { return rules_.paused(); }
    [[nodiscard]] bool may_stop() const override { return rules_.may_stop(); }
    [[nodiscard]] bool ready() const override { return rules_.ready(); }
    [[nodiscard]] bool wants_duty() const override { return rules_.wants_duty(); }
    [[nodiscard]] bool asks_for_duty() const override { return rules_.asks_for_duty(); }
    [[nodiscard]] bool other_ready() const override { return other_ready_; }

private:
    healthcheck::PrimaryRules rules_;
    bool other_ready_{false};
};

}  // namespace

std::unique_ptr<instance::Role> make_role(const instance::Settings& settings) {
    healthcheck::PrimaryOptions options;
    options.times = settings.failover_times();
    options.shared_mode = settings.cluster && settings.cluster->mode == protection::Mode::kShared;
    return std::make_unique<PrimaryRole>(options);
}

}  // namespace holdfast::primary
