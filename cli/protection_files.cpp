// `holdfast protection import` and `export`.
#include <cstdio>
#include <filesystem>
#include <unordered_map>

#include "cli/connection.hpp"
#include "cli/outcome.hpp"
#include "cli/protection_commands.hpp"
#include "shared/base/file.hpp"
#include "shared/base/program.hpp"
#include "shared/protection/interchange.hpp"

namespace holdfast::cli {

using protection::MemberRecords;

namespace {

// Complete histories are large; what goes over the wire is reduced.
constexpr std::size_t kFileBytesMax = std::size_t{16} << 30U;
constexpr Duration kTransferLimit = std::chrono::minutes{5};

using Entries = std::vector<MemberRecords::Entry>;

struct Reduced {
    std::size_t validators{0};
    std::string text;
};

Result<Reduced> read_and_reduce(const std::string& file, const Root& genesis_validators_root) {
    HOLDFAST_TRY(const std::string text, read_file(file, kFileBytesMax));
    const Progress bar = make_progress_bar("reading " + file);
    auto entries = protection::parse_interchange(text, genesis_validators_root, bar);
    if (!entries) return with_context(file, entries.error());
    if (bar) bar(text.size(), text.size());
    Reduced reduced{entries.value().size(), protection::render_interchange(entries.value(), genesis_validators_root)};
    if (reduced.text.size() <= protection::kInterchangeBytesMax) return reduced;
    return failure(ErrorCode::kInvalidArgument, file + " has more validators than one import takes; split it");
}

int import_file(const Connection& connection, const std::string& file) {
    constexpr const char* kProgram = "holdfast protection import";
    auto reduced = read_and_reduce(file, connection.cluster.chain.genesis_validators_root);
    if (!reduced) return complain(kProgram, {reduced.error().message + "; nothing was changed"});
    const Question question{.method = "POST",
                            .path = "/v1/interchange",
                            .body = std::move(reduced.value().text),
                            .limit = kTransferLimit,
                            .patience = connection.wait};
    const auto answers = ask_all(connection.cluster, connection.tls, question, make_progress_bar("members asked"));
    const std::string count = std::to_string(reduced.value().validators);
    if (!connection.json) std::printf("%s validators in %s\n\n", count.c_str(), file.c_str());
    return tell(keys_outcomes(answers, "validators changed"), connection.cluster.quorum, connection.json,
                "A quorum has it, so nothing that conflicts with it can be signed.", "\"validators\":" + count);
}

// The highest of what all have said, one entry a validator.
class Union {
public:
    void add(Entries entries) {
        for (MemberRecords::Entry& entry : entries) {
            const auto [place, is_new] = places_.try_emplace(entry.key, all_.size());
            if (is_new) {
                all_.push_back(std::move(entry));
            } else {
                protection::merge_upwards(all_[place->second].record, entry.record);
            }
        }
    }
    [[nodiscard]] const Entries& all() const { return all_; }

private:
    Entries all_;
    std::unordered_map<PublicKey, std::size_t> places_;
};

std::vector<MemberOutcome> merge(std::vector<MemberAnswer>& answers, const Root& genesis_validators_root, Union& into) {
    std::vector<MemberOutcome> outcomes;
    for (MemberAnswer& answer : answers) {
        if (!answer.body) {
            outcomes.push_back({answer.member.name, false, answer.problem});
            continue;
        }
        auto entries = protection::parse_interchange(*answer.body, genesis_validators_root);
        answer.body.reset();
        if (!entries) {
            outcomes.push_back({answer.member.name, false, "its answer can't be used: " + entries.error().message});
            continue;
        }
        outcomes.push_back({answer.member.name, true, std::to_string(entries.value().size()) + " validators"});
        into.add(std::move(entries.value()));
    }
    return outcomes;
}

// A file does not say who wrote it, and one protector at two addresses must not count twice.
void drop_strangers(const Connection& connection, std::vector<MemberAnswer>& answers) {
    const Question question{.path = "/v1/status"};
    const auto statuses = ask_all(connection.cluster, connection.tls, question);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const auto status = read_status(connection.cluster, statuses[i]);
        if (status || !answers[i].body) continue;
        answers[i].body.reset();
        answers[i].problem = status.error().message;
    }
}

struct ExportWish {
    Connection connection;
    bool allow_partial{false};
    bool overwrite{false};
};

int export_to(const ExportWish& wish, const std::string& file) {
    constexpr const char* kProgram = "holdfast protection export";
    const protection::Cluster& cluster = wish.connection.cluster;
    const Question question{.path = "/v1/interchange", .limit = kTransferLimit, .patience = wish.connection.wait};
    auto answers = ask_all(cluster, wish.connection.tls, question, make_progress_bar("members asked"));
    drop_strangers(wish.connection, answers);
    Union merged;
    const auto outcomes = merge(answers, cluster.chain.genesis_validators_root, merged);
    // So many have at least one of any quorum among them: nothing that was approved is missing.
    const std::size_t enough = cluster.members.size() - cluster.quorum + 1;
    const int code = exit_code(outcomes, enough);
    const std::string table = render_table(outcomes);
    if (code == kExitFailed && !wish.allow_partial) {
        std::fputs(wish.connection.json ? render_json(outcomes).c_str() : table.c_str(), stdout);
        return fail(kProgram, "at least " + std::to_string(enough) + " of " + std::to_string(cluster.members.size()) +
                                  " members must answer, or what was approved could be missing; nothing was written "
                                  "(--allow-partial writes it all the same)");
    }
    const std::string text = protection::render_interchange(merged.all(), cluster.chain.genesis_validators_root) + "\n";
    if (file == "-") {
        std::fputs(text.c_str(), stdout);
        return code;
    }
    if (const auto written = write_private_file(file, text); !written) return fail(kProgram, written.error().message);
    if (wish.connection.json) {
        std::fputs(render_json(outcomes, "\"validators\":" + std::to_string(merged.all().size())).c_str(), stdout);
        return code;
    }
    std::printf(
        "%s\n%zu validators in %s. What is signed from now on is not in it: stop your validator clients first, or halt\n"
        "the validators that leave.\n",
        table.c_str(), merged.all().size(), file.c_str());
    if (code == kExitFailed) std::printf("It may lack what was approved last: too few members answered.\n");
    return code;
}

}  // namespace

