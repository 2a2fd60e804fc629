// Goal: whatever goes wrong with one of the two, or with both, nobody signs two things, one performs as soon as one can, and
// duty moves no more often than it must.
#include <gtest/gtest.h>

#include "tests/simulation/pair/campaign.hpp"
#include "tests/simulation/pair/scenes.hpp"

namespace holdfast::simulation::pair {
namespace {

constexpr std::uint64_t kSeeds = 300;
constexpr std::uint64_t kSeedsOfAScene = 4;
constexpr std::size_t kTraceLines = 60;

std::string describe_failure(const Report& report) {
    if (!report.failure) return {};
    return report.failure->trace + describe(report.failure->setup) + ": " + report.failure->what +
           "\nreplay: scripts/prove pair --seed " + std::to_string(report.failure->setup.base.seed) + " --world";
}

void expect_stories_hold(Story story, std::uint64_t seeds) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const PairSetup setup = make_pair_setup(seed, story);
        const Outcome outcome = run_world(setup);
        EXPECT_EQ(outcome.failure, "") << outcome.trace << describe(setup);
    }
}

TEST(Pair, AnythingThatMayHappen_IsSafeAndLive) {
    const Report report = run_campaign(1, kSeeds);
    ASSERT_FALSE(report.failure) << describe_failure(report);
    // It has seen what it is about: every arrow of both state diagrams, too.
    EXPECT_EQ(never_seen(report.changes), std::vector<std::string>{});
    const PairCounts& counts = report.counts;
    EXPECT_GT(counts.slots, 60 * kSeeds);
    EXPECT_GT(counts.demanded, counts.duties / 4);
    EXPECT_GT(counts.takeovers, kSeeds / 2);
    EXPECT_GT(counts.handovers, kSeeds / 2);
    EXPECT_GT(counts.adopted, kSeeds);
    EXPECT_GT(counts.performed_late, kSeeds / 4);
}

TEST(Pair, OneKillInQuietWeather_CostsNothing) { expect_stories_hold(Story::kOneKill, 40); }
TEST(Pair, PlannedHandovers_LoseNothing) { expect_stories_hold(Story::kHandovers, 25); }
TEST(Pair, BothInTheSameOutage_NobodyTakesOverAndExactlyOneResumes) { expect_stories_hold(Story::kSameOutage, 25); }
TEST(Pair, HealthThatAlternatesForAnHour_MovesDutyNoMoreThanThePolicyAllows) { expect_stories_hold(Story::kFlapping, 12); }
TEST(Pair, ColdStart_ThePrimaryIsWaitedFor) { expect_stories_hold(Story::kColdStart, 15); }

TEST(Pair, MovesAllowed_AsWorkedOutByHand) {
    healthcheck::FailoverTimes times;  // 5 minutes, doubling up to an hour
    constexpr Time kMinute = 60 * kSecond;
    EXPECT_EQ(moves_allowed(times, 4 * kMinute), 1U);
    EXPECT_EQ(moves_allowed(times, 6 * kMinute), 3U);   // away at 0, back at 5, away again
    EXPECT_EQ(moves_allowed(times, 60 * kMinute), 7U);  // away at 0, 5, 15, 35; back at 5, 15, 35
    EXPECT_EQ(moves_allowed(times, 80 * kMinute), 9U);  // and back at 75
}

TEST(Pair, TheSameSeed_GivesTheSameWorld) {
    const Outcome once = run_world(make_pair_setup(11, Story::kTroubles));
    const Outcome again = run_world(make_pair_setup(11, Story::kTroubles));
    EXPECT_EQ(once.failure, again.failure);
    EXPECT_EQ(once.counts.performed, again.counts.performed);
    EXPECT_EQ(once.counts.generations, again.counts.generations);
    EXPECT_EQ(once.counts.adopted, again.counts.adopted);
}

class Scenes : public testing::TestWithParam<Scene> {};

TEST_P(Scenes, Hold) {
    for (std::uint64_t seed = 1; seed <= kSeedsOfAScene; ++seed) {
        const Outcome outcome = play(GetParam(), seed, kTraceLines);
        EXPECT_EQ(outcome.failure, "") << outcome.trace << "seed " << seed;
    }
}

std::string test_name(std::string_view name) {
    std::string word;
    for (const char letter : name) word += std::isalnum(static_cast<unsigned char>(letter)) != 0 ? letter : '_';
    return word;
}

INSTANTIATE_TEST_SUITE_P(Pair, Scenes, testing::ValuesIn(scenes().begin(), scenes().end()),
                         [](const testing::TestParamInfo<Scene>& one) { return test_name(one.param.name); });

}  // namespace
}  // namespace holdfast::simulation::pair
