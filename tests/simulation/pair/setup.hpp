// One simulated pair: its cluster, its chain, its options, and what may go wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "healthcheck/times.hpp"
#include "tests/simulation/setup.hpp"

namespace holdfast::simulation::pair {

inline constexpr std::size_t kPrimary = 0;
inline constexpr std::size_t kSecondary = 1;
inline constexpr std::size_t kBoth = 2;

// What a world is about.
enum class Story : std::uint8_t {
    kTroubles,    // everything, at random moments
    kOneKill,     // quiet weather, and the one on duty is killed once
    kHandovers,   // quiet weather, and the operator moves duty to and fro, also by stopping instances
    kSameOutage,  // both lose what they need at about the same time
    kFlapping,    // an hour in which the primary's health alternates
    kColdStart,   // both start, the primary last
    kStories,
};
[[nodiscard]] std::string to_string(Story story);

struct PairSetup {
    Story story{Story::kTroubles};
    Setup base;  // cluster, chain, seed
    std::uint64_t slots{60};
    healthcheck::FailoverTimes times;
    bool automatic_failback{true};
    std::size_t nodes{3};      // of each instance
    std::size_t threshold{2};  // of these
    Time start_up{2 * kSecond};
    bool dead_hosts_refuse{true};  // a connection to a process that is gone is refused; else there is no answer

    // kFlapping.
    Time bad_for{0};
    Time good_for{0};
};

// What `seed` says.
[[nodiscard]] PairSetup make_pair_setup(std::uint64_t seed);
[[nodiscard]] PairSetup make_pair_setup(std::uint64_t seed, Story story);
[[nodiscard]] std::string describe(const PairSetup& setup);
[[nodiscard]] std::string party_name(std::size_t party);

[[nodiscard]] inline Time time_of(Duration duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}
[[nodiscard]] inline SteadyTime steady_of(Time time) {
    return SteadyTime{std::chrono::hours{1} + std::chrono::microseconds{time}};
}
[[nodiscard]] inline WallTime wall_of(Time time) {
    return WallTime{std::chrono::seconds{1'700'000'000} + std::chrono::microseconds{time}};
}

}  // namespace holdfast::simulation::pair
