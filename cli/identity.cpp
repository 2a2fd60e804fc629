#include "cli/identity.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

namespace holdfast::cli {

namespace {

void understand_tls(Identity& identity, Problems& problems) {
    if (identity.person.empty()) {
        problems.emplace_back("operator: name the operator whose certificate is to be used (NAME.pem beside the cluster file)");
        return;
    }
    const std::filesystem::path folder = std::filesystem::path{identity.cluster_file}.parent_path();
    const auto file = [&](const char* option, const std::string& given, const std::string& standard) {
        std::string name = given.empty() ? (folder / standard).string() : given;
        if (::access(name.c_str(), R_OK) != 0) problems.push_back(std::string{option} + ": can't read '" + name + "'");
        return name;
    };
    identity.tls = {file("ca", identity.ca, "ca.pem"), file("certificate", identity.certificate, identity.person + ".pem"),
                    file("key", identity.key, identity.person + ".key")};
}

void understand(Identity& identity, Problems& problems) {
    if (!identity.person.empty() && !protection::good_name(identity.person)) {
        problems.emplace_back("operator: expected 1 to 48 letters, digits, '-', '_' or '.'");
        return;
    }
    if (identity.cluster_file.empty()) return;
    auto loaded = protection::load_cluster(identity.cluster_file);
    if (auto* wrong = std::get_if<Problems>(&loaded)) {
        std::ranges::move(*wrong, std::back_inserter(problems));
        return;
    }
    identity.cluster = std::move(std::get<protection::Cluster>(loaded));
    if (identity.cluster.tls()) understand_tls(identity, problems);
}

}  // namespace

void Identity::declare_identity(OptionSet& set, bool cluster_required) {
    set.text({.name = "cluster", .value = "FILE", .help = "the cluster file", .required = cluster_required}, cluster_file);
    set.text({.name = "operator", .value = "NAME", .help = "who you are; not needed on loopback without TLS"}, person);
    set.text({.name = "ca",
              .value = "FILE",
              .help = "who signs the others' certificates",
              .standard = "ca.pem beside the cluster file"},
             ca);
    set.text({.name = "certificate", .value = "FILE", .help = "yours", .standard = "NAME.pem beside the cluster file"},
             certificate);
    set.text({.name = "key", .value = "FILE", .help = "its key", .standard = "NAME.key beside the cluster file"}, key);
    set.check_with([this](Problems& problems) { understand(*this, problems); });
}

}  // namespace holdfast::cli
