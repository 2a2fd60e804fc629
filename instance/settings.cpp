#include "instance/settings.hpp"

#include <unistd.h>
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <string_view>
#include <system_error>
#include <thread>

#include "healthcheck/drift.hpp"
#include "shared/base/types.hpp"
#include "shared/net/url.hpp"
#include "shared/protection/quorum_tally.hpp"

namespace holdfast::instance {

namespace {

using Problems = std::vector<std::string>;

constexpr const char* kSocketFolder = "/run/holdfast";
constexpr std::size_t kSocketPathMax = 107;  // sockaddr_un

// A slash at the end makes no other URL.
std::string without_slash(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

void check_urls(const std::string& name, const std::vector<std::string>& urls, Problems& problems) {
    std::set<std::string> seen;
    for (const std::string& url : urls) {
        const Result<void> valid = net::check_url(url);
        if (!valid) problems.push_back(name + ": " + valid.error().message);
        if (!seen.insert(without_slash(url)).second) problems.push_back(name + ": " + net::redact(url) + " is there twice");
    }
}

void check_path(const std::string& name, const std::string& path, bool directory, Problems& problems) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) {
        problems.push_back(name + ": " + path + " does not exist");
    } else if (std::filesystem::is_directory(status) != directory) {
        problems.push_back(name + ": " + path + (directory ? " is not a directory" : " is a directory, not a file"));
    } else if (::access(path.c_str(), directory ? R_OK | X_OK : R_OK) != 0) {
        problems.push_back(name + ": " + path + " can't be read by this user");
    }
}

void check_keys(const Settings& settings, Problems& problems) {
    if (!settings.keystores.empty()) check_path("keystores", settings.keystores, true, problems);
    if (!settings.passwords.empty() && !settings.password_file.empty()) {
        problems.emplace_back("passwords: password-file is given too; give one of them");
    }
    if (!settings.passwords.empty()) check_path("passwords", settings.passwords, true, problems);
    if (!settings.password_file.empty()) check_path("password-file", settings.password_file, false, problems);
}

void check_cluster(const Settings& settings, Problems& problems) {
    if (!settings.instance.empty() && !protection::good_name(settings.instance)) {
        problems.push_back("instance: '" + settings.instance + "' is no name: 1 to 64 letters, digits, '-', '_' or '.'");
    }
    if (!settings.cluster || !settings.cluster->tls()) return;
    const net::TlsFiles files = settings.tls_files();
    check_path("ca", files.ca_file, false, problems);
    check_path("certificate", files.certificate_file, false, problems);
    check_path("key", files.key_file, false, problems);
}

void check_proposal_nodes(const Settings& settings, Problems& problems) {
    std::set<std::string> known;
    for (const std::string& url : settings.beacon_nodes) known.insert(without_slash(url));
    for (const std::string& url : settings.proposal_nodes) {
        if (known.contains(without_slash(url))) continue;
        problems.push_back("proposal-nodes: " + net::redact(url) + " is none of the beacon-nodes");
    }
}

void check_data_dir(const Settings& settings, Problems& problems) {
    if (settings.data_dir.empty()) return;
    const std::size_t before = problems.size();
    check_path("data-dir", settings.data_dir, true, problems);
    if (problems.size() == before && ::access(settings.data_dir.c_str(), W_OK) != 0) {
        problems.push_back("data-dir: " + settings.data_dir + " can't be written by this user");
    }
}

void check_listeners(const Settings& settings, Problems& problems) {
    const Result<ListenAddress> listen = parse_listen(settings.listen);
    if (!listen) problems.push_back("listen: " + listen.error().message);
    if (settings.control_listen.empty()) return;
    const Result<ListenAddress> control = parse_listen(settings.control_listen);
    if (!control) {
        problems.push_back("control-listen: " + control.error().message);
    } else if (settings.cluster && !settings.cluster->tls() && !control.value().loopback()) {
        problems.push_back("control-listen: " + settings.control_listen +
                           " is not on the loopback; without the certificates of a cluster that uses https nobody there can "
                           "be told from an operator");
    } else if (settings.control_listen == settings.listen && control.value().port != 0) {
        problems.push_back("control-listen: listen has " + settings.listen + " already; give it a port of its own");
    }
}

void check_socket(const Settings& settings, Problems& problems) {
    if (settings.control_socket.empty() || settings.control_socket == "none") return;
    const std::filesystem::path folder = std::filesystem::path{settings.control_socket}.parent_path();
    if (settings.control_socket.size() > kSocketPathMax) {
        problems.push_back("control-socket: " + settings.control_socket + " is longer than " + std::to_string(kSocketPathMax) +
                           " characters, which no socket's path may be");
    } else if (::access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) != 0) {
        problems.push_back("control-socket: this user can't make a socket in " + folder.string());
    }
}

void check_primary_url(const Settings& settings, Problems& problems) {
    if (settings.primary_url.empty()) return;
    const Result<void> valid = net::check_url(settings.primary_url);
    if (!valid) {
        problems.push_back("primary: " + valid.error().message);
    } else if (settings.primary_url.starts_with("https:") && settings.cluster && !settings.cluster->tls()) {
        problems.emplace_back("primary: the cluster's members use plain http, so there are no certificates for https here");
    }
}

void check_secondary(const Settings& settings, Problems& problems) {
    check_primary_url(settings, problems);
    if (settings.cluster && settings.cluster->mode == protection::Mode::kShared) {
        problems.emplace_back(
            "cluster: it is in shared mode, where several instances are on duty at once and nothing is to be taken over: run "
            "holdfast-primary instead");
    }
    const std::vector<std::string>& names = healthcheck::drift_names();
    for (const std::string& name : settings.accept_drift) {
        if (std::ranges::find(names, name) != names.end()) continue;
        std::string known;
        for (const std::string& one : names) known += (known.empty() ? "" : ", ") + one;
        problems.push_back("accept-drift: '" + name + "' is none of " + known);
    }
}

