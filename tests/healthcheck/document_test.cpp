// Goal: what one instance says, the other reads; what no instance says does no harm. Method: round trips, and hostile texts.
#include "healthcheck/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <json/json.h>

#include <memory>

#include "healthcheck/json_text.hpp"

namespace holdfast::healthcheck {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

const WallTime kWhen{milliseconds{1'795'257'000'125}};  // 2026-11-21T10:30:00.125Z

HealthDocument some_health() {
    HealthDocument document;
    document.role = "primary";
    document.instance = "primary";
    document.state = "on_duty";
    document.rules_state = "on_duty";
    document.reason = "nobody else was heard on duty";
    document.since = kWhen;
    document.healthy = true;
    document.on_duty = true;
    document.ready = true;
    document.generation = 9'007'199'254'740'993;  // 2^53 + 1
    document.configuration = {"0x01", "0x02", "0x03", 100, "0x04", 2, "0.1.0"};
    document.checks = {{"beacon_nodes", true, kWhen, "3 of 3 fit"},
                       {"duty_loop", false, kWhen + seconds{1}, "hangs \"since\"\n"}};
    return document;
}

Json::Value tree(const std::string& text) {
    Json::CharReaderBuilder builder;
    Json::CharReaderBuilder::strictMode(&builder.settings_);
    Json::Value value;
    std::string errors;
    const std::unique_ptr<Json::CharReader> reader{builder.newCharReader()};
    EXPECT_TRUE(reader->parse(text.data(), text.data() + text.size(), &value, &errors)) << errors << text;
    return value;
}

void expect_same(const HealthDocument& a, const HealthDocument& b) {
    // All of it is in the text.
    EXPECT_EQ(render(a), render(b));
    EXPECT_EQ(a.since, b.since);
    EXPECT_EQ(a.generation, b.generation);
    EXPECT_EQ(a.configuration, b.configuration);
    ASSERT_EQ(a.checks.size(), b.checks.size());
    for (std::size_t i = 0; i < a.checks.size(); ++i) {
        EXPECT_EQ(a.checks[i].name, b.checks[i].name);
        EXPECT_EQ(a.checks[i].ok, b.checks[i].ok);
        EXPECT_EQ(a.checks[i].since, b.checks[i].since);
        EXPECT_EQ(a.checks[i].detail, b.checks[i].detail);
    }
}

std::string changed(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::string why_malformed(const std::string& text) {
    const auto parsed = parse_health(text);
    EXPECT_FALSE(parsed) << text.substr(0, 200);
    if (parsed) return {};
    EXPECT_EQ(parsed.error().code, ErrorCode::kMalformed);
    return parsed.error().message;
}

TEST(HealthDocument, RoundTrip) {
    const auto parsed = parse_health(render(some_health()));
    ASSERT_TRUE(parsed) << parsed.error().message;
    expect_same(parsed.value(), some_health());
}

TEST(HealthDocument, RoundTrip_EveryFlagByItself) {
    bool HealthDocument::*const flags[] = {
        &HealthDocument::healthy,    &HealthDocument::on_duty,       &HealthDocument::ready, &HealthDocument::drained,
        &HealthDocument::wants_duty, &HealthDocument::asks_for_duty, &HealthDocument::paused};
    for (const auto flag : flags) {
        HealthDocument document;
        document.*flag = true;
        const auto parsed = parse_health(render(document));
        ASSERT_TRUE(parsed) << parsed.error().message;
        for (const auto other : flags) EXPECT_EQ(parsed.value().*other, other == flag);
    }
}

TEST(HealthDocument, RoundTrip_EveryTextInItsPlace) {
    HealthDocument document = some_health();
    std::string* const texts[] = {&document.role,
                                  &document.instance,
                                  &document.state,
                                  &document.rules_state,
                                  &document.reason,
                                  &document.why_not_ready,
                                  &document.configuration.cluster,
                                  &document.configuration.chain,
                                  &document.configuration.keys,
                                  &document.configuration.fee_recipients,
                                  &document.configuration.version};
    int number = 0;
    for (std::string* text : texts) *text = "text " + std::to_string(number++);
    const auto parsed = parse_health(render(document));
    ASSERT_TRUE(parsed) << parsed.error().message;
    expect_same(parsed.value(), document);
    EXPECT_EQ(parsed.value().why_not_ready, "text 5");
    EXPECT_EQ(parsed.value().configuration.version, "text 10");
}

TEST(HealthDocument, ForOtherTools_ItIsStrictJson) {
    const Json::Value value = tree(render(some_health()));
    EXPECT_EQ(value["state"].asString(), "on_duty");
    EXPECT_EQ(value["since"].asString(), "2026-11-21T10:30:00.125Z");
    EXPECT_EQ(value["generation"].asString(), "9007199254740993");
    EXPECT_EQ(value["configuration"]["key_count"].asUInt64(), 100U);
    EXPECT_EQ(value["checks"][1]["detail"].asString(), "hangs \"since\"\n");
}

TEST(HealthDocument, BytesThatAreNoUtf8_AreLeftOut) {
    HealthDocument document = some_health();
    document.reason =
        "gr\xc3\xbc\xc3\x9f"
        "e \xff\xc3 \xe2\x82\xac \xe2\x82 \xf0\x9f\x99\x82 \xed\xa0\x80 \xc0\xaf";
    const auto parsed = parse_health(render(document));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed.value().reason,
              "gr\xc3\xbc\xc3\x9f"
              "e ?? \xe2\x82\xac ?? \xf0\x9f\x99\x82 ??? ??");
}

TEST(HealthDocument, OfALaterVersion_UnknownFieldsAreIgnored) {
    std::string text = render(some_health());
    text = changed(text, R"("role":)", R"("new":{"a":[1,{"b":null}]},"role":)");
    text = changed(text, R"("cluster":)", R"("new":1.5e3,"cluster":)");
    text = changed(text, R"("detail":)", R"("new":[],"detail":)");
    const auto parsed = parse_health(text);
    ASSERT_TRUE(parsed) << parsed.error().message;
    expect_same(parsed.value(), some_health());
}

TEST(HealthDocument, EveryFieldIsNeeded) {
    const std::string whole = render(some_health());
    const Json::Value value = tree(whole);
    for (const std::string& name : value.getMemberNames()) {
        EXPECT_THAT(why_malformed(changed(whole, '"' + name + "\":", "\"x\":")), HasSubstr("has no \"" + name + "\"")) << name;
    }
    for (const std::string& name : value["configuration"].getMemberNames()) {
        const std::string without = changed(whole, '"' + name + "\":", "\"x\":");
        EXPECT_THAT(why_malformed(without), HasSubstr("the configuration has no \"" + name + "\""));
    }
    EXPECT_THAT(why_malformed(changed(whole, R"("ok":)", R"("x":)")), HasSubstr("a check has no \"ok\""));
    EXPECT_THAT(why_malformed(changed(whole, R"("role":)", R"("state":"standby","role":)")), HasSubstr("\"state\" twice"));
}

TEST(HealthDocument, WrongTypes) {
    const std::string whole = render(some_health());
    const std::pair<const char*, const char*> wrong[] = {
        {R"("role":"primary")", R"("role":1)"},
        {R"("healthy":true)", R"("healthy":"true")"},
        {R"("healthy":true)", R"("healthy":1)"},
        {R"("on_duty":true)", R"("on_duty":null)"},
        {R"("generation":"9007199254740993")", R"("generation":9007199254740993)"},
        {R"("generation":"9007199254740993")", R"("generation":"-1")"},
        {R"("generation":"9007199254740993")", R"("generation":"18446744073709551616")"},
        {R"("key_count":100)", R"("key_count":"100")"},
        {R"("key_count":100)", R"("key_count":-1)"},
        {R"("key_count":100)", R"("key_count":1.5)"},
        {R"("key_count":100)", R"("key_count":99999999999999999999999999)"},
        {R"("checks":[)", R"("checks":[1,)"},
        {R"("checks":[)", R"("checks":{},"y":[)"},
        {R"("configuration":{)", R"("configuration":[],"y":{)"},
        {"2026-11-21T10:30:00.125Z", "yesterday"},
    };
    for (const auto& [from, to] : wrong) EXPECT_NE(why_malformed(changed(whole, from, to)), "") << to;
}

TEST(HealthDocument, Hostile) {
    const std::string whole = render(some_health());
    EXPECT_NE(why_malformed(""), "");
    EXPECT_NE(why_malformed("null"), "");
    EXPECT_NE(why_malformed("[]"), "");
    EXPECT_NE(why_malformed("{}"), "");
    EXPECT_NE(why_malformed(whole + "{}"), "");
    EXPECT_NE(why_malformed(std::string(4, '\0')), "");
    EXPECT_THAT(why_malformed(std::string(100'000, '{')), HasSubstr("expected"));
    EXPECT_THAT(why_malformed(R"({"x":)" + std::string(100'000, '[')), HasSubstr("nested too deeply"));
    EXPECT_THAT(why_malformed(std::string(kHealthBytesMax + 1, ' ')), HasSubstr("1048577 bytes"));
    std::string checks;
    for (int i = 0; i < 300; ++i) checks += R"({"name":"","ok":true,"since":"2026-11-21T10:30:00.125Z","detail":""},)";
    EXPECT_THAT(why_malformed(changed(whole, R"("checks":[)", R"("checks":[)" + checks)), HasSubstr("more than 256 checks"));
    for (std::size_t size = 0; size + 2 < whole.size(); ++size) EXPECT_NE(why_malformed(whole.substr(0, size)), "");
}

struct PollRow {
    const char* state;
    bool on_duty, healthy, ready, drained, wants, asks, paused;
    bool performs, poll_draining, poll_drained, poll_ready, poll_wants, poll_asks;
};

TEST(PollOf, Table) {
    constexpr PollRow kRows[] = {
        // state      duty   healthy ready drained wants asks  paused  performs draining drained ready  wants  asks
        {"on_duty", true, true, true, false, false, false, false, true, false, false, false, false, false},
        {"on_duty", true, false, true, false, false, false, false, false, false, false, false, false, false},
        {"draining", true, true, true, false, false, false, false, true, true, false, false, false, false},
        {"draining", false, false, false, true, false, false, false, false, false, true, false, false, false},
        {"standby", false, true, true, false, true, false, false, false, false, false, true, true, false},
        {"standby", false, true, true, false, false, true, false, false, false, false, true, false, true},
        {"fenced", false, true, true, false, true, false, false, false, false, false, true, true, false},
        {"standby", false, true, true, false, true, true, true, false, false, false, false, false, false},
        {"standby", false, false, false, false, true, true, false, false, false, false, false, false, false},
        {"starting", false, false, true, false, true, false, false, false, false, false, false, false, false},
        // Nobody says so of himself: on duty and drained, or on duty and wanting it.
        {"draining", true, true, true, true, true, true, false, true, false, false, false, false, false},
    };
    for (const PollRow& row : kRows) {
        HealthDocument document;
        document.state = row.state;
        document.on_duty = row.on_duty;
        document.healthy = row.healthy;
        document.ready = row.ready;
        document.drained = row.drained;
        document.wants_duty = row.wants;
        document.asks_for_duty = row.asks;
        document.paused = row.paused;
        const Poll poll = poll_of(document);
        const auto at = testing::Message() << "row " << (&row - kRows);
        EXPECT_EQ(poll.outcome, Poll::Outcome::kAnswered) << at;
        EXPECT_EQ(poll.performs(), row.performs) << at;
        EXPECT_EQ(poll.draining, row.poll_draining) << at;
        EXPECT_EQ(poll.drained, row.poll_drained) << at;
        EXPECT_EQ(poll.ready, row.poll_ready) << at;
        EXPECT_EQ(poll.wants_duty, row.poll_wants) << at;
        EXPECT_EQ(poll.asks_for_duty, row.poll_asks) << at;
    }
}

TEST(PollOf, Sentence_SaysWhatItIsAndWhatIsBad) {
    EXPECT_EQ(poll_of(some_health()).sentence,
              "primary is on_duty (nobody else was heard on duty); duty_loop: hangs \"since\"\n");
    HealthDocument document;
    document.instance = "p";
    document.state = "draining";
    document.drained = true;
    EXPECT_EQ(poll_of(document).sentence, "p is draining and drained");
}

TEST(TimeText, RoundTripAndForms) {
    EXPECT_EQ(time_text(kWhen), "2026-11-21T10:30:00.125Z");
    EXPECT_EQ(time_text(WallTime{}), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(parse_time("2026-11-21T10:30:00.125Z").value(), kWhen);
    EXPECT_EQ(parse_time("2026-11-21T10:30:00Z").value(), kWhen - milliseconds{125});
    EXPECT_EQ(parse_time("2024-02-29T23:59:59.999999999Z").value() + std::chrono::nanoseconds{1},
              parse_time("2024-03-01T00:00:00Z").value());
    for (const char* bad : {"", "2026-11-21", "2026-11-21T10:30:00", "2026-11-21 09:50:00Z", "2026-11-21T10:30:00.Z",
                            "2026-11-21T10:30:00.1234567890Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
                            "2026-00-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
                            "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "-026-01-01T00:00:00Z", "2026-01-01T00:00:00+01"}) {
        EXPECT_FALSE(parse_time(bad)) << bad;
    }
}

}  // namespace
}  // namespace holdfast::healthcheck
