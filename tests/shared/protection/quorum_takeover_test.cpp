// Goal: an instance goes on duty with Q promises, learns that it is fenced, adopts what a quorum recorded, and is seen by its
// heartbeats. Method: virtual time and protectors in memory behind a fake HTTP client.
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

struct QuorumTakeoverTest : QuorumClientFixture {
    std::unique_ptr<HttpQuorumClient> second{make_client("secondary")};

    void TearDown() override {
        second.reset();
        QuorumClientFixture::TearDown();
    }

    Result<Promise> acquire(HttpQuorumClient& who, Duration timeout = seconds{2}) {
        return run(who.acquire(clock.steady() + timeout));
    }
    Result<AdoptionPlan> adopt(Epoch target) { return run(second->adoption(target, clock.steady() + seconds{2})); }
};

TEST_F(QuorumTakeoverTest, Acquire_AsksAboveAllAndSaysWhatIsRecorded) {
    protector(3).tenure = {8, "old", {}};
    decide(attestation_data(1, 5, 3), keys(1));
    const auto promise = acquire(*second);
    ASSERT_TRUE(promise) << promise.error().message;
    EXPECT_EQ(promise.value().generation, 9U);
    EXPECT_EQ(promise.value().highest_target, Epoch{5});
    EXPECT_EQ(second->generation(), 9U);
    EXPECT_EQ(protector(1).tenure.holder, "secondary");
}

TEST_F(QuorumTakeoverTest, Acquire_OneHangs_CostsNothing) {
    protector(2).fault = Fault::kHangs;
    ASSERT_TRUE(acquire(*second));
    EXPECT_EQ(took, milliseconds{2});
}

