// Short worlds with one thing in each, told step by step: what the failover promises, and where each rule is missed.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tests/simulation/pair/world.hpp"

namespace holdfast::simulation::pair {

struct Scene {
    const char* name;
    // Plays it; what was wrong is then the world's failure.
    void (*play)(World& world);
    Story story{Story::kOneKill};  // whose options are used
};

[[nodiscard]] std::span<const Scene> scenes();
[[nodiscard]] const Scene& scene(std::string_view name);

// With the options that `seed` says. `trace_lines`: as World's.
[[nodiscard]] Outcome play(const Scene& scene, std::uint64_t seed, std::size_t trace_lines = 0);

}  // namespace holdfast::simulation::pair
