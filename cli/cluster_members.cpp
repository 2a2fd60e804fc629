// `holdfast cluster add-member, remove-member, replace-member, add-client`.
#include <algorithm>
#include <iterator>

#include "cli/cluster_changes.hpp"
#include "shared/protection/quorum_tally.hpp"

namespace holdfast::cli {

using protection::Cluster;
using protection::ClusterMember;
using protection::Role;

namespace {

Result<void> check_change(const Cluster& before, const Cluster& after, const std::vector<Machine>& others) {
    Problems problems;
    std::vector<Machine> machines = others;
    for (const ClusterMember& member : after.members) machines.push_back({member.name, Role::kMember});
    check_names(machines, problems);
    std::ranges::move(problems_of(after), std::back_inserter(problems));
    if (!problems.empty()) return failure(ErrorCode::kInvalidArgument, problems.front());
    return protection::check_cluster_change(before, after);
}

std::string change_steps(const Cluster& after) {
    const std::string warning = protection::quorum_warning(after.quorum, after.members.size());
    return "The cluster's id is now " + to_hex(after.id()) + "\n" + (warning.empty() ? "" : "Risk: " + warning + "\n") +
           "Then:\n"
           "  1. copy the new cluster.toml to every machine\n"
           "  2. restart the protectors with --change-cluster, one after the other, right after a slot's duties\n"
           "  3. restart the instances\n";
}

struct Change {
    Cluster before;
    Cluster after;
};

// The wanted cluster becomes the folder's; new members get their certificate.
Result<std::string> carry_out(const ChangeOptions& options, const Change& change, const std::vector<Machine>& added) {
    const ClusterFolder folder{options.folder};
    std::vector<Machine> others;
    if (change.before.tls()) {
        HOLDFAST_TRY(others, folder.machines());
    }
    std::erase_if(others, [](const Machine& machine) { return machine.role == Role::kMember; });
    HOLDFAST_TRY(check_change(change.before, change.after, others));
    HOLDFAST_TRY(folder.write_cluster(change.after));
    if (!change.after.tls()) return std::string{};
    for (const Machine& machine : added) {
        HOLDFAST_TRY(options.equip(machine));
    }
    HOLDFAST_TRY(refresh_all(folder));
    return copy_table(folder, change.after, added) + "\n";
}

Result<std::string> add_members(const ChangeOptions& options, const std::vector<ClusterMember>& members, std::uint64_t quorum) {
    HOLDFAST_TRY(const Cluster before, ClusterFolder{options.folder}.cluster());
    Change change{before, before};
    if (quorum != 0) change.after.quorum = quorum;
    std::vector<Machine> added;
    for (const ClusterMember& member : members) {
        change.after.members.push_back(member);
        added.push_back({member.name, Role::kMember});
    }
    HOLDFAST_TRY(const std::string table, carry_out(options, change, added));
    return table + change_steps(change.after) + "  4. start the new members with --rejoin, each in an empty data directory\n";
}

Result<std::string> remove_members(const ChangeOptions& options, const std::vector<std::string>& names, std::uint64_t quorum) {
    const ClusterFolder folder{options.folder};
    HOLDFAST_TRY(const Cluster before, folder.cluster());
    Change change{before, before};
    if (quorum != 0) change.after.quorum = quorum;
    for (const std::string& name : names) {
        if (std::erase_if(change.after.members, [&](const ClusterMember& each) { return each.name == name; }) == 0) {
            return failure(ErrorCode::kNotFound, "no member is called '" + name + "'");
        }
    }
    HOLDFAST_TRY(carry_out(options, change, {}));
    if (before.tls()) {
        for (const std::string& name : names) {
            HOLDFAST_TRY(folder.forget(name));
        }
    }
    return change_steps(change.after) + "  4. stop the protectors that no longer belong to it, and keep them stopped\n";
}

Result<std::string> replace_members(const ChangeOptions& options, const std::vector<ClusterMember>& members) {
    HOLDFAST_TRY(const Cluster before, ClusterFolder{options.folder}.cluster());
    Change change{before, before};
    std::vector<Machine> replaced;
    for (const ClusterMember& member : members) {
        const auto found = std::ranges::find(change.after.members, member.name, &ClusterMember::name);
        if (found == change.after.members.end()) {
            return failure(ErrorCode::kNotFound, "no member is called '" + member.name + "'; see add-member");
        }
        found->url = member.url;
        replaced.push_back({member.name, Role::kMember});
    }
    HOLDFAST_TRY(const std::string table, carry_out(options, change, replaced));
    return table +
           "The cluster's id stays. Copy the new cluster.toml to every machine and restart the other members and the "
           "instances,\n"
           "one after the other. Start each replaced member once with --rejoin in an empty data directory; its old machine "
           "must\n"
           "never run again under that name.\n";
}

Result<std::string> add_clients(const ChangeOptions& options, const std::vector<Machine>& added) {
    const ClusterFolder folder{options.folder};
    HOLDFAST_TRY(const Cluster cluster, folder.cluster());
    HOLDFAST_TRY(need_certificates(cluster));
    HOLDFAST_TRY(std::vector<Machine> all, folder.machines());
    all.insert(all.end(), added.begin(), added.end());
    Problems problems;
    check_names(all, problems);
    if (!problems.empty()) return failure(ErrorCode::kInvalidArgument, problems.front());
    for (const Machine& machine : added) {
        HOLDFAST_TRY(options.equip(machine));
    }
    return copy_table(folder, cluster, added) + "\nThe others need nothing new.\n";
}

void declare_quorum(OptionSet& set, std::uint64_t& quorum) {
    set.number({.name = "quorum", .value = "Q", .help = "how many must say yes from then on", .standard = "as before"}, quorum,
               {1, 100});
}

}  // namespace

int run_cluster_add_member(const Words& words) {
    constexpr const char* kProgram = "holdfast cluster add-member";
    ChangeOptions options;
    std::vector<std::string> texts;
    std::uint64_t quorum = 0;
    std::vector<ClusterMember> members;
    OptionSet set{kProgram, "one more protector: a new cluster file for all machines, and the new machine's certificate",
                  "Example:\n  holdfast cluster add-member --dir home --member p5=https://10.0.0.5:7701 --quorum 4\n"};
    options.declare(set, true);
    set.list({.name = "member", .value = "NAME=URL", .help = "the new one", .required = true}, texts);
    declare_quorum(set, quorum);
    set.check_with([&](Problems& problems) { members = parse_members(texts, problems); });
    Words none;
    if (const auto code = read_words(set, {.program = kProgram, .repeatable = {"member"}}, words, none)) return *code;
    return finish(kProgram, add_members(options, members, quorum));
}

int run_cluster_remove_member(const Words& words) {
    constexpr const char* kProgram = "holdfast cluster remove-member";
    ChangeOptions options;
    std::vector<std::string> names;
    std::uint64_t quorum = 0;
    OptionSet set{kProgram, "one protector fewer: a new cluster file for all machines",
                  "Example:\n  holdfast cluster remove-member --dir home --name p5 --quorum 3\n"};
    options.declare(set, false);
    set.list({.name = "name", .value = "NAME", .help = "which", .required = true}, names);
    declare_quorum(set, quorum);
    Words none;
    if (const auto code = read_words(set, {.program = kProgram, .repeatable = {"name"}}, words, none)) return *code;
    return finish(kProgram, remove_members(options, names, quorum));
}

int run_cluster_replace_member(const Words& words) {
    constexpr const char* kProgram = "holdfast cluster replace-member";
    ChangeOptions options;
    std::vector<std::string> texts;
    std::vector<ClusterMember> members;
    OptionSet set{kProgram, "a protector on another machine: the same name, another address, a new certificate",
                  "Example:\n  holdfast cluster replace-member --dir home --member p2=https://10.0.0.12:7701\n"};
    options.declare(set, true);
    set.list({.name = "member", .value = "NAME=URL", .help = "its name, and where it is now", .required = true}, texts);
    set.check_with([&](Problems& problems) { members = parse_members(texts, problems); });
    Words none;
    if (const auto code = read_words(set, {.program = kProgram, .repeatable = {"member"}}, words, none)) return *code;
    return finish(kProgram, replace_members(options, members));
}

int run_cluster_add_client(const Words& words) {
    constexpr const char* kProgram = "holdfast cluster add-client";
    ChangeOptions options;
    std::vector<std::string> instances;
    std::vector<std::string> operators;
    OptionSet set{kProgram, "a certificate for one more validator client or operator",
                  "Example:\n  holdfast cluster add-client --dir home --instance tertiary --operator bob\n"};
    options.declare(set, true);
    set.list({.name = "instance", .value = "NAME[=HOST]", .help = "a validator client, and where it is asked; again for each"},
             instances);
    set.list({.name = "operator", .value = "NAME", .help = "a person; again for each"}, operators);
    std::vector<Machine> added;
    set.check_with([&](Problems& problems) {
        added = parse_instances(instances, problems);
        for (const std::string& name : operators) added.push_back({name, Role::kOperator});
        if (added.empty()) problems.emplace_back("instance: name an --instance or an --operator");
    });
    Words none;
    const Form form{.program = kProgram, .repeatable = {"instance", "operator"}};
    if (const auto code = read_words(set, form, words, none)) return *code;
    return finish(kProgram, add_clients(options, added));
}

}  // namespace holdfast::cli
