#include <gmock/gmock.h>

#include "shared/ethereum/containers.hpp"
#include "shared/ethereum/ssz.hpp"
#include "shared/net/sse.hpp"
#include "tests/shared/beacon/http_node_fixture.hpp"

namespace holdfast::beacon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// --- against what was recorded ---

TEST_F(HttpBeaconNodeTest, RecordedSpec) {
    SAMPLE_OR_SKIP(recorded, "api/config_spec");
    answer_recorded(recorded);
    const auto spec = run(node->spec(soon()));
    ASSERT_TRUE(spec.has_value()) << spec.error().message;
    EXPECT_EQ(spec.value().slots_per_epoch(), 32U);
    EXPECT_EQ(spec.value().forks().back().name, ethereum::ForkName::kFulu);
    expect_as_recorded(recorded);
}

TEST_F(HttpBeaconNodeTest, RecordedGenesis) {
    SAMPLE_OR_SKIP(recorded, "api/beacon_genesis");
    answer_recorded(recorded);
    const auto genesis = run(node->genesis(soon()));
    ASSERT_TRUE(genesis.has_value()) << genesis.error().message;
    EXPECT_EQ(genesis.value().time, WallTime{seconds{1795230212}});
    EXPECT_EQ(to_hex(genesis.value().fork_version), "0x10000042");
    expect_as_recorded(recorded);
}

TEST_F(HttpBeaconNodeTest, RecordedVersionAndSyncing) {
    SAMPLE_OR_SKIP(version, "api/node_version");
    SAMPLE_OR_SKIP(syncing, "api/node_syncing");
    answer_recorded(version);
    EXPECT_EQ(run(node->version(soon())).value(), "Prysm/v7.1.6-1fc4645 (linux amd64)");
    expect_as_recorded(version);
    answer_recorded(syncing);
    const auto status = run(node->syncing(soon()));
    ASSERT_TRUE(status.has_value());
    EXPECT_EQ(status.value().head_slot, Slot{139});
    EXPECT_FALSE(status.value().is_syncing);
    expect_as_recorded(syncing);
}

TEST_F(HttpBeaconNodeTest, RecordedBlockRoot) {
    SAMPLE_OR_SKIP(recorded, "api/block_root_head");
    answer_recorded(recorded);
    const auto root = run(node->block_root("head", soon()));
    ASSERT_TRUE(root.has_value());
    EXPECT_EQ(to_hex(root.value()), recorded["response"]["body"]["data"]["root"].asString());
    expect_as_recorded(recorded);
}

TEST_F(HttpBeaconNodeTest, RecordedValidators) {
    SAMPLE_OR_SKIP(recorded, "api/state_validators_post");
    answer_recorded(recorded);
    std::vector<PublicKey> keys;
    for (const Json::Value& one : recorded["response"]["body"]["data"]) {
        keys.push_back(parse_hex<PublicKey>(one["validator"]["pubkey"].asString()).value());
    }
    const auto validators = run(node->validators(keys, soon()));
    ASSERT_TRUE(validators.has_value()) << validators.error().message;
    ASSERT_EQ(validators.value().size(), 2U);
    EXPECT_EQ(validators.value()[1].index, ValidatorIndex{1});
    EXPECT_TRUE(validators.value()[1].attests());
    EXPECT_EQ(requests.back().message.method, "POST");
    EXPECT_EQ(requests.back().message.url, recorded["request"]["path"].asString());
    EXPECT_EQ(last_header("content-type"), "application/json");
    EXPECT_EQ(parse(requests.back().message.body)["ids"].size(), 2U);
}

TEST_F(HttpBeaconNodeTest, RecordedUnknownValidatorIsLeftOut) {
    SAMPLE_OR_SKIP(recorded, "api/state_validators_post_unknown_pubkey");
    answer_recorded(recorded);
    const PublicKey key = parse_hex<PublicKey>(recorded["request"]["body"]["ids"][0].asString()).value();
    const auto validators = run(node->validators({key}, soon()));
    ASSERT_TRUE(validators.has_value());
    EXPECT_TRUE(validators.value().empty());
    expect_as_recorded(recorded);
}

