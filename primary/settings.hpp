// What holdfast-primary is told: by flags, by a file, or by default. docs/configuration.md lists it all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/time.hpp"

namespace holdfast::primary {

struct Settings {
    std::vector<std::string> beacon_nodes;
    std::string keystores;
    std::string passwords;      // directory; empty: beside the keystores
    std::string password_file;  // one password for all
    std::vector<std::string> protectors;
    std::int64_t quorum{0};
    std::int64_t attestation_threshold{0};  // 0: more than half of the beacon nodes
    std::string listen{"127.0.0.1:7770"};
    std::int64_t worker_threads{0};  // 0: one for each core
    std::int64_t start_timeout{300};  // seconds
    std::string log_level{"info"};
    bool check{false};

    [[nodiscard]] std::size_t threshold() const;
    [[nodiscard]] std::size_t threads() const;
};

// Everything that is wrong, one clear sentence each; empty if the settings can be used. Looks at files, not at the network.
[[nodiscard]] std::vector<std::string> find_problems(const Settings& settings);
// What the settings risk, though they can be used.
[[nodiscard]] std::vector<std::string> find_risks(const Settings& settings);

struct ListenAddress {
    std::string host;
    std::uint16_t port{0};
};
// "127.0.0.1:7770", "[::1]:7770"
[[nodiscard]] Result<ListenAddress> parse_listen(const std::string& text);

}  // namespace holdfast::primary
