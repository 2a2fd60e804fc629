#include "primary/settings.hpp"

#include <unistd.h>
#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>
#include <thread>

#include "shared/base/types.hpp"
#include "shared/net/url.hpp"
#include "shared/protection/quorum_tally.hpp"

namespace holdfast::primary {

namespace {

using Problems = std::vector<std::string>;

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

}  // namespace

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
    const Result<ListenAddress> listen = parse_listen(settings.listen);
    if (!listen) problems.push_back("listen: " + listen.error().message);
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
    return risks;
}

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

}  // namespace holdfast::primary
