// What holdfast-primary is told: by flags, by a file, or by default. docs/configuration.md lists it all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/log.hpp"
#include "shared/base/result.hpp"
#include "shared/base/time.hpp"
#include "shared/net/http.hpp"
#include "shared/protection/cluster.hpp"

namespace holdfast::primary {

struct Settings {
    std::vector<std::string> beacon_nodes;
    std::string keystores;
    std::string passwords;      // directory; empty: beside the keystores
    std::string password_file;  // one password for all
    std::string cluster_file;
    std::string instance{"primary"};
    std::string ca;  // the three files of TLS; empty: beside the cluster file
    std::string certificate;
    std::string key;
    std::uint64_t attestation_threshold{0};  // 0: more than half of the beacon nodes
    std::string listen{"127.0.0.1:7770"};
    std::uint64_t worker_threads{0};   // 0: one for each core
    std::uint64_t start_timeout{300};  // seconds
    LogLevel log_level{LogLevel::kInfo};
    bool check{false};

    // Of cluster_file; by read_cluster().
    std::optional<protection::Cluster> cluster;

    [[nodiscard]] std::size_t threshold() const;
    [[nodiscard]] std::size_t threads() const;
    // What to show to protectors; all empty where the cluster uses plain HTTP.
    [[nodiscard]] net::TlsFiles tls_files() const;
};

// Reads the cluster file, if one is named; what is wrong with it, one sentence each.
[[nodiscard]] std::vector<std::string> read_cluster(Settings& settings);

// What is wrong with settings whose values are in range, one clear sentence each. Looks at files, not at the network. Empty
// lists and names are not spoken of: that they are required is said elsewhere.
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
