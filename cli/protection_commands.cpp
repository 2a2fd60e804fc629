#include "cli/protection_commands.hpp"

#include <algorithm>
#include <cstdio>

#include "cli/connection.hpp"
#include "cli/outcome.hpp"
#include "shared/base/file.hpp"
#include "shared/base/program.hpp"
#include "shared/protection/json_reader.hpp"

namespace holdfast::cli {

namespace {

constexpr std::size_t kKeysFileBytesMax = 64U << 20U;

// One call that changes validators, by their keys.
struct KeysCommand {
    const char* program;
    const char* summary;
    const char* examples;
    const char* method;
    const char* path;
    const char* done;     // of each member, after a number
    const char* meaning;  // what it means that only a quorum did it
};

void add_key(const std::string& text, std::vector<PublicKey>& keys, Problems& problems) {
    const auto key = parse_hex<PublicKey>(text);
    if (key) {
        keys.push_back(key.value());
    } else {
        problems.push_back("'" + text.substr(0, 2 + 2 * PublicKey::kSize) +
                           "' is no public key: expected 0x and 96 hexadecimal digits");
    }
}

// One key a line.
void add_keys_of(const std::string& file, std::vector<PublicKey>& keys, Problems& problems) {
    const auto content = read_file(file, kKeysFileBytesMax);
    if (!content) return problems.push_back("keys: " + content.error().message);
    const std::string& text = content.value();
    for (std::size_t from = 0; from < text.size() && problems.empty();) {
        const std::size_t to = std::min(text.find('\n', from), text.size());
        std::string line = text.substr(from, to - from);
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
        if (!line.empty()) add_key(line, keys, problems);
        from = to + 1;
    }
}

int run_keys(const KeysCommand& command, const Words& words) {
    Connection connection;
    std::string file;
    Words operands;
    OptionSet set{command.program, command.summary, command.examples};
    connection.declare(set);
    set.text({.name = "keys", .value = "FILE", .help = "file with one public key a line"}, file);
    const Form form{.program = command.program, .operands = "KEY...", .operands_max = protection::kRequestKeysMax};
    if (const auto code = read_words(set, form, words, operands)) return *code;
    protection::KeysRequest request{connection.head(), {}};
    Problems problems;
    for (const std::string& text : operands) add_key(text, request.keys, problems);
    if (!file.empty()) add_keys_of(file, request.keys, problems);
    if (problems.empty() && request.keys.empty())
        problems.emplace_back("name at least one public key, or a file of them with --keys");
    if (request.keys.size() > protection::kRequestKeysMax) problems.emplace_back("more than 100000 keys; name fewer at a time");
    if (!problems.empty()) return complain(command.program, problems);
    const Question question{
        .method = command.method, .path = command.path, .body = render(request), .patience = connection.wait};
    const auto answers = ask_all(connection.cluster, connection.tls, question);
    return tell(keys_outcomes(answers, command.done), connection.cluster.quorum, connection.json, command.meaning);
}

MemberOutcome check_outcome(const MemberAnswer& answer) {
    if (!answer.body) return {answer.member.name, false, answer.problem};
    bool whole = false;
    std::string node;
    std::string detail;
    protection::JsonReader json{*answer.body};
    json.object([&](std::string_view name) {
        if (name == "whole") {
            whole = json.boolean();
        } else if (name == "detail") {
            detail = json.string();
        } else if (name == "node") {
            node = json.string();
        } else {
            json.skip();
        }
    });
    json.end();
    if (json.failed()) return {answer.member.name, false, "its answer can't be read: " + json.result().error().message};
    if (node != answer.member.name) return {answer.member.name, false, wrong_node(node)};
    return {answer.member.name, whole, detail};
}

}  // namespace

CommandGroup protection_group() {
    return {"holdfast protection",
            "works with the running protectors of a cluster",
            {{"status", "how each member is, and what is wrong", run_protection_status},
             {"import", "an EIP-3076 file into all members", run_protection_import},
             {"export", "what the members have recorded, as an EIP-3076 file", run_protection_export},
             {"enrol", "makes validators known where unknown ones are refused", run_protection_enrol},
             {"halt", "nothing of these validators is approved any more, for anybody", run_protection_halt},
             {"lift", "ends a halt", run_protection_lift},
             {"check", "is every member's database whole?", run_protection_check}},
            "Examples:\n"
            "  holdfast protection status --cluster /etc/holdfast/cluster.toml --operator admin\n"
            "  holdfast protection import slashing_protection.json --cluster /etc/holdfast/cluster.toml --operator admin\n"
            "\nExit codes: 0 all members did it, 3 not all but a quorum, 1 fewer, 2 wrong words.\n"};
}

int run_protection_enrol(const Words& words) {
    return run_keys(
        {"holdfast protection enrol", "makes validators known where the cluster refuses unknown ones",
         "Example:\n  holdfast protection enrol 0x8f.. 0x91.. --cluster /etc/holdfast/cluster.toml --operator admin\n", "POST",
         "/v1/validators", "newly enrolled", "A quorum knows these validators: they can be signed for."},
        words);
}

int run_protection_halt(const Words& words) {
    return run_keys(
        {"holdfast protection halt", "nothing of these validators is approved any more, for anybody, until it is lifted",
         "Example:\n  holdfast protection halt 0x8f.. --cluster /etc/holdfast/cluster.toml --operator admin\n"
         "  holdfast protection halt --keys leaving.txt --cluster /etc/holdfast/cluster.toml --operator admin\n",
         "POST", "/v1/halts", "newly halted", "A quorum refuses these validators: no other quorum can be found."},
        words);
}

int run_protection_lift(const Words& words) {
    return run_keys({"holdfast protection lift", "ends the halt of validators",
                     "Example:\n  holdfast protection lift 0x8f.. --cluster /etc/holdfast/cluster.toml --operator admin\n",
                     "DELETE", "/v1/halts", "no longer halted", "A quorum approves these validators' messages again."},
                    words);
}

int run_protection_check(const Words& words) {
    constexpr const char* kProgram = "holdfast protection check";
    Connection connection;
    OptionSet set{kProgram, "is every member's database whole?",
                  "Example:\n  holdfast protection check --cluster /etc/holdfast/cluster.toml --operator admin\n"};
    connection.declare(set);
    Words none;
    if (const auto code = read_words(set, {.program = kProgram}, words, none)) return *code;
    const Question question{
        .method = "POST", .path = "/v1/check", .limit = std::chrono::minutes{10}, .patience = connection.wait};
    std::vector<MemberOutcome> outcomes;
    for (const MemberAnswer& answer : ask_all(connection.cluster, connection.tls, question)) {
        outcomes.push_back(check_outcome(answer));
    }
    return tell(outcomes, connection.cluster.quorum, connection.json, "A quorum of the databases is whole.");
}

}  // namespace holdfast::cli
