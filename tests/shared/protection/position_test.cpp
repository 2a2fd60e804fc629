// Goal: a protector votes only when enough peers have said how far they saw it, and never when one saw it further on.
#include "shared/protection/position.hpp"

#include <gtest/gtest.h>

namespace holdfast::protection {
namespace {

constexpr Position kOwn{1, 100};

TEST(Standing, VotesAfterEnoughPeers) {
    Standing standing{4, 3};
    EXPECT_EQ(standing.peers_needed(), 2U);
    EXPECT_EQ(standing.state(), Standing::State::kStarting);
    standing.on_seen("p2", true, {1, 90}, kOwn);
    standing.on_seen("p2", true, {1, 90}, kOwn);  // the same peer again
    EXPECT_EQ(standing.state(), Standing::State::kStarting);
    EXPECT_NE(standing.explain().find("1 of the 2"), std::string::npos);
    standing.on_seen("primary", false, {1, 90}, kOwn);  // a client is no peer
    EXPECT_EQ(standing.state(), Standing::State::kStarting);
    standing.on_seen("p3", true, {}, kOwn);
    EXPECT_EQ(standing.state(), Standing::State::kVoting);
    EXPECT_EQ(standing.explain(), "");
}

TEST(Standing, PeersNeededForEachCluster) {
    EXPECT_EQ(Standing(1, 1).peers_needed(), 0U);
    EXPECT_EQ(Standing(2, 2).peers_needed(), 1U);
    EXPECT_EQ(Standing(3, 2).peers_needed(), 1U);
    EXPECT_EQ(Standing(5, 4).peers_needed(), 2U);
    EXPECT_EQ(Standing(1, 1).state(), Standing::State::kVoting);
}

TEST(Standing, SeenFurtherOn_StaleForGood) {
    Standing standing{4, 3};
    standing.on_seen("p2", true, {1, 100}, kOwn);
    standing.on_seen("p3", true, {1, 101}, kOwn);
    EXPECT_EQ(standing.state(), Standing::State::kStale);
    EXPECT_NE(standing.explain().find("p3 has seen this protector at incarnation 1, position 101"), std::string::npos);
    EXPECT_NE(standing.explain().find("--rejoin"), std::string::npos);
    standing.on_seen("p4", true, {}, {1, 200});
    EXPECT_EQ(standing.state(), Standing::State::kStale);
}

// An empty directory made by --init under a name that peers know; a backup from before a rejoin.
TEST(Standing, LowerIncarnation_Stale) {
    Standing empty{4, 3};
    empty.on_seen("p2", true, {1, 5}, {1, 0});
    EXPECT_EQ(empty.state(), Standing::State::kStale);
    Standing old{4, 3};
    old.on_seen("p2", true, {2, 0}, {1, 500});
    EXPECT_EQ(old.state(), Standing::State::kStale);
}

TEST(Standing, AClientsMemoryCountsToo) {
    Standing standing{1, 1};
    standing.on_seen("primary", false, {1, 101}, kOwn);
    EXPECT_EQ(standing.state(), Standing::State::kStale);
}

TEST(SeenPositions, OnlyGrow) {
    SeenPositions seen;
    EXPECT_TRUE(seen.note("p1", {1, 5}));
    EXPECT_FALSE(seen.note("p1", {1, 4}));
    EXPECT_TRUE(seen.note("p1", {2, 0}));
    EXPECT_EQ(seen.of("p1"), (Position{2, 0}));
    EXPECT_EQ(seen.of("p2"), Position{});
}

}  // namespace
}  // namespace holdfast::protection
