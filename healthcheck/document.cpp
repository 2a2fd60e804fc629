#include "healthcheck/document.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "healthcheck/document_forms.hpp"
#include "shared/protection/json_reader.hpp"

namespace holdfast::healthcheck {

using protection::JsonReader;

namespace {

constexpr std::size_t kChecksMax = 256;

void append_configuration(JsonText& text, const Configuration& configuration) {
    text.object("configuration", [&] {
        text.member("cluster", configuration.cluster);
        text.member("chain", configuration.chain);
        text.member("keys", configuration.keys);
        text.count("key_count", configuration.key_count);
        text.member("fee_recipients", configuration.fee_recipients);
        text.count("threshold", configuration.threshold);
        text.member("version", configuration.version);
    });
}

void append_check(JsonText& text, const CheckState& check) {
    text.object([&] {
        text.member("name", check.name);
        text.member("ok", check.ok);
        text.member("since", check.since);
        text.member("detail", check.detail);
    });
}

// Reads an object whose members are told by name: each at most once, all of them at least once, others are skipped.
template <std::size_t N, class Read>
void read_object(JsonReader& reader, const char* what, const std::array<std::string_view, N>& names, Read read) {
    std::array<bool, N> seen{};
    reader.object([&](std::string_view name) {
        for (std::size_t i = 0; i < N; ++i) {
            if (names[i] != name) continue;
            if (seen[i]) reader.fail("member \"" + std::string{name} + "\" twice in " + what);
            seen[i] = true;
            return read(i);
        }
        reader.skip();
    });
    for (std::size_t i = 0; i < N; ++i) {
        if (!seen[i]) reader.fail(std::string{what} + " has no \"" + std::string{names[i]} + '"');
    }
}

WallTime read_time(JsonReader& reader) {
    const std::string_view text = reader.plain_string();
    if (reader.failed()) return {};
    const auto when = parse_time(text);
    if (!when) reader.fail(when.error().message);
    return when ? when.value() : WallTime{};
}

Configuration read_configuration(JsonReader& reader) {
    constexpr std::array<std::string_view, 7> kNames{"cluster",        "chain",     "keys",   "key_count",
                                                     "fee_recipients", "threshold", "version"};
    Configuration configuration;
    read_object(reader, "the configuration", kNames, [&](std::size_t member) {
        switch (member) {
            case 0: configuration.cluster = reader.string(); break;
            case 1: configuration.chain = reader.string(); break;
            case 2: configuration.keys = reader.string(); break;
            case 3: configuration.key_count = reader.count(); break;
            case 4: configuration.fee_recipients = reader.string(); break;
            case 5: configuration.threshold = reader.count(); break;
            default: configuration.version = reader.string(); break;
        }
    });
    return configuration;
}

CheckState read_check(JsonReader& reader) {
    constexpr std::array<std::string_view, 4> kNames{"name", "ok", "since", "detail"};
    CheckState check;
    read_object(reader, "a check", kNames, [&](std::size_t member) {
        switch (member) {
            case 0: check.name = reader.string(); break;
            case 1: check.ok = reader.boolean(); break;
            case 2: check.since = read_time(reader); break;
            default: check.detail = reader.string(); break;
        }
    });
    return check;
}

void read_checks(JsonReader& reader, std::vector<CheckState>& checks) {
    reader.array([&] {
        checks.push_back(read_check(reader));
        if (checks.size() > kChecksMax) reader.fail("more than " + std::to_string(kChecksMax) + " checks");
    });
}

constexpr std::array<std::string_view, 17> kHealthNames{
    "role",          "instance", "state",      "rules_state",   "reason", "since",      "healthy",       "on_duty", "ready",
    "why_not_ready", "drained",  "wants_duty", "asks_for_duty", "paused", "generation", "configuration", "checks"};

void read_member(JsonReader& reader, std::size_t member, HealthDocument& document) {
    switch (member) {
        case 0: document.role = reader.string(); break;
        case 1: document.instance = reader.string(); break;
        case 2: document.state = reader.string(); break;
        case 3: document.rules_state = reader.string(); break;
        case 4: document.reason = reader.string(); break;
        case 5: document.since = read_time(reader); break;
        case 6: document.healthy = reader.boolean(); break;
        case 7: document.on_duty = reader.boolean(); break;
        case 8: document.ready = reader.boolean(); break;
        case 9: document.why_not_ready = reader.string(); break;
        case 10: document.drained = reader.boolean(); break;
        case 11: document.wants_duty = reader.boolean(); break;
        case 12: document.asks_for_duty = reader.boolean(); break;
        case 13: document.paused = reader.boolean(); break;
        case 14: document.generation = reader.decimal(); break;
        case 15: document.configuration = read_configuration(reader); break;
        default: read_checks(reader, document.checks); break;
    }
}

// What it says of itself, in one line.
std::string summary(const HealthDocument& document) {
    std::string text = document.instance + " is " + document.state;
    if (document.drained) text += " and drained";
    if (!document.reason.empty()) text += " (" + document.reason + ")";
    for (const CheckState& check : document.checks) {
        if (!check.ok) text += "; " + check.name + ": " + check.detail;
    }
    return text;
}

}  // namespace

void append_members(JsonText& text, const HealthDocument& document) {
    text.member("role", document.role);
    text.member("instance", document.instance);
    text.member("state", document.state);
    text.member("rules_state", document.rules_state);
    text.member("reason", document.reason);
    text.member("since", document.since);
    text.member("healthy", document.healthy);
    text.member("on_duty", document.on_duty);
    text.member("ready", document.ready);
    text.member("why_not_ready", document.why_not_ready);
    text.member("drained", document.drained);
    text.member("wants_duty", document.wants_duty);
    text.member("asks_for_duty", document.asks_for_duty);
    text.member("paused", document.paused);
    text.decimal("generation", document.generation);
    append_configuration(text, document.configuration);
    text.array("checks", [&] {
        for (const CheckState& check : document.checks) append_check(text, check);
    });
}

std::string render(const HealthDocument& document) {
    JsonText text;
    text.object([&] { append_members(text, document); });
    return text.take();
}

Result<HealthDocument> parse_health(std::string_view json) {
    if (json.size() > kHealthBytesMax) {
        return failure(ErrorCode::kMalformed, "the health document has " + std::to_string(json.size()) + " bytes, at most " +
                                                  std::to_string(kHealthBytesMax) + " are read");
    }
    HealthDocument document;
    JsonReader reader{json};
    read_object(reader, "the health document", kHealthNames,
                [&](std::size_t member) { read_member(reader, member, document); });
    reader.end();
    HOLDFAST_TRY(reader.result());
    return document;
}

Poll poll_of(const HealthDocument& document) {
    Poll poll;
    poll.outcome = Poll::Outcome::kAnswered;
    poll.on_duty = document.on_duty;
    poll.healthy = document.healthy;
    poll.drained = document.drained && !document.on_duty;
    poll.draining = document.state == "draining" && !document.drained;
    const bool standby = document.state == "standby" || document.state == "fenced";
    poll.ready = standby && document.ready && !document.on_duty && !document.paused;
    poll.wants_duty = poll.ready && document.wants_duty;
    poll.asks_for_duty = poll.ready && document.asks_for_duty;
    poll.sentence = summary(document);
    return poll;
}

}  // namespace holdfast::healthcheck
