// holdfast-protector's flags, checked: everything that is wrong is said at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "shared/base/result.hpp"
#include "shared/base/time.hpp"
#include "shared/base/types.hpp"

namespace holdfast::protector {

struct Options {
    std::string address;
    std::uint16_t port{0};
    std::string data_directory;
    std::string node_id;
    WallTime genesis_time;
    Root genesis_validators_root;
    Duration slot_duration{};
    std::uint64_t slots_per_epoch{0};
    bool init{false};
    std::string log_level{"info"};
};

// What was asked for and printed (--help, --version): end with code 0.
struct NothingToRun {};

// kInvalidArgument with one line for each problem.
[[nodiscard]] Result<std::variant<Options, NothingToRun>> parse_options(int argc, const char* const* argv);

// "127.0.0.1:7001" or "[::1]:7001". kInvalidArgument for another form, and for an address that isn't loopback: what goes over
// this port is neither encrypted nor authenticated.
[[nodiscard]] Result<void> parse_listen_address(std::string_view text, Options& options);

}  // namespace holdfast::protector
