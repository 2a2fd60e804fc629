// Goal: no rule of the failover is there in vain: with any single one taken out the simulation fails in the way that the rule
// is there for, and with none it doesn't.
#include <gtest/gtest.h>

#include "healthcheck/failover_rule.hpp"
#include "tests/simulation/pair/campaign.hpp"
#include "tests/simulation/pair/scenes.hpp"

namespace holdfast::simulation::pair {
namespace {

using healthcheck::FailoverRule;

constexpr std::uint64_t kWorldsMax = 60;

class TakenOut {
public:
    explicit TakenOut(FailoverRule rule) { healthcheck::failover_rule_taken_out() = rule; }
    TakenOut(const TakenOut&) = delete;
    TakenOut& operator=(const TakenOut&) = delete;
    ~TakenOut() { healthcheck::failover_rule_taken_out() = FailoverRule::kNone; }
};

struct Mutation {
    FailoverRule rule;
    const char* name;
    const char* scene;  // where it is worth looking for it; nothing: in the story
    Story story;
    const char* catch_by;  // the beginning of what is then wrong
};

class PairMutations : public testing::TestWithParam<Mutation> {};

std::string find_failure(const Mutation& mutation) {
    for (std::uint64_t seed = 1; seed <= kWorldsMax; ++seed) {
        std::string failure;
        if (mutation.scene != nullptr) {
            failure = play(scene(mutation.scene), seed).failure;
        } else {
            World world{make_pair_setup(seed, mutation.story)};
            failure = world.run().failure;
        }
        if (!failure.empty()) return failure + " (seed " + std::to_string(seed) + ")";
    }
    return {};
}

TEST_P(PairMutations, AreCaught) {
    const TakenOut out{GetParam().rule};
    const std::string failure = find_failure(GetParam());
    EXPECT_TRUE(!failure.empty() && failure.starts_with(GetParam().catch_by)) << "'" << failure << "'";
    RecordProperty("failure", failure);
    std::printf("%s: %s\n", GetParam().name, failure.c_str());
}

#define BY_SCENE(rule, scene, by) \
    Mutation { FailoverRule::rule, #rule, scene, Story::kStories, by }
#define BY_STORY(rule, story, by) \
    Mutation { FailoverRule::rule, #rule, nullptr, Story::story, by }
INSTANTIATE_TEST_SUITE_P(
    Rules, PairMutations,
    testing::Values(
        BY_SCENE(kFallNeedsSeveral, "blips", "scene: duty has moved"),
        BY_SCENE(kRiseNeedsSeveral, "mostly bad", "scene: the secondary should be on duty"),
        BY_STORY(kOnlyArmedTakesOver, kSameOutage, "outage"), BY_SCENE(kWitnessesAsked, "pair link cut", "need"),
        BY_SCENE(kWitnessesBelieved, "pair link cut", "need"), BY_SCENE(kUnhealthyCounts, "nodes gone", "liveness"),
        BY_SCENE(kRefusedCountsAtOnce, "ill, then dead", "scene: a death"),
        BY_SCENE(kDrainedTakenAtOnce, "relieved", "scene: a drained primary was relieved after"),
        BY_STORY(kStartGrace, kColdStart, "start"), BY_SCENE(kFencedStandsDown, "frozen", "scene: the zombie is not ready"),
        BY_SCENE(kFailbackWaits, "failback", "scene: the secondary should be on duty"),
        BY_STORY(kFailbackWaitsLonger, kFlapping, "flapping"), BY_SCENE(kFailbackOnlyIfReady, "held", "scene: duty has moved"),
        BY_SCENE(kUnansweredHandoverGoesOn, "unanswered handover", "liveness"),
        BY_SCENE(kPausedDoesNothing, "paused", "scene: duty has moved"), BY_SCENE(kLooksBeforeDuty, "restarted", "need"),
        BY_STORY(kVacancyTaken, kHandovers, "handover"), BY_SCENE(kUnwellHolderReplaced, "secondary fails", "liveness"),
        BY_SCENE(kHandoverOnlyIfOtherReady, "nobody ready", "handover"), BY_STORY(kDrainWaitsForDuties, kHandovers, "drain"),
        BY_STORY(kDrainWaitsForProposal, kHandovers, "drain")),
    [](const testing::TestParamInfo<Mutation>& mutation) { return std::string{mutation.param.name}; });
#undef BY_SCENE
#undef BY_STORY

static_assert(static_cast<int>(FailoverRule::kLast) == 21, "a new rule needs a line above");

TEST(PairMutations, WithNone_NothingFails) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) EXPECT_EQ(run_world(make_pair_setup(seed)).failure, "");
}

}  // namespace
}  // namespace holdfast::simulation::pair
