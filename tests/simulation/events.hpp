// Virtual time, and a network that delays, loses, doubles, reorders and cuts. One thread; the same seed gives the same run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "shared/base/random.hpp"

namespace holdfast::simulation {

// Microseconds since the world began.
using Time = std::int64_t;
inline constexpr Time kMillisecond = 1000;
inline constexpr Time kSecond = 1000 * kMillisecond;

class Events {
public:
    using Action = std::function<void()>;

    void at(Time when, Action action);
    void after(Time delay, Action action) { at(now_ + delay, std::move(action)); }
    // Everything up to `end`, in order of time and then of asking; stops early once `stop` is true.
    void run_until(Time end, const bool& stop);
    [[nodiscard]] Time now() const { return now_; }

private:
    struct Event {
        Time when;
        std::uint64_t number;
        Action action;
    };
    static bool later(const Event& a, const Event& b);

    std::vector<Event> heap_;
    std::uint64_t next_{0};
    Time now_{0};
};

// Members are the endpoints 0 to N-1, instances follow, the operator is the last.
class Network {
public:
    struct Weather {
        unsigned lost_percent{0};
        unsigned doubled_percent{0};
        unsigned slow_percent{0};  // delayed by up to slow_max instead of a few milliseconds
        Time slow_max{0};
        Time resend_after{0};  // what is lost comes so much later, twice as much if it is lost again, and so on; 0: never
    };

    Network(Events& events, Random& random, std::size_t endpoints);

    // Calls `arrive` once, twice or never. What is under way when a link is cut still arrives.
    void send(std::size_t from, std::size_t to, Events::Action arrive);
    void set_weather(Weather weather) { weather_ = weather; }
    void cut(std::size_t a, std::size_t b, bool is_cut);
    void cut_one_way(std::size_t from, std::size_t to, bool is_cut) { cut_[from * endpoints_ + to] = is_cut; }
    [[nodiscard]] bool is_cut(std::size_t from, std::size_t to) const { return cut_[from * endpoints_ + to]; }
    [[nodiscard]] const Weather& weather() const { return weather_; }
    void heal();

private:
    Events& events_;
    Random& random_;
    Weather weather_;
    std::size_t endpoints_;
    std::vector<bool> cut_;

    [[nodiscard]] Time delay();
    [[nodiscard]] Time time_to_resend();
};

}  // namespace holdfast::simulation
