#include "cli/connection.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

namespace holdfast::cli {

namespace {

void understand_tls(Connection& connection, Problems& problems) {
    if (connection.person.empty()) {
        problems.emplace_back("operator: name the operator whose certificate is to be used (NAME.pem beside the cluster file)");
        return;
    }
    const std::filesystem::path folder = std::filesystem::path{connection.cluster_file}.parent_path();
    const auto file = [&](const char* option, const std::string& given, const std::string& standard) {
        std::string name = given.empty() ? (folder / standard).string() : given;
        if (::access(name.c_str(), R_OK) != 0) problems.push_back(std::string{option} + ": can't read '" + name + "'");
        return name;
    };
    connection.tls = {file("ca", connection.ca, "ca.pem"),
                      file("certificate", connection.certificate, connection.person + ".pem"),
                      file("key", connection.key, connection.person + ".key")};
}

void understand(Connection& connection, Problems& problems) {
    if (!connection.person.empty() && !protection::good_name(connection.person)) {
        problems.emplace_back("operator: expected 1 to 48 letters, digits, '-', '_' or '.'");
        return;
    }
    if (connection.cluster_file.empty()) return;
    auto loaded = protection::load_cluster(connection.cluster_file);
    if (auto* wrong = std::get_if<Problems>(&loaded)) {
        std::ranges::move(*wrong, std::back_inserter(problems));
        return;
    }
    connection.cluster = std::move(std::get<protection::Cluster>(loaded));
    if (connection.cluster.tls()) understand_tls(connection, problems);
}

}  // namespace

void Connection::declare(OptionSet& set) {
    set.text({.name = "cluster", .value = "FILE", .help = "the cluster file", .required = true}, cluster_file);
    set.text({.name = "operator", .value = "NAME", .help = "who you are; not needed on loopback without TLS"}, person);
    set.text({.name = "ca",
              .value = "FILE",
              .help = "who signs the members' certificates",
              .standard = "ca.pem beside the cluster file"},
             ca);
    set.text({.name = "certificate", .value = "FILE", .help = "yours", .standard = "NAME.pem beside the cluster file"},
             certificate);
    set.text({.name = "key", .value = "FILE", .help = "its key", .standard = "NAME.key beside the cluster file"}, key);
    set.duration({.name = "wait", .help = "how long a member that can't be reached is asked again"}, wait, Duration{},
                 std::chrono::hours{1});
    set.toggle({.name = "json", .help = "print JSON, for programs", .in_file = false}, json);
    set.check_with([this](Problems& problems) { understand(*this, problems); });
}

protection::RequestHead Connection::head() const {
    return {cluster.id(), person.empty() ? "operator" : person, 0, cluster.chain.genesis_validators_root, 0};
}

}  // namespace holdfast::cli
