// Goal: a protector votes only when enough other members have said how far they have seen it, and never again when one has seen
// it further on than it is; one that lost its disk comes back with what enough others know.
#include "protector/peers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protector/rejoining.hpp"
#include "shared/base/virtual_clock.hpp"
#include "shared/protection/wire.hpp"
#include "tests/protector/node_fixture.hpp"

namespace holdfast::protector {
namespace {

using namespace protection;
using testing::HasSubstr;
using testing::SizeIs;
using Start = StoreOptions::Start;

struct PeersTest : NodesTest {
    void SetUp() override { use_cluster(4, 3); }

    // With its exchange running.
    TestNode& join(const std::string& name, Start how, std::optional<RejoinPlan> plan = {}) {
        TestNode& node = start(name, how, std::move(plan));
        node.peers.start(node.background);
        return node;
    }
    std::string state(const std::string& name) { return nodes.at(name)->membership.state(); }
    bool becomes(const std::string& name, const std::string& wanted) {
        return run_until([&] { return state(name) == wanted; });
    }
    Verdict vote_at(const std::string& name, const AttestationMark& mark, std::size_t number = 0) {
        RequestHead head = nodes.at(name)->membership.head();
        head.generation = 1;
        const auto body = wire::encode_attestation_request(head, keys(1, number), std::vector{mark});
        const auto response =
            ask(name, "instance/primary", "POST", "/v1/attestations", body, {{"content-type", std::string{kOctetType}}});
        const auto answer = wire::decode_answer(response.body);
        return answer ? answer.value().verdicts.at(0) : Verdict{Outcome::kUnknown, Reason::kNotVoting, {}};
    }
    // Until all of the others have seen `name` where it is.
    bool seen_everywhere(const std::string& name) {
        return run_until([&] {
            const Position position = nodes.at(name)->store->position();
            return std::ranges::all_of(nodes, [&](const auto& each) {
                return each.first == name || each.second->membership.seen_of(name) == position;
            });
        });
    }
    void copy_data(const std::string& from, const std::string& to) {
        std::filesystem::remove_all(directory / to);
        std::filesystem::copy(directory / from, directory / to, std::filesystem::copy_options::recursive);
    }
    Result<RejoinPlan> plan(const std::string& name, Duration allowed = std::chrono::seconds{10}) {
        InProcessHttp http{hosts, "member/" + name};
        Rejoining rejoining{clock, http, cluster, name};
        std::optional<Result<RejoinPlan>> result;
        TaskGroup asking{io.get_executor()};
        asking.spawn("rejoin", keep(rejoining.run(), result));
        const SteadyTime end = clock.steady() + allowed;
        run_until([&] { return result.has_value() || clock.steady() >= end; });
        asking.cancel();
        run_until([&] { return asking.size() == 0; });
        return result ? std::move(*result) : Result<RejoinPlan>{failure(ErrorCode::kTimeout, rejoining.detail())};
    }
};

TEST_F(PeersTest, VotesOnlyAfterEnoughOthersHaveAnswered) {
    join("p1", Start::kInit);
    EXPECT_EQ(state("p1"), "starting");
    EXPECT_EQ(vote_at("p1", vote(99, 100, 1)).reason, Reason::kNotVoting);
    const auto refused = ask("p1", "instance/primary", "POST", "/v1/attestations");
    EXPECT_EQ(refused.status, 503);
    EXPECT_THAT(refused.body, HasSubstr("0 of the 2 other members"));
    const net::Headers headers{{std::string{kClusterHeader}, to_hex(cluster.id())}};
    EXPECT_EQ(ask("p1", "operator/anna", "POST", "/v1/interchange", "{}", headers).status, 503);
    EXPECT_EQ(ask("p1", "operator/anna", "GET", "/v1/interchange", "", headers).status, 200);
    join("p2", Start::kInit);
    join("p3", Start::kInit);
    for (const char* name : {"p1", "p2", "p3"}) EXPECT_TRUE(becomes(name, "voting")) << name;
    EXPECT_EQ(vote_at("p1", vote(99, 100, 1)).outcome, Outcome::kApproved);
    EXPECT_THAT(nodes.at("p1")->metrics.render(), HasSubstr("holdfast_protector_peer_up{peer=\"p4\"} 0\n"));
    EXPECT_THAT(nodes.at("p1")->metrics.render(), HasSubstr("holdfast_protector_peer_up{peer=\"p2\"} 1\n"));
}

TEST_F(PeersTest, WhoeverCalls_IsAskedAtOnce) {
    use_cluster(3, 2);
    boost::asio::io_context never;
    VirtualTime time{never, clock.now()};  // stands still: who pauses pauses for ever
    VirtualClock still{time};
    nodes_clock = &still;
    join("p1", Start::kInit);
    EXPECT_FALSE(run_until([&] { return state("p1") == "voting"; }, std::chrono::milliseconds{50}));
    join("p2", Start::kInit);
    EXPECT_TRUE(becomes("p2", "voting"));
    EXPECT_TRUE(becomes("p1", "voting"));
    for (const char* name : {"p1", "p2"}) stop(name);
}

TEST_F(PeersTest, RestoredBackup_IsStaleAndRejoins) {
    for (const char* name : {"p1", "p2", "p3"}) join(name, Start::kInit);
    for (const char* name : {"p1", "p2", "p3"}) ASSERT_TRUE(becomes(name, "voting"));
    vote_at("p1", vote(97, 98, 1));
    stop("p1");
    copy_data("p1", "backup");
    join("p1", Start::kExisting);
    ASSERT_TRUE(becomes("p1", "voting"));
    for (const char* name : {"p1", "p2", "p3"}) EXPECT_EQ(vote_at(name, vote(98, 99, 1)).outcome, Outcome::kApproved);
    ASSERT_TRUE(seen_everywhere("p1"));
    stop("p1");

    copy_data("backup", "p1");
    join("p1", Start::kExisting);
    ASSERT_TRUE(becomes("p1", "stale"));
    EXPECT_EQ(vote_at("p1", vote(98, 99, 2)).reason, Reason::kNotVoting);
    EXPECT_THAT(nodes.at("p1")->membership.detail(), testing::AllOf(HasSubstr("old copy"), HasSubstr("--rejoin")));
    EXPECT_THAT(nodes.at("p1")->metrics.render(), HasSubstr("holdfast_protector_state{state=\"stale\"} 1\n"));
    stop("p1");

    std::filesystem::remove_all(directory / "p1");
    auto rejoin = plan("p1");
    ASSERT_TRUE(rejoin) << rejoin.error().message;
    EXPECT_EQ(rejoin.value().position.incarnation, 2U);
    EXPECT_GE(rejoin.value().floor.target, Epoch{101});
    join("p1", Start::kRejoin, rejoin.value());
    ASSERT_TRUE(becomes("p1", "rejoining"));
    EXPECT_EQ(vote_at("p1", vote(98, 99, 2)).reason, Reason::kBelowFloor);
    EXPECT_EQ(vote_at("p1", vote(99, 101, 2)).reason, Reason::kBelowFloor);
    // What it says to others that rejoin doesn't count while its floor is ahead.
    const auto answer = ask("p1", "member/p2", "GET", "/v1/records", {}, {{std::string{kClusterHeader}, to_hex(cluster.id())}});
    EXPECT_TRUE(wire::decode_all_records(answer.body).value().rejoining);
}

TEST_F(PeersTest, SeenPositions_SurviveTheRestartOfAllOthers) {
    for (const char* name : {"p1", "p2", "p3"}) join(name, Start::kInit);
    for (const char* name : {"p1", "p2", "p3"}) ASSERT_TRUE(becomes(name, "voting"));
    vote_at("p1", vote(97, 98, 1));
    ASSERT_TRUE(seen_everywhere("p1"));
    // Written with the next commit.
    for (const char* name : {"p2", "p3"}) vote_at(name, vote(97, 98, 1));
    for (const char* name : {"p1", "p2", "p3"}) stop(name);
    std::filesystem::remove_all(directory / "p1");
    join("p1", Start::kInit);
    for (const char* name : {"p2", "p3"}) join(name, Start::kExisting);
    EXPECT_TRUE(becomes("p1", "stale"));
    EXPECT_TRUE(becomes("p2", "starting"));
    EXPECT_EQ(vote_at("p1", vote(97, 98, 2)).reason, Reason::kNotVoting);
}

TEST_F(PeersTest, WrongInitOnALostDisk_IsCaught) {
    for (const char* name : {"p1", "p2", "p3"}) join(name, Start::kInit);
    for (const char* name : {"p1", "p2", "p3"}) ASSERT_TRUE(becomes(name, "voting"));
    vote_at("p1", vote(97, 98, 1));
    ASSERT_TRUE(seen_everywhere("p1"));
    stop("p1");
    std::filesystem::remove_all(directory / "p1");
    join("p1", Start::kInit);
    ASSERT_TRUE(becomes("p1", "stale"));
    EXPECT_EQ(vote_at("p1", vote(97, 98, 2)).reason, Reason::kNotVoting);
}

TEST_F(PeersTest, Stranger_IsNoPeer) {
    start("p1", Start::kInit);
    RequestHead head = nodes.at("p1")->membership.head();
    const std::string body = render(PeerRequest{head, Position{1, 5}});
    EXPECT_EQ(ask("p1", "member/p9", "POST", "/v1/peers", body).status, 403);
    EXPECT_EQ(ask("p1", "member/p1", "POST", "/v1/peers", body).status, 403);
    const auto good = ask("p1", "member/p2", "POST", "/v1/peers", body);
    ASSERT_EQ(good.status, 200) << good.body;
    const auto answer = parse_peer_answer(good.body).value();
    EXPECT_EQ(answer.node, "p1");
    EXPECT_EQ(answer.position, (Position{1, 0}));
    EXPECT_EQ(answer.seen_of_you, (Position{1, 5}));
}

TEST_F(PeersTest, AnotherNodeBehindAMembersUrl_DoesNotCount) {
    join("p1", Start::kInit);
    TestNode& second = join("p2", Start::kInit);
    // p2 answers at p3's address too.
    hosts[cluster.member("p3")->url] = hosts[cluster.member("p2")->url];
    ASSERT_TRUE(run_until([&] {
        return nodes.at("p1")->metrics.render().find("refused_requests_total{reason=\"node\"} 1\n") != std::string::npos;
    }));
    EXPECT_EQ(state("p1"), "starting");
    EXPECT_FALSE(second.membership.votes());
    hosts.erase(cluster.member("p3")->url);
}

TEST_F(PeersTest, Rejoin_WaitsForEnoughAndNamesWhoIsMissing) {
    for (const char* name : {"p2", "p3"}) join(name, Start::kInit);
    stop("p3");
    const auto waiting = plan("p1", std::chrono::milliseconds{300});
    ASSERT_FALSE(waiting);
    EXPECT_EQ(waiting.error().code, ErrorCode::kTimeout);
    EXPECT_THAT(waiting.error().message, testing::AllOf(HasSubstr("p3: connection refused"), HasSubstr("p2: status 503")));
}

TEST_F(PeersTest, TwoLostDisks_RejoinFromTheTwoThatStayedUp) {
    for (const char* name : {"p1", "p2", "p3", "p4"}) join(name, Start::kInit);
    for (const char* name : {"p1", "p2", "p3", "p4"}) ASSERT_TRUE(becomes(name, "voting"));
    for (const char* name : {"p1", "p3"}) vote_at(name, vote(98, 99, 1));
    for (const char* name : {"p3", "p4"}) {
        stop(name);
        std::filesystem::remove_all(directory / name);
    }
    auto third = plan("p3");
    auto fourth = plan("p4");
    ASSERT_TRUE(third && fourth);
    join("p3", Start::kRejoin, third.value());
    join("p4", Start::kRejoin, fourth.value());
    for (const char* name : {"p3", "p4"}) {
        ASSERT_TRUE(becomes(name, "rejoining"));
        EXPECT_EQ(vote_at(name, vote(98, 99, 2)).reason, Reason::kBelowFloor);
    }

    // Had the two been restarted meanwhile, they would not vote, and nobody could rejoin from them.
    for (const char* name : {"p1", "p2", "p3", "p4"}) stop(name);
    for (const char* name : {"p1", "p2"}) join(name, Start::kExisting);
    const auto waiting = plan("p3", std::chrono::milliseconds{300});
    ASSERT_FALSE(waiting);
    EXPECT_THAT(waiting.error().message, HasSubstr("starting"));
}

TEST_F(PeersTest, Rejoin_RefusesAWrongClock) {
    for (const char* name : {"p2", "p3", "p4"}) join(name, Start::kInit);
    for (const char* name : {"p2", "p3", "p4"}) ASSERT_TRUE(becomes(name, "voting"));
    cluster.chain.genesis_time -= std::chrono::seconds{60};  // as if this machine's clock were a minute late
    const auto refused = plan("p1");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
    EXPECT_THAT(refused.error().message, HasSubstr("clock"));
}

TEST_F(PeersTest, Rejoin_OfOneMember_IsImpossible) {
    use_cluster(1, 1);
    const auto refused = plan("p1");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
    EXPECT_THAT(refused.error().message, HasSubstr("one member"));
}

}  // namespace
}  // namespace holdfast::protector
