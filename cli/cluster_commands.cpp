#include "cli/cluster_commands.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "cli/text_table.hpp"

namespace holdfast::cli {

using protection::Cluster;
using protection::ClusterMember;
using protection::Role;

namespace {

std::string role_word(Role role) {
    const std::string name = protection::common_name(role, "x");
    return name.substr(0, name.find('/'));
}

}  // namespace

CommandGroup cluster_group() {
    return {
        "holdfast cluster",
        "makes and changes the files that the machines of a cluster need",
        {{"create", "a new cluster: cluster file, CA, certificates for every machine", run_cluster_create},
         {"show", "what a cluster file says, and when the certificates beside it end", run_cluster_show},
         {"renew", "new certificates from the same CA", run_cluster_renew},
         {"new-ca", "a new CA, without downtime", run_cluster_new_ca},
         {"add-member", "one more protector", run_cluster_add_member},
         {"remove-member", "one protector fewer", run_cluster_remove_member},
         {"replace-member", "a protector on another machine, under its old name", run_cluster_replace_member},
         {"add-client", "one more validator client or operator", run_cluster_add_client}},
        "Examples:\n"
        "  holdfast cluster create --dir home --name home --chain mainnet --quorum 3 --member p1=https://10.0.0.1:7701 ...\n"
        "  holdfast cluster show --cluster /etc/holdfast/cluster.toml\n"
        "  holdfast cluster renew --dir home --name p1\n"};
}

std::vector<ClusterMember> parse_members(const std::vector<std::string>& texts, Problems& problems) {
    std::vector<ClusterMember> members;
    for (const std::string& text : texts) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
            problems.push_back("member: '" + text + "' is not NAME=URL, like p1=https://10.0.0.1:7701");
            continue;
        }
        std::string url = text.substr(equals + 1);
        while (url.ends_with('/')) url.pop_back();
        members.push_back({text.substr(0, equals), std::move(url)});
    }
    return members;
}

void check_host(const std::string& host, Problems& problems) {
    const auto fits = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == ':';
    };
    if (!host.empty() && std::ranges::all_of(host, fits)) return;
    problems.push_back("instance: '" + host +
                       "' is no address or name of a machine, like 10.0.0.1 or v1.example.org, without port");
}

std::vector<Machine> parse_instances(const std::vector<std::string>& texts, Problems& problems) {
    std::vector<Machine> instances;
    for (const std::string& text : texts) {
        const std::size_t equals = text.find('=');
        Machine machine{text.substr(0, equals), protection::Role::kInstance};
        if (equals != std::string::npos) {
            machine.host = text.substr(equals + 1);
            check_host(machine.host, problems);
        }
        instances.push_back(std::move(machine));
    }
    return instances;
}

void check_names(const std::vector<Machine>& machines, Problems& problems) {
    std::set<std::string> names;
    for (const Machine& machine : machines) {
        const std::string& name = machine.name;
        if (!protection::good_name(name) || name.starts_with('.') || name.starts_with('-') || name == "ca" ||
            name == "cluster.toml") {
            problems.push_back(role_word(machine.role) + ": '" + name +
                               "' can't be a name: expected 1 to 48 letters, digits, '-', '_' or '.', and not 'ca'");
        } else if (!names.insert(name).second) {
            problems.push_back(role_word(machine.role) + ": the name '" + name +
                               "' comes twice; members, instances and operators need names of their own");
        }
    }
}

Problems problems_of(const Cluster& cluster) {
    auto parsed = protection::parse_cluster(protection::render_cluster(cluster), "the cluster");
    if (auto* problems = std::get_if<Problems>(&parsed)) return std::move(*problems);
    return {};
}

std::string copy_table(const ClusterFolder& folder, const Cluster& cluster, const std::vector<Machine>& machines) {
    TextTable table{{"COPY", "TO", "AT"}};
    for (const Machine& machine : machines) {
        const ClusterMember* member = machine.role == Role::kMember ? cluster.member(machine.name) : nullptr;
        const std::string path = folder.machine_path(machine.name).string();
        const bool archived = folder.is_archived(machine.name);
        table.add(
            {archived ? path + ".tar.gz" : path + "/*",
             member != nullptr ? host_of(member->url) : "the machine of " + protection::common_name(machine.role, machine.name),
             archived ? "/etc/holdfast/ (tar --extract --strip-components=1)" : "/etc/holdfast/"});
    }
    return table.text();
}

Result<Credential> new_authority(const std::string& cluster_name, WallTime now) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    constexpr std::size_t kNameMax = 40;  // a common name has 64 characters at most
    return make_authority("CA " + cluster_name.substr(0, kNameMax) + " " + std::to_string(seconds), now, kAuthorityDays);
}

}  // namespace holdfast::cli
