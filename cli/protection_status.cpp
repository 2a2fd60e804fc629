// `holdfast protection status`.
#include <algorithm>
#include <cstdio>
#include <set>

#include "cli/connection.hpp"
#include "cli/outcome.hpp"
#include "cli/protection_commands.hpp"
#include "cli/text_table.hpp"
#include "shared/base/program.hpp"
#include "shared/protection/json_reader.hpp"

namespace holdfast::cli {

using protection::Cluster;
using protection::StatusAnswer;

namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kWarnDays = 30;

struct Seen {
    std::string member;
    std::optional<StatusAnswer> answer;
    std::string problem;
    double latency_ms{0};

    [[nodiscard]] bool votes() const { return answer && (answer->state == "voting" || answer->state == "rejoining"); }
};

std::vector<Seen> look(const Connection& connection) {
    const Question question{.path = "/v1/status", .limit = std::chrono::seconds{3}};
    std::vector<Seen> all;
    for (const MemberAnswer& answer : ask_all(connection.cluster, connection.tls, question)) {
        auto parsed = read_status(connection.cluster, answer);
        Seen& seen = all.emplace_back();
        seen.member = answer.member.name;
        seen.latency_ms = to_ms(answer.latency);
        if (parsed) seen.answer = std::move(parsed.value());
        if (!parsed) seen.problem = parsed.error().message;
    }
    return all;
}

std::int64_t days_left(std::int64_t ends, WallTime now) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    const std::int64_t left = ends - seconds;
    return left >= 0 ? left / kDaySeconds : -1;
}

std::string days_text(std::optional<std::int64_t> ends, WallTime now) {
    if (!ends) return "-";
    const std::int64_t days = days_left(*ends, now);
    return days < 0 ? "ENDED" : std::to_string(days) + " days";
}

std::string milliseconds_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f ms", value);
    return text;
}

std::vector<std::string> row_of(const Seen& seen, WallTime now) {
    if (!seen.answer) return {seen.member, "NO ANSWER"};
    const StatusAnswer& answer = *seen.answer;
    const std::string tenure = answer.tenure.holder.empty()
                                   ? std::to_string(answer.tenure.generation)
                                   : std::to_string(answer.tenure.generation) + " " + answer.tenure.holder;
    return {seen.member,
            answer.state,
            answer.version.substr(answer.version.rfind(' ') + 1),
            std::to_string(answer.validators),
            to_string(answer.highest_target),
            tenure,
            to_string(answer.position),
            days_text(answer.certificate_expires, now),
            milliseconds_text(seen.latency_ms)};
}

std::string table_of(const std::vector<Seen>& all, WallTime now) {
    TextTable table{{"MEMBER", "STATE", "VERSION", "VALIDATORS", "TARGET", "GENERATION", "POSITION", "CERTIFICATE", "LATENCY"}};
    for (const Seen& seen : all) table.add(row_of(seen, now));
    return table.text();
}

void look_at_certificates(const Seen& seen, WallTime now, Problems& problems) {
    const auto warn = [&](const char* what, std::optional<std::int64_t> ends, const char* remedy) {
        if (!ends || days_left(*ends, now) >= kWarnDays) return;
        const std::int64_t days = days_left(*ends, now);
        problems.push_back(seen.member + ": " + what +
                           (days < 0 ? " has ended" : " ends in " + std::to_string(days) + " days") + "; " + remedy);
    };
    warn("its certificate", seen.answer->certificate_expires, "holdfast cluster renew");
    warn("its CA", seen.answer->ca_expires, "holdfast cluster new-ca");
}

