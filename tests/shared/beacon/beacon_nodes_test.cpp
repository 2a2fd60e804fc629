#include "shared/beacon/beacon_nodes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/shared/beacon/beacon_nodes_fixture.hpp"

namespace holdfast::beacon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

ethereum::Genesis other_genesis() {
    ethereum::Genesis genesis = testing::chain_genesis();
    genesis.validators_root.bytes.fill(0x22);
    return genesis;
}

// --- connect ---

TEST_F(BeaconNodesTest, ConnectsAtOnceWhenAllAnswer) {
    ASSERT_TRUE(connect().has_value());
    EXPECT_LT(took, milliseconds{100});
    EXPECT_EQ(nodes->fit_count(), 3U);
}

TEST_F(BeaconNodesTest, DoesNotWaitForANodeThatRefuses) {
    fakes[2]->always.error = failure(ErrorCode::kUnavailable, "connection refused");
    ASSERT_TRUE(connect().has_value());
    EXPECT_LT(took, milliseconds{100});
    EXPECT_EQ(fitness(2), Fitness::kUnreachable);
}

TEST_F(BeaconNodesTest, AHangingNodeCostsTheStartHalfASecond) {
    fakes[2]->always.hang = true;
    ASSERT_TRUE(connect().has_value());
    EXPECT_LT(took, milliseconds{600});
    EXPECT_EQ(nodes->genesis(), testing::chain_genesis());
    EXPECT_EQ(nodes->spec().slots_per_epoch(), 32U);
    EXPECT_EQ(nodes->fit_count(), 2U);
    EXPECT_EQ(fitness(2), Fitness::kUnknown);
    EXPECT_EQ(nodes->states()[0].version, "Fake/v1");
}

TEST_F(BeaconNodesTest, AForeignNodeIsLeftOutWhereverItStands) {
    fakes[0]->genesis_said = other_genesis();
    ASSERT_TRUE(connect().has_value());
    EXPECT_EQ(nodes->genesis(), testing::chain_genesis());
    EXPECT_EQ(fitness(0), Fitness::kForeign);
    EXPECT_THAT(nodes->states()[0].detail, HasSubstr("genesis validators root is 0x222222..2222 instead of 0x111111..1111"));
}

TEST_F(BeaconNodesTest, AnotherForkScheduleIsForeign) {
    fakes[1]->spec_said["ELECTRA_FORK_EPOCH"] = "7";
    ASSERT_TRUE(connect().has_value());
    EXPECT_EQ(fitness(1), Fitness::kForeign);
    EXPECT_THAT(nodes->states()[1].detail, HasSubstr("electra"));
}

TEST_F(BeaconNodesTest, TheMostCommonChainWinsThoughAnotherAnswersFirst) {
    fakes[0]->genesis_said = other_genesis();
    fakes[1]->always.delay = milliseconds{20};
    fakes[2]->always.delay = milliseconds{20};
    ASSERT_TRUE(connect(1).has_value());
    EXPECT_EQ(nodes->genesis(), testing::chain_genesis());
}

TEST_F(BeaconNodesTest, TooFewIsASentencePerNode) {
    fakes[0]->genesis_said = other_genesis();
    fakes[1]->always.error = failure(ErrorCode::kUnavailable, "connection refused");
    const auto result = connect(2, seconds{5});
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(result.error().message, HasSubstr("http://node0: "));
    EXPECT_THAT(result.error().message, HasSubstr("http://node1 genesis: connection refused"));
    EXPECT_THAT(result.error().message, HasSubstr("http://node2: "));
    EXPECT_THAT(result.error().message, HasSubstr("2 needed"));
}