void check_times(const Settings& settings, Problems& problems) {
    if (!settings.cluster) return;
    const bool secondary = settings.part == Part::kSecondary;
    std::ranges::move(healthcheck::find_problems(settings.failover_times(), settings.cluster->chain.slot_duration, secondary),
                      std::back_inserter(problems));
}

// Whether what is read there passes a network that anybody may write to.
bool plain_over_network(const std::string& url) {
    constexpr std::string_view kPlain = "http://";
    if (!url.starts_with(kPlain)) return false;
    const std::string rest = url.substr(kPlain.size());
    const std::string host =
        rest.starts_with('[') ? rest.substr(1, rest.find(']') - 1) : rest.substr(0, rest.find_first_of(":/"));
    return !ListenAddress{host, 0}.loopback();
}

}  // namespace

std::string_view to_string(Part part) { return part == Part::kPrimary ? "primary" : "secondary"; }

Settings::Settings(Part which)
    : part{which}, instance{to_string(which)}, listen{which == Part::kPrimary ? "127.0.0.1:7770" : "127.0.0.1:7771"} {}

std::size_t Settings::threshold() const {
    if (attestation_threshold > 0) return attestation_threshold;
    return beacon_nodes.size() / 2 + 1;
}

std::size_t Settings::threads() const {
    if (worker_threads > 0) return worker_threads;
    return std::max(1U, std::thread::hardware_concurrency());
}

net::TlsFiles Settings::tls_files() const {
    if (!cluster || !cluster->tls()) return {};
    const std::filesystem::path folder = std::filesystem::path{cluster_file}.parent_path();
    const auto choose = [&folder](const std::string& given, const std::string& standard) {
        return given.empty() ? (folder / standard).string() : given;
    };
    return {choose(ca, "ca.pem"), choose(certificate, instance + ".pem"), choose(key, instance + ".key")};
}

healthcheck::FailoverTimes Settings::failover_times() const {
    healthcheck::FailoverTimes all = times;
    all.fall = static_cast<std::uint32_t>(fall);
    all.rise = static_cast<std::uint32_t>(rise);
    all.polls_to_suspect = static_cast<std::uint32_t>(polls_to_suspect);
    return all;
}

std::string Settings::control_socket_path() const {
    if (control_socket == "none") return {};
    if (!control_socket.empty()) return control_socket;
    if (::access(kSocketFolder, W_OK | X_OK) != 0) return {};
    return std::string{kSocketFolder} + "/" + instance + ".sock";
}

std::vector<std::string> read_cluster(Settings& settings) {
    if (settings.cluster_file.empty()) return {};
    auto read = protection::load_cluster(settings.cluster_file);
    if (auto* cluster = std::get_if<protection::Cluster>(&read)) {
        settings.cluster = std::move(*cluster);
        return {};
    }
    Problems problems = std::get<Problems>(std::move(read));
    for (std::string& problem : problems) problem = "cluster: " + problem;
    return problems;
}

std::vector<std::string> find_problems(const Settings& settings) {
    Problems problems;
    check_urls("beacon-nodes", settings.beacon_nodes, problems);
    check_keys(settings, problems);
    check_cluster(settings, problems);
    if (!settings.beacon_nodes.empty() && settings.attestation_threshold > settings.beacon_nodes.size()) {
        problems.push_back("attestation-threshold: " + std::to_string(settings.attestation_threshold) +
                           " nodes can't agree, there are " + std::to_string(settings.beacon_nodes.size()));
    }
    check_proposal_nodes(settings, problems);
    check_data_dir(settings, problems);
    check_listeners(settings, problems);
    check_socket(settings, problems);
    if (settings.part == Part::kSecondary) check_secondary(settings, problems);
    check_times(settings, problems);
    return problems;
}

std::vector<std::string> find_risks(const Settings& settings) {
    std::vector<std::string> risks;
    if (settings.cluster) {
        const protection::Cluster& cluster = *settings.cluster;
        const std::string quorum = protection::quorum_warning(cluster.quorum, cluster.members.size());
        if (!quorum.empty()) risks.push_back(quorum);
    }
    if (settings.threshold() * 2 <= settings.beacon_nodes.size()) {
        risks.push_back("the attestation threshold " + std::to_string(settings.threshold()) + " is not more than half of the " +
                        std::to_string(settings.beacon_nodes.size()) + " beacon nodes: a minority can decide a vote");
    }
    if (plain_over_network(settings.primary_url)) {
        risks.push_back("the primary is polled over plain http at " + net::redact(settings.primary_url) +
                        ": somebody on that network could answer for it; use its --control-listen and https");
    }
    if (settings.control_socket_path().empty() && settings.control_socket.empty()) {
        risks.push_back(std::string{kSocketFolder} +
                        " can't be written: no control socket, so that `holdfast failover` and the like need --control-socket "
                        "or --control-listen");
    }
    return risks;
}

bool ListenAddress::loopback() const { return host.starts_with("127.") || host == "::1" || host == "localhost"; }

Result<ListenAddress> parse_listen(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    const Error wrong = failure(ErrorCode::kInvalidArgument, "'" + text + "' is not ADDRESS:PORT, such as 127.0.0.1:7770");
    if (colon == std::string::npos || colon == 0) return wrong;
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const Result<std::uint64_t> port = parse_decimal(text.substr(colon + 1));
    if (!port || port.value() > 65'535 || host.empty()) return wrong;
    return ListenAddress{host, static_cast<std::uint16_t>(port.value())};
}

}  // namespace holdfast::instance
