#include "cli/status_text.hpp"

#include <json/reader.h>

#include <algorithm>
#include <memory>

#include "cli/status_parts.hpp"
#include "healthcheck/json_text.hpp"

namespace holdfast::cli {

using healthcheck::CheckState;
using healthcheck::HealthDocument;

namespace {

constexpr std::size_t kClockAt = 11;
constexpr std::size_t kClockSize = 8;
constexpr std::size_t kDateSize = 10;

// A row of the table of the pair.
void add_row(TextTable& table, std::vector<Tone>& tones, const HealthDocument& health, const std::string& seen, WallTime now) {
    table.add({health.instance, health.role, words(health.rules_state), health.on_duty ? "YES" : "-",
               health.healthy ? "yes" : "NO", health.ready ? "yes" : "NO",
               clock_text(health.since, now) + " (" + age_text(now - health.since) + ")",
               health.generation == 0 ? "-" : std::to_string(health.generation), health.configuration.version, seen});
    tones.push_back(!health.healthy ? Tone::kBad : health.on_duty ? Tone::kGood : Tone::kPlain);
}

std::string seen_directly(const SeenInstance& instance, WallTime now) {
    if (!instance.problem.empty()) return "NO ANSWER for " + age_text(now - instance.silent_since);
    return "answered in " + ms_text(to_ms(instance.latency));
}

// The other one as `status` polled it, unless it was asked itself.
void add_peer(TextTable& table, std::vector<Tone>& tones, const InstanceStatus& status,
              const std::vector<SeenInstance>& instances, WallTime now) {
    const Json::Value& peer = part(status.all, "peer");
    const Json::Value& health = part(peer, "health");
    if (!peer.isObject()) return;
    const std::string role = status.health.role == "secondary" ? "primary" : "secondary";
    const bool known = std::ranges::any_of(
        instances, [&](const SeenInstance& each) { return each.status && each.status->health.role == role; });
    if (known) return;
    const std::string seen = "polled by " + status.health.instance + ": " + text_in(part(peer, "last_poll"), "outcome");
    // As a text of its own it is read like any health document. Of one that doesn't answer now it would be an old one.
    const bool answers = text_in(part(peer, "last_poll"), "outcome") == "answered";
    const auto parsed = healthcheck::parse_health(answers && health.isObject() ? compact(health) : "");
    if (parsed) return add_row(table, tones, parsed.value(), seen, now);
    const std::string name = text_in(health, "instance");
    table.add({name.empty() ? "?" : name, role, "?", "?", "?", "?", "?", "?", "?", seen});
    tones.push_back(Tone::kBad);
}

void show_pair(Screen& screen, const std::vector<SeenInstance>& instances, WallTime now) {
    TextTable table{{"INSTANCE", "ROLE", "STATE", "ON DUTY", "HEALTHY", "READY", "SINCE", "GENERATION", "VERSION", "SEEN"}};
    std::vector<Tone> tones;
    for (const SeenInstance& each : instances) {
        if (each.status) {
            add_row(table, tones, each.status->health, seen_directly(each, now), now);
            if (!each.problem.empty()) tones.back() = Tone::kBad;
        } else {
            table.add({"?", "?", "?", "?", "?", "?", "?", "?", "?", "no answer: " + each.address});
            tones.push_back(Tone::kBad);
        }
    }
    for (const SeenInstance& each : instances) {
        if (each.status) add_peer(table, tones, *each.status, instances, now);
    }
    screen.table(table, tones);
    screen.gap();
}

void show_problems(Screen& screen, const InstanceStatus& status, WallTime now) {
    const HealthDocument& health = status.health;
    const auto bad = [&](const std::string& text) { screen.line("! " + text, Tone::kBad); };
    if (health.paused) bad("paused: nothing happens by itself until holdfast resume");
    if (!health.ready && !health.why_not_ready.empty()) bad("not ready for duty: " + health.why_not_ready);
    for (const CheckState& check : health.checks) {
        if (!check.ok) bad(check.name + ", since " + clock_text(check.since, now) + ": " + check.detail);
    }
    const Json::Value& peer = part(status.all, "peer");
    for (const Json::Value& difference : items(part(peer, "differences"))) bad("differs: " + text_of(difference));
    const Json::Value& poll = part(peer, "last_poll");
    if (poll.isObject() && !truth_in(poll, "performs")) bad("the primary: " + text_in(poll, "sentence"));
}

void show_self(Screen& screen, const SeenInstance& instance, WallTime now) {
    const InstanceStatus& status = *instance.status;
    const HealthDocument& health = status.health;
    screen.line(health.instance + ": " + words(health.rules_state) + ": " + health.reason, Tone::kHead);
    if (!instance.problem.empty()) {
        screen.line("! " + instance.problem, Tone::kBad);
        screen.line("! what follows is what it said at " + clock_text(instance.last_answer, now), Tone::kBad);
    }
    show_problems(screen, status, now);
    // A secondary asks them before it takes over, and not any more once it is on duty.
    const std::string seen = health.role == "secondary" && health.on_duty ? "" : text_in(status.all, "seen");
    if (!seen.empty()) screen.line("the protectors: " + seen);
    screen.gap();
}

}  // namespace

Result<InstanceStatus> parse_status(std::string_view json) {
    InstanceStatus status;
    HOLDFAST_TRY(status.health, healthcheck::parse_health(json));
    Json::CharReaderBuilder builder;
    builder["stackLimit"] = 64;
    const std::unique_ptr<Json::CharReader> reader{builder.newCharReader()};
    std::string errors;
    try {
        if (reader->parse(json.data(), json.data() + json.size(), &status.all, &errors)) return status;
    } catch (const Json::Exception& exception) {
        errors = exception.what();
    }
    return failure(ErrorCode::kMalformed, "its status can't be read: " + errors);
}

Screen show(const std::vector<SeenInstance>& instances, WallTime now) {
    Screen screen;
    const auto first = std::ranges::find_if(instances, [](const SeenInstance& each) { return each.status.has_value(); });
    std::string title = clock_text(now, WallTime{}) + " UTC";
    if (first != instances.end()) {
        const Json::Value& all = first->status->all;
        if (const std::string slot = text_in(all, "slot"); !slot.empty()) {
            title += ", slot " + slot + ", epoch " + text_in(all, "epoch");
        }
    }
    screen.line("holdfast, " + title, Tone::kHead);
    screen.gap();
    show_pair(screen, instances, now);
    for (const SeenInstance& each : instances) {
        if (!each.status) {
            screen.line("! " + each.problem, Tone::kBad);
            screen.gap();
            continue;
        }
        show_self(screen, each, now);
        show_parts(screen, each.status->all, now);
    }
    return screen;
}

std::string words(std::string text) {
    std::ranges::replace(text, '_', ' ');
    return text;
}

std::string clock_text(WallTime when, WallTime now) {
    const std::string text = healthcheck::time_text(when);
    const std::string clock = text.substr(kClockAt, kClockSize);
    const std::string date = text.substr(0, kDateSize);
    return healthcheck::time_text(now).starts_with(date) ? clock : date + " " + clock;
}

std::string age_text(Duration age) {
    const auto seconds = std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(age).count(), 0);
    constexpr std::int64_t kMinute = 60;
    constexpr std::int64_t kHour = 60 * kMinute;
    constexpr std::int64_t kDay = 24 * kHour;
    if (seconds < 2 * kMinute) return std::to_string(seconds) + " s";
    if (seconds < 2 * kHour) return std::to_string(seconds / kMinute) + " min";
    if (seconds < 2 * kDay) return std::to_string(seconds / kHour) + " h";
    return std::to_string(seconds / kDay) + " days";
}

}  // namespace holdfast::cli
