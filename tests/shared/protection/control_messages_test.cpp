// Goal: the JSON of generations, heartbeats, keys, peers, records and status: what one side writes the other reads; requests
// with anything unknown are refused, answers of a later version are read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "shared/protection/messages.hpp"
#include "tests/shared/protection/message_fixtures.hpp"

namespace holdfast::protection {
namespace {

using testing::HasSubstr;

StatusAnswer some_status() {
    StatusAnswer status;
    status.node = "p1";
    status.version = "holdfast-protector 1";
    status.cluster = numbered<ClusterId>(42);
    status.genesis_validators_root = root(99);
    status.mode = Mode::kShared;
    status.tenure = some_tenure();
    status.state = "rejoining";
    status.detail = "votes \"above\" its floor only\n";
    status.slot = Slot{163};
    status.position = {2, 1041};
    status.validators = 1;
    status.halted = 2;
    status.approved = 3;
    status.repeated = 4;
    status.refused = 5;
    status.highest_target = Epoch{6};
    status.highest_slot = Slot{7};
    status.floor = {Epoch{8}, Slot{9}};
    status.uptime_seconds = 10;
    status.certificate_expires = 1'800'000'000;
    status.ca_expires = 1'900'000'000;
    return status;
}

const Heard kHeard{{"primary", 7, true, false}, std::chrono::milliseconds{1500}};

TEST(ControlMessages, Generation_RoundTrip) {
    const auto request = parse_acquire_request(render(AcquireRequest{request_head()}));
    ASSERT_TRUE(request) << request.error().message;
    expect_same(request.value().head, request_head());
    for (const bool promised : {true, false}) {
        const auto answer = parse_acquire_answer(render(AcquireAnswer{answer_head(), promised, Epoch{4}, Slot{160}}));
        ASSERT_TRUE(answer) << answer.error().message;
        expect_same(answer.value().head, answer_head());
        EXPECT_EQ(answer.value().promised, promised);
        EXPECT_EQ(answer.value().highest_target, Epoch{4});
        EXPECT_EQ(answer.value().highest_slot, Slot{160});
    }
}

TEST(ControlMessages, Heartbeat_RoundTrip) {
    for (const bool on_duty : {true, false}) {
        const auto request = parse_heartbeat_request(render(HeartbeatRequest{request_head(), on_duty, !on_duty}));
        ASSERT_TRUE(request) << request.error().message;
        expect_same(request.value().head, request_head());
        EXPECT_EQ(request.value().on_duty, on_duty);
        EXPECT_EQ(request.value().well, !on_duty);
    }
    const auto answer =
        parse_heartbeat_answer(render(HeartbeatAnswer{answer_head(), {kHeard, Heard{{"b", 1, false, true}, {}}}}));
    ASSERT_TRUE(answer) << answer.error().message;
    expect_same(answer.value().head, answer_head());
    ASSERT_EQ(answer.value().heard.size(), 2U);
    EXPECT_EQ(answer.value().heard[0].beat.instance, "primary");
    EXPECT_EQ(answer.value().heard[0].beat.generation, 7U);
    EXPECT_TRUE(answer.value().heard[0].beat.on_duty);
    EXPECT_FALSE(answer.value().heard[0].beat.well);
    EXPECT_EQ(answer.value().heard[0].age, std::chrono::milliseconds{1500});
    EXPECT_TRUE(answer.value().heard[1].beat.well);
}

TEST(ControlMessages, Keys_RoundTrip) {
    const auto request = parse_keys_request(render(KeysRequest{request_head(), keys(3)}));
    ASSERT_TRUE(request) << request.error().message;
    expect_same(request.value().head, request_head());
    EXPECT_EQ(request.value().keys, keys(3));
    const auto answer = parse_keys_answer(render(KeysAnswer{"p1", 2}));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer.value().node, "p1");
    EXPECT_EQ(answer.value().changed, 2U);
    EXPECT_FALSE(parse_keys_request(render(KeysRequest{request_head(), keys(kRequestKeysMax + 1)})));
}

TEST(ControlMessages, Peers_RoundTrip) {
    const auto request = parse_peer_request(render(PeerRequest{request_head(), {3, 4}}));
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request.value().position, (Position{3, 4}));
    for (const bool rejoining : {true, false}) {
        const auto answer = parse_peer_answer(render(PeerAnswer{"p2", {1, 2}, {3, 5}, rejoining}));
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(answer.value().node, "p2");
        EXPECT_EQ(answer.value().position, (Position{1, 2}));
        EXPECT_EQ(answer.value().seen_of_you, (Position{3, 5}));
        EXPECT_EQ(answer.value().rejoining, rejoining);
    }
}

