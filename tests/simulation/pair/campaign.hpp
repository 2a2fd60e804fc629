// Many pairs, one seed after another.
#pragma once

#include <functional>
#include <optional>

#include "tests/simulation/pair/world.hpp"

namespace holdfast::simulation::pair {

struct Failure {
    PairSetup setup;
    std::string what;
    std::string trace;
};

struct Report {
    PairCounts counts;
    Changes changes;
    std::optional<Failure> failure;
    std::uint64_t next_seed{0};
};

// Once more with a trace if it fails.
[[nodiscard]] Outcome run_world(const PairSetup& setup);

// `seeds` worlds; `step`: every how manieth seed is ours. `progress` is called after every world; false from it ends the
// campaign.
[[nodiscard]] Report run_campaign(std::uint64_t first_seed, std::uint64_t seeds, std::uint64_t step = 1,
                                  const std::function<bool(const PairCounts&)>& progress = {});

// Transitions of either role's table that never happened, as sentences.
[[nodiscard]] std::vector<std::string> never_seen(const Changes& changes);

}  // namespace holdfast::simulation::pair
