// The command line of holdfast-sim.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/beacon_chain/simulation.hpp"

namespace holdfast::sim {

struct Options {
    SimulationOptions simulation;
    std::uint16_t base_port{0};
    std::uint16_t admin_port{0};
    std::string keystores;  // folder; empty: none are written
    IndexRange keys;        // which keystores
    bool json{false};       // nothing for people on stderr
};

// Nothing but an exit code when there is nothing to run: --help, or a mistake that has been explained on stderr.
struct ParsedOptions {
    std::optional<Options> options;
    int exit_code{0};
};
[[nodiscard]] ParsedOptions parse_options(int argc, const char* const* argv);

// "16:48": first and count.
[[nodiscard]] Result<IndexRange> parse_range(const std::string& text);

}  // namespace holdfast::sim
