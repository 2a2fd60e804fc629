// An engine that does what the test says, and remembers what it was told.
#pragma once

#include <string>
#include <vector>

#include "instance/duty.hpp"

namespace holdfast::instance {

class FakeDuty final : public Duty {
public:
    explicit FakeDuty(Clock& clock) : clock_{clock} {}

    Task<Result<void>> take_over(SteadyTime deadline) override {
        calls.emplace_back("take over");
        time_for_takeover = deadline - clock_.steady();
        co_await sleep_for(clock_, takeover_takes);
        if (!takeover_fails.empty()) co_return failure(ErrorCode::kUnavailable, takeover_fails);
        fence.reset();
        co_return success();
    }
    void stand_down() override { calls.emplace_back("stand down"); }
    void close_after(Slot last) override {
        const std::string call = "close after " + to_string(last);
        if (calls.empty() || calls.back() != call) calls.push_back(call);
    }
    void reopen() override { calls.emplace_back("reopen"); }
    [[nodiscard]] std::vector<validator::HealthCheck> checks() const override {
        return {{"beacon_nodes", nodes_ok, nodes_ok ? "3 of 3 fit" : "0 of 3 fit"}};
    }
    [[nodiscard]] healthcheck::DrainView drain_view() const override { return view; }
    [[nodiscard]] std::optional<std::string> fenced_by() const override { return fence; }
    Task<healthcheck::Sight> look(SteadyTime /*deadline*/) override {
        ++looks;
        co_return sight;
    }
    void beat_now() override { ++beats; }

    std::vector<std::string> calls;
    Duration takeover_takes{std::chrono::milliseconds{20}};
    Duration time_for_takeover{};
    std::string takeover_fails;
    bool nodes_ok{true};
    healthcheck::DrainView view{Slot{7}, false, std::nullopt};
    std::optional<std::string> fence;
    healthcheck::Sight sight;
    std::size_t looks{0};
    std::size_t beats{0};

private:
    Clock& clock_;
};

}  // namespace holdfast::instance
