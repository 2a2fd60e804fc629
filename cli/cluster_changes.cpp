// `holdfast cluster renew, new-ca, add-member, remove-member, replace-member, add-client`.
#include <algorithm>
#include <cstdio>

#include "cli/ask.hpp"
#include "cli/cluster_commands.hpp"
#include "shared/base/program.hpp"
#include "shared/protection/quorum_tally.hpp"

namespace holdfast::cli {

using protection::Cluster;
using protection::ClusterMember;
using protection::Role;

namespace {

// What all of these are told.
struct Common {
    std::string folder;
    std::uint64_t days{kCertificateDays};
    bool archive{false};

    void declare(OptionSet& set, bool makes_certificates) {
        set.text({.name = "dir", .value = "DIR", .help = "what `holdfast cluster create` has made", .required = true}, folder);
        if (!makes_certificates) return;
        set.number({.name = "days", .help = "how long certificates last"}, days, {1, kCertificateDaysMax});
        set.toggle({.name = "archive", .help = "one .tar.gz for each machine instead of a directory"}, archive);
    }
    Result<void> equip(const Machine& machine) const {
        return ClusterFolder{folder}.equip(machine, wall_now(), static_cast<int>(days), archive);
    }
};

int done(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    return kExitDone;
}

int finish(const char* program, const Result<std::string>& text) {
    return text ? done(text.value()) : fail(program, text.error().message);
}

Result<void> need_certificates(const Cluster& cluster) {
    if (cluster.tls()) return success();
    return failure(ErrorCode::kInvalidArgument, "this cluster is on loopback with plain HTTP: it has no certificates");
}

Result<std::string> renew(const Common& common, const std::vector<std::string>& names) {
    const ClusterFolder folder{common.folder};
    HOLDFAST_TRY(const Cluster cluster, folder.cluster());
    HOLDFAST_TRY(need_certificates(cluster));
    HOLDFAST_TRY(std::vector<Machine> machines, folder.machines());
    for (const std::string& name : names) {
        if (std::ranges::find(machines, name, &Machine::name) == machines.end()) {
            return failure(ErrorCode::kNotFound, "nobody of this cluster is called '" + name + "'");
        }
    }
    const auto unwanted = [&](const Machine& each) {
        return !names.empty() && std::ranges::find(names, each.name) == names.end();
    };
    std::erase_if(machines, unwanted);
    for (const Machine& machine : machines) {
        HOLDFAST_TRY(common.equip(machine));
    }
    return copy_table(folder, cluster, machines) +
           "\nCopy each over the old files. Protectors use them within a minute, or at once on SIGHUP; other programs with "
           "their\n"
           "next connection. Nothing has to be restarted.\n";
}

Result<void> refresh_all(const ClusterFolder& folder) {
    HOLDFAST_TRY(const std::vector<Machine> machines, folder.machines());
    for (const Machine& machine : machines) {
        HOLDFAST_TRY(folder.refresh(machine.name));
    }
    return success();
}

Result<std::string> begin_new_ca(const ClusterFolder& folder, const Cluster& cluster) {
    HOLDFAST_TRY(const std::string before, folder.authority_certificates());
    HOLDFAST_TRY(const auto facts, read_certificates(before));
    if (facts.size() > 1) {
        return failure(ErrorCode::kInvalidArgument, "a new CA is being introduced already; go on with --finish");
    }
    HOLDFAST_TRY(const Credential authority, new_authority(cluster.name, wall_now()));
    HOLDFAST_TRY(folder.write_authority(authority.certificate + before, authority.key));
    HOLDFAST_TRY(refresh_all(folder));
    const std::string dir = folder.path().string();
    return "ca.pem now holds the new CA and the old one. In this order, each step on all machines before the next begins:\n"
           "  1. copy " +
           dir +
           "/ca/ca.pem over ca.pem on every machine; wait a minute, or send SIGHUP to the protectors\n"
           "  2. holdfast cluster renew --dir " +
           dir +
           ", and copy the new certificates and keys\n"
           "  3. holdfast cluster new-ca --dir " +
           dir +
           " --finish, and copy ca.pem again: the old CA counts no more\n"
           "After a theft of the old key do all three at once, and accept a moment of downtime.\n";
}

Result<std::string> finish_new_ca(const ClusterFolder& folder) {
    HOLDFAST_TRY(const std::string before, folder.authority_certificates());
    HOLDFAST_TRY(const auto facts, read_certificates(before));
    if (facts.size() < 2)
        return failure(ErrorCode::kInvalidArgument, "there is no old CA to leave behind: ca.pem holds one CA");
    HOLDFAST_TRY(const std::string newest, first_certificate(before));
    HOLDFAST_TRY(const std::vector<Machine> machines, folder.machines());
    for (const Machine& machine : machines) {
        HOLDFAST_TRY(const std::string pem, folder.issued(machine.name));
        HOLDFAST_TRY(const bool renewed, is_signed_by(pem, newest));
        if (!renewed) {
            return failure(ErrorCode::kRefused, "the certificate of " + machine.name +
                                                    " is still of the old CA: first `holdfast cluster renew`, and copy");
        }
    }
    HOLDFAST_TRY(folder.write_authority(newest, ""));
    HOLDFAST_TRY(refresh_all(folder));
    return "ca.pem holds the new CA only. Copy " + folder.path().string() + "/ca/ca.pem over ca.pem on every machine.\n";
}

Result<std::string> new_ca(const ClusterFolder& folder, bool finish) {
    HOLDFAST_TRY(const Cluster cluster, folder.cluster());
    HOLDFAST_TRY(need_certificates(cluster));
    return finish ? finish_new_ca(folder) : begin_new_ca(folder, cluster);
}

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
Result<std::string> carry_out(const Common& common, const Change& change, const std::vector<Machine>& added) {
    const ClusterFolder folder{common.folder};
    std::vector<Machine> others;
    if (change.before.tls()) {
        HOLDFAST_TRY(others, folder.machines());
    }
    std::erase_if(others, [](const Machine& machine) { return machine.role == Role::kMember; });
    HOLDFAST_TRY(check_change(change.before, change.after, others));
    HOLDFAST_TRY(folder.write_cluster(change.after));
    if (!change.after.tls()) return std::string{};
    for (const Machine& machine : added) {
        HOLDFAST_TRY(common.equip(machine));
    }
    HOLDFAST_TRY(refresh_all(folder));
    return copy_table(folder, change.after, added) + "\n";
}

Result<std::string> add_members(const Common& common, const std::vector<ClusterMember>& members, std::uint64_t quorum) {
    HOLDFAST_TRY(const Cluster before, ClusterFolder{common.folder}.cluster());
    Change change{before, before};
    if (quorum != 0) change.after.quorum = quorum;
    std::vector<Machine> added;
    for (const ClusterMember& member : members) {
        change.after.members.push_back(member);
        added.push_back({member.name, Role::kMember});
    }
    HOLDFAST_TRY(const std::string table, carry_out(common, change, added));
    return table + change_steps(change.after) + "  4. start the new members with --rejoin, each in an empty data directory\n";
}

Result<std::string> remove_members(const Common& common, const std::vector<std::string>& names, std::uint64_t quorum) {
    const ClusterFolder folder{common.folder};
    HOLDFAST_TRY(const Cluster before, folder.cluster());
    Change change{before, before};
    if (quorum != 0) change.after.quorum = quorum;
    for (const std::string& name : names) {
        if (std::erase_if(change.after.members, [&](const ClusterMember& each) { return each.name == name; }) == 0) {
            return failure(ErrorCode::kNotFound, "no member is called '" + name + "'");
        }
    }
    HOLDFAST_TRY(carry_out(common, change, {}));
    if (before.tls()) {
        for (const std::string& name : names) {
            HOLDFAST_TRY(folder.forget(name));
        }
    }
    return change_steps(change.after) + "  4. stop the protectors that no longer belong to it, and keep them stopped\n";
}

Result<std::string> replace_members(const Common& common, const std::vector<ClusterMember>& members) {
    HOLDFAST_TRY(const Cluster before, ClusterFolder{common.folder}.cluster());
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
    HOLDFAST_TRY(const std::string table, carry_out(common, change, replaced));
    return table +
           "The cluster's id stays. Copy the new cluster.toml to every machine and restart the other members and the "
           "instances,\n"
           "one after the other. Start each replaced member once with --rejoin in an empty data directory; its old machine "
           "must\n"
           "never run again under that name.\n";
}

Result<std::string> add_clients(const Common& common, const std::vector<Machine>& added) {
    const ClusterFolder folder{common.folder};
    HOLDFAST_TRY(const Cluster cluster, folder.cluster());
    HOLDFAST_TRY(need_certificates(cluster));
    HOLDFAST_TRY(std::vector<Machine> all, folder.machines());
    all.insert(all.end(), added.begin(), added.end());
    Problems problems;
    check_names(all, problems);
    if (!problems.empty()) return failure(ErrorCode::kInvalidArgument, problems.front());
    for (const Machine& machine : added) {
        HOLDFAST_TRY(common.equip(machine));
    }
    return copy_table(folder, cluster, added) + "\nThe others need nothing new.\n";
}

void declare_quorum(OptionSet& set, std::uint64_t& quorum) {
    set.number({.name = "quorum", .value = "Q", .help = "how many must say yes from then on", .standard = "as before"}, quorum,
               {1, 100});
}

}  // namespace

int run_cluster_renew(const Words& words) {
    constexpr const char* kProgram = "holdfast cluster renew";
    Common common;
    std::vector<std::string> names;
    OptionSet set{
        kProgram, "new certificates and keys from the same CA",
        "Examples:\n  holdfast cluster renew --dir home\n  holdfast cluster renew --dir home --name p1 --name primary\n"};
    common.declare(set, true);
    set.list({.name = "name", .value = "NAME", .help = "whose; again for each", .standard = "all"}, names);
    Words none;
    if (const auto code = read_words(set, {.program = kProgram, .repeatable = {"name"}}, words, none)) return *code;
    return finish(kProgram, renew(common, names));
}

int run_cluster_new_ca(const Words& words) {
    constexpr const char* kProgram = "holdfast cluster new-ca";
    Common common;
    bool finishing = false;
    OptionSet set{kProgram, "a new CA beside the old one, and with --finish alone",
                  "Example:\n  holdfast cluster new-ca --dir home            (then copy ca.pem everywhere)\n"
                  "  holdfast cluster renew --dir home             (then copy the certificates)\n"
                  "  holdfast cluster new-ca --dir home --finish   (then copy ca.pem again)\n"};
    common.declare(set, false);
    set.toggle({.name = "finish", .help = "leave the old CA behind, once all certificates are of the new one"}, finishing);
    Words none;
    if (const auto code = read_words(set, {.program = kProgram}, words, none)) return *code;
    return finish(kProgram, new_ca(ClusterFolder{common.folder}, finishing));
}

int run_cluster_add_member(const Words& words) {
    constexpr const char* kProgram = "holdfast cluster add-member";
    Common common;
    std::vector<std::string> texts;
    std::uint64_t quorum = 0;
    std::vector<ClusterMember> members;
    OptionSet set{kProgram, "one more protector: a new cluster file for all machines, and the new machine's certificate",
                  "Example:\n  holdfast cluster add-member --dir home --member p5=https://10.0.0.5:7701 --quorum 4\n"};
    common.declare(set, true);
    set.list({.name = "member", .value = "NAME=URL", .help = "the new one", .required = true}, texts);
    declare_quorum(set, quorum);
    set.check_with([&](Problems& problems) { members = parse_members(texts, problems); });
    Words none;
    if (const auto code = read_words(set, {.program = kProgram, .repeatable = {"member"}}, words, none)) return *code;
    return finish(kProgram, add_members(common, members, quorum));
}

int run_cluster_remove_member(const Words& words) {
    constexpr const char* kProgram = "holdfast cluster remove-member";
    Common common;
    std::vector<std::string> names;
    std::uint64_t quorum = 0;
    OptionSet set{kProgram, "one protector fewer: a new cluster file for all machines",
                  "Example:\n  holdfast cluster remove-member --dir home --name p5 --quorum 3\n"};
    common.declare(set, false);
    set.list({.name = "name", .value = "NAME", .help = "which", .required = true}, names);
    declare_quorum(set, quorum);
    Words none;
    if (const auto code = read_words(set, {.program = kProgram, .repeatable = {"name"}}, words, none)) return *code;
    return finish(kProgram, remove_members(common, names, quorum));
}

int run_cluster_replace_member(const Words& words) {
    constexpr const char* kProgram = "holdfast cluster replace-member";
    Common common;
    std::vector<std::string> texts;
    std::vector<ClusterMember> members;
    OptionSet set{kProgram, "a protector on another machine: the same name, another address, a new certificate",
                  "Example:\n  holdfast cluster replace-member --dir home --member p2=https://10.0.0.12:7701\n"};
    common.declare(set, true);
    set.list({.name = "member", .value = "NAME=URL", .help = "its name, and where it is now", .required = true}, texts);
    set.check_with([&](Problems& problems) { members = parse_members(texts, problems); });
    Words none;
    if (const auto code = read_words(set, {.program = kProgram, .repeatable = {"member"}}, words, none)) return *code;
    return finish(kProgram, replace_members(common, members));
}

int run_cluster_add_client(const Words& words) {
    constexpr const char* kProgram = "holdfast cluster add-client";
    Common common;
    std::vector<std::string> instances;
    std::vector<std::string> operators;
    OptionSet set{kProgram, "a certificate for one more validator client or operator",
                  "Example:\n  holdfast cluster add-client --dir home --instance tertiary --operator bob\n"};
    common.declare(set, true);
    set.list({.name = "instance", .value = "NAME", .help = "a validator client; again for each"}, instances);
    set.list({.name = "operator", .value = "NAME", .help = "a person; again for each"}, operators);
    std::vector<Machine> added;
    set.check_with([&](Problems& problems) {
        for (const std::string& name : instances) added.push_back({name, Role::kInstance});
        for (const std::string& name : operators) added.push_back({name, Role::kOperator});
        if (added.empty()) problems.emplace_back("instance: name an --instance or an --operator");
    });
    Words none;
    const Form form{.program = kProgram, .repeatable = {"instance", "operator"}};
    if (const auto code = read_words(set, form, words, none)) return *code;
    return finish(kProgram, add_clients(common, added));
}

}  // namespace holdfast::cli
