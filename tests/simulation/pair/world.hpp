// Runs one world from its seed: its story, the healing, and what must be true after it. Or step by step, for a test that tells
// its own story.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/pair/ground.hpp"
#include "tests/simulation/pair/party.hpp"

namespace holdfast::simulation::pair {

struct Outcome {
    PairCounts counts;
    Changes changes;
    std::string failure;  // empty: all is well
    std::string trace;    // the last events, if asked for
};

class World {
public:
    explicit World(const PairSetup& setup, std::size_t trace_lines = 0);

    // The story of the setup.
    Outcome run();

    // Step by step.
    void begin();  // both start, and it is watched
    void run_for(Time time);
    void run_slots(std::uint64_t slots);
    void run_to_slot(Time into_slot);  // the next slot, so far into it
    [[nodiscard]] Outcome end();
    [[nodiscard]] Ground& ground() { return ground_; }
    [[nodiscard]] Party& party(std::size_t number) { return *ground_.parties[number]; }
    [[nodiscard]] Truth& truth(std::size_t number) { return ground_.truth[number]; }
    void kill(std::size_t party, Time down_for);
    void stop(std::size_t party, Time down_for);
    void freeze(std::size_t party, Time how_long);
    void crash_protectors(std::size_t count, Time how_long);
    // What `set` says is good and bad in turn, from now (bad) to `end` (good).
    void alternate(const std::function<void(bool)>& set, Time bad_for, Time good_for, Time end);
    [[nodiscard]] std::function<void(bool)> nodes_of(std::size_t party);
    void heal();
    // Exactly one is on duty, and performs.
    void check_one_on_duty();
    [[nodiscard]] bool failed() const { return ground_.base.oracle.failed(); }

private:
    Ground ground_;
    bool begun_{false};
    bool healing_{false};
    bool cold_{false};  // the primary comes late

    void look_for_ever();
    void watch_slots(Slot slot);

    // The stories (stories.cpp).
    void tell_one_kill();
    void tell_handovers();
    void hand_over();
    void tell_same_outage();
    void tell_flapping();
    void tell_cold_start();
    void check_nothing_missed(Slot from, std::uint64_t slots_late, bool blocks);
    void check_handed_over(Time gap_max);

    // Troubles (troubles.cpp).
    void next_trouble();
    void trouble();
    void cut_something(Time how_long);
    void cut_for(std::vector<std::pair<std::size_t, std::size_t>> links, bool both_ways, Time how_long);
    void bad_weather(Time how_long);
    void lose_something(std::size_t party, Time how_long);
    void command_something();
    template <class T>
    void set_for(T& what, T value, Time how_long);

    [[nodiscard]] SeededRandom& random() { return ground_.base.random; }
    [[nodiscard]] Time slot() const { return ground_.setup.base.slot; }
    void after(Time delay, Events::Action action) { ground_.base.events.after(delay, std::move(action)); }
};

// How often duty may move in `time` while the primary's health alternates and the secondary's is good: the takeovers and the
// failbacks between them, worked out from the policy alone.
[[nodiscard]] std::uint64_t moves_allowed(const healthcheck::FailoverTimes& times, Time time);

}  // namespace holdfast::simulation::pair
