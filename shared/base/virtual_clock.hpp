// Virtual time for simulations: it stands still while the I/O loop has work, and jumps to the next alarm when it has none. The
// same inputs give the same order of events, every time.
//
//   boost::asio::io_context io;
//   VirtualTime time{io};
//   VirtualClock clock{time};                 // and VirtualClock late{time, -5s}: a machine whose wall clock is wrong
//   ... spawn tasks on io ...
//   time.advance(std::chrono::hours{1});
#pragma once

#include <boost/asio/io_context.hpp>

#include "shared/base/alarms.hpp"
#include "shared/base/time.hpp"

namespace holdfast {

class VirtualTime {
public:
    explicit VirtualTime(boost::asio::io_context& io, WallTime start = WallTime{std::chrono::seconds{1'700'000'000}});

    // Runs the loop through all that happens in the next `duration`; afterwards exactly that much time has passed.
    void advance(Duration duration);

    [[nodiscard]] SteadyTime steady() const { return steady_; }
    [[nodiscard]] WallTime wall() const { return start_ + steady_.time_since_epoch(); }
    [[nodiscard]] Alarms& alarms() { return alarms_; }

private:
    boost::asio::io_context& io_;
    WallTime start_;
    SteadyTime steady_{};
    Alarms alarms_;

    void drain();
};

// One machine's view of the virtual time; `wall_error` is added to its wall clock.
class VirtualClock final : public Clock {
public:
    explicit VirtualClock(VirtualTime& time, Duration wall_error = {}) : time_{time}, wall_error_{wall_error} {}

    [[nodiscard]] WallTime now() const override { return time_.wall() + wall_error_; }
    [[nodiscard]] SteadyTime steady() const override { return time_.steady(); }
    AlarmId call_at(SteadyTime when, std::function<void()> action) override;
    void cancel(AlarmId id) override { time_.alarms().remove(id); }

    void set_wall_error(Duration error) { wall_error_ = error; }

private:
    VirtualTime& time_;
    Duration wall_error_;
};

}  // namespace holdfast
