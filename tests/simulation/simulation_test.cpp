// Goal: whatever goes wrong that the design promises to survive, no two conflicting messages ever get a quorum, lower
// generations stay fenced off, a successor publishes what its predecessor may have published, and after healing all duties are
// approved.
#include <gtest/gtest.h>

#include "tests/simulation/campaign.hpp"

namespace holdfast::simulation {
namespace {

constexpr std::uint64_t kDecisions = 5'000'000;

TEST(Simulation, FiveMillionDecisionsInBadWeather_AreSafeAndLiveAfterwards) {
    const Report report = run_campaign(1, kDecisions);
    ASSERT_FALSE(report.failure) << describe(report.failure->setup) << ": " << report.failure->what;
    EXPECT_GE(report.counts.decisions, kDecisions);
    // It has seen what it is about.
    EXPECT_GT(report.counts.approvals, kDecisions / 20);
    EXPECT_GT(report.counts.crashes, 100U);
    EXPECT_GT(report.counts.rejoined, 20U);
    EXPECT_GT(report.counts.backups_noticed, 5U);
    EXPECT_GT(report.counts.generations, 100U);
    EXPECT_GT(report.counts.adopted, 100U);
    EXPECT_GT(report.counts.published_again, 100U);
}

// Why a member waits before it reads what others know (docs/quorum-model.md): else one of them may complete a quorum with a yes
// of the lost memory after it was read.
TEST(Simulation, RejoiningWithoutWaitingForRequestsInFlight_IsUnsafe) {
    std::string failure;
    for (std::uint64_t seed = 1; seed <= 400 && !failure.starts_with("safety: a surround vote"); ++seed) {
        auto setup = make_setup(seed, Story::kLostDisks);
        setup.rejoin_wait = 0;
        failure = run_world(setup).failure;
    }
    EXPECT_EQ(failure, "safety: a surround vote");
}

TEST(Simulation, TheSameSeed_GivesTheSameWorld) {
    const Outcome once = run_world(make_setup(11));
    const Outcome again = run_world(make_setup(11));
    EXPECT_EQ(once.failure, again.failure);
    EXPECT_EQ(once.counts.decisions, again.counts.decisions);
    EXPECT_EQ(once.counts.approvals, again.counts.approvals);
    EXPECT_EQ(once.counts.crashes, again.counts.crashes);
}

}  // namespace
}  // namespace holdfast::simulation
