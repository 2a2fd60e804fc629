// Goal: the API does what docs/protector-api.md says, for every role, and every bad request gets one clear sentence.
#include "protector/service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "shared/ethereum/signing_root.hpp"
#include "shared/protection/interchange.hpp"
#include "shared/protection/wire.hpp"
#include "tests/protector/node_fixture.hpp"

namespace holdfast::protector {
namespace {

using namespace protection;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr const char* kPrimary = "instance/primary";
constexpr const char* kSecondary = "instance/secondary";
constexpr const char* kAnna = "operator/anna";

// A cluster of one: it votes at once.
struct ServiceTest : NodesTest {
    RequestHead head;

    ServiceTest() {
        use_cluster(1, 1);
        head.cluster = cluster.id();
        head.instance = "said-in-the-head";
        head.generation = 1;
        head.genesis_validators_root = root(99);
    }
    void SetUp() override { start("p1", StoreOptions::Start::kInit); }

    RequestHead in_generation(std::uint64_t generation) const {
        RequestHead other = head;
        other.generation = generation;
        return other;
    }
    net::HttpResponse post(const std::string& path, std::string body, const char* who = kPrimary) {
        return ask("p1", who, "POST", path, std::move(body));
    }
    net::HttpResponse get(const std::string& path, const char* who, net::Headers headers = {}) {
        headers.push_back({std::string{kClusterHeader}, to_hex(cluster.id())});
        return ask("p1", who, "GET", path, {}, std::move(headers));
    }
    // In octet-stream form.
    VerdictAnswer decide(std::string body, const char* path = "/v1/attestations", const char* who = kPrimary) {
        const auto response = ask("p1", who, "POST", path, std::move(body), {{"content-type", std::string{kOctetType}}});
        EXPECT_EQ(response.status, 200) << response.body;
        auto answer = wire::decode_answer(response.body);
        EXPECT_TRUE(answer);
        return answer ? answer.value() : VerdictAnswer{};
    }
    Verdict vote_once(const AttestationMark& mark, std::uint64_t generation = 1, std::size_t number = 0) {
        const auto answer =
            decide(wire::encode_attestation_request(in_generation(generation), keys(1, number), std::vector{mark}));
        return answer.verdicts.empty() ? Verdict{} : answer.verdicts.front();
    }
    AcquireAnswer acquire(std::uint64_t generation, const char* who) {
        const auto response = post("/v1/generations", render(AcquireRequest{in_generation(generation)}), who);
        EXPECT_EQ(response.status, 200) << response.body;
        return parse_acquire_answer(response.body).value();
    }
    std::string metrics() { return ask("p1", "", "GET", "/metrics").body; }
};

TEST_F(ServiceTest, AttestationData_TheProtectorComputesTheSigningRoot) {
    const auto data = attestation_data(99, 100, 1);
    const auto response = post("/v1/attestations", render_attestation_request(head, data, attester_domain(), keys(1)));
    EXPECT_EQ(response.status, 200);
    EXPECT_THAT(response.body, HasSubstr("\"approved\""));
    const AttestationMark same{Epoch{99}, Epoch{100}, ethereum::attestation_signing_root(data, attester_domain())};
    EXPECT_EQ(vote_once(same).outcome, Outcome::kRepeated);
    const auto other = attestation_data(99, 100, 2);
    const auto answer = decide(wire::encode_attestation_request(head, other, attester_domain(), keys(1)));
    ASSERT_THAT(answer.verdicts, SizeIs(1));
    EXPECT_EQ(answer.verdicts[0].reason, Reason::kOtherVoteForTarget);
    EXPECT_EQ(std::get<AttestationMark>(answer.verdicts[0].record), same);
}

TEST_F(ServiceTest, Answers_CarryNodeRequestTenureAndPosition) {
    RequestHead asked = in_generation(5);
    asked.request_id = 77;
    const auto answer = decide(wire::encode_attestation_request(asked, keys(1), std::vector{vote(99, 100, 1)}));
    EXPECT_EQ(answer.head.node, "p1");
    EXPECT_EQ(answer.head.request_id, 77U);
    EXPECT_EQ(answer.head.tenure.generation, 5U);
    EXPECT_EQ(answer.head.tenure.holder, "primary");  // the certificate's name, not the head's
    EXPECT_EQ(answer.head.position.incarnation, 1U);
    EXPECT_GT(answer.head.position, (Position{1, 0}));
}

TEST_F(ServiceTest, OneBadKey_DoesNotFailTheOthers) {
    vote_once(vote(99, 100, 1));
    const std::vector<AttestationMark> marks{vote(99, 100, 2), vote(99, 100, 2), vote(99, 102, 3)};
    const auto answer = decide(wire::encode_attestation_request(head, keys(3), marks));
    ASSERT_THAT(answer.verdicts, SizeIs(3));
    EXPECT_EQ(answer.verdicts[0].outcome, Outcome::kRefused);
    EXPECT_EQ(answer.verdicts[1].outcome, Outcome::kApproved);
    EXPECT_EQ(answer.verdicts[2].reason, Reason::kTargetInFuture);
    const auto response = post("/v1/attestations", render_attestation_request(head, keys(3), marks));
    EXPECT_THAT(response.body, HasSubstr("ahead of the protector's clock"));
}

TEST_F(ServiceTest, Blocks) {
    const auto ask_for = [this](std::uint64_t slot, std::uint64_t signing_root) {
        const auto answer =
            decide(wire::encode_block_request(head, keys(1), std::vector{block(slot, signing_root)}), "/v1/blocks");
        return answer.verdicts.at(0).outcome;
    };
    EXPECT_EQ(ask_for(3200, 1), Outcome::kApproved);
    EXPECT_EQ(ask_for(3200, 1), Outcome::kRepeated);
    EXPECT_EQ(ask_for(3200, 2), Outcome::kRefused);
    EXPECT_EQ(ask_for(3240, 2), Outcome::kRefused);
    EXPECT_THAT(post("/v1/blocks", render_block_request(head, keys(1), std::vector{block(3201, 3)})).body,
                HasSubstr("\"approved\""));
}

TEST_F(ServiceTest, Generations_LowerOnesAreFenced) {
    vote_once(vote(98, 99, 1));
    EXPECT_TRUE(acquire(7, kSecondary).promised);
    EXPECT_TRUE(acquire(7, kSecondary).promised);
    const auto late = acquire(7, kPrimary);
    EXPECT_FALSE(late.promised);
    EXPECT_EQ(late.head.tenure.holder, "secondary");
    EXPECT_EQ(late.highest_target, Epoch{99});
    EXPECT_EQ(vote_once(vote(99, 100, 1), 6).reason, Reason::kFenced);
    EXPECT_EQ(vote_once(vote(99, 100, 1), 0).reason, Reason::kWrongMode);
    EXPECT_EQ(vote_once(vote(99, 100, 1), 7).outcome, Outcome::kApproved);
    EXPECT_THAT(metrics(), HasSubstr("holdfast_protector_verdicts_fenced_total"));
}

TEST_F(ServiceTest, Heartbeats_AreHeardByOthers) {
    HeartbeatRequest beat{in_generation(3), true, true};
    EXPECT_EQ(post("/v1/heartbeats", render(beat)).status, 200);
    const auto answer = parse_heartbeat_answer(get("/v1/heartbeats", kSecondary).body).value();
    ASSERT_THAT(answer.heard, SizeIs(1));
    EXPECT_EQ(answer.heard[0].beat.instance, "primary");
    EXPECT_EQ(answer.heard[0].beat.generation, 3U);
    EXPECT_TRUE(answer.heard[0].beat.on_duty);
    EXPECT_LT(answer.heard[0].age, std::chrono::seconds{10});
}

TEST_F(ServiceTest, Halt_RefusesUntilAnOperatorLiftsIt) {
    const KeysRequest request{head, keys(1)};
    EXPECT_EQ(parse_keys_answer(post("/v1/halts", render(request)).body).value().changed, 1U);
    EXPECT_EQ(parse_keys_answer(post("/v1/halts", render(request), kAnna).body).value().changed, 0U);
    EXPECT_EQ(vote_once(vote(99, 100, 1)).reason, Reason::kHalted);
    EXPECT_EQ(ask("p1", kPrimary, "DELETE", "/v1/halts", render(request)).status, 403);
    EXPECT_EQ(vote_once(vote(99, 100, 1)).reason, Reason::kHalted);
    EXPECT_EQ(parse_keys_answer(ask("p1", kAnna, "DELETE", "/v1/halts", render(request)).body).value().changed, 1U);
    EXPECT_EQ(vote_once(vote(99, 100, 1)).outcome, Outcome::kApproved);
}

TEST_F(ServiceTest, Records_OfAnEpochAndOfAKey) {
    const auto data = attestation_data(99, 100, 1);
    decide(wire::encode_attestation_request(head, data, attester_domain(), keys(3)));
    const auto bytes = get("/v1/records?target_epoch=100", kSecondary, {{"accept", std::string{kOctetType}}});
    const auto answer = wire::decode_records(bytes.body).value();
    ASSERT_THAT(answer.groups, SizeIs(1));
    EXPECT_THAT(answer.groups[0].keys, testing::UnorderedElementsAreArray(keys(3)));
    EXPECT_EQ(*answer.groups[0].data, data);
    EXPECT_THAT(get("/v1/records?target_epoch=100", kSecondary).body, HasSubstr(to_hex(key(2))));
    EXPECT_THAT(wire::decode_records(get("/v1/records?target_epoch=99", kSecondary, {{"accept", std::string{kOctetType}}}).body)
                    .value()
                    .groups,
                SizeIs(0));
    EXPECT_THAT(get("/v1/records?pubkey=" + to_hex(key(1)), kAnna).body, HasSubstr("\"100\""));
    EXPECT_EQ(get("/v1/records?pubkey=" + to_hex(key(9)), kAnna).status, 404);
    EXPECT_EQ(get("/v1/records?pubkey=0x12", kAnna).status, 400);
    EXPECT_EQ(get("/v1/records?target_epoch=x", kSecondary).status, 400);
}

TEST_F(ServiceTest, Interchange_OutAndIn) {
    vote_once(vote(98, 99, 1));
    const std::string file = get("/v1/interchange", kAnna).body;
    EXPECT_THAT(file, HasSubstr(to_hex(key(0))));
    const net::Headers headers{{std::string{kClusterHeader}, to_hex(cluster.id())}};
    MemberRecords::Entry entry{key(5), {}};
    entry.record.attestation = vote(97, 98, 4);
    const std::string more = render_interchange(std::vector{entry}, root(99));
    const auto imported = ask("p1", kAnna, "POST", "/v1/interchange", more, headers);
    EXPECT_EQ(imported.status, 200) << imported.body;
    EXPECT_EQ(parse_keys_answer(imported.body).value().changed, 1U);
    EXPECT_EQ(vote_once(vote(97, 98, 5), 1, 5).outcome, Outcome::kRefused);
    EXPECT_EQ(ask("p1", kAnna, "POST", "/v1/interchange", render_interchange(std::vector{entry}, root(1)), headers).status,
              409);
    EXPECT_EQ(ask("p1", kAnna, "POST", "/v1/interchange", "{", headers).status, 400);
    EXPECT_EQ(ask("p1", kAnna, "POST", "/v1/interchange", more).status, 400);
}

TEST_F(ServiceTest, UnknownValidators_AreRefusedUntilEnrolled) {
    stop("p1");
    cluster.refuse_unknown_validators = true;
    start("p1", StoreOptions::Start::kExisting);
    EXPECT_EQ(vote_once(vote(99, 100, 1)).reason, Reason::kUnknownValidator);
    EXPECT_EQ(post("/v1/validators", render(KeysRequest{head, keys(1)}), kAnna).status, 200);
    EXPECT_EQ(vote_once(vote(99, 100, 1)).outcome, Outcome::kApproved);
}

TEST_F(ServiceTest, Check_SaysThatTheDatabaseIsWhole) {
    vote_once(vote(99, 100, 1));
    const net::Headers headers{{std::string{kClusterHeader}, to_hex(cluster.id())}};
    const auto response = ask("p1", kAnna, "POST", "/v1/check", {}, headers);
    EXPECT_EQ(response.status, 200);
    EXPECT_THAT(response.body, HasSubstr("\"whole\":true"));
}

TEST_F(ServiceTest, StatusHealthMetrics_ForEverybody) {
    vote_once(vote(99, 100, 1));
    const auto status = parse_status_answer(ask("p1", "", "GET", "/v1/status").body).value();
    EXPECT_EQ(status.node, "p1");
    EXPECT_EQ(status.cluster, cluster.id());
    EXPECT_EQ(status.genesis_validators_root, root(99));
    EXPECT_EQ(status.state, "voting");
    EXPECT_EQ(status.detail, "");
    EXPECT_EQ(status.slot, Slot{kSlot});
    EXPECT_EQ(status.highest_target, Epoch{100});
    EXPECT_EQ(status.approved, 1U);
    EXPECT_EQ(status.validators, 1U);
    EXPECT_EQ(ask("p1", "", "GET", "/healthz").status, 200);
    EXPECT_THAT(metrics(), HasSubstr("holdfast_protector_verdicts_total{outcome=\"approved\"} 1\n"));
    EXPECT_THAT(metrics(), HasSubstr("holdfast_protector_state{state=\"voting\"} 1\n"));
}

TEST_F(ServiceTest, MetricsListener_HasNothingElse) {
    Service& service = nodes.at("p1")->service;
    hosts[cluster.members[0].url] = [&service](net::ServerRequest request) {
        return service.answer_metrics(std::move(request));
    };
    EXPECT_EQ(ask("p1", "", "GET", "/metrics").status, 200);
    EXPECT_EQ(ask("p1", "", "GET", "/healthz").status, 200);
    EXPECT_EQ(ask("p1", "", "GET", "/v1/status").status, 404);
    EXPECT_EQ(post("/v1/halts", render(KeysRequest{head, keys(1)})).status, 404);
}

TEST_F(ServiceTest, Roles_AreRefusedInOneSentenceAndCounted) {
    const auto expect = [this](const char* who, const char* method, const char* path) {
        const auto response = ask("p1", who, method, path, "whatever it says");
        EXPECT_EQ(response.status, 403) << who << " " << method << " " << path;
        EXPECT_THAT(response.body, HasSubstr("may not call"));
    };
    expect(kPrimary, "DELETE", "/v1/halts");
    expect(kPrimary, "POST", "/v1/peers");
    expect(kPrimary, "GET", "/v1/records");
    expect(kAnna, "POST", "/v1/attestations");
    expect(kAnna, "POST", "/v1/generations");
    expect("member/p2", "POST", "/v1/blocks");
    expect("member/p2", "GET", "/v1/interchange");
    expect("", "POST", "/v1/attestations");
    expect("someone else", "POST", "/v1/check");
    EXPECT_THAT(metrics(), HasSubstr("holdfast_protector_refused_requests_total{reason=\"role\"} 9\n"));
    EXPECT_EQ(nodes.at("p1")->store->counts().requests, 0U);
}

TEST_F(ServiceTest, OtherClusterAndChain_AreConflictsAndCounted) {
    RequestHead other = head;
    other.cluster.bytes[0] ^= 1;
    const auto marks = std::vector{vote(99, 100, 1)};
    const auto cluster_answer = post("/v1/attestations", render_attestation_request(other, keys(1), marks));
    EXPECT_EQ(cluster_answer.status, 409);
    EXPECT_THAT(cluster_answer.body, HasSubstr("another cluster"));
    EXPECT_EQ(get("/v1/heartbeats", kPrimary, {{std::string{kClusterHeader}, "0x00"}}).status, 409);
    other = head;
    other.genesis_validators_root = root(1);
    for (const char* path : {"/v1/generations", "/v1/heartbeats", "/v1/halts"}) {
        EXPECT_EQ(post(path, path == std::string{"/v1/generations"}  ? render(AcquireRequest{other})
                             : path == std::string{"/v1/heartbeats"} ? render(HeartbeatRequest{other, true, true})
                                                                     : render(KeysRequest{other, keys(1)}))
                      .status,
                  409)
            << path;
    }
    EXPECT_THAT(metrics(), HasSubstr("holdfast_protector_refused_requests_total{reason=\"cluster\"} 2\n"));
    EXPECT_THAT(metrics(), HasSubstr("holdfast_protector_refused_requests_total{reason=\"chain\"} 3\n"));
    EXPECT_EQ(nodes.at("p1")->store->counts().requests, 0U);
}

TEST_F(ServiceTest, BadRequests_OneSentenceEach) {
    Domain proposer = attester_domain();
    proposer.bytes[0] = 0;
    const auto expect = [this](const std::string& body, int status, const char* words) {
        const auto response = post("/v1/attestations", body);
        EXPECT_EQ(response.status, status) << response.body;
        EXPECT_THAT(response.body, HasSubstr(words));
    };
    expect("", 400, "expected");
    expect("{}", 400, "genesis_validators_root");
    expect(render_attestation_request(head, attestation_data(99, 100, 1), proposer, keys(1)), 400, "domain");
    EXPECT_EQ(ask("p1", kPrimary, "GET", "/v1/attestations").status, 405);
    EXPECT_EQ(ask("p1", kPrimary, "GET", "/v2").status, 404);
    const net::Headers octets{{"content-type", std::string{kOctetType}}};
    EXPECT_EQ(ask("p1", kPrimary, "POST", "/v1/attestations", "\x01junk", octets).status, 400);
    EXPECT_EQ(ask("p1", kPrimary, "POST", "/v1/heartbeats", "\x01junk", octets).status, 415);
    EXPECT_EQ(nodes.at("p1")->store->counts().requests, 0U);
}

TEST_F(ServiceTest, SeenHeader_OlderThanAClientHasSeen_StopsVotingForGood) {
    vote_once(vote(98, 99, 1));
    const auto body = wire::encode_attestation_request(head, keys(1), std::vector{vote(99, 100, 1)});
    const auto ask_with = [&](const std::string& seen) {
        return ask("p1", kPrimary, "POST", "/v1/attestations", body,
                   {{"content-type", std::string{kOctetType}}, {std::string{kSeenHeader}, seen}});
    };
    EXPECT_EQ(ask_with(to_string(nodes.at("p1")->store->position())).status, 200);
    const auto refused = ask_with("1.1000");
    EXPECT_EQ(refused.status, 503);
    EXPECT_THAT(refused.body, testing::AllOf(HasSubstr("stale"), HasSubstr("instance/primary"), HasSubstr("--rejoin")));
    EXPECT_EQ(ask_with("1.0").status, 503);
    const auto status = parse_status_answer(ask("p1", "", "GET", "/v1/status").body).value();
    EXPECT_EQ(status.state, "stale");
    EXPECT_THAT(status.detail, HasSubstr("old copy"));
    EXPECT_EQ(post("/v1/generations", render(AcquireRequest{in_generation(9)})).status, 503);
    EXPECT_EQ(get("/v1/interchange", kAnna).status, 503);
}

TEST_F(ServiceTest, SeenHeader_OfAnotherClusterIsIgnored) {
    RequestHead other = head;
    other.cluster.bytes[0] ^= 1;
    const auto body = wire::encode_attestation_request(other, keys(1), std::vector{vote(99, 100, 1)});
    EXPECT_EQ(ask("p1", kPrimary, "POST", "/v1/attestations", body,
                  {{"content-type", std::string{kOctetType}}, {std::string{kSeenHeader}, "9.9"}})
                  .status,
              409);
    EXPECT_EQ(vote_once(vote(99, 100, 1)).outcome, Outcome::kApproved);
}

TEST_F(ServiceTest, PlainHttp_TheHeadSaysWhoAsks) {
    stop("p1");
    tls = false;
    start("p1", StoreOptions::Start::kExisting);
    EXPECT_EQ(acquire(2, "").head.tenure.holder, "said-in-the-head");
    EXPECT_EQ(get("/v1/interchange", "").status, 200);
}

TEST_F(ServiceTest, HundredThousandKeys_InBothForms) {
    const auto many = keys(kRequestKeysMax);
    const auto data = attestation_data(99, 100, 1);
    const auto answer = decide(wire::encode_attestation_request(head, data, attester_domain(), many));
    ASSERT_THAT(answer.verdicts, SizeIs(many.size()));
    EXPECT_EQ(answer.verdicts.back().outcome, Outcome::kApproved);
    EXPECT_EQ(nodes.at("p1")->store->counts().approved, many.size());
    EXPECT_LE(nodes.at("p1")->store->counts().commits, 2U);
    const auto response = post("/v1/attestations", render_attestation_request(head, data, attester_domain(), many));
    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_THAT(response.body,
                testing::AllOf(HasSubstr(to_hex(many.back())), HasSubstr("repeated"), Not(HasSubstr("refused"))));
}

Task<void> occupy(WorkerPool& workers, std::shared_future<void> until) {
    auto work = [until] {
        until.wait();
        return true;
    };
    co_await workers.run(std::move(work));
}

// The worker is held up, so the large JSON can't be read: a verdict in octets must not wait for it.
TEST_F(ServiceTest, LargeJson_HoldsUpNobody) {
    TestNode& node = *nodes.at("p1");
    std::promise<void> gate;
    group.spawn("occupy", occupy(node.workers, gate.get_future().share()));
    const auto data = attestation_data(98, 99, 1);
    net::HttpRequest large{"POST",
                           cluster.members[0].url + "/v1/attestations",
                           {},
                           render_attestation_request(head, data, attester_domain(), keys(5000))};
    InProcessHttp http{hosts, kPrimary};
    std::optional<Result<net::HttpResponse>> answer;
    group.spawn("large", keep(http.send(std::move(large), SteadyTime::max()), answer));
    EXPECT_EQ(vote_once(vote(99, 100, 1)).outcome, Outcome::kApproved);
    EXPECT_FALSE(answer);
    EXPECT_EQ(node.store->counts().approved, 1U);
    gate.set_value();
    EXPECT_TRUE(run_until([&] { return answer.has_value(); }));
    EXPECT_EQ(answer->value().status, 200);
    EXPECT_EQ(node.store->counts().approved, 5000U);
}

}  // namespace
}  // namespace holdfast::protector
