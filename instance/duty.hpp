// What the driver needs of the engine and the quorum: a face that tests can wear.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "healthcheck/drain.hpp"
#include "healthcheck/sight.hpp"
#include "shared/base/result.hpp"
#include "shared/base/task.hpp"
#include "shared/protection/quorum_client.hpp"
#include "shared/validator/engine.hpp"

namespace holdfast::instance {

class Duty {
public:
    Duty() = default;
    Duty(const Duty&) = delete;
    Duty& operator=(const Duty&) = delete;
    virtual ~Duty() = default;

    // As Engine's.
    virtual Task<Result<void>> take_over(SteadyTime deadline) = 0;
    virtual void stand_down() = 0;
    virtual void close_after(Slot last) = 0;
    virtual void reopen() = 0;
    [[nodiscard]] virtual std::vector<validator::HealthCheck> checks() const = 0;
    [[nodiscard]] virtual healthcheck::DrainView drain_view() const = 0;
    // Who is on duty instead of us, as a sentence.
    [[nodiscard]] virtual std::optional<std::string> fenced_by() const = 0;
    // Whom the protectors hear.
    virtual Task<healthcheck::Sight> look(SteadyTime deadline) = 0;
    // What heartbeats say has changed.
    virtual void beat_now() = 0;
};

class EngineDuty final : public Duty {
public:
    // Everything passed must outlive the object. `self`: our name.
    EngineDuty(Clock& clock, validator::Engine& engine, protection::QuorumClient& quorum, std::string self,
               const healthcheck::FailoverTimes& times)
        : clock_{clock}, engine_{engine}, quorum_{quorum}, self_{std::move(self)}, times_{times} {}

    Task<Result<void>> take_over(SteadyTime deadline) override { return engine_.take_over(deadline); }
    void stand_down() override { engine_.stand_down(); }
    void close_after(Slot last) override { engine_.close_after(last); }
    void reopen() override { engine_.reopen(); }
    [[nodiscard]] std::vector<validator::HealthCheck> checks() const override { return engine_.checks(); }
    [[nodiscard]] healthcheck::DrainView drain_view() const override;
    [[nodiscard]] std::optional<std::string> fenced_by() const override;
    Task<healthcheck::Sight> look(SteadyTime deadline) override;
    void beat_now() override { quorum_.beat_now(); }

private:
    Clock& clock_;
    validator::Engine& engine_;
    protection::QuorumClient& quorum_;
    std::string self_;
    healthcheck::FailoverTimes times_;
};

}  // namespace holdfast::instance