TEST_F(HttpBeaconNodeTest, RecordedDuties) {
    SAMPLE_OR_SKIP(recorded, "api/duties_attester");
    answer_recorded(recorded);
    std::vector<ValidatorIndex> indices;
    for (std::uint64_t i = 0; i < 64; ++i) indices.emplace_back(i);
    const auto duties = run(node->attester_duties(Epoch{4}, indices, soon()));
    ASSERT_TRUE(duties.has_value()) << duties.error().message;
    ASSERT_EQ(duties.value().duties.size(), recorded["response"]["body"]["data"].size());
    EXPECT_EQ(duties.value().duties[0].slot, Slot{141});
    EXPECT_EQ(to_hex(duties.value().dependent_root), recorded["response"]["body"]["dependent_root"].asString());
    expect_as_recorded(recorded);
}

TEST_F(HttpBeaconNodeTest, RecordedProposersOfVersion2) {
    SAMPLE_OR_SKIP(recorded, "api/duties_proposer_v2");
    answer_recorded(recorded);
    const auto duties = run(node->proposer_duties(Epoch{4}, soon()));
    ASSERT_TRUE(duties.has_value()) << duties.error().message;
    ASSERT_EQ(duties.value().duties.size(), recorded["response"]["body"]["data"].size());
    EXPECT_EQ(duties.value().duties[1].slot, Slot{129});
    EXPECT_EQ(duties.value().duties[1].validator_index, ValidatorIndex{30});
    ASSERT_TRUE(duties.value().dependent_root.has_value());
    EXPECT_EQ(to_hex(*duties.value().dependent_root), recorded["response"]["body"]["dependent_root"].asString());
    expect_as_recorded(recorded);
}

// What version 1 calls the dependent root is not one.
TEST_F(HttpBeaconNodeTest, RecordedProposersOfVersion1WhereThereIsNoOther) {
    SAMPLE_OR_SKIP(recorded, "api/duties_proposer");
    const HttpResponse old = recorded_response(recorded);
    answer = [&](const ServerRequest& request) {
        return Reply{request.message.url.starts_with("/eth/v2") ? net::make_error(404, "404 page not found") : old};
    };
    const auto duties = run(node->proposer_duties(Epoch{4}, soon()));
    ASSERT_TRUE(duties.has_value()) << duties.error().message;
    ASSERT_EQ(duties.value().duties.size(), recorded["response"]["body"]["data"].size());
    EXPECT_EQ(duties.value().duties[1].slot, Slot{129});
    EXPECT_EQ(duties.value().duties[1].validator_index, ValidatorIndex{30});
    EXPECT_FALSE(duties.value().dependent_root.has_value());
    expect_as_recorded(recorded);
    EXPECT_EQ(requests.size(), 2U);
    EXPECT_TRUE(run(node->proposer_duties(Epoch{4}, soon())).has_value());
    EXPECT_EQ(requests.size(), 3U) << "the node is asked for version 2 once";
}

TEST_F(HttpBeaconNodeTest, RecordedSyncDuties) {
    SAMPLE_OR_SKIP(recorded, "api/duties_sync");
    answer_recorded(recorded);
    const auto duties = run(node->sync_duties(Epoch{4}, {ValidatorIndex{0}, ValidatorIndex{1}}, soon()));
    ASSERT_TRUE(duties.has_value()) << duties.error().message;
    ASSERT_EQ(duties.value().size(), recorded["response"]["body"]["data"].size());
    EXPECT_EQ(duties.value()[0].positions[0], 28U);
    expect_as_recorded(recorded);
}

TEST_F(HttpBeaconNodeTest, RecordedRefusalOfDutiesIsAFailureWithItsWords) {
    SAMPLE_OR_SKIP(recorded, "api/duties_attester_too_far");
    answer_recorded(recorded);
    const auto duties = run(node->attester_duties(Epoch{6}, {ValidatorIndex{0}, ValidatorIndex{1}, ValidatorIndex{2}}, soon()));
    ASSERT_FALSE(duties.has_value());
    EXPECT_EQ(duties.error().code, ErrorCode::kRefused);
    EXPECT_THAT(duties.error().message, HasSubstr("Request epoch 6 can not be greater than next epoch 5"));
    expect_as_recorded(recorded);
}

