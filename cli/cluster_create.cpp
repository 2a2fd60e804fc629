// `holdfast cluster create`.
#include <algorithm>
#include <cstdio>
#include <set>

#include "cli/ask.hpp"
#include "cli/chains.hpp"
#include "cli/cluster_commands.hpp"
#include "cli/text_table.hpp"
#include "shared/base/program.hpp"
#include "shared/protection/quorum_tally.hpp"

namespace holdfast::cli {

namespace fs = std::filesystem;
using protection::Cluster;
using protection::ClusterMember;
using protection::Role;

namespace {

constexpr const char* kProgram = "holdfast cluster create";

constexpr const char* kExamples =
    "Examples:\n"
    "  Four protectors, of which three must agree (survives the loss of one, even of one's memory):\n"
    "    holdfast cluster create --dir home --name home --chain mainnet --quorum 3 \\\n"
    "      --member p1=https://10.0.0.1:7701 --member p2=https://10.0.0.2:7701 \\\n"
    "      --member p3=https://10.0.0.3:7701 --member p4=https://10.0.0.4:7701 \\\n"
    "      --instance primary=10.0.1.1 --instance secondary=10.0.1.2 --operator admin\n"
    "  All on a laptop, without certificates:\n"
    "    holdfast cluster create --dir laptop --name laptop --chain hoodi --quorum 1 --member p1=http://127.0.0.1:7701\n";

struct Wish {
    std::string folder;
    std::string name;
    std::string chain;
    std::uint64_t quorum{0};
    std::uint64_t genesis_time{0};
    std::string genesis_validators_root;
    std::uint64_t slot_duration_ms{12'000};
    std::uint64_t slots_per_epoch{32};
    std::vector<std::string> members;
    std::vector<std::string> instances;
    std::vector<std::string> operators;
    protection::Mode mode{protection::Mode::kFenced};
    bool refuse_unknown{false};
    bool archive{false};
    std::uint64_t days{kCertificateDays};

    Cluster cluster;
    std::vector<Machine> machines;
};

void declare_chain(OptionSet& set, Wish& wish) {
    set.text({.name = "chain", .value = "NAME", .help = chain_names() + "; or the four settings below"}, wish.chain);
    set.number({.name = "genesis-time", .value = "SECONDS", .help = "of a chain without name: Unix time", .standard = "none"},
               wish.genesis_time, {1, 9'000'000'000});
    set.text({.name = "genesis-validators-root", .value = "0x..", .help = "of a chain without name"},
             wish.genesis_validators_root);
    set.number({.name = "slot-duration-ms", .help = "of a chain without name"}, wish.slot_duration_ms, {1, 3'600'000});
    set.number({.name = "slots-per-epoch", .help = "of a chain without name"}, wish.slots_per_epoch, {1, 65'536});
}

void declare(OptionSet& set, Wish& wish) {
    set.text({.name = "dir", .value = "DIR", .help = "where everything is put; must not exist", .required = true}, wish.folder);
    set.text({.name = "name", .help = "of the cluster, for people", .required = true}, wish.name);
    set.number({.name = "quorum", .value = "Q", .help = "how many members must say yes", .required = true}, wish.quorum,
               {1, 100});
    set.list({.name = "member", .value = "NAME=URL", .help = "a protector; again for each", .required = true}, wish.members);
    set.list({.name = "instance",
              .value = "NAME[=HOST]",
              .help = "a validator client, and the address at which its --control-listen is asked; again for each"},
             wish.instances);
    set.list({.name = "operator", .value = "NAME", .help = "a person with `holdfast protection`; again for each"},
             wish.operators);
    declare_chain(set, wish);
    set.choice({.name = "mode", .help = "fenced: one instance on duty; shared: several at once"}, wish.mode,
               {{"fenced", protection::Mode::kFenced}, {"shared", protection::Mode::kShared}});
    set.choice({.name = "unknown-validators", .help = "accept, or refuse until imported or enrolled"}, wish.refuse_unknown,
               {{"accept", false}, {"refuse", true}});
    set.number({.name = "days", .help = "how long certificates last"}, wish.days, {1, kCertificateDaysMax});
    set.toggle({.name = "archive", .help = "one .tar.gz for each machine instead of a directory"}, wish.archive);
}

protection::ChainIdentity understand_chain(const Wish& wish, Problems& problems) {
    if (!wish.chain.empty()) {
        const auto chain = find_chain(wish.chain);
        if (!chain) problems.push_back("chain: '" + wish.chain + "' is none of " + chain_names());
        if (wish.genesis_time != 0 || !wish.genesis_validators_root.empty()) {
            problems.emplace_back("chain: give its name or its genesis, not both");
        }
        return chain.value_or(protection::ChainIdentity{});
    }
    const auto root = parse_hex<Root>(wish.genesis_validators_root);
    if (wish.genesis_time == 0 || !root) {
        problems.emplace_back("chain: name one of " + chain_names() +
                              ", or give --genesis-time and --genesis-validators-root (0x and 64 hexadecimal digits)");
    }
    return {WallTime{std::chrono::seconds{wish.genesis_time}}, root ? root.value() : Root{},
            std::chrono::milliseconds{wish.slot_duration_ms}, wish.slots_per_epoch};
}

void understand(Wish& wish, Problems& problems) {
    wish.cluster = {wish.name, static_cast<std::size_t>(wish.quorum), wish.mode, wish.refuse_unknown, {}, {}};
    Problems mine;
    wish.cluster.chain = understand_chain(wish, mine);
    wish.cluster.members = parse_members(wish.members, mine);
    for (const ClusterMember& member : wish.cluster.members) wish.machines.push_back({member.name, Role::kMember});
    std::ranges::move(parse_instances(wish.instances, mine), std::back_inserter(wish.machines));
    for (const std::string& name : wish.operators) wish.machines.push_back({name, Role::kOperator});
    check_names(wish.machines, mine);
    std::error_code error;
    if (!wish.folder.empty() && fs::exists(wish.folder, error) && !fs::is_empty(wish.folder, error)) {
        mine.push_back("dir: " + wish.folder + " is there already; nothing is overwritten");
    }
    // The file's own check would only say the same again in other words.
    if (mine.empty() && wish.quorum > 0 && !wish.cluster.members.empty()) mine = problems_of(wish.cluster);
    std::ranges::move(mine, std::back_inserter(problems));
}

// In a folder beside the wanted one, so that a failure leaves nothing half made.
Result<void> make(const Wish& wish) {
    fs::path wanted{wish.folder};
    if (!wanted.has_filename()) wanted = wanted.parent_path();
    const fs::path draft = wanted.string() + ".new";
    const ClusterFolder folder{draft};
    std::error_code error;
    fs::remove_all(draft, error);
    HOLDFAST_TRY(folder.write_cluster(wish.cluster));
    if (wish.cluster.tls()) {
        const WallTime now = wall_now();
        HOLDFAST_TRY(const Credential authority, new_authority(wish.name, now));
        HOLDFAST_TRY(folder.write_authority(authority.certificate, authority.key));
        for (const Machine& machine : wish.machines) {
            HOLDFAST_TRY(folder.equip(machine, now, static_cast<int>(wish.days), wish.archive));
        }
        fs::permissions(draft / "ca", fs::perms::owner_all, error);
    }
    fs::remove(wanted, error);  // an empty one may be there
    fs::rename(draft, wanted, error);
    if (!error) return success();
    return failure(ErrorCode::kIo, "can't rename " + draft.string() + ": " + error.message());
}

std::string next_steps(const Wish& wish) {
    const std::string file = wish.cluster.tls() ? "/etc/holdfast/cluster.toml" : wish.folder + "/cluster.toml";
    const std::string person = wish.operators.empty() ? "NAME" : wish.operators.front();
    const auto first = std::ranges::find(wish.machines, Role::kInstance, &Machine::role);
    const std::string instance = first == wish.machines.end() ? "primary" : first->name;
    std::string text = "Then, once, for each member (never again with --init):\n";
    for (const ClusterMember& member : wish.cluster.members) {
        text += "  holdfast-protector --cluster " + file + " --node-id " + member.name + " --data-dir /var/lib/holdfast/" +
                member.name + " --init\n";
    }
    return text +
           "Before anything goes on duty, what your validators have signed elsewhere:\n  holdfast protection import FILE "
           "--cluster " +
           file + " --operator " + person + "\nSee that all members vote:\n  holdfast protection status --cluster " + file +
           " --operator " + person + "\nGo on duty:\n  holdfast-primary --cluster " + file + " --instance " + instance +
           " --beacon-nodes URL,URL --keystores DIR\n";
}

void tell(const Wish& wish) {
    const std::string warning = protection::quorum_warning(wish.cluster.quorum, wish.cluster.members.size());
    std::string text = "Cluster " + wish.name + ", quorum " + std::to_string(wish.quorum) + " of " +
                       std::to_string(wish.cluster.members.size()) + ", id " + to_hex(wish.cluster.id()) + "\n";
    if (!warning.empty()) text += "Risk: " + warning + "\n";
    if (wish.cluster.tls()) {
        text += "\n" + copy_table(ClusterFolder{wish.folder}, wish.cluster, wish.machines) + "\nKeep " + wish.folder +
                "/ca in a safe place, off these machines: its key makes certificates for this cluster.\n";
        if (wish.operators.empty() || wish.instances.empty()) {
            text += std::string{"Nobody is "} + (wish.operators.empty() ? "operator" : "instance") +
                    " of it yet: see `holdfast cluster add-client`.\n";
        }
    } else {
        text += "Plain HTTP on loopback: no certificates are needed.\n";
    }
    std::fputs((text + "\n" + next_steps(wish)).c_str(), stdout);
}

}  // namespace

int run_cluster_create(const Words& words) {
    Wish wish;
    OptionSet set{kProgram, "makes the files for every machine of a new cluster", kExamples};
    declare(set, wish);
    set.check_with([&wish](Problems& problems) { understand(wish, problems); });
    Words none;
    const Form form{.program = kProgram, .repeatable = {"member", "instance", "operator"}};
    if (const auto code = read_words(set, form, words, none)) return *code;
    if (const auto made = make(wish); !made) return fail(kProgram, made.error().message);
    tell(wish);
    return kExitDone;
}

}  // namespace holdfast::cli
