// The machine's clock, its alarms driven by an I/O loop.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include "shared/base/alarms.hpp"
#include "shared/base/time.hpp"

namespace holdfast {

class RealClock final : public Clock {
public:
    explicit RealClock(const Executor& executor);

    [[nodiscard]] WallTime now() const override;
    [[nodiscard]] SteadyTime steady() const override;
    AlarmId call_at(SteadyTime when, std::function<void()> action) override;
    void cancel(AlarmId id) override;

private:
    boost::asio::steady_timer timer_;
    Alarms alarms_;
    std::optional<SteadyTime> armed_for_;

    void arm();
    void ring();
};

}  // namespace holdfast