TEST_F(HttpBeaconNodeTest, RecordedAttestationDataInBothForms) {
    SAMPLE_OR_SKIP(json, "api/attestation_data");
    SAMPLE_OR_SKIP(ssz, "api/attestation_data_ssz");
    answer_recorded(json);
    const auto from_json = run(node->attestation_data(Slot{153}, soon()));
    ASSERT_TRUE(from_json.has_value()) << from_json.error().message;
    expect_as_recorded(json);
    answer_recorded(ssz);
    const auto from_ssz = run(node->attestation_data(Slot{153}, soon()));
    ASSERT_TRUE(from_ssz.has_value()) << from_ssz.error().message;
    expect_as_recorded(ssz);
    EXPECT_EQ(from_json.value(), from_ssz.value());
    EXPECT_EQ(from_ssz.value().target.epoch, Epoch{4});
}

TEST_F(HttpBeaconNodeTest, RecordedSubscription) {
    SAMPLE_OR_SKIP(recorded, "api/beacon_committee_subscriptions");
    answer_recorded(recorded);
    const auto sent = run(node->subscribe_committees({{ValidatorIndex{1}, CommitteeIndex{0}, 1, Slot{155}, true}}, soon()));
    EXPECT_TRUE(sent.has_value());
    expect_as_recorded(recorded);
}

TEST_F(HttpBeaconNodeTest, RecordedPublication) {
    SAMPLE_OR_SKIP(recorded, "api/pool_attestations_v2_bad_signature");
    answer_recorded(recorded);
    const Json::Value& one = recorded["request"]["body"][0];
    const auto root = [&](const Json::Value& hex) { return parse_hex<Root>(hex.asString()).value(); };
    ethereum::SingleAttestation attestation;
    attestation.attester_index = ValidatorIndex{1};
    attestation.data.slot = Slot{153};
    attestation.data.beacon_block_root = root(one["data"]["beacon_block_root"]);
    attestation.data.source = {Epoch{3}, root(one["data"]["source"]["root"])};
    attestation.data.target = {Epoch{4}, root(one["data"]["target"]["root"])};
    attestation.signature = parse_hex<Signature>(one["signature"].asString()).value();
    auto body = std::make_shared<const std::string>(encode_attestations({attestation}));
    const auto sent = run(node->publish_attestations(body, ethereum::ForkName::kFulu, soon()));
    EXPECT_TRUE(sent.has_value());
    expect_as_recorded(recorded);
}

// --- statuses and failures ---

TEST_F(HttpBeaconNodeTest, FailuresNameTheNodeAndThePathAndNoCredentials) {
    answer_with(500, "application/json", R"({"code":500,"message":"database is gone"})");
    const auto result = run(node->genesis(soon()));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kInternal);
    EXPECT_EQ(result.error().message, shown + "/eth/v1/beacon/genesis: status 500: database is gone");
    EXPECT_EQ(node->url(), shown);
    EXPECT_EQ(last_header("authorization"), "Basic dXNlcjpzZWNyZXQ=");
}

TEST_F(HttpBeaconNodeTest, StatusesHaveTheirCodes) {
    const std::vector<std::pair<int, ErrorCode>> table{{400, ErrorCode::kRefused},     {404, ErrorCode::kNotFound},
                                                       {415, ErrorCode::kRefused},     {429, ErrorCode::kUnavailable},
                                                       {500, ErrorCode::kInternal},    {502, ErrorCode::kUnavailable},
                                                       {503, ErrorCode::kUnavailable}, {504, ErrorCode::kUnavailable}};
    for (const auto& [status, code] : table) {
        answer_with(status, "text/plain", "no");
        EXPECT_EQ(run(node->version(soon())).error().code, code) << status;
    }
}

TEST_F(HttpBeaconNodeTest, ANodeThatDropsTheConnectionIsUnavailable) {
    answer = [](const ServerRequest&) { return Reply{net::DropConnection{}}; };
    const auto result = run(node->syncing(soon()));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(result.error().message, StartsWith(shown + "/eth/v1/node/syncing: "));
}