TEST_F(BeaconNodesTest, ANodeThatComesUpLateIsWaitedFor) {
    fakes[1]->always.error = failure(ErrorCode::kUnavailable, "connection refused");
    fakes[2]->always.error = failure(ErrorCode::kUnavailable, "connection refused");
    std::optional<Result<void>> result;
    group.spawn("connect", store(nodes->connect(2, clock.steady() + seconds{60}), result));
    time.advance(seconds{20});
    EXPECT_FALSE(result.has_value());
    fakes[2]->always.error.reset();
    time.advance(seconds{1});
    ASSERT_TRUE(result.has_value());
    EXPECT_TRUE(result->has_value());
}

TEST_F(BeaconNodesTest, TwoChainsWithEquallyManyNodesAreNotChosenFrom) {
    make(2);
    fakes[0]->genesis_said = other_genesis();
    const auto result = connect(1);
    ASSERT_FALSE(result.has_value());
    EXPECT_LT(took, seconds{1});
    EXPECT_THAT(result.error().message, HasSubstr("0x222222..2222"));
}

// --- watching ---

TEST_F(BeaconNodesTest, ABehindNodeIsLeftOutAndComesBack) {
    connect_and_start();
    fakes[0]->sync.head_slot = Slot{10};
    fakes[1]->sync.head_slot = Slot{10};
    time.advance(seconds{120});
    EXPECT_EQ(fitness(2), Fitness::kBehind);
    EXPECT_FALSE(nodes->fit(2));
    EXPECT_EQ(nodes->fit_count(), 2U);
    fakes[2]->sync.head_slot = Slot{10};
    time.advance(seconds{2});
    EXPECT_EQ(fitness(2), Fitness::kFit);
}

TEST_F(BeaconNodesTest, AHangingNodeIsUnreachableAndComesBack) {
    connect_and_start();
    fakes[1]->always.hang = true;
    time.advance(seconds{5});
    EXPECT_EQ(fitness(1), Fitness::kUnreachable);
    EXPECT_EQ(nodes->fit_count(), 2U);
    fakes[1]->always.hang = false;
    time.advance(seconds{5});
    EXPECT_EQ(fitness(1), Fitness::kFit);
}

TEST_F(BeaconNodesTest, ANodeThatComesBackOnAnotherChainIsForeign) {
    connect_and_start();
    fakes[1]->always.error = failure(ErrorCode::kUnavailable, "connection refused");
    time.advance(seconds{5});
    fakes[1]->always.error.reset();
    fakes[1]->genesis_said = other_genesis();
    time.advance(seconds{5});
    EXPECT_EQ(fitness(1), Fitness::kForeign);
    fakes[1]->genesis_said = testing::chain_genesis();
    time.advance(seconds{20});
    EXPECT_EQ(fitness(1), Fitness::kFit);
}

TEST_F(BeaconNodesTest, ANodeThatWasNotThereAtTheStartIsCheckedBeforeItIsUsed) {
    fakes[2]->always.error = failure(ErrorCode::kUnavailable, "connection refused");
    fakes[2]->genesis_said = other_genesis();
    connect_and_start();
    EXPECT_EQ(fitness(2), Fitness::kUnreachable);
    fakes[2]->always.error.reset();
    time.advance(seconds{5});
    EXPECT_EQ(fitness(2), Fitness::kForeign);
}

TEST_F(BeaconNodesTest, NodesThatFailWhenUsedAreLeftOutUntilAPoll) {
    ASSERT_TRUE(connect().has_value());
    for (int i = 0; i < 3; ++i) nodes->report(0, failure(ErrorCode::kMalformed, "garbage"));
    EXPECT_EQ(fitness(0), Fitness::kFailing);
    EXPECT_EQ(nodes->states()[0].score, 85);
    nodes->start();
    time.advance(seconds{2});
    EXPECT_EQ(fitness(0), Fitness::kFit);
}

// --- events ---