TEST_F(QuorumTakeoverTest, Acquire_WithoutQuorum_SaysWhy) {
    protector(1).fault = protector(2).fault = Fault::kDown;
    const auto promise = acquire(*second);
    ASSERT_FALSE(promise);
    EXPECT_EQ(promise.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(promise.error().message, HasSubstr("p1: connection refused"));
    EXPECT_EQ(second->generation(), 0U);
}

TEST_F(QuorumTakeoverTest, Acquire_MembersThatComeBack_Count) {
    protector(1).fault = protector(2).fault = Fault::kDown;
    std::optional<Result<Promise>> promise;
    SteadyTime when;
    group.spawn("acquire", store_result(second->acquire(clock.steady() + seconds{5}), clock, promise, when));
    time.advance(seconds{1});
    EXPECT_FALSE(promise);
    protector(1).fault = Fault::kNone;
    time.advance(seconds{1});
    ASSERT_TRUE(promise);
    EXPECT_TRUE(*promise);
}

TEST_F(QuorumTakeoverTest, TwoRivals_OneWinsAndTheOtherIsTold) {
    for (std::uint64_t round = 0; round < 20; ++round) {
        for (std::size_t i = 1; i <= 4; ++i) protector(i).delay = milliseconds{1 + random.below(20)};
        auto third = make_client("third");
        std::optional<Result<Promise>> one;
        std::optional<Result<Promise>> two;
        SteadyTime when;
        group.spawn("one", store_result(second->acquire(clock.steady() + seconds{5}), clock, one, when));
        time.advance(milliseconds{random.below(30)});
        group.spawn("two", store_result(third->acquire(clock.steady() + seconds{5}), clock, two, when));
        time.advance(seconds{6});
        ASSERT_TRUE(one && two);
        ASSERT_TRUE(*one || *two);
        for (const auto* result : {&*one, &*two}) {
            EXPECT_TRUE(*result || result->error().code == ErrorCode::kRefused) << result->error().message;
        }
        // Whoever was promised the highest generation can have its votes approved.
        HttpQuorumClient& winner = second->generation() > third->generation() ? *second : *third;
        const auto data = attestation_data(1, 10 + round, round);
        const Decision decision =
            run(winner.approve_attestation(data, attester_domain(), keys(1), clock.steady() + seconds{1}));
        EXPECT_THAT(decision.approvals, SizeIs(1));
    }
}

TEST_F(QuorumTakeoverTest, Fenced_IsKnownAndAcquireEndsIt) {
    EXPECT_FALSE(client->fenced_by());
    ASSERT_TRUE(acquire(*second));
    const Decision decision = decide(attestation_data(1, 2, 3), keys(2));
    EXPECT_THAT(decision.approvals, IsEmpty());
    ASSERT_THAT(decision.denials, SizeIs(2));
    EXPECT_EQ(decision.denials[0].kind, Denial::Kind::kFenced);
    EXPECT_THAT(decision.denials[0].reason, HasSubstr("fenced by generation 2, held by secondary"));
    ASSERT_TRUE(client->fenced_by());
    EXPECT_EQ(client->fenced_by()->holder, "secondary");
    EXPECT_EQ(client->members()[0].fenced, 2U);
    ASSERT_TRUE(acquire(*client));
    EXPECT_FALSE(client->fenced_by());
    EXPECT_THAT(decide(attestation_data(1, 2, 3), keys(2)).approvals, SizeIs(1));
}

TEST_F(QuorumTakeoverTest, OneMemberWithAHigherGeneration_FencesNobody) {
    protector(4).tenure = {7, "old", {}};
    EXPECT_THAT(decide(attestation_data(1, 2, 3), keys(2)).approvals, SizeIs(1));
    EXPECT_FALSE(client->fenced_by());
}

TEST_F(QuorumTakeoverTest, SharedMode_HasNoGenerations) {
    make(4, 3, Mode::kShared);
    const auto promise = acquire(*client);
    ASSERT_TRUE(promise);
    EXPECT_EQ(promise.value().generation, 0U);
    EXPECT_THAT(decide(attestation_data(1, 2, 3), keys(2)).approvals, SizeIs(1));
}

TEST_F(QuorumTakeoverTest, Adoption_TakesWhatIsRecorded) {
    const auto data = attestation_data(4, 5, 3);
    protector(1).fault = protector(2).fault = Fault::kDown;
    decide(data, keys(3));
    protector(1).fault = protector(2).fault = Fault::kNone;
    ASSERT_TRUE(acquire(*second));
    const auto plan = adopt(Epoch{5});
    ASSERT_TRUE(plan) << plan.error().message;
    ASSERT_THAT(plan.value().adopt, SizeIs(1));
    EXPECT_EQ(*plan.value().adopt[0].data, data);
    EXPECT_THAT(plan.value().adopt[0].keys, testing::UnorderedElementsAreArray(keys(3)));
    ASSERT_TRUE(adopt(Epoch{4}));
    EXPECT_THAT(adopt(Epoch{4}).value().adopt, IsEmpty());
}

TEST_F(QuorumTakeoverTest, Adoption_OneHangs_WaitsForTheGraceOnly) {
    ASSERT_TRUE(acquire(*second));
    protector(2).fault = Fault::kHangs;
    ASSERT_TRUE(adopt(Epoch{5}));
    EXPECT_EQ(took, milliseconds{101});
    protector(3).fault = Fault::kDown;
    const auto plan = adopt(Epoch{5});
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(plan.error().message, HasSubstr("p3: connection refused"));
}

// It could say yes to the predecessor after it was read.
TEST_F(QuorumTakeoverTest, Adoption_AMemberThatHasNotPromisedPromisesFirst) {
    protector(4).fault = Fault::kDown;
    ASSERT_TRUE(acquire(*second));
    EXPECT_EQ(protector(4).tenure.generation, 1U);
    protector(4).fault = Fault::kNone;
    protector(1).fault = Fault::kDown;
    ASSERT_TRUE(adopt(Epoch{5}));
    EXPECT_EQ(protector(4).tenure.generation, 2U);
}

TEST_F(QuorumTakeoverTest, Halt_NeedsAQuorum) {
    protector(1).fault = Fault::kDown;
    EXPECT_TRUE(run(client->halt(keys(2), clock.steady() + seconds{1})));
    EXPECT_EQ(protector(2).halted.size(), 2U);
    protector(2).fault = Fault::kDown;
    const auto halted = run(client->halt(keys(2), clock.steady() + seconds{1}));
    ASSERT_FALSE(halted);
    EXPECT_EQ(halted.error().code, ErrorCode::kUnavailable);
}

TEST_F(QuorumTakeoverTest, Heartbeats_AreHeardWhileOn) {
    bool well = true;
    client->start_heartbeats([&well] { return Beat{true, well}; });
    time.advance(seconds{2});
    const auto witness = [this] {
        const auto lists = run(second->heard(clock.steady() + milliseconds{50}), milliseconds{50});
        return lists && witnessed(lists.value(), "primary", seconds{1}, 3);
    };
    EXPECT_TRUE(witness());
    protector(1).fault = Fault::kHangs;
    time.advance(seconds{2});
    EXPECT_TRUE(witness());
    well = false;
    time.advance(seconds{1});
    EXPECT_FALSE(witness()) << "not well";
    well = true;
    time.advance(seconds{1});
    EXPECT_TRUE(witness());
    client->stop_heartbeats();
    time.advance(seconds{2});
    EXPECT_FALSE(witness()) << "silent";
}

TEST_F(QuorumTakeoverTest, Heartbeats_ChangeIsToldAtOnce_AlsoIfOneHangs) {
    bool on_duty = true;
    client->start_heartbeats([&on_duty] { return Beat{on_duty, true}; });
    protector(1).fault = Fault::kHangs;
    time.advance(milliseconds{2100});
    const auto said_by = [this](std::size_t member) {
        const auto heard = protector(member).heartbeats.heard(clock.steady());
        return !heard.empty() && heard.front().beat.on_duty;
    };
    EXPECT_TRUE(said_by(2) && said_by(3) && said_by(4));
    on_duty = false;
    time.advance(milliseconds{5});
    EXPECT_TRUE(said_by(2)) << "nobody has told it";
    client->beat_now();
    time.advance(milliseconds{5});
    EXPECT_FALSE(said_by(2) || said_by(3) || said_by(4));
    client->stop_heartbeats();
    client->beat_now();
    time.advance(seconds{1});
}

TEST_F(QuorumTakeoverTest, Heartbeats_TellThatWeAreFenced) {
    client->start_heartbeats([] { return Beat{true, true}; });
    ASSERT_TRUE(acquire(*second));
    time.advance(seconds{1});
    ASSERT_TRUE(client->fenced_by());
    EXPECT_EQ(client->fenced_by()->generation, 2U);
}

TEST_F(QuorumTakeoverTest, Refresh_SaysWhoIsThere) {
    protector(2).fault = Fault::kDown;
    protector(3).genesis_validators_root = root(1);
    protector(4).state = "stale";
    group.spawn("refresh", client->refresh(clock.steady() + seconds{1}));
    time.advance(seconds{1});
    const auto members = client->members();
    EXPECT_TRUE(members[0].votes());
    EXPECT_EQ(members[0].detail, "v1, voting");
    EXPECT_EQ(members[0].last_latency, milliseconds{1});
    EXPECT_FALSE(members[1].reachable);
    EXPECT_FALSE(members[2].reachable);
    EXPECT_TRUE(members[2].foreign);
    EXPECT_THAT(members[2].detail, HasSubstr("another chain"));
    EXPECT_TRUE(members[3].reachable);
    EXPECT_FALSE(members[3].votes());
}

TEST_F(QuorumTakeoverTest, UsedSince_KeysThatAQuorumRecordedForUs) {
    decide(attestation_data(1, 5, 3), keys(3));
    const auto used = [this](Epoch first) { return run(second->used_since(first, clock.steady() + seconds{2})); };
    // The next vote has come to two of four; and of another key there is one record only.
    for (const std::size_t member : {1U, 2U}) {
        protector(member).records[key(0)].attestation = vote(5, 6, 4);
        protector(member).records.erase(key(1));
    }
    const auto since = used(Epoch{5});
    ASSERT_TRUE(since) << since.error().message;
    EXPECT_EQ(since.value(), (std::vector<PublicKey>{key(0), key(2)}));
    EXPECT_EQ(used(Epoch{4}).value(), (std::vector<PublicKey>{key(2)}));
    EXPECT_THAT(used(Epoch{6}).value(), IsEmpty());
    protector(1).fault = protector(2).fault = Fault::kDown;
    EXPECT_EQ(used(Epoch{5}).error().code, ErrorCode::kUnavailable);
}

TEST_F(QuorumTakeoverTest, Warm_UsesIdleConnectionsOnly) {
    const auto warm = [this] {
        const std::size_t before = protector(1).status_requests;
        group.spawn("warm", client->warm(clock.steady() + seconds{1}));
        time.advance(milliseconds{10});
        return protector(1).status_requests - before;
    };
    time.advance(seconds{5});
    EXPECT_EQ(warm(), 1U);
    EXPECT_EQ(warm(), 0U);
    time.advance(seconds{5});
    EXPECT_EQ(warm(), 1U);
}

TEST_F(QuorumTakeoverTest, Stop_EndsWhatGoesOn) {
    protector(1).fault = Fault::kHangs;
    client->start_heartbeats([] { return Beat{true, true}; });
    group.spawn("adopt", [](HttpQuorumClient& who, Clock& now) -> Task<void> {
        const auto plan = co_await who.adoption(Epoch{5}, now.steady() + seconds{100});
        static_cast<void>(plan);
    }(*client, clock));
    time.advance(milliseconds{200});
    bool stopped = false;
    group.spawn("stop", [](HttpQuorumClient& who, bool& done) -> Task<void> {
        co_await who.stop();
        done = true;
    }(*client, stopped));
    time.advance(milliseconds{1});
    EXPECT_TRUE(stopped);
}

}  // namespace
}  // namespace holdfast::protection