int run_protection_import(const Words& words) {
    constexpr const char* kProgram = "holdfast protection import";
    Connection connection;
    OptionSet set{kProgram, "takes an EIP-3076 file into all members: checked whole first, and only ever upwards",
                  "Example:\n  holdfast protection import slashing_protection.json --cluster /etc/holdfast/cluster.toml "
                  "--operator admin\n"
                  "\nExit codes: 0 all members have it, 3 not all but a quorum, 1 fewer, 2 wrong words or file.\n"};
    connection.declare(set);
    Words operands;
    const Form form{.program = kProgram, .operands = "one FILE", .operands_min = 1, .operands_max = 1};
    if (const auto code = read_words(set, form, words, operands)) return *code;
    return import_file(connection, operands.front());
}

int run_protection_export(const Words& words) {
    constexpr const char* kProgram = "holdfast protection export";
    ExportWish wish;
    OptionSet set{kProgram, "writes what the members have recorded as an EIP-3076 file (- for standard output)",
                  "Example:\n  holdfast protection export mine.json --cluster /etc/holdfast/cluster.toml --operator admin\n"
                  "\nExit codes: 0 all members answered, 3 not all but enough for a whole file, 1 too few, 2 wrong words.\n"};
    wish.connection.declare(set);
    set.toggle({.name = "allow-partial", .help = "write it although too few members answer", .in_file = false},
               wish.allow_partial);
    set.toggle({.name = "overwrite", .help = "replace FILE if there is one", .in_file = false}, wish.overwrite);
    Words operands;
    const Form form{.program = kProgram, .operands = "one FILE", .operands_min = 1, .operands_max = 1};
    if (const auto code = read_words(set, form, words, operands)) return *code;
    const std::string& file = operands.front();
    if (file != "-" && !wish.overwrite && std::filesystem::exists(file)) {
        return complain(kProgram, {file + " is there already; --overwrite replaces it"});
    }
    return export_to(wish, file);
}

}  // namespace holdfast::cli