TEST_F(HttpBeaconNodeTest, GarbageIsMalformedForEveryCall) {
    const std::vector<std::pair<std::string, std::string>> garbage{{"application/json", "{"},
                                                                   {"application/json", "[]"},
                                                                   {"application/json", ""},
                                                                   {"text/html", "<html></html>"},
                                                                   {"", "x"},
                                                                   {"application/json", R"({"data":7})"},
                                                                   {"application/json", R"({"data":[{"a":1}]})"}};
    for (const auto& [type, body] : garbage) {
        answer_with(200, type, body);
        PublicKey key;
        EXPECT_EQ(run(node->spec(soon())).error().code, ErrorCode::kMalformed) << body;
        EXPECT_EQ(run(node->genesis(soon())).error().code, ErrorCode::kMalformed) << body;
        EXPECT_EQ(run(node->version(soon())).error().code, ErrorCode::kMalformed) << body;
        EXPECT_EQ(run(node->syncing(soon())).error().code, ErrorCode::kMalformed) << body;
        EXPECT_EQ(run(node->block_root("head", soon())).error().code, ErrorCode::kMalformed) << body;
        EXPECT_EQ(run(node->validators({key}, soon())).error().code, ErrorCode::kMalformed) << body;
        EXPECT_EQ(run(node->attester_duties(Epoch{1}, {ValidatorIndex{1}}, soon())).error().code, ErrorCode::kMalformed)
            << body;
        EXPECT_EQ(run(node->attestation_data(Slot{1}, soon())).error().code, ErrorCode::kMalformed) << body;
    }
}

TEST_F(HttpBeaconNodeTest, AttestationDataOfAWrongLengthOrSlotIsMalformed) {
    for (const std::size_t size : {0U, 127U, 129U, 256U}) {
        answer_with(200, "application/octet-stream", std::string(size, '\0'));
        EXPECT_EQ(run(node->attestation_data(Slot{0}, soon())).error().code, ErrorCode::kMalformed) << size;
    }
    answer_with(200, "application/octet-stream", std::string(128, '\0'));
    EXPECT_TRUE(run(node->attestation_data(Slot{0}, soon())).has_value());
    const auto other = run(node->attestation_data(Slot{1}, soon()));
    ASSERT_FALSE(other.has_value());
    EXPECT_EQ(other.error().code, ErrorCode::kMalformed);
    EXPECT_THAT(other.error().message, HasSubstr("of slot 0 instead of 1"));
}

TEST_F(HttpBeaconNodeTest, AHugeAnswerIsMalformed) {
    net::HttpClientOptions small;
    small.response_bytes_max = 1000;
    client = net::make_http_client(io.get_executor(), clock, small);
    node = make_http_beacon_node(*client, clock, shown);
    answer_json("{\"data\":\"" + std::string(2000, 'x') + "\"}");
    EXPECT_EQ(run(node->version(soon())).error().code, ErrorCode::kMalformed);
}

TEST_F(HttpBeaconNodeTest, NothingIsAskedForNobody) {
    EXPECT_TRUE(run(node->validators({}, soon())).value().empty());
    EXPECT_TRUE(run(node->subscribe_committees({}, soon())).has_value());
    EXPECT_EQ(run(node->attester_duties(Epoch{1}, {}, soon())).error().code, ErrorCode::kInvalidArgument);
    EXPECT_TRUE(requests.empty());
}

// A node that was away is asked for its chain, and may have come back as another version of itself.
TEST_F(HttpBeaconNodeTest, WhatANodeDidNotKnowIsForgottenWhenItIsAskedForItsChain) {
    const auto proposers = [&] { return run(node->proposer_duties(Epoch{1}, soon())); };
    bool old = true;
    const std::string duties =
        R"({"dependent_root":"0x)" + std::string(64, '1') + R"(","execution_optimistic":false,"data":[]})";
    answer = [&](const ServerRequest& request) {
        if (old && request.message.url.starts_with("/eth/v2")) return Reply{net::make_error(404, "no")};
        return Reply{net::make_response(200, "application/json", duties)};
    };
    EXPECT_FALSE(proposers().value().dependent_root.has_value());
    old = false;
    EXPECT_FALSE(proposers().value().dependent_root.has_value()) << "not asked for";
    answer_for_spec_of_gloas();
    EXPECT_TRUE(proposers().value().dependent_root.has_value());
}

