// What an instance, primary or secondary, is told: by flags, by a file, or by default. docs/configuration.md lists it all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "healthcheck/times.hpp"
#include "shared/base/log.hpp"
#include "shared/base/result.hpp"
#include "shared/duties/proposer_settings.hpp"
#include "shared/net/http.hpp"
#include "shared/protection/cluster.hpp"
#include "shared/validator/slashing_detection.hpp"

namespace holdfast::instance {

enum class Part : std::uint8_t { kPrimary, kSecondary };
[[nodiscard]] std::string_view to_string(Part part);  // "primary", "secondary"

struct Settings {
    explicit Settings(Part which);

    Part part;
    std::vector<std::string> beacon_nodes;
    std::string keystores;
    std::string passwords;      // directory; empty: beside the keystores
    std::string password_file;  // one password for all
    std::string cluster_file;
    std::string instance;  // its name
    std::string ca;        // the three files of TLS; empty: beside the cluster file
    std::string certificate;
    std::string key;
    std::uint64_t attestation_threshold{0};  // 0: more than half of the beacon nodes
    std::string listen;                      // plain, without commands
    std::string control_listen;              // with commands; empty: none
    std::string control_socket;              // with commands; empty: the standard one where it can be, "none": none
    std::uint64_t worker_threads{0};         // 0: one for each core
    std::uint64_t start_timeout{300};        // seconds
    LogLevel log_level{LogLevel::kInfo};
    bool check{false};

    // What blocks are to be like, and who is asked for them.
    std::string fee_recipient;  // empty: none
    std::string graffiti;
    std::uint64_t gas_limit{duties::kGasLimitIfNotTold};
    bool builder{false};
    std::uint64_t builder_boost_factor{duties::ProposerSettings{}.builder_boost_factor};
    std::string proposer_settings;            // file with what single keys want; empty: none
    std::vector<std::string> proposal_nodes;  // of beacon_nodes; empty: all

    bool doppelganger_detection{true};
    validator::OnSlashing on_slashing{validator::OnSlashing::kHaltValidator};
    std::string data_dir;  // for what a restart needs at once; empty: nothing is kept

    healthcheck::FailoverTimes times;
    // Of the times, as options take them.
    std::uint64_t fall{times.fall};
    std::uint64_t rise{times.rise};
    std::uint64_t polls_to_suspect{times.polls_to_suspect};

    // Of a secondary.
    std::string primary_url;
    bool automatic_failback{true};
    std::vector<std::string> accept_drift;

    // Of cluster_file; by read_cluster().
    std::optional<protection::Cluster> cluster;
    // Of what blocks are to be like; by read_proposers().
    duties::ProposerSettings proposers;

    [[nodiscard]] std::size_t threshold() const;
    // proposal_nodes by their place among the beacon nodes.
    [[nodiscard]] std::vector<std::size_t> proposal_node_indices() const;
    [[nodiscard]] std::size_t threads() const;
    [[nodiscard]] healthcheck::FailoverTimes failover_times() const;
    // What to show to protectors and the other instance; all empty where the cluster uses plain HTTP.
    [[nodiscard]] net::TlsFiles tls_files() const;
    // Where the control socket is to be; empty: nowhere.
    [[nodiscard]] std::string control_socket_path() const;
};

// Reads the cluster file, if one is named; what is wrong with it, one sentence each.
[[nodiscard]] std::vector<std::string> read_cluster(Settings& settings);
// Puts together what blocks are to be like, and reads the file with what single keys want; what is wrong, one sentence each.
[[nodiscard]] std::vector<std::string> read_proposers(Settings& settings);

// What is wrong with settings whose values are in range, one clear sentence each. Looks at files, not at the network. Empty
// lists and names are not spoken of: that they are required is said elsewhere.
[[nodiscard]] std::vector<std::string> find_problems(const Settings& settings);
// What the settings risk, though they can be used.
[[nodiscard]] std::vector<std::string> find_risks(const Settings& settings);

struct ListenAddress {
    std::string host;
    std::uint16_t port{0};
    [[nodiscard]] bool loopback() const;
};
// "127.0.0.1:7770", "[::1]:7770"
[[nodiscard]] Result<ListenAddress> parse_listen(const std::string& text);

}  // namespace holdfast::instance
