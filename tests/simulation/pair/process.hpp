// A process on a machine of its own: it ends and starts again, and it is frozen (SIGSTOP) and goes on as if nothing had been.
#pragma once

#include <cstdint>
#include <vector>

#include "shared/base/random.hpp"
#include "tests/simulation/events.hpp"

namespace holdfast::simulation::pair {

class Process {
public:
    Process(Events& events, Random& random) : events_{events}, random_{random} {}
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void begin();
    void end();
    void freeze() { frozen_ = up_; }
    // What came meanwhile is done now: alarms that are due and messages, in any order of the two.
    void thaw();

    // An alarm of this process: not if it ends before, later if it is frozen then.
    void after(Time delay, Events::Action action);
    // A message comes for the process that had this life.
    void receive(std::uint64_t life, Events::Action action);

    [[nodiscard]] bool up() const { return up_; }
    [[nodiscard]] bool frozen() const { return frozen_; }
    [[nodiscard]] std::uint64_t life() const { return life_; }
    [[nodiscard]] Time now() const { return events_.now(); }

private:
    Events& events_;
    Random& random_;
    bool up_{false};
    bool frozen_{false};
    std::uint64_t life_{0};
    std::vector<Events::Action> late_alarms_;
    std::vector<Events::Action> late_messages_;

    void run(std::uint64_t life, std::vector<Events::Action> actions);
};

}  // namespace holdfast::simulation::pair