// One 404 may be a proxy's, or of a moment; and a node may learn it without being away.
TEST_F(HttpBeaconNodeTest, Version2OfProposersIsAskedForAgainWithTheNextEpoch) {
    const auto root_known = [&](std::uint64_t epoch) {
        return run(node->proposer_duties(Epoch{epoch}, soon())).value().dependent_root.has_value();
    };
    const auto newest = [&] { return requests.back().message.url.substr(0, 7); };
    bool old = true;
    const std::string duties =
        R"({"dependent_root":"0x)" + std::string(64, '1') + R"(","execution_optimistic":false,"data":[]})";
    answer = [&](const ServerRequest& request) {
        if (old && request.message.url.starts_with("/eth/v2")) return Reply{net::make_error(404, "no")};
        return Reply{net::make_response(200, "application/json", duties)};
    };
    EXPECT_FALSE(root_known(7));
    EXPECT_EQ(requests.size(), 2U);
    for (const std::uint64_t epoch : {7U, 6U, 7U}) {
        EXPECT_FALSE(root_known(epoch));
        EXPECT_EQ(newest(), "/eth/v1");
    }
    EXPECT_EQ(requests.size(), 5U) << "the old version at once, for the epochs that are asked for at the time";
    EXPECT_FALSE(root_known(8));
    EXPECT_EQ(requests.size(), 7U) << "the new one is tried, once";
    EXPECT_FALSE(root_known(8));
    EXPECT_EQ(requests.size(), 8U);
    old = false;
    EXPECT_TRUE(root_known(9));
    EXPECT_TRUE(root_known(8));
    EXPECT_EQ(requests.size(), 10U);
}

// --- validators in pieces ---

std::vector<PublicKey> many_keys(std::size_t count) {
    std::vector<PublicKey> keys(count);
    for (std::size_t i = 0; i < count; ++i) {
        keys[i].bytes[0] = static_cast<std::uint8_t>(i >> 8U);
        keys[i].bytes[1] = static_cast<std::uint8_t>(i);
    }
    return keys;
}

std::string validators_of(const std::vector<std::string>& ids) {
    Json::Value body;
    body["data"] = Json::Value{Json::arrayValue};
    for (const std::string& id : ids) {
        Json::Value one;
        one["index"] = std::to_string(std::stoul(id.substr(2, 4), nullptr, 16));
        one["status"] = "active_ongoing";
        one["validator"]["pubkey"] = id;
        body["data"].append(one);
    }
    return write(body);
}