// What the members say of each other's differences.
void compare(const std::vector<Seen>& all, Problems& problems) {
    std::set<std::string> versions;
    std::uint64_t first_slot = ~std::uint64_t{0};
    std::uint64_t last_slot = 0;
    std::uint64_t halted_most = 0;
    std::uint64_t halted_least = ~std::uint64_t{0};
    for (const Seen& seen : all) {
        if (!seen.answer) continue;
        versions.insert(seen.answer->version);
        first_slot = std::min(first_slot, seen.answer->slot.value);
        last_slot = std::max(last_slot, seen.answer->slot.value);
        halted_most = std::max(halted_most, seen.answer->halted);
        halted_least = std::min(halted_least, seen.answer->halted);
    }
    if (versions.size() > 1) problems.emplace_back("the members run different versions");
    if (!versions.empty() && last_slot - first_slot > 1) {
        problems.push_back("the members' clocks differ: they see slots " + std::to_string(first_slot) + " to " +
                           std::to_string(last_slot));
    }
    if (versions.empty() || halted_most == 0) return;
    problems.push_back(halted_most == halted_least
                           ? std::to_string(halted_most) + " validators are halted"
                           : "from " + std::to_string(halted_least) + " to " + std::to_string(halted_most) +
                                 " validators are halted, not the same everywhere: run halt or lift again");
}

Problems find_problems(const Cluster& cluster, const std::vector<Seen>& all, WallTime now) {
    Problems problems;
    for (const Seen& seen : all) {
        if (!seen.answer) problems.push_back(seen.member + ": " + seen.problem);
        if (!seen.answer) continue;
        if (seen.answer->state != "voting") {
            problems.push_back(seen.member + ": " + seen.answer->state + ": " + seen.answer->detail);
        }
        look_at_certificates(seen, now, problems);
    }
    compare(all, problems);
    const auto voting = static_cast<std::size_t>(std::ranges::count_if(all, &Seen::votes));
    if (voting < cluster.quorum) {
        problems.push_back("only " + std::to_string(voting) + " members vote, and " + std::to_string(cluster.quorum) +
                           " are needed: nothing can be signed");
    }
    return problems;
}

int code_of(const Cluster& cluster, const std::vector<Seen>& all, const Problems& problems) {
    if (problems.empty()) return kExitDone;
    const auto voting = static_cast<std::size_t>(std::ranges::count_if(all, &Seen::votes));
    return voting >= cluster.quorum ? kExitPartly : kExitFailed;
}

void print_json(const std::vector<Seen>& all, const Problems& problems) {
    std::string text = "{\"members\":[";
    for (const Seen& seen : all) {
        if (&seen != &all.front()) text += ',';
        text += "{\"member\":";
        protection::append_quoted(text, seen.member);
        text += ",\"latency_ms\":" + std::to_string(seen.latency_ms) + ",\"problem\":";
        protection::append_quoted(text, seen.problem);
        text += ",\"status\":" + (seen.answer ? render(*seen.answer) : std::string{"null"}) + "}";
    }
    text += "],\"problems\":[";
    for (const std::string& problem : problems) {
        if (&problem != &problems.front()) text += ',';
        protection::append_quoted(text, problem);
    }
    std::fputs((text + "]}\n").c_str(), stdout);
}

void print_text(const Cluster& cluster, const std::vector<Seen>& all, const Problems& problems, WallTime now) {
    std::string text = "cluster " + cluster.name + ", quorum " + std::to_string(cluster.quorum) + " of " +
                       std::to_string(cluster.members.size()) + "\n\n" + table_of(all, now) + "\n";
    if (problems.empty()) text += "All is well.\n";
    for (const std::string& problem : problems) text += "! " + problem + "\n";
    std::fputs(text.c_str(), stdout);
}

}  // namespace

int run_protection_status(const Words& words) {
    constexpr const char* kProgram = "holdfast protection status";
    Connection connection;
    OptionSet set{kProgram, "how each member is, and what is wrong",
                  "Example:\n  holdfast protection status --cluster /etc/holdfast/cluster.toml --operator admin\n"
                  "\nExit codes: 0 all is well, 3 a quorum votes but something is wrong, 1 no quorum votes, 2 wrong words.\n"};
    connection.declare(set);
    Words none;
    if (const auto code = read_words(set, {.program = kProgram}, words, none)) return *code;
    const std::vector<Seen> all = look(connection);
    const WallTime now = wall_now();
    const Problems problems = find_problems(connection.cluster, all, now);
    if (connection.json) {
        print_json(all, problems);
    } else {
        print_text(connection.cluster, all, problems, now);
    }
    return code_of(connection.cluster, all, problems);
}

}  // namespace holdfast::cli
