#include "cli/outcome.hpp"

#include <algorithm>
#include <cstdio>

#include "cli/command.hpp"
#include "cli/text_table.hpp"
#include "shared/base/program.hpp"
#include "shared/protection/json_reader.hpp"

namespace holdfast::cli {

namespace {

std::size_t count_done(const std::vector<MemberOutcome>& outcomes) {
    return static_cast<std::size_t>(std::ranges::count_if(outcomes, &MemberOutcome::done));
}

MemberOutcome keys_outcome(const MemberAnswer& answer, const std::string& words) {
    const std::string& name = answer.member.name;
    if (!answer.body) return {name, false, answer.problem};
    const auto parsed = protection::parse_keys_answer(*answer.body);
    if (!parsed) return {name, false, "its answer can't be read: " + parsed.error().message};
    if (parsed.value().node != name) {
        return {name, false, wrong_node(parsed.value().node)};
    }
    return {name, true, std::to_string(parsed.value().changed) + " " + words};
}

}  // namespace

int exit_code(const std::vector<MemberOutcome>& outcomes, std::size_t enough) {
    const std::size_t done = count_done(outcomes);
    if (done == outcomes.size()) return kExitDone;
    return done >= enough ? kExitPartly : kExitFailed;
}

std::string render_table(const std::vector<MemberOutcome>& outcomes) {
    TextTable table{{"MEMBER", "DONE", ""}};
    for (const MemberOutcome& outcome : outcomes) table.add({outcome.member, outcome.done ? "yes" : "NO", outcome.sentence});
    return table.text();
}

std::string render_json(const std::vector<MemberOutcome>& outcomes, const std::string& more) {
    std::string text = std::string{"{\"complete\":"} + (count_done(outcomes) == outcomes.size() ? "true" : "false");
    text += ",\"members\":[";
    for (const MemberOutcome& outcome : outcomes) {
        if (&outcome != &outcomes.front()) text += ',';
        text += "{\"member\":";
        protection::append_quoted(text, outcome.member);
        text += std::string{",\"done\":"} + (outcome.done ? "true" : "false") + ",\"detail\":";
        protection::append_quoted(text, outcome.sentence);
        text += '}';
    }
    return text + "]" + (more.empty() ? "" : "," + more) + "}\n";
}

std::string wrong_node(const std::string& node) {
    return "at this address answers '" + node + "': the cluster file's addresses are wrong";
}

Result<protection::StatusAnswer> read_status(const protection::Cluster& cluster, const MemberAnswer& answer) {
    if (!answer.body) return failure(ErrorCode::kUnavailable, answer.problem);
    HOLDFAST_TRY(protection::StatusAnswer parsed, protection::parse_status_answer(*answer.body));
    if (parsed.node != answer.member.name) return failure(ErrorCode::kRefused, wrong_node(parsed.node));
    if (parsed.cluster == cluster.id()) return parsed;
    return failure(ErrorCode::kRefused,
                   "it belongs to another cluster, " + to_hex(parsed.cluster) + ", or has another cluster file");
}

std::vector<MemberOutcome> keys_outcomes(const std::vector<MemberAnswer>& answers, const std::string& words) {
    std::vector<MemberOutcome> outcomes;
    for (const MemberAnswer& answer : answers) outcomes.push_back(keys_outcome(answer, words));
    return outcomes;
}

int tell(const std::vector<MemberOutcome>& outcomes, std::size_t quorum, bool json, const std::string& meaning,
         const std::string& more) {
    const int code = exit_code(outcomes, quorum);
    if (json) {
        std::fputs(render_json(outcomes, more).c_str(), stdout);
        return code;
    }
    std::string text = render_table(outcomes);
    if (code == kExitPartly) text += "\nNot all members did it. " + meaning + " Run this again once the others are back.\n";
    if (code == kExitFailed)
        text += "\nFewer than a quorum did it: do not rely on it. Run this again once the others are back.\n";
    std::fputs(text.c_str(), stdout);
    return code;
}

}  // namespace holdfast::cli
