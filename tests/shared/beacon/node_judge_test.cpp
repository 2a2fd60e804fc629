#include "shared/beacon/node_judge.hpp"

#include <gtest/gtest.h>

namespace holdfast::beacon {
namespace {

SyncStatus at(std::uint64_t head, bool syncing = false) {
    SyncStatus status;
    status.head_slot = Slot{head};
    status.is_syncing = syncing;
    return status;
}

Error no_answer() { return failure(ErrorCode::kTimeout, "http://x: no answer"); }

class NodeJudgeTest : public testing::Test {
protected:
    NodeJudge judge{3, {}};
    Slot now{100};

    // All on our chain with these heads.
    void start(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
        for (std::size_t i = 0; i < 3; ++i) judge.on_chain(i, {});
        poll(0, at(a));
        poll(1, at(b));
        poll(2, at(c));
    }
    void poll(std::size_t node, const SyncStatus& status) { judge.on_sync(node, status, now); }
    // Twice: a node that is fit is not thrown out by one look.
    void poll_twice(std::size_t node, const SyncStatus& status) {
        poll(node, status);
        poll(node, status);
    }
};

TEST_F(NodeJudgeTest, NobodyIsFitBeforeHavingAnswered) {
    EXPECT_TRUE(judge.fit_nodes().empty());
    judge.on_chain(0, {});
    EXPECT_EQ(judge.fitness(0), Fitness::kUnknown);
    poll(0, at(100));
    EXPECT_EQ(judge.fitness(0), Fitness::kFit);
    EXPECT_EQ(judge.score(0), 100);
}

TEST_F(NodeJudgeTest, ANodeThatStandsStillIsBehindThoughItSaysItIsSynced) {
    start(100, 100, 100);
    now = Slot{103};
    poll(0, at(103));
    poll(1, at(103));
    poll_twice(2, at(100));
    EXPECT_EQ(judge.fitness(2), Fitness::kBehind);
    EXPECT_NE(judge.detail(2).find("100"), std::string::npos) << judge.detail(2);
    EXPECT_EQ(judge.fit_nodes(), (std::vector<std::size_t>{0, 1}));
    poll(2, at(102));
    EXPECT_EQ(judge.fitness(2), Fitness::kFit);
}

TEST_F(NodeJudgeTest, TwoSlotsBelowTheBestIsNotBehind) {
    start(100, 100, 100);
    now = Slot{102};
    poll(0, at(102));
    poll_twice(2, at(100));
    EXPECT_EQ(judge.fitness(2), Fitness::kFit);
}

TEST_F(NodeJudgeTest, OneLookDoesNotThrowANodeOut) {
    start(100, 100, 100);
    now = Slot{110};
    // The first block after ten empty slots has reached one node only.
    judge.on_head(0, Slot{110});
    poll(1, at(100));
    EXPECT_EQ(judge.fitness(1), Fitness::kFit);
    judge.on_head(1, Slot{110});
    poll(1, at(110));
    EXPECT_EQ(judge.fitness(1), Fitness::kFit);
}

TEST_F(NodeJudgeTest, AHeadEventBringsANodeBackAtOnce) {
    start(100, 100, 100);
    now = Slot{110};
    judge.on_head(0, Slot{110});
    poll_twice(1, at(100));
    ASSERT_EQ(judge.fitness(1), Fitness::kBehind);
    judge.on_head(1, Slot{109});
    EXPECT_EQ(judge.fitness(1), Fitness::kFit);
}

TEST_F(NodeJudgeTest, SyncingAtTheTopIsFit) {
    start(100, 100, 100);
    now = Slot{120};
    poll_twice(0, at(100, true));
    EXPECT_EQ(judge.fitness(0), Fitness::kFit);
}

TEST_F(NodeJudgeTest, AllEquallyBehindAreFit) {
    start(50, 50, 50);
    EXPECT_EQ(judge.fit_nodes().size(), 3U);
}

TEST_F(NodeJudgeTest, WhereAllAreSyncingTheClockDecides) {
    start(100, 100, 100);
    now = Slot{200};
    for (std::size_t i = 0; i < 3; ++i) poll(i, at(100, true));
    for (std::size_t i = 0; i < 3; ++i) poll_twice(i, at(100, true));
    EXPECT_TRUE(judge.fit_nodes().empty());
    for (std::size_t i = 0; i < 3; ++i) poll(i, at(195, true));
    EXPECT_EQ(judge.fit_nodes().size(), 3U);
}

TEST_F(NodeJudgeTest, TheOnlyNodeIsBehindIfItSaysSoAndTheClockAgrees) {
    NodeJudge alone{1, {}};
    alone.on_chain(0, {});
    alone.on_sync(0, at(50), Slot{100});
    EXPECT_EQ(alone.fitness(0), Fitness::kFit);
    alone.on_sync(0, at(95, true), Slot{100});
    alone.on_sync(0, at(95, true), Slot{100});
    EXPECT_EQ(alone.fitness(0), Fitness::kFit);
    alone.on_sync(0, at(50, true), Slot{100});
    alone.on_sync(0, at(50, true), Slot{100});
    EXPECT_EQ(alone.fitness(0), Fitness::kBehind);
}

TEST_F(NodeJudgeTest, AHeadInTheFutureThrowsOutItsNodeAndNotTheOthers) {
    start(100, 100, 100);
    poll_twice(0, at(1'000'000));
    poll_twice(1, at(100));
    EXPECT_EQ(judge.fit_nodes(), (std::vector<std::size_t>{1, 2}));
}

TEST_F(NodeJudgeTest, AClockThatIsLateThrowsNobodyOut) {
    now = Slot{10};
    start(100, 100, 100);
    for (std::size_t i = 0; i < 3; ++i) poll_twice(i, at(101));
    EXPECT_EQ(judge.fit_nodes().size(), 3U);
}

TEST_F(NodeJudgeTest, OptimisticIsLeftOutAndItsHeadIsNoMeasure) {
    start(100, 100, 100);
    now = Slot{110};
    SyncStatus status = at(110);
    status.is_optimistic = true;
    poll(0, status);
    poll_twice(1, at(100));
    EXPECT_EQ(judge.fitness(0), Fitness::kOptimistic);
    EXPECT_EQ(judge.fitness(1), Fitness::kFit);
    poll(0, at(100));
    EXPECT_EQ(judge.fitness(0), Fitness::kFit);
}

TEST_F(NodeJudgeTest, AnOfflineExecutionNodeCountsOnlyIfTheHeadLags) {
    start(100, 100, 100);
    SyncStatus status = at(100);
    status.el_offline = true;
    poll_twice(0, status);
    EXPECT_EQ(judge.fitness(0), Fitness::kFit);
    now = Slot{101};
    poll(1, at(101));
    poll_twice(0, status);
    EXPECT_EQ(judge.fitness(0), Fitness::kOptimistic);
}

TEST_F(NodeJudgeTest, UnreachableUntilChainAndHeadAreKnownAgain) {
    start(100, 100, 100);
    judge.on_poll_failure(0, no_answer());
    EXPECT_EQ(judge.fitness(0), Fitness::kUnreachable);
    EXPECT_TRUE(judge.chain_unknown(0));
    judge.on_chain(0, {});
    EXPECT_EQ(judge.fitness(0), Fitness::kUnreachable);
    poll(0, at(100));
    EXPECT_EQ(judge.fitness(0), Fitness::kFit);
}

TEST_F(NodeJudgeTest, TheHeadOfAnUnreachableNodeIsNoMeasure) {
    start(110, 100, 100);
    judge.on_poll_failure(0, no_answer());
    now = Slot{110};
    poll_twice(1, at(100));
    EXPECT_EQ(judge.fitness(1), Fitness::kFit);
}

TEST_F(NodeJudgeTest, APollAnsweredWithAnErrorIsFailing) {
    start(100, 100, 100);
    judge.on_poll_failure(0, failure(ErrorCode::kMalformed, "http://x: not JSON"));
    EXPECT_EQ(judge.fitness(0), Fitness::kFailing);
    EXPECT_FALSE(judge.chain_unknown(0));
    EXPECT_NE(judge.detail(0).find("not JSON"), std::string::npos);
    poll(0, at(100));
    EXPECT_EQ(judge.fitness(0), Fitness::kFit);
}

TEST_F(NodeJudgeTest, ThreeFailedUsesInARowAreFailingUntilAPoll) {
    start(100, 100, 100);
    const Result<void> bad = failure(ErrorCode::kInternal, "http://x: status 500");
    judge.on_use(0, bad);
    judge.on_use(0, bad);
    judge.on_use(0, success());
    judge.on_use(0, bad);
    judge.on_use(0, bad);
    EXPECT_EQ(judge.fitness(0), Fitness::kFit);
    judge.on_use(0, bad);
    EXPECT_EQ(judge.fitness(0), Fitness::kFailing);
    judge.on_use(0, success());
    EXPECT_EQ(judge.fitness(0), Fitness::kFailing);
    poll(0, at(100));
    EXPECT_EQ(judge.fitness(0), Fitness::kFit);
}

TEST_F(NodeJudgeTest, WhatTheCallerTookBackSaysNothing) {
    start(100, 100, 100);
    for (int i = 0; i < 10; ++i) judge.on_use(0, failure(ErrorCode::kCancelled, "taken back"));
    EXPECT_EQ(judge.fitness(0), Fitness::kFit);
    EXPECT_EQ(judge.score(0), 100);
}

TEST_F(NodeJudgeTest, ForeignIsFinalUntilItsChainMatches) {
    start(100, 100, 100);
    judge.on_chain(0, "genesis time is 2 instead of 1");
    EXPECT_EQ(judge.fitness(0), Fitness::kForeign);
    EXPECT_NE(judge.detail(0).find("genesis time is 2 instead of 1"), std::string::npos);
    poll(0, at(100));
    judge.on_head(0, Slot{101});
    judge.on_use(0, success());
    EXPECT_EQ(judge.fitness(0), Fitness::kForeign);
    judge.on_poll_failure(0, no_answer());
    EXPECT_EQ(judge.fitness(0), Fitness::kForeign);
    judge.on_chain(0, {});
    EXPECT_EQ(judge.fitness(0), Fitness::kUnknown);
    poll(0, at(100));
    EXPECT_EQ(judge.fitness(0), Fitness::kFit);
}

TEST_F(NodeJudgeTest, TheHeadOfAForeignNodeIsNoMeasure) {
    start(110, 100, 100);
    judge.on_chain(0, "another chain");
    now = Slot{110};
    poll_twice(1, at(100));
    EXPECT_EQ(judge.fitness(1), Fitness::kFit);
}

TEST_F(NodeJudgeTest, ScoresFallByFiveRiseByOneAndOrderTheNodes) {
    start(100, 100, 100);
    judge.on_use(0, failure(ErrorCode::kInternal, "bad"));
    EXPECT_EQ(judge.score(0), 95);
    judge.on_use(0, success());
    EXPECT_EQ(judge.score(0), 96);
    EXPECT_EQ(judge.fit_nodes(), (std::vector<std::size_t>{1, 2, 0}));
    for (int i = 0; i < 10; ++i) judge.on_use(0, success());
    EXPECT_EQ(judge.score(0), 100);
    EXPECT_EQ(judge.fit_nodes(), (std::vector<std::size_t>{0, 1, 2}));
    for (int i = 0; i < 30; ++i) judge.on_poll_failure(1, no_answer());
    EXPECT_EQ(judge.score(1), 0);
}

}  // namespace
}  // namespace holdfast::beacon
