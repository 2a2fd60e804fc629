// `holdfast cluster renew` and `new-ca`.
#include <algorithm>

#include "cli/ask.hpp"
#include "cli/cluster_changes.hpp"

namespace holdfast::cli {

using protection::Cluster;

namespace {

// Those that are renewed; an instance with the host that was given for it.
Result<std::vector<Machine>> chosen(const std::vector<Machine>& machines, const std::vector<Machine>& wanted) {
    if (wanted.empty()) return machines;
    std::vector<Machine> all;
    for (const Machine& each : wanted) {
        const auto found = std::ranges::find(machines, each.name, &Machine::name);
        if (found == machines.end())
            return failure(ErrorCode::kNotFound, "nobody of this cluster is called '" + each.name + "'");
        all.push_back(*found);
        if (each.host.empty()) continue;
        if (found->role != protection::Role::kInstance) {
            return failure(ErrorCode::kInvalidArgument,
                           each.name + " is no instance: a member's address is in the cluster file");
        }
        all.back().host = each.host;
    }
    return all;
}

Result<std::string> renew(const ChangeOptions& options, const std::vector<Machine>& wanted) {
    const ClusterFolder folder{options.folder};
    HOLDFAST_TRY(const Cluster cluster, folder.cluster());
    HOLDFAST_TRY(need_certificates(cluster));
    HOLDFAST_TRY(const std::vector<Machine> machines, folder.machines());
    HOLDFAST_TRY(const std::vector<Machine> renewed, chosen(machines, wanted));
    for (const Machine& machine : renewed) {
        HOLDFAST_TRY(options.equip(machine));
    }
    return copy_table(folder, cluster, renewed) +
           "\nCopy each over the old files. Protectors use them within a minute, or at once on SIGHUP; other programs with "
           "their\n"
           "next connection. Nothing has to be restarted.\n";
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

}  // namespace

int run_cluster_renew(const Words& words) {
    constexpr const char* kProgram = "holdfast cluster renew";
    ChangeOptions options;
    std::vector<std::string> names;
    OptionSet set{
        kProgram, "new certificates and keys from the same CA",
        "Examples:\n  holdfast cluster renew --dir home\n  holdfast cluster renew --dir home --name p1 --name primary\n"};
    options.declare(set, true);
    set.list({.name = "name",
              .value = "NAME[=HOST]",
              .help = "whose, and for an instance where it is asked from now on; again for each",
              .standard = "all"},
             names);
    std::vector<Machine> wanted;
    set.check_with([&](Problems& problems) { wanted = parse_instances(names, problems); });
    Words none;
    if (const auto code = read_words(set, {.program = kProgram, .repeatable = {"name"}}, words, none)) return *code;
    return finish(kProgram, renew(options, wanted));
}

int run_cluster_new_ca(const Words& words) {
    constexpr const char* kProgram = "holdfast cluster new-ca";
    ChangeOptions options;
    bool finishing = false;
    OptionSet set{kProgram, "a new CA beside the old one, and with --finish alone",
                  "Example:\n  holdfast cluster new-ca --dir home            (then copy ca.pem everywhere)\n"
                  "  holdfast cluster renew --dir home             (then copy the certificates)\n"
                  "  holdfast cluster new-ca --dir home --finish   (then copy ca.pem again)\n"};
    options.declare(set, false);
    set.toggle({.name = "finish", .help = "leave the old CA behind, once all certificates are of the new one"}, finishing);
    Words none;
    if (const auto code = read_words(set, {.program = kProgram}, words, none)) return *code;
    return finish(kProgram, new_ca(ClusterFolder{options.folder}, finishing));
}

}  // namespace holdfast::cli
