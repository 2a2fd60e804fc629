// Many worlds, one seed after another, until enough decisions were made or one fails.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tests/simulation/world.hpp"

namespace holdfast::simulation {

struct Failure {
    Setup setup;
    std::string what;
};

struct Report {
    Counts counts;
    std::optional<Failure> failure;
    std::uint64_t next_seed{0};
};

[[nodiscard]] Outcome run_world(const Setup& setup);

// `step`: every how manieth seed is ours. `progress` is called after every world; false from it ends the campaign.
[[nodiscard]] Report run_campaign(std::uint64_t first_seed, std::uint64_t decisions, std::uint64_t step = 1,
                                  const std::function<bool(const Counts&)>& progress = {});

}  // namespace holdfast::simulation
