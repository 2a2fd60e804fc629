// Goal: /status says everything in a form that tools can rely on. Method: one document with everything in it, read by another
// JSON reader, field by field.
#include <gtest/gtest.h>
#include <json/json.h>

#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "healthcheck/document.hpp"

namespace holdfast::healthcheck {
namespace {

using duties::MissedReason;
using duties::SlotReport;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

const WallTime kWhen{milliseconds{1'795'257'000'125}};
constexpr const char* kWhenText = "2026-11-21T10:30:00.125Z";
const SteadyTime kSteady{seconds{50}};

Root root(std::uint8_t number) {
    Root root;
    root.bytes.fill(number);
    return root;
}

SlotReport report(std::uint64_t slot, std::uint64_t epoch, std::size_t due, std::size_t attested) {
    SlotReport report;
    report.slot = Slot{slot};
    report.epoch = Epoch{epoch};
    report.due = due;
    report.attested = attested;
    return report;
}

SlotReport full_report() {
    SlotReport full = report(121, 15, 8, 5);
    full.caught_up = true;
    full.miss(MissedReason::kNoQuorum, 2, "p3 is silent");
    full.miss(MissedReason::kRefused, 1, "p1: no");
    full.deadline = seconds{4};
    full.head_event = microseconds{1'234'500};
    full.decided = milliseconds{1'300};
    duties::Decided vote;
    vote.data.beacon_block_root = root(1);
    vote.data.index = CommitteeIndex{3};
    vote.data.source = {Epoch{13}, root(2)};
    vote.data.target = {Epoch{15}, root(3)};
    vote.by_event = true;
    vote.confirmed_by = 2;
    full.vote = vote;
    return full;
}

protection::MemberStatus some_member() {
    protection::MemberStatus member;
    member.name = "p1";
    member.url = "https://user:secret@10.0.0.1:7760";
    member.reachable = true;
    member.state = "voting";
    member.tenure = {7, "primary", kWhen};
    member.detail = "voting";
    member.last_latency = microseconds{350};
    member.last_answer = kSteady - milliseconds{1500};
    member.approved = 11;
    member.refused = 12;
    member.fenced = 13;
    member.failed_requests = 14;
    return member;
}

StatusDocument some_status() {
    StatusDocument status;
    status.health.role = "secondary";
    status.health.state = "standby";
    status.health.since = kWhen;
    status.now = kWhen;
    status.slot = Slot{121};
    status.epoch = Epoch{15};
    PeerDocument peer{"http://me:secret@127.0.0.1:7770", kWhen, microseconds{1'500}, {}, HealthDocument{}, {"version: a, b"}};
    peer.last_poll = {Poll::Outcome::kAnswered, true, true, false, false, false, false, false, "fine"};
    peer.health->instance = "primary";
    status.peer = peer;
    status.seen = "primary was heard 0.2 s ago, on duty and well";
    status.protectors = {some_member()};
    status.quorum = 3;
    status.beacon_nodes = {{0, "http://key:secret@node", beacon::Fitness::kBehind, "4 slots behind", Slot{117}, 40, "v1"}};
    status.threshold = 2;
    status.validators = 256;
    status.active_validators = 255;
    status.recent = {full_report()};
    status.restart.safe_now = true;
    status.restart.sentence = "safe now";
    status.restart.next_proposal = Slot{140};
    status.restart.idle = milliseconds{20'500};
    status.changes = {{kWhen, {"standby", "armed", "ready"}}};
    status.takeovers = 2;
    status.steady_now = kSteady;
    return status;
}

Json::Value tree(const StatusDocument& status) {
    const std::string text = render(status);
    Json::CharReaderBuilder builder;
    Json::CharReaderBuilder::strictMode(&builder.settings_);
    Json::Value value;
    std::string errors;
    const std::unique_ptr<Json::CharReader> reader{builder.newCharReader()};
    EXPECT_TRUE(reader->parse(text.data(), text.data() + text.size(), &value, &errors)) << errors << text;
    return value;
}

TEST(Status, HoldsTheHealthDocument) {
    const auto parsed = parse_health(render(some_status()));
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(render(parsed.value()), render(some_status().health));
}

TEST(Status, Itself) {
    const Json::Value value = tree(some_status());
    EXPECT_EQ(value["now"].asString(), kWhenText);
    EXPECT_EQ(value["slot"].asString(), "121");
    EXPECT_EQ(value["epoch"].asString(), "15");
    EXPECT_EQ(value["seen"].asString(), "primary was heard 0.2 s ago, on duty and well");
    EXPECT_EQ(value["validators"]["known"].asUInt(), 256U);
    EXPECT_EQ(value["validators"]["active"].asUInt(), 255U);
    EXPECT_EQ(value["takeovers"].asUInt(), 2U);
    EXPECT_TRUE(value["failback_at"].isNull());
    ASSERT_EQ(value["changes"].size(), 1U);
    EXPECT_EQ(value["changes"][0]["when"].asString(), kWhenText);
    EXPECT_EQ(value["changes"][0]["from"].asString(), "standby");
    EXPECT_EQ(value["changes"][0]["to"].asString(), "armed");
    EXPECT_EQ(value["changes"][0]["why"].asString(), "ready");
}

TEST(Status, Peer) {
    const Json::Value peer = tree(some_status())["peer"];
    EXPECT_EQ(peer["last_answer"].asString(), kWhenText);
    EXPECT_EQ(peer["round_trip_ms"].asDouble(), 1.5);
    EXPECT_EQ(peer["last_poll"]["outcome"].asString(), "answered");
    EXPECT_TRUE(peer["last_poll"]["performs"].asBool());
    EXPECT_EQ(peer["last_poll"]["sentence"].asString(), "fine");
    EXPECT_EQ(peer["health"]["instance"].asString(), "primary");
    EXPECT_EQ(peer["differences"][0].asString(), "version: a, b");
}

TEST(Status, Surroundings) {
    const Json::Value value = tree(some_status());
    EXPECT_EQ(value["protectors"]["quorum"].asUInt(), 3U);
    const Json::Value member = value["protectors"]["members"][0];
    EXPECT_EQ(member["name"].asString(), "p1");
    EXPECT_TRUE(member["votes"].asBool());
    EXPECT_EQ(member["generation"].asString(), "7");
    EXPECT_EQ(member["holder"].asString(), "primary");
    EXPECT_EQ(member["since"].asString(), kWhenText);
    EXPECT_EQ(member["latency_ms"].asDouble(), 0.35);
    EXPECT_EQ(member["last_answer_age_ms"].asDouble(), 1500.0);
    EXPECT_EQ(member["approved"].asUInt(), 11U);
    EXPECT_EQ(member["refused"].asUInt(), 12U);
    EXPECT_EQ(member["fenced"].asUInt(), 13U);
    EXPECT_EQ(member["failed_requests"].asUInt(), 14U);
    EXPECT_EQ(value["beacon_nodes"]["threshold"].asUInt(), 2U);
    const Json::Value node = value["beacon_nodes"]["nodes"][0];
    EXPECT_FALSE(node["fit"].asBool());
    EXPECT_EQ(node["fitness"].asString(), std::string{to_string(beacon::Fitness::kBehind)});
    EXPECT_EQ(node["head_slot"].asString(), "117");
    EXPECT_EQ(node["score"].asUInt(), 40U);
}

TEST(Status, Duties) {
    const Json::Value slot = tree(some_status())["recent"][0];
    EXPECT_EQ(slot["slot"].asString(), "121");
    EXPECT_EQ(slot["epoch"].asString(), "15");
    EXPECT_EQ(slot["due"].asUInt(), 8U);
    EXPECT_EQ(slot["attested"].asUInt(), 5U);
    EXPECT_FALSE(slot["adopted"].asBool());
    EXPECT_FALSE(slot["only_decided"].asBool());
    EXPECT_TRUE(slot["caught_up"].asBool());
    EXPECT_EQ(slot["missed"]["no_quorum"].asUInt(), 2U);
    EXPECT_EQ(slot["missed"]["refused"].asUInt(), 1U);
    EXPECT_EQ(slot["missed_details"]["no_quorum"].asString(), "p3 is silent");
    EXPECT_EQ(slot["deadline_ms"].asDouble(), 4000.0);
    EXPECT_EQ(slot["head_event_ms"].asDouble(), 1234.5);
    EXPECT_EQ(slot["decided_ms"].asDouble(), 1300.0);
    EXPECT_TRUE(slot["posted_ms"].isNull());
    EXPECT_TRUE(slot["gave_up"].isNull());
    EXPECT_EQ(slot["vote"]["head"].asString(), to_hex(root(1)));
    EXPECT_EQ(slot["vote"]["source"]["epoch"].asString(), "13");
    EXPECT_EQ(slot["vote"]["source"]["root"].asString(), to_hex(root(2)));
    EXPECT_EQ(slot["vote"]["target"]["epoch"].asString(), "15");
    EXPECT_EQ(slot["vote"]["target"]["root"].asString(), to_hex(root(3)));
    EXPECT_EQ(slot["vote"]["index"].asString(), "3");
    EXPECT_TRUE(slot["vote"]["by_event"].asBool());
}

TEST(Status, NoVote_SaysWhy) {
    StatusDocument status = some_status();
    status.recent[0].vote.reset();
    status.recent[0].gave_up = duties::GaveUp{MissedReason::kNoData, "all are silent"};
    const Json::Value slot = tree(status)["recent"][0];
    EXPECT_TRUE(slot["vote"].isNull());
    EXPECT_EQ(slot["gave_up"]["reason"].asString(), "no_data");
    EXPECT_EQ(slot["gave_up"]["detail"].asString(), "all are silent");
}

TEST(Status, Restart) {
    const Json::Value restart = tree(some_status())["restart"];
    EXPECT_TRUE(restart["safe_now"].asBool());
    EXPECT_EQ(restart["sentence"].asString(), "safe now");
    EXPECT_EQ(restart["next_proposal"].asString(), "140");
    EXPECT_TRUE(restart["next_attestation"].isNull());
    EXPECT_TRUE(restart["sync_committee_until"].isNull());
    EXPECT_EQ(restart["idle_ms"].asDouble(), 20'500.0);
}

TEST(Status, LastEpoch_EachSlotOnce) {
    StatusDocument status = some_status();
    SlotReport decided = report(112, 14, 10, 0);
    decided.only_decided = true;
    SlotReport standby = report(113, 14, 10, 0);
    standby.only_decided = true;
    SlotReport adopted = report(112, 14, 4, 4);
    adopted.adopted = true;
    // This epoch's; one missed; caught up and adopted of one slot; on standby; the epoch before.
    status.recent = {full_report(), report(115, 14, 10, 9), report(112, 14, 10, 6), adopted, decided,
                     standby,       report(111, 13, 5, 5)};
    const Json::Value last = tree(status)["last_epoch"];
    EXPECT_EQ(last["epoch"].asString(), "14");
    EXPECT_EQ(last["due"].asUInt(), 20U);
    EXPECT_EQ(last["attested"].asUInt(), 19U);
    EXPECT_EQ(last["missed"].asUInt(), 1U);
    status.recent = {standby};
    EXPECT_TRUE(tree(status)["last_epoch"].isNull());
}

TEST(Status, OtherDuties) {
    StatusDocument status = some_status();
    duties::DutyReport& block = status.other_duties.emplace_back();
    block.kind = duties::DutyKind::kProposal;
    block.slot = Slot{120};
    block.epoch = Epoch{15};
    block.due = 1;
    block.what = "block 0x12 from node 2";
    block.posted = milliseconds{700};
    block.miss(MissedReason::kNoBlock, 1, "all are silent");
    status.held_back = 3;
    const Json::Value shown = tree(status)["other_duties"][0];
    EXPECT_EQ(shown["duty"].asString(), "block-proposal");
    EXPECT_EQ(shown["slot"].asString(), "120");
    EXPECT_EQ(shown["due"].asUInt(), 1U);
    EXPECT_EQ(shown["done"].asUInt(), 0U);
    EXPECT_EQ(shown["what"].asString(), "block 0x12 from node 2");
    EXPECT_EQ(shown["missed"]["no_block"].asUInt(), 1U);
    EXPECT_EQ(shown["missed_details"]["no_block"].asString(), "all are silent");
    EXPECT_EQ(shown["posted_ms"].asDouble(), 700);
    EXPECT_TRUE(shown["approved_ms"].isNull());
    EXPECT_EQ(tree(status)["validators"]["held_back"].asUInt(), 3U);
}

TEST(Status, AtTheStart_NothingIsKnown) {
    const Json::Value value = tree({});
    for (const char* name : {"slot", "epoch", "peer", "last_epoch", "failback_at"}) EXPECT_TRUE(value[name].isNull()) << name;
    for (const char* name : {"recent", "other_duties", "changes"}) EXPECT_EQ(value[name].size(), 0U) << name;
}

void collect_names(const Json::Value& value, std::set<std::string>& names) {
    if (value.isObject()) {
        for (const std::string& name : value.getMemberNames()) {
            names.insert(name);
            if (name != "missed" && name != "missed_details") collect_names(value[name], names);
        }
    }
    if (value.isArray()) {
        for (const Json::Value& item : value) collect_names(item, names);
    }
}

TEST(Status, DocsNameEveryFieldAndCheck) {
    std::ifstream file{HOLDFAST_SOURCE_DIR "/docs/health.md"};
    std::stringstream docs;
    docs << file.rdbuf();
    StatusDocument status = some_status();
    status.health.checks = {{"a", true, kWhen, ""}};
    status.recent.push_back(report(112, 14, 1, 1));
    status.recent[0].gave_up = duties::GaveUp{MissedReason::kNoData, ""};
    status.other_duties.emplace_back().miss(MissedReason::kNoBlock, 1, "");
    std::set<std::string> names;
    collect_names(tree(status), names);
    EXPECT_GT(names.size(), 80U);
    for (const std::string& name : names) EXPECT_NE(docs.str().find('`' + name + '`'), std::string::npos) << name;
}

TEST(Status, NoCredentials) { EXPECT_EQ(render(some_status()).find("secret"), std::string::npos); }

}  // namespace
}  // namespace holdfast::healthcheck