TEST(ControlMessages, Status_RoundTrip) {
    const StatusAnswer status = some_status();
    const auto read = parse_status_answer(render(status));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(render(read.value()), render(status));
    EXPECT_EQ(read.value().detail, status.detail);
    EXPECT_EQ(read.value().mode, Mode::kShared);
    EXPECT_EQ(read.value().tenure, some_tenure());
    EXPECT_EQ(read.value().floor, status.floor);
    EXPECT_EQ(read.value().certificate_expires, status.certificate_expires);
}

TEST(ControlMessages, StatusWithoutTls_HasNoExpiry) {
    StatusAnswer status = some_status();
    status.certificate_expires.reset();
    status.ca_expires.reset();
    const auto read = parse_status_answer(render(status));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_FALSE(read.value().certificate_expires);
    EXPECT_FALSE(read.value().ca_expires);
}

TEST(ControlMessages, Records_SayWhoHasWhich) {
    const std::string text = render(records_answer());
    EXPECT_THAT(text, HasSubstr("\"position\":\"2.1041\",\"groups\":[{\"signing_root\":\"" + to_hex(root(1)) +
                                "\",\"source_epoch\":\"3\",\"target_epoch\":\"4\",\"data\":{\"slot\":\"128\""));
    EXPECT_THAT(text,
                HasSubstr("\"target_epoch\":\"4\",\"pubkeys\":[\"" + to_hex(key(1)) + "\",\"" + to_hex(key(2)) + "\"]}]}"));
}

TEST(ControlMessages, OneRecord_ForPeople) {
    const MemberRecords::Entry entry = member_records().entries[1];
    const std::string text = render_record("p1", entry.key, entry.record);
    EXPECT_THAT(
        text, testing::StartsWith("{\"node\":\"p1\",\"pubkey\":\"" + to_hex(key(1)) + "\",\"attestation\":{\"signing_root\""));
    EXPECT_THAT(text, HasSubstr("\"data\":{\"slot\":\"128\""));
    EXPECT_THAT(text, testing::EndsWith("\"block\":{\"slot\":\"3\",\"signing_root\":\"" + to_hex(root(8)) +
                                        "\"},\"halted\":true,\"enrolled\":false}"));
    EXPECT_EQ(render_record("p1", key(1), {}),
              "{\"node\":\"p1\",\"pubkey\":\"" + to_hex(key(1)) + "\",\"halted\":false,\"enrolled\":false}");
}

// Each kind, whole, and its reader.
struct Kind {
    std::string text;
    std::function<Result<void>(std::string_view)> parse;
};

template <class F>
auto only_outcome(F parse) {
    return [parse](std::string_view text) -> Result<void> {
        HOLDFAST_TRY(parse(text));
        return success();
    };
}

std::vector<Kind> all_requests() {
    return {{render(AcquireRequest{request_head()}), only_outcome(parse_acquire_request)},
            {render(HeartbeatRequest{request_head(), true, true}), only_outcome(parse_heartbeat_request)},
            {render(KeysRequest{request_head(), keys(2)}), only_outcome(parse_keys_request)},
            {render(PeerRequest{request_head(), {3, 4}}), only_outcome(parse_peer_request)}};
}

std::vector<Kind> all_answers() {
    return {{render(AcquireAnswer{answer_head(), true, Epoch{4}, Slot{160}}), only_outcome(parse_acquire_answer)},
            {render(HeartbeatAnswer{answer_head(), {kHeard}}), only_outcome(parse_heartbeat_answer)},
            {render(KeysAnswer{"p1", 2}), only_outcome(parse_keys_answer)},
            {render(PeerAnswer{"p2", {1, 2}, {3, 5}, true}), only_outcome(parse_peer_answer)},
            {render(some_status()), only_outcome(parse_status_answer)}};
}

void expect_malformed(const Kind& kind, std::string_view text) {
    const auto parsed = kind.parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kMalformed);
}

