// Goal: the quorum client asks all, goes on with Q, never waits for the slow, and counts only answers of the right protector to
// the right question. Method: virtual time and protectors in memory behind a fake HTTP client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/shared/protection/quorum_client_fixture.hpp"

namespace holdfast::protection {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using QuorumClientTest = QuorumClientFixture;

TEST_F(QuorumClientTest, AllWell_OneApprovalWithTheSigningRoot) {
    const auto data = attestation_data(1, 2, 3);
    const Decision decision = decide(data, keys(50));
    ASSERT_THAT(decision.approvals, SizeIs(1));
    EXPECT_EQ(decision.approvals[0].signing_root(), ethereum::attestation_signing_root(data, attester_domain()));
    EXPECT_EQ(decision.approvals[0].keys(), keys(50));
    EXPECT_THAT(decision.denials, IsEmpty());
    for (std::size_t i = 1; i <= 4; ++i) EXPECT_THAT(protector(i).seen, SizeIs(1));
}

TEST_F(QuorumClientTest, TheRequestSaysWhoAsksAndWhatWasSeen) {
    decide(attestation_data(1, 2, 3), keys(1));
    decide(attestation_data(1, 3, 3), keys(1));
    const net::HttpRequest& second = protector(1).seen.at(1);
    EXPECT_EQ(net::find_header(second.headers, "content-type"), kOctetType);
    EXPECT_EQ(net::find_header(second.headers, kSeenHeader), "1.2");
    const RequestHead head = wire::decode_attestation_request(second.body).value().head;
    EXPECT_EQ(head.cluster, cluster.id());
    EXPECT_EQ(head.instance, "primary");
    EXPECT_EQ(head.generation, 1U);
    EXPECT_NE(head.request_id, wire::decode_attestation_request(protector(1).seen.at(0).body).value().head.request_id);
}

TEST_F(QuorumClientTest, OneHangs_CostsNothing) {
    protector(2).fault = Fault::kHangs;
    EXPECT_THAT(decide(attestation_data(1, 2, 3), keys(2)).approvals, SizeIs(1));
    EXPECT_EQ(took, milliseconds{1});
}

TEST_F(QuorumClientTest, SlowMember_RecordsInTheBackground) {
    protector(4).delay = seconds{1};
    EXPECT_THAT(decide(attestation_data(1, 2, 3), keys(2)).approvals, SizeIs(1));
    EXPECT_EQ(took, milliseconds{1});
    EXPECT_EQ(protector(4).recorded, 2U);
}

// A member that lost its memory rejoins after two slots: nobody may still wait for a quorum that it was a part of.
TEST_F(QuorumClientTest, AnswersAreCountedForASlotAtMost) {
    protector(3).delay = protector(4).delay = seconds{13};
    const Decision decision = decide(attestation_data(1, 2, 3), keys(2), seconds{60});
    EXPECT_THAT(decision.approvals, IsEmpty());
    EXPECT_EQ(took, seconds{12});
}

// A process that was stopped, or a machine that was suspended: answers are there before any alarm has rung.
TEST_F(QuorumClientTest, AnswersHeardAfterASuspend_DontCount) {
    for (std::size_t i = 1; i <= 4; ++i) protector(i).delay = milliseconds{20};
    clock.call_at(clock.steady() + milliseconds{10}, [this] { clock.set_wall_error(seconds{12}); });
    const Decision decision = decide(attestation_data(1, 2, 3), keys(2));
    EXPECT_THAT(decision.approvals, IsEmpty());
    ASSERT_THAT(decision.denials, SizeIs(2));
    EXPECT_THAT(decision.denials[0].reason, HasSubstr("later than a slot"));
}

TEST_F(QuorumClientTest, TwoDown_NoQuorumAtTheDeadline) {
    const std::size_t before = protector(1).requests;
    protector(1).fault = protector(3).fault = Fault::kDown;
    const Decision decision = decide(attestation_data(1, 2, 3), keys(2));
    EXPECT_THAT(decision.approvals, IsEmpty());
    ASSERT_THAT(decision.denials, SizeIs(2));
    EXPECT_EQ(decision.denials[0].kind, Denial::Kind::kNoQuorum);
    EXPECT_THAT(decision.denials[0].reason, HasSubstr("2 yes, 3 needed: p1: connection refused; p2: approved"));
    EXPECT_LE(took, seconds{2});
    EXPECT_GE(protector(1).requests - before, 4U);
    EXPECT_FALSE(client->members()[0].reachable);
    EXPECT_FALSE(client->members()[0].votes());
}

TEST_F(QuorumClientTest, MemberComesBackInTime_ApprovedWithTheSameBytes) {
    protector(1).fault = Fault::kDown;
    protector(3).fault = Fault::kBroken;
    std::optional<Decision> decision;
    SteadyTime when;
    auto question =
        client->approve_attestation(attestation_data(1, 2, 3), attester_domain(), keys(2), clock.steady() + seconds{2});
    group.spawn("ask", store_result(std::move(question), clock, decision, when));
    time.advance(milliseconds{300});
    EXPECT_FALSE(decision);
    protector(3).fault = Fault::kNone;
    time.advance(seconds{2});
    ASSERT_TRUE(decision);
    EXPECT_THAT(decision->approvals, SizeIs(1));
    EXPECT_EQ(protector(3).seen.at(0).body, protector(2).seen.at(0).body);
}

TEST_F(QuorumClientTest, ConflictingVote_RefusedWithReasonAndRecord) {
    EXPECT_THAT(decide(attestation_data(1, 2, 3), keys(1)).approvals, SizeIs(1));
    const Decision decision = decide(attestation_data(1, 2, 4), keys(3));
    ASSERT_THAT(decision.approvals, SizeIs(1));
    EXPECT_EQ(decision.approvals[0].keys(), keys(2, 1));
    ASSERT_THAT(decision.denials, SizeIs(1));
    const Denial& denial = decision.denials[0];
    EXPECT_EQ(denial.key, key(0));
    EXPECT_EQ(denial.kind, Denial::Kind::kRefused);
    EXPECT_THAT(denial.reason, HasSubstr("another vote is recorded for target epoch 2"));
    EXPECT_EQ(std::get<AttestationMark>(denial.record), *protector(1).records[key(0)].attestation);
    EXPECT_EQ(client->members()[0].refused, 1U);
    EXPECT_EQ(client->members()[0].approved, 3U);
}

TEST_F(QuorumClientTest, SameVoteAgain_Approved) {
    EXPECT_THAT(decide(attestation_data(1, 2, 3), keys(1)).approvals, SizeIs(1));
    EXPECT_THAT(decide(attestation_data(1, 2, 3), keys(1)).approvals, SizeIs(1));
}

TEST_F(QuorumClientTest, Block_ApprovedOnceForASlot) {
    const auto ask = [this](std::uint64_t slot, std::uint64_t of) {
        return run(client->approve_block(Slot{slot}, root(of), key(0), clock.steady() + seconds{1}));
    };
    const Decision first = ask(10, 1);
    ASSERT_THAT(first.approvals, SizeIs(1));
    EXPECT_EQ(first.approvals[0].signing_root(), root(1));
    EXPECT_THAT(ask(10, 1).approvals, SizeIs(1));
    const Decision other = ask(10, 2);
    ASSERT_THAT(other.denials, SizeIs(1));
    EXPECT_EQ(other.denials[0].kind, Denial::Kind::kRefused);
    EXPECT_EQ(std::get<BlockMark>(other.denials[0].record), block(10, 1));
}

TEST_F(QuorumClientTest, OneKeyRefusedByOneWhileOneHangs_OthersWaitForTheGraceOnly) {
    protector(1).records[key(0)].attestation = vote(1, 2, 77);
    protector(2).fault = Fault::kHangs;
    const Decision decision = decide(attestation_data(1, 2, 3), keys(3));
    ASSERT_THAT(decision.approvals, SizeIs(1));
    EXPECT_EQ(decision.approvals[0].keys(), keys(2, 1));
    ASSERT_THAT(decision.denials, SizeIs(1));
    EXPECT_EQ(decision.denials[0].kind, Denial::Kind::kNoQuorum);
    EXPECT_EQ(took, milliseconds{101});
}

TEST_F(QuorumClientTest, AnswersThatAreNoneToThisQuestion_AreNoYes) {
    for (const Fault fault : {Fault::kGarbage, Fault::kTooFewVerdicts, Fault::kOtherRequest}) {
        make(4, 3, Mode::kShared);
        protector(1).fault = fault;
        protector(2).fault = fault;
        const std::size_t before = protector(1).requests;
        const Decision decision = decide(attestation_data(1, 2, 3), keys(2));
        EXPECT_THAT(decision.approvals, IsEmpty());
        ASSERT_THAT(decision.denials, SizeIs(2));
        EXPECT_EQ(decision.denials[0].kind, Denial::Kind::kNoQuorum);
        EXPECT_EQ(protector(1).requests - before, 1U) << "asking such a one again helps nobody";
    }
}

TEST_F(QuorumClientTest, TwoAddressesOfOneProtector_CountOnce) {
    protector(2).node = "p1";
    protector(3).fault = Fault::kDown;
    const Decision decision = decide(attestation_data(1, 2, 3), keys(2));
    EXPECT_THAT(decision.approvals, IsEmpty());
    ASSERT_THAT(decision.denials, SizeIs(2));
    EXPECT_THAT(decision.denials[0].reason, HasSubstr("p2: the address leads to protector p1, not to p2"));
    EXPECT_TRUE(client->members()[1].foreign);
    protector(2).node = "p2";
    EXPECT_THAT(decide(attestation_data(1, 2, 3), keys(2)).approvals, SizeIs(1));
    EXPECT_FALSE(client->members()[1].foreign);
}

TEST_F(QuorumClientTest, AnotherCluster_IsForeign) {
    protector(2).cluster = {};
    EXPECT_TRUE(run(client->halt(keys(1), clock.steady() + seconds{1})));
    EXPECT_TRUE(client->members()[1].foreign);
    EXPECT_THAT(client->members()[1].detail, HasSubstr("HTTP 409: this is another cluster"));
    EXPECT_FALSE(client->members()[0].foreign);
}

TEST_F(QuorumClientTest, NotVoting_IsNoRefusal) {
    protector(1).state = "stale";
    protector(2).state = "starting";
    const Decision decision = decide(attestation_data(1, 2, 3), keys(1));
    ASSERT_THAT(decision.denials, SizeIs(1));
    EXPECT_EQ(decision.denials[0].kind, Denial::Kind::kNoQuorum);
    EXPECT_THAT(decision.denials[0].reason, HasSubstr("no votes: stale"));
    protector(2).state = "voting";
    EXPECT_THAT(decide(attestation_data(1, 2, 3), keys(1)).approvals, SizeIs(1));
}

TEST_F(QuorumClientTest, Latency_IsTold) {
    std::map<std::string, std::vector<Duration>> told;
    HttpQuorumOptions options;
    options.cluster = cluster;
    options.instance = "primary";
    options.on_latency = [&told](const std::string& member, Duration latency) { told[member].push_back(latency); };
    client = HttpQuorumClient::create(io.get_executor(), clock, random, network, std::move(options)).value();
    ASSERT_TRUE(run(client->acquire(clock.steady() + seconds{1})));
    protector(2).delay = milliseconds{7};
    decide(attestation_data(1, 2, 3), keys(2));
    EXPECT_EQ(told["p2"], std::vector<Duration>{milliseconds{7}});
    EXPECT_EQ(told["p1"], std::vector<Duration>{milliseconds{1}});
}

TEST_F(QuorumClientTest, KeysGivenTwice_AreAskedOnce) {
    auto twice = keys(2);
    twice.push_back(key(0));
    const Decision decision = decide(attestation_data(1, 2, 3), twice);
    ASSERT_THAT(decision.approvals, SizeIs(1));
    EXPECT_EQ(decision.approvals[0].keys(), keys(2));
}

TEST_F(QuorumClientTest, UnusableClusters_AreRefused) {
    const auto create = [&](std::size_t quorum, std::vector<ClusterMember> members) {
        HttpQuorumOptions options;
        options.cluster = cluster;
        options.cluster.quorum = quorum;
        options.cluster.members = std::move(members);
        return HttpQuorumClient::create(io.get_executor(), clock, random, network, options);
    };
    EXPECT_THAT(create(1, {{"a", "http://a:1"}, {"b", "http://b:1"}}).error().message, HasSubstr("unsafe"));
    EXPECT_THAT(create(2, {{"a", "http://a:1"}, {"b", "http://a:1"}}).error().message, HasSubstr("twice"));
    EXPECT_THAT(create(2, {{"a", "http://a:1"}, {"a", "http://b:1"}}).error().message, HasSubstr("twice"));
    EXPECT_THAT(create(1, {}).error().message, HasSubstr("no protectors"));
}

}  // namespace
}  // namespace holdfast::protection
