// Goal: no rule is there in vain: with any single one taken out the simulation fails, and with none it doesn't.
#include <gtest/gtest.h>

#include "shared/protection/rules.hpp"
#include "tests/simulation/campaign.hpp"

namespace holdfast::simulation {
namespace {

using protection::Rule;

constexpr std::uint64_t kWorldsMax = 1500;

class TakenOut {
public:
    explicit TakenOut(Rule rule) { protection::rule_taken_out() = rule; }
    TakenOut(const TakenOut&) = delete;
    TakenOut& operator=(const TakenOut&) = delete;
    ~TakenOut() { protection::rule_taken_out() = Rule::kNone; }
};

struct Mutation {
    Rule rule;
    const char* name;
    Story story;           // where it is worth looking for it
    const char* catch_by;  // the beginning of what the oracle then says
};

class Mutations : public testing::TestWithParam<Mutation> {};

std::string find_failure(Story story) {
    for (std::uint64_t seed = 1; seed <= kWorldsMax; ++seed) {
        std::string failure = run_world(make_setup(seed, story)).failure;
        if (!failure.empty()) return failure + " (seed " + std::to_string(seed) + ")";
    }
    return {};
}

TEST_P(Mutations, AreCaught) {
    const TakenOut out{GetParam().rule};
    const std::string failure = find_failure(GetParam().story);
    EXPECT_TRUE(failure.starts_with(GetParam().catch_by)) << "'" << failure << "'";
    RecordProperty("failure", failure);
    std::printf("%s: %s\n", GetParam().name, failure.c_str());
}

#define MUTATION(rule, story, by) \
    Mutation { Rule::rule, #rule, Story::story, by }
INSTANTIATE_TEST_SUITE_P(
    Rules, Mutations,
    testing::Values(MUTATION(kSourceAfterTarget, kRivals, "verdict"), MUTATION(kTargetInFuture, kRivals, "verdict"),
                    MUTATION(kOtherVoteForTarget, kRivals, "safety"), MUTATION(kTargetBelowRecord, kRivals, "safety"),
                    MUTATION(kSourceBelowRecord, kRivals, "safety"), MUTATION(kUnknownRootEqualsNothing, kRivals, "safety"),
                    MUTATION(kSlotInFuture, kRivals, "verdict"), MUTATION(kOtherBlockForSlot, kRivals, "safety"),
                    MUTATION(kSlotBelowRecord, kRivals, "safety"), MUTATION(kHaltedRefused, kRivals, "halt"),
                    MUTATION(kImportNeverLowers, kRivals, "safety"), MUTATION(kLowerGenerationFenced, kRivals, "fence"),
                    MUTATION(kHigherGenerationLearned, kRivals, "fence"), MUTATION(kAcquireOnlyHigher, kRivals, "fence"),
                    MUTATION(kGenerationDurable, kRivals, "fence"), MUTATION(kQuorumOverHalf, kRivals, "safety"),
                    MUTATION(kQuorumCounted, kRivals, "quorum"), MUTATION(kMemberCountsOnce, kRivals, "quorum"),
                    MUTATION(kAdoptionReadsQuorum, kTakeovers, "adoption"),
                    MUTATION(kAdoptionTakesRecorded, kTakeovers, "adoption"), MUTATION(kRejoinReadsEnough, kLostDisks, ""),
                    MUTATION(kRejoinTakesHighest, kLostDisks, ""), MUTATION(kRejoinSetsFloor, kLate, "safety"),
                    MUTATION(kRejoinIgnoresRejoining, kLostDisks, "rejoin"), MUTATION(kRejoinChecksClock, kLostDisks, "rejoin"),
                    MUTATION(kStaleRefuses, kBackups, "")),
    [](const testing::TestParamInfo<Mutation>& mutation) { return std::string{mutation.param.name}; });
#undef MUTATION

static_assert(static_cast<int>(Rule::kLast) == 26, "a new rule needs a line above");

TEST(Mutations, WithNone_NothingFails) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) EXPECT_EQ(run_world(make_setup(seed)).failure, "");
}

}  // namespace
}  // namespace holdfast::simulation