TEST(ControlMessages, EveryTruncation_IsRefused) {
    auto kinds = all_requests();
    for (Kind& answer : all_answers()) kinds.push_back(std::move(answer));
    for (const Kind& kind : kinds) {
        ASSERT_TRUE(kind.parse(kind.text)) << kind.text;
        for (std::size_t size = 0; size < kind.text.size(); ++size) {
            expect_malformed(kind, std::string_view{kind.text}.substr(0, size));
        }
        expect_malformed(kind, kind.text + "x");
        expect_malformed(kind, "{}");
        expect_malformed(kind, "<html>");
    }
}

TEST(ControlMessages, UnknownMembers_AreRefusedInRequestsAndReadInAnswers) {
    const std::string later = R"("later":{"a":[1,-2.5e3,null,true,"x\u00e9\n"],"b":{}}})";
    for (const Kind& kind : all_requests()) expect_malformed(kind, kind.text.substr(0, kind.text.size() - 1) + "," + later);
    for (const Kind& kind : all_answers()) {
        EXPECT_TRUE(kind.parse(kind.text.substr(0, kind.text.size() - 1) + "," + later)) << kind.text;
    }
}

// Every member but "request_id" and the counts of a status must be there.
TEST(ControlMessages, MissingMembers_AreRefused) {
    for (const Kind& kind : all_requests()) {
        for (const std::string name : {"cluster", "instance", "generation", "genesis_validators_root"}) {
            std::string text = kind.text;
            text.replace(text.find("\"" + name + "\""), name.size() + 2, "\"request_id\"");
            expect_malformed(kind, text);
        }
    }
    for (const Kind& kind : all_answers()) {
        std::string text = kind.text;
        text.replace(text.find("\"node\""), 6, "\"x\"");
        expect_malformed(kind, text);
    }
}

TEST(ControlMessages, WrongValues_AreRefused) {
    const auto replaced = [](std::string text, const std::string& from, const std::string& to) {
        const auto at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return at == std::string::npos ? text : text.replace(at, from.size(), to);
    };
    const std::string beat = render(HeartbeatRequest{request_head(), true, true});
    EXPECT_FALSE(parse_heartbeat_request(replaced(beat, "true", "\"true\"")));
    EXPECT_FALSE(parse_heartbeat_request(replaced(beat, "true", "1")));
    EXPECT_FALSE(parse_heartbeat_request(replaced(beat, "true", "\"non\"")));
    EXPECT_FALSE(parse_heartbeat_request(replaced(beat, ",\"well\":true", "")));
    EXPECT_FALSE(parse_keys_request(render(AcquireRequest{request_head()})));
    const std::string peer = render(PeerRequest{request_head(), {3, 4}});
    for (const char* position : {"\"3\"", "\"3.\"", "\".4\"", "\"3.4.5\"", "\"-3.4\"", "3.4"}) {
        EXPECT_FALSE(parse_peer_request(replaced(peer, "\"3.4\"", position))) << position;
    }
    const std::string status = render(some_status());
    EXPECT_FALSE(parse_status_answer(replaced(status, "\"shared\"", "\"other\"")));
    EXPECT_FALSE(parse_status_answer(replaced(status, "\"1795244400\"", "\"18446744073709551615\"")));
    EXPECT_FALSE(parse_status_answer(replaced(status, "\"1800000000\"", "\"18446744073709551615\"")));
    EXPECT_FALSE(parse_status_answer(replaced(status, "\"secondary\"", "\"a b\"")));
    const std::string heard = render(HeartbeatAnswer{answer_head(), {kHeard}});
    EXPECT_FALSE(parse_heartbeat_answer(replaced(heard, "\"1500\"", "\"18446744073709551615\"")));
}

TEST(ControlMessages, DeepNesting_IsRefused) {
    EXPECT_FALSE(parse_status_answer("{\"x\":" + std::string(100'000, '[')));
    EXPECT_FALSE(parse_status_answer("{\"x\":" + std::string(100'000, '{')));
}

TEST(ControlMessages, MoreHeartbeatsThanAProtectorKeeps_AreRefused) {
    std::vector<Heard> heard(Heartbeats::kInstancesMax, kHeard);
    EXPECT_TRUE(parse_heartbeat_answer(render(HeartbeatAnswer{answer_head(), heard})));
    heard.push_back(kHeard);
    EXPECT_FALSE(parse_heartbeat_answer(render(HeartbeatAnswer{answer_head(), heard})));
}

}  // namespace
}  // namespace holdfast::protection
