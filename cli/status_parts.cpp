#include "cli/status_parts.hpp"

#include <json/writer.h>

#include <cstdio>
#include <vector>

#include "cli/status_text.hpp"
#include "healthcheck/json_text.hpp"

namespace holdfast::cli {

namespace {

constexpr Json::ArrayIndex kSlotsShown = 8;
constexpr Json::ArrayIndex kChangesShown = 5;

std::size_t count_in(const Json::Value& value, const char* name) {
    const Json::Value& number = part(value, name);
    return number.isUInt64() ? number.asUInt64() : 0;
}

std::string ms_in(const Json::Value& value, const char* name) {
    const Json::Value& number = part(value, name);
    return number.isNumeric() ? ms_text(number.asDouble()) : "-";
}

// A time of the status as a clock shows it.
std::string clock_in(const Json::Value& value, const char* name, WallTime now) {
    const auto when = healthcheck::parse_time(text_in(value, name));
    return when ? clock_text(when.value(), now) : "-";
}

std::string tenure_of(const Json::Value& member) {
    const std::string holder = text_in(member, "holder");
    return text_in(member, "generation") + (holder.empty() ? "" : " " + holder);
}

void show_protectors(Screen& screen, const Json::Value& status) {
    const Json::Value& protectors = part(status, "protectors");
    TextTable table{{"PROTECTOR", "VOTES", "STATE", "GENERATION", "LATENCY", "REFUSED", "DETAIL"}};
    std::vector<Tone> tones;
    std::size_t voting = 0;
    for (const Json::Value& member : items(part(protectors, "members"))) {
        const bool votes = truth_in(member, "votes");
        voting += votes ? 1 : 0;
        const bool reachable = truth_in(member, "reachable");
        table.add({text_in(member, "name"), votes ? "yes" : "NO", reachable ? text_in(member, "state") : "NOT REACHABLE",
                   tenure_of(member), ms_in(member, "latency_ms"), text_in(member, "refused"), text_in(member, "detail")});
        tones.push_back(votes ? Tone::kPlain : Tone::kBad);
    }
    if (tones.empty()) return;
    screen.table(table, tones);
    const std::string quorum = text_in(protectors, "quorum");
    const bool enough = voting >= count_in(protectors, "quorum");
    screen.line(std::to_string(voting) + " of " + std::to_string(tones.size()) + " vote, " + quorum + " are needed",
                enough ? Tone::kPlain : Tone::kBad);
    screen.gap();
}

void show_nodes(Screen& screen, const Json::Value& status) {
    const Json::Value& nodes = part(status, "beacon_nodes");
    TextTable table{{"BEACON NODE", "FIT", "HEAD", "SCORE", "VERSION", "DETAIL"}};
    std::vector<Tone> tones;
    std::size_t fit = 0;
    for (const Json::Value& node : items(part(nodes, "nodes"))) {
        const bool is_fit = truth_in(node, "fit");
        fit += is_fit ? 1 : 0;
        table.add({text_in(node, "url"), is_fit ? "yes" : "NO: " + text_in(node, "fitness"), text_in(node, "head_slot"),
                   text_in(node, "score"), text_in(node, "version"), text_in(node, "detail")});
        tones.push_back(is_fit ? Tone::kPlain : Tone::kBad);
    }
    if (tones.empty()) return;
    screen.table(table, tones);
    const bool enough = fit >= count_in(nodes, "threshold");
    screen.line(
        std::to_string(fit) + " of " + std::to_string(tones.size()) + " fit, " + text_in(nodes, "threshold") + " are needed",
        enough ? Tone::kPlain : Tone::kBad);
    screen.gap();
}

// What became of a slot here. What is adopted of another instance comes as a report of its own.
struct Row {
    const Json::Value* report{nullptr};
    bool adopted{false};
};

// Newest first, a slot once.
std::vector<Row> rows_of(const Json::Value& recent) {
    std::vector<Row> rows;
    for (const Json::Value& report : items(recent)) {
        if (!report.isObject()) continue;
        const bool adopted = truth_in(report, "adopted");
        const bool goes_on = !rows.empty() && text_in(*rows.back().report, "slot") == text_in(report, "slot");
        if (!goes_on && rows.size() == kSlotsShown) break;
        if (!goes_on) rows.push_back({&report, false});
        if (truth_in(*rows.back().report, "adopted")) rows.back().report = &report;
        rows.back().adopted = rows.back().adopted || adopted;
    }
    return rows;
}

std::string note_of(const Json::Value& report, bool adopted) {
    std::string note;
    const auto add = [&](const std::string& text) { note += (note.empty() ? "" : "; ") + text; };
    if (truth_in(report, "only_decided")) add("decided, off duty");
    if (adopted) add("adopted");
    if (truth_in(report, "caught_up")) add("caught up");
    if (const Json::Value& gave_up = part(report, "gave_up"); gave_up.isObject()) add(text_in(gave_up, "detail"));
    const Json::Value& details = part(report, "missed_details");
    for (const std::string& reason : details.isObject() ? details.getMemberNames() : std::vector<std::string>{}) {
        add("missed " + text_in(part(report, "missed"), reason.c_str()) + ": " + text_of(details[reason]));
    }
    return note;
}

void show_duties(Screen& screen, const Json::Value& status) {
    const Json::Value& validators = part(status, "validators");
    std::string title = text_in(validators, "active") + " of " + text_in(validators, "known") + " validators are active";
    const Json::Value& epoch = part(status, "last_epoch");
    const bool missed = epoch.isObject() && text_in(epoch, "missed") != "0";
    if (epoch.isObject()) {
        title += "; epoch " + text_in(epoch, "epoch") + ": " + text_in(epoch, "attested") + " of " + text_in(epoch, "due") +
                 " attested here";
    }
    screen.line(title, missed ? Tone::kBad : Tone::kPlain);
    TextTable table{{"SLOT", "DUE", "ATTESTED", "DECIDED", "APPROVED", "POSTED", ""}};
    std::vector<Tone> tones;
    for (const Row& row : rows_of(part(status, "recent"))) {
        const Json::Value& report = *row.report;
        const bool passive = truth_in(report, "only_decided");
        table.add({text_in(report, "slot"), text_in(report, "due"), passive ? "-" : text_in(report, "attested"),
                   ms_in(report, "decided_ms"), ms_in(report, "approved_ms"), ms_in(report, "posted_ms"),
                   note_of(report, row.adopted)});
        const bool complete = passive || text_in(report, "attested") == text_in(report, "due");
        tones.push_back(complete ? Tone::kPlain : Tone::kBad);
    }
    if (!tones.empty()) screen.table(table, tones);
    screen.gap();
}

// Blocks, committees and the like, newest first.
void show_other_duties(Screen& screen, const Json::Value& status) {
    TextTable table{{"SLOT", "DUTY", "DUE", "DONE", "DECIDED", "POSTED", ""}};
    std::vector<Tone> tones;
    for (const Json::Value& report : items(part(status, "other_duties"))) {
        if (!report.isObject()) continue;
        if (tones.size() == kSlotsShown) break;
        const bool passive = truth_in(report, "only_decided");
        std::string note = text_in(report, "what");
        const std::string more = note_of(report, false);
        if (!note.empty() && !more.empty()) note += "; ";
        table.add({text_in(report, "slot"), text_in(report, "duty"), text_in(report, "due"),
                   passive ? "-" : text_in(report, "done"), ms_in(report, "decided_ms"), ms_in(report, "posted_ms"),
                   note + more});
        const bool complete = passive || text_in(report, "done") == text_in(report, "due");
        tones.push_back(complete ? Tone::kPlain : Tone::kBad);
    }
    if (tones.empty()) return;
    screen.table(table, tones);
    screen.gap();
}

void show_outlook(Screen& screen, const Json::Value& status, WallTime now) {
    const Json::Value& restart = part(status, "restart");
    if (restart.isObject()) {
        const bool safe = truth_in(restart, "safe_now");
        screen.line("restart: " + text_in(restart, "sentence"), safe ? Tone::kGood : Tone::kBad);
    }
    if (!text_in(status, "failback_at").empty()) {
        screen.line("duty goes back to the primary at " + clock_in(status, "failback_at", now));
    }
    Json::ArrayIndex shown = 0;
    for (const Json::Value& change : items(part(status, "changes"))) {
        if (shown++ == kChangesShown) break;
        screen.line(clock_in(change, "when", now) + "  " + words(text_in(change, "from")) + " -> " +
                        words(text_in(change, "to")) + ": " + text_in(change, "why"),
                    Tone::kFaint);
    }
    screen.gap();
}

}  // namespace

void show_parts(Screen& screen, const Json::Value& status, WallTime now) {
    show_protectors(screen, status);
    show_nodes(screen, status);
    show_duties(screen, status);
    show_other_duties(screen, status);
    show_outlook(screen, status, now);
}

const Json::Value& part(const Json::Value& value, const char* name) {
    return value.isObject() ? value[name] : Json::Value::nullSingleton();
}

const Json::Value& items(const Json::Value& value) {
    static const Json::Value kNone{Json::arrayValue};
    return value.isArray() ? value : kNone;
}

std::string text_of(const Json::Value& value) { return value.isString() || value.isNumeric() ? value.asString() : ""; }

std::string text_in(const Json::Value& value, const char* name) { return text_of(part(value, name)); }

bool truth_in(const Json::Value& value, const char* name) {
    const Json::Value& member = part(value, name);
    return member.isBool() && member.asBool();
}

std::string compact(const Json::Value& value) {
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "";
    return Json::writeString(builder, value);
}

std::string ms_text(double milliseconds) {
    char text[40];
    std::snprintf(text, sizeof text, milliseconds < 10 ? "%.1f ms" : "%.0f ms", milliseconds);
    return text;
}

}  // namespace holdfast::cli