TEST_F(HttpBeaconNodeTest, ValidatorsAreAskedForByTheThousand) {
    answer = [](const ServerRequest& request) {
        std::vector<std::string> ids;
        const Json::Value body = parse(request.message.body);
        for (const Json::Value& id : body["ids"]) ids.push_back(id.asString());
        return Reply{net::make_response(200, "application/json", validators_of(ids))};
    };
    const auto validators = run(node->validators(many_keys(2'001), soon()));
    ASSERT_TRUE(validators.has_value()) << validators.error().message;
    ASSERT_EQ(validators.value().size(), 2'001U);
    EXPECT_EQ(validators.value().back().index, ValidatorIndex{2'000});
    EXPECT_EQ(requests.size(), 3U);
}

TEST_F(HttpBeaconNodeTest, WherePostIsUnknownGetIsUsedFromThenOn) {
    for (const int status : {404, 405, 501}) {
        node = make_http_beacon_node(*client, clock, shown);
        requests.clear();
        answer = [status](const ServerRequest& request) {
            if (request.message.method == "POST") return Reply{net::make_error(status, "no")};
            std::vector<std::string> ids;
            std::istringstream list{request.parameter("id").value_or("")};
            for (std::string id; std::getline(list, id, ',');) ids.push_back(id);
            EXPECT_LE(ids.size(), 64U);
            return Reply{net::make_response(200, "application/json", validators_of(ids))};
        };
        const auto validators = run(node->validators(many_keys(130), soon()));
        ASSERT_TRUE(validators.has_value()) << validators.error().message;
        EXPECT_EQ(validators.value().size(), 130U);
        EXPECT_EQ(requests.size(), 4U);
        EXPECT_TRUE(run(node->validators(many_keys(1), soon())).has_value());
        EXPECT_EQ(requests.back().message.method, "GET");
        EXPECT_EQ(requests.size(), 5U);
    }
}

TEST_F(HttpBeaconNodeTest, OnePieceThatFailsFailsAll) {
    answer = [this](const ServerRequest&) {
        return Reply{requests.size() == 1 ? net::make_response(200, "application/json", R"({"data":[]})")
                                          : net::make_error(500, "no")};
    };
    EXPECT_EQ(run(node->validators(many_keys(1'001), soon())).error().code, ErrorCode::kInternal);
}

// --- events ---

std::string hex(char digit) { return "0x" + std::string(64, digit); }

std::string head_event(std::uint64_t slot) {
    Json::Value event;
    event["slot"] = std::to_string(slot);
    event["block"] = hex('1');
    event["previous_duty_dependent_root"] = hex('2');
    event["current_duty_dependent_root"] = hex('3');
    event["execution_optimistic"] = false;
    return net::format_event("head", write(event));
}

Task<void> write_all(net::StreamWriter& writer, std::vector<std::string> pieces) {
    for (std::string& piece : pieces) {
        std::string data = std::move(piece);
        const bool written = co_await writer.write(std::move(data));
        if (!written) co_return;
    }
}

Reply event_stream(std::vector<std::string> pieces) {
    net::StreamResponse response;
    response.head = net::make_response(200, "text/event-stream", "");
    response.body = [pieces = std::move(pieces)](net::StreamWriter& writer) { return write_all(writer, pieces); };
    return response;
}

TEST_F(HttpBeaconNodeTest, EventsComeInOrderAndGarbageIsSkipped) {
    const std::string first = head_event(5);
    const std::vector<std::string> pieces{first.substr(0, 20),
                                          first.substr(20),
                                          ": still here\n\n",
                                          net::format_event("head", "{broken"),
                                          net::format_event("head", R"({"slot":5})"),
                                          net::format_event("block", "{}"),
                                          net::format_event("chain_reorg", R"({"slot":"6","depth":"2"})"),
                                          head_event(7)};
    answer = [pieces](const ServerRequest&) { return event_stream(pieces); };
    std::vector<NodeEvent> events;
    const auto ended = run(node->follow_events([&](const NodeEvent& event) { events.push_back(event); }));
    EXPECT_TRUE(ended.has_value()) << ended.error().message;
    EXPECT_EQ(requests.back().message.url, "/eth/v1/events?topics=head,chain_reorg,proposer_slashing,attester_slashing");
    EXPECT_EQ(last_header("accept"), "text/event-stream");
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(std::get<HeadEvent>(events[0]).slot, Slot{5});
    EXPECT_EQ(to_hex(std::get<HeadEvent>(events[0]).current_duty_dependent_root), hex('3'));
    EXPECT_EQ(std::get<ReorgEvent>(events[1]).depth, 2U);
    EXPECT_EQ(std::get<HeadEvent>(events[2]).slot, Slot{7});
}

TEST_F(HttpBeaconNodeTest, TopicsAreRepeatedWhereTheListIsRefused) {
    answer = [](const ServerRequest& request) {
        if (request.message.url.find(',') != std::string::npos) return Reply{net::make_error(400, "invalid topic name")};
        return event_stream({head_event(5)});
    };
    std::size_t events = 0;
    const auto count = [&](const NodeEvent&) { ++events; };
    const std::string repeated =
        "/eth/v1/events?topics=head&topics=chain_reorg&topics=proposer_slashing&topics=attester_slashing";
    EXPECT_TRUE(run(node->follow_events(count)).has_value());
    EXPECT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests.back().message.url, repeated);
    EXPECT_TRUE(run(node->follow_events(count)).has_value());
    EXPECT_EQ(requests.size(), 3U);
    EXPECT_EQ(requests.back().message.url, repeated);
    EXPECT_EQ(events, 2U);
}

// A node that knows some of our topics refuses them all: those that no duty can do without are asked for alone.
TEST_F(HttpBeaconNodeTest, UnknownTopicsAreLeftOutStepByStep) {
    std::vector<std::string> unknown{"head_v2", "slashing"};
    answer = [&](const ServerRequest& request) {
        for (const std::string& topic : unknown) {
            if (request.message.url.find(topic) != std::string::npos) return Reply{net::make_error(400, "invalid topic")};
        }
        return event_stream({head_event(5)});
    };
    answer_for_spec_of_gloas();
    std::size_t events = 0;
    const auto count = [&](const NodeEvent&) { ++events; };
    EXPECT_TRUE(run(node->follow_events(count)).has_value());
    EXPECT_EQ(requests.back().message.url, "/eth/v1/events?topics=head,chain_reorg");
    EXPECT_EQ(events, 1U);
    const std::size_t before = requests.size();
    EXPECT_TRUE(run(node->follow_events(count)).has_value());
    EXPECT_EQ(requests.size(), before + 1);

    unknown = {"head"};
    const auto refused = run(node->follow_events(count));
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message, StartsWith(shown + "/eth/v1/events: "));
    EXPECT_THAT(refused.error().message, HasSubstr("400"));
    EXPECT_EQ(requests.size(), before + 7) << "every form is tried once";
}

// A node that was away is asked for all again: it may have come back as another version.
TEST_F(HttpBeaconNodeTest, TopicsAreAskedForAnewAfterAFailure) {
    int status = 400;
    answer = [&](const ServerRequest& request) {
        const bool basic = request.message.url == "/eth/v1/events?topics=head,chain_reorg";
        if (status == 503 || (status == 400 && !basic)) return Reply{net::make_error(status, "no")};
        return event_stream({head_event(5)});
    };
    const auto ignore = [](const NodeEvent&) {};
    EXPECT_TRUE(run(node->follow_events(ignore)).has_value());
    status = 503;
    EXPECT_FALSE(run(node->follow_events(ignore)).has_value());
    status = 200;
    EXPECT_TRUE(run(node->follow_events(ignore)).has_value());
    EXPECT_THAT(requests.back().message.url, HasSubstr("attester_slashing"));
}

std::string head_v2_event(std::uint64_t slot, const std::string& payload) {
    Json::Value event;
    event["version"] = "gloas";
    event["data"]["slot"] = std::to_string(slot);
    event["data"]["block"] = hex('1');
    event["data"]["current_epoch_dependent_root"] = hex('2');
    event["data"]["next_epoch_dependent_root"] = hex('3');
    event["data"]["payload_status"] = payload;
    event["data"]["execution_optimistic"] = false;
    return net::format_event("head_v2", write(event));
}

TEST_F(HttpBeaconNodeTest, FromGloasOnHeadsSayWhatIsKnownOfThePayload) {
    const std::vector<std::string> pieces{
        head_v2_event(9, "empty"), head_event(9), head_v2_event(9, "full"),
        net::format_event("execution_payload_available", R"({"slot":"9","block_root":")" + hex('1') + "\"}")};
    answer = [pieces](const ServerRequest&) { return event_stream(pieces); };
    answer_for_spec_of_gloas();
    std::vector<NodeEvent> events;
    EXPECT_TRUE(run(node->follow_events([&](const NodeEvent& event) { events.push_back(event); })).has_value());
    EXPECT_THAT(requests.back().message.url, HasSubstr("head_v2,execution_payload_available"));
    ASSERT_EQ(events.size(), 3U) << "the old form of a head adds nothing";
    EXPECT_EQ(std::get<HeadEvent>(events[0]).payload, HeadEvent::Payload::kEmpty);
    EXPECT_EQ(std::get<HeadEvent>(events[1]).payload, HeadEvent::Payload::kFull);
    EXPECT_EQ(to_hex(std::get<HeadEvent>(events[1]).previous_duty_dependent_root), hex('2'));
    EXPECT_EQ(to_hex(std::get<HeadEvent>(events[1]).current_duty_dependent_root), hex('3'));
    EXPECT_EQ(std::get<PayloadAvailableEvent>(events[2]).slot, Slot{9});
}

Task<void> say_nothing(net::StreamWriter& /*writer*/, Clock& clock) { co_await sleep_for(clock, std::chrono::hours{1}); }

TEST_F(HttpBeaconNodeTest, AStreamThatIsSilentIsGivenUp) {
    HttpBeaconNodeOptions impatient;
    impatient.events_silence_max = milliseconds{200};
    node = make_http_beacon_node(*client, clock, shown, impatient);
    answer = [this](const ServerRequest&) {
        net::StreamResponse response;
        response.head = net::make_response(200, "text/event-stream", "");
        response.body = [this](net::StreamWriter& writer) { return say_nothing(writer, clock); };
        return Reply{response};
    };
    const auto ended = run(node->follow_events([](const NodeEvent&) {}));
    ASSERT_FALSE(ended.has_value());
    EXPECT_EQ(ended.error().code, ErrorCode::kTimeout);
}

}  // namespace
}  // namespace holdfast::beacon