TEST_F(BeaconNodesTest, EventsOfAllNodesComeWithTheirTimeAndSource) {
    connect_and_start();
    const SteadyTime sent = clock.steady();
    fakes[2]->emit(head(7));
    fakes[0]->emit(head(7));
    fakes[1]->emit(ReorgEvent{Slot{7}, 2});
    const auto first = nodes->events().try_pop();
    const auto second = nodes->events().try_pop();
    const auto third = nodes->events().try_pop();
    ASSERT_TRUE(first && second && third);
    EXPECT_EQ(first->node, 2U);
    EXPECT_EQ(first->received, sent);
    EXPECT_EQ(std::get<HeadEvent>(first->event).slot, Slot{7});
    EXPECT_EQ(second->node, 0U);
    EXPECT_EQ(std::get<ReorgEvent>(third->event).depth, 2U);
}

TEST_F(BeaconNodesTest, EventsOfAForeignNodeAreNotHeard) {
    fakes[0]->genesis_said = other_genesis();
    connect_and_start();
    fakes[0]->emit(head(7));
    EXPECT_EQ(nodes->events().size(), 0U);
}

TEST_F(BeaconNodesTest, AStreamThatEndsCleanlyIsFollowedAgainAtOnce) {
    connect_and_start();
    fakes[0]->end_events(success());
    time.advance(milliseconds{1});
    EXPECT_TRUE(fakes[0]->followed());
}

TEST_F(BeaconNodesTest, AStreamThatBreaksIsTriedAgainFastAndThenSlower) {
    connect_and_start();
    fakes[0]->behaviour["follow_events"].error = failure(ErrorCode::kUnavailable, "connection refused");
    const std::size_t before = fakes[0]->asked["follow_events"];
    fakes[0]->end_events(failure(ErrorCode::kUnavailable, "broken"));
    time.advance(milliseconds{100});
    EXPECT_EQ(fakes[0]->asked["follow_events"] - before, 1U);
    // 100, 200, 400, 800, 1600, 3200 ms, then every 5 s.
    time.advance(seconds{60});
    const std::size_t tries = fakes[0]->asked["follow_events"] - before;
    EXPECT_GE(tries, 15U);
    EXPECT_LE(tries, 18U);
    fakes[0]->behaviour.clear();
    time.advance(seconds{5});
    EXPECT_TRUE(fakes[0]->followed());
}

TEST_F(BeaconNodesTest, AStreamOnWhichHeadsDoNotComeIsBegunAnew) {
    connect_and_start();
    time.advance(seconds{20});
    const std::size_t before = fakes[0]->asked["follow_events"];
    all_heads(5);
    for (std::size_t i : {1U, 2U}) fakes[i]->emit(head(5));
    time.advance(seconds{3});
    EXPECT_EQ(fakes[0]->asked["follow_events"], before + 1);
    EXPECT_EQ(fakes[1]->asked["follow_events"], 1U);
    EXPECT_TRUE(fakes[0]->followed());
}

