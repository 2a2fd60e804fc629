// holdfast-protector's configuration: flags over a TOML file, checked; everything that is wrong is said at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shared/base/config.hpp"
#include "shared/base/log.hpp"
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
    LogLevel log_level{LogLevel::kInfo};
};

// `arguments` without the program's name. An Answer is --help or --version.
[[nodiscard]] std::variant<Options, OptionSet::Answer, Problems> parse_options(const std::vector<std::string>& arguments);

// "127.0.0.1:7001" or "[::1]:7001". kInvalidArgument for another form, and for an address that isn't loopback: what goes over
// this port is neither encrypted nor authenticated.
[[nodiscard]] Result<void> parse_listen_address(std::string_view text, Options& options);

}  // namespace holdfast::protector