TEST_F(BeaconNodesTest, EventsThatNobodyTakesDoNotGrowForEver) {
    connect_and_start();
    for (std::uint64_t i = 1; i <= 10'050; ++i) fakes[0]->emit(ReorgEvent{Slot{i}, 1});
    EXPECT_EQ(nodes->events().size(), 10'000U);
    EXPECT_EQ(std::get<ReorgEvent>(nodes->events().try_pop()->event).slot, Slot{51});
}

// --- the first success ---

TEST_F(BeaconNodesTest, AsksTheBestNodeOnly) {
    ASSERT_TRUE(connect().has_value());
    nodes->report(0, failure(ErrorCode::kInternal, "bad"));
    ASSERT_TRUE(duties().has_value());
    EXPECT_EQ(fakes[0]->asked["attester_duties"], 0U);
    EXPECT_EQ(fakes[1]->asked["attester_duties"], 1U);
    EXPECT_EQ(fakes[2]->asked["attester_duties"], 0U);
}

TEST_F(BeaconNodesTest, TheNextIsAskedAtOnceWhenOneFails) {
    ASSERT_TRUE(connect().has_value());
    fakes[0]->behaviour["attester_duties"].error = failure(ErrorCode::kInternal, "status 500");
    ASSERT_TRUE(duties().has_value());
    EXPECT_LT(took, milliseconds{100});
    EXPECT_LT(nodes->states()[0].score, 100);
}

TEST_F(BeaconNodesTest, AHangingNodeCostsHalfASecond) {
    ASSERT_TRUE(connect().has_value());
    fakes[0]->behaviour["attester_duties"].hang = true;
    ASSERT_TRUE(duties().has_value());
    EXPECT_GE(took, milliseconds{500});
    EXPECT_LT(took, milliseconds{600});
}

TEST_F(BeaconNodesTest, ASlowAnswerStillCountsAfterTheNextWasAsked) {
    ASSERT_TRUE(connect().has_value());
    fakes[0]->behaviour["attester_duties"].delay = milliseconds{700};
    fakes[1]->behaviour["attester_duties"].hang = true;
    fakes[2]->behaviour["attester_duties"].hang = true;
    ASSERT_TRUE(duties().has_value());
    EXPECT_LT(took, milliseconds{800});
}

TEST_F(BeaconNodesTest, AllFailingIsASentencePerNode) {
    ASSERT_TRUE(connect().has_value());
    for (FakeBeaconNode* fake : fakes) fake->behaviour["attester_duties"].error = failure(ErrorCode::kInternal, "status 500");
    const auto result = duties();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
    for (const char* node : {"http://node0", "http://node1", "http://node2"})
        EXPECT_THAT(result.error().message, HasSubstr(node));
}

TEST_F(BeaconNodesTest, AllHangingEndsAtTheDeadline) {
    ASSERT_TRUE(connect().has_value());
    for (FakeBeaconNode* fake : fakes) fake->behaviour["attester_duties"].hang = true;
    const auto result = duties(seconds{3});
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kTimeout);
    EXPECT_LE(took, milliseconds{3010});
}

TEST_F(BeaconNodesTest, NodesThatAreNotFitAreNotAsked) {
    fakes[0]->genesis_said = other_genesis();
    ASSERT_TRUE(connect().has_value());
    fakes[1]->behaviour["attester_duties"].error = failure(ErrorCode::kInternal, "status 500");
    fakes[2]->behaviour["attester_duties"].error = failure(ErrorCode::kInternal, "status 500");
    EXPECT_FALSE(duties().has_value());
    EXPECT_EQ(fakes[0]->asked["attester_duties"], 0U);
}

TEST_F(BeaconNodesTest, NobodyFitSaysWhy) {
    connect_and_start();
    for (FakeBeaconNode* fake : fakes) fake->always.error = failure(ErrorCode::kUnavailable, "connection refused");
    time.advance(seconds{3});
    const auto result = duties();
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(result.error().message, HasSubstr("http://node2 is unreachable"));
}

TEST_F(BeaconNodesTest, ValidatorsComeFromTheFirstThatAnswers) {
    ASSERT_TRUE(connect().has_value());
    fakes[0]->behaviour["validators"].error = failure(ErrorCode::kInternal, "status 500");
    PublicKey key;
    key.bytes[0] = 9;
    fakes[1]->on_validators = [](const std::vector<PublicKey>& keys) {
        return std::vector<Validator>{{ValidatorIndex{4}, keys.at(0), "active_ongoing"}};
    };
    const auto result = run(nodes->validators({key}, seconds{10}), seconds{11});
    ASSERT_TRUE(result && result->has_value());
    ASSERT_EQ(result->value().size(), 1U);
    EXPECT_EQ(result->value()[0].key, key);
}

// --- sending to all ---

TEST_F(BeaconNodesTest, PublishesToAllAndReturnsAtTheFirstSuccess) {
    ASSERT_TRUE(connect().has_value());
    fakes[0]->behaviour["publish_attestations"].hang = true;
    fakes[1]->behaviour["publish_attestations"].delay = seconds{2};
    ASSERT_TRUE(publish().has_value());
    EXPECT_LT(took, milliseconds{100});
    EXPECT_EQ(fakes[2]->published.size(), 1U);
    EXPECT_THAT(fakes[2]->published_forks, ElementsAre(ethereum::ForkName::kElectra));
    EXPECT_EQ(fakes[1]->published.size(), 0U);
    // The slow one still gets it.
    time.advance(seconds{3});
    ASSERT_EQ(fakes[1]->published.size(), 1U);
    EXPECT_EQ(*fakes[1]->published[0], *fakes[2]->published[0]);
}

TEST_F(BeaconNodesTest, PublishesToNodesThatAreNotFitButNotToForeignOnes) {
    fakes[0]->genesis_said = other_genesis();
    fakes[1]->sync.is_optimistic = true;
    ASSERT_TRUE(connect().has_value());
    ASSERT_TRUE(publish().has_value());
    EXPECT_EQ(fakes[0]->asked["publish_attestations"], 0U);
    EXPECT_EQ(fakes[1]->asked["publish_attestations"], 1U);
    EXPECT_EQ(fakes[2]->asked["publish_attestations"], 1U);
}

TEST_F(BeaconNodesTest, PublicationRefusedByAllIsASentencePerNode) {
    ASSERT_TRUE(connect().has_value());
    for (FakeBeaconNode* fake : fakes)
        fake->behaviour["publish_attestations"].error = failure(ErrorCode::kRefused, "status 400");
    const auto result = publish();
    ASSERT_FALSE(result.has_value());
    EXPECT_LT(took, milliseconds{100});
    for (const char* node : {"http://node0", "http://node1", "http://node2"})
        EXPECT_THAT(result.error().message, HasSubstr(node));
}

TEST_F(BeaconNodesTest, ANodeThatHangsGetsOnlySoManySends) {
    ASSERT_TRUE(connect().has_value());
    fakes[0]->behaviour["publish_attestations"].hang = true;
    const SteadyTime deadline = clock.steady() + std::chrono::hours{1};
    for (int i = 0; i < 200; ++i) {
        const auto result = run(nodes->publish_attestations({{}}, ethereum::ForkName::kElectra, deadline), seconds{1});
        ASSERT_TRUE(result && result->has_value());
    }
    EXPECT_EQ(fakes[0]->asked["publish_attestations"], 64U);
    EXPECT_EQ(fakes[1]->published.size(), 200U);
}

TEST_F(BeaconNodesTest, SubscriptionsGoToAll) {
    ASSERT_TRUE(connect().has_value());
    CommitteeSubscription subscription;
    subscription.slot = Slot{9};
    const auto result = run(nodes->subscribe_committees({subscription}, clock.steady() + seconds{10}), seconds{11});
    ASSERT_TRUE(result && result->has_value());
    time.advance(milliseconds{10});
    for (const FakeBeaconNode* fake : fakes) {
        ASSERT_EQ(fake->subscribed.size(), 1U);
        EXPECT_EQ(fake->subscribed[0][0].slot, Slot{9});
    }
}

TEST_F(BeaconNodesTest, StopEndsAllTasks) {
    connect_and_start();
    fakes[0]->always.hang = true;
    time.advance(seconds{1});
    bool stopped = false;
    const auto stop = [](BeaconNodes& which, bool& done) -> Task<void> {
        co_await which.stop();
        done = true;
    };
    group.spawn("stop", stop(*nodes, stopped));
    time.advance(milliseconds{1});
    EXPECT_TRUE(stopped);
    const std::size_t polls = fakes[1]->asked["syncing"];
    time.advance(seconds{10});
    EXPECT_EQ(fakes[1]->asked["syncing"], polls);
}

TEST_F(BeaconNodesTest, TheObjectMayGoWhileItsTasksRun) {
    connect_and_start();
    fakes[0]->always.hang = true;
    time.advance(milliseconds{500});
    make(3);
    time.advance(seconds{30});
    EXPECT_EQ(fakes[0]->asked.size(), 0U);
}

}  // namespace
}  // namespace holdfast::beacon
