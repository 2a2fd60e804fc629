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

// Why a member must wait before it reads what others know (docs/quorum-model.md); 2 of 3, one validator, the real rules.
struct RejoinInFlight : testing::Test {
    static constexpr std::uint64_t kSlotsPerEpoch = 32;
    std::vector<protector::Ledger> members{3, protector::Ledger{{protection::Mode::kShared, false}}};

    bool vote(std::size_t member, std::uint64_t source, std::uint64_t target, std::uint64_t now) {
        Root root;
        root.bytes[0] = static_cast<std::uint8_t>(target);
        const protector::Asker asker{0, "instance1", {Epoch{now}, Slot{now * kSlotsPerEpoch}}, {}};
        std::string row;
        return members[member]
            .apply(protector::AttestationBatch{{key_of(1)}, {{Epoch{source}, Epoch{target}, root}}, nullptr, asker}, row)
            .verdicts.at(0)
            .yes();
    }
    void lose_and_rejoin(std::size_t lost, std::uint64_t now) {
        std::vector<protection::MemberRecords> answers;
        for (std::size_t other = 0; other < members.size(); ++other) {
            if (other == lost) continue;
            protection::MemberRecords& records = answers.emplace_back();
            records.node = member_name(other);
            records.now = {Epoch{now}, Slot{now * kSlotsPerEpoch}};
            for (const auto& validator : members[other].validators()) {
                records.entries.push_back({validator.key, validator.record});
            }
        }
        const auto plan = protection::plan_rejoin(answers, 3, 2, answers.front().now, kSlotsPerEpoch);
        ASSERT_TRUE(plan);
        std::string row;
        members[lost] = protector::Ledger{{protection::Mode::kShared, false}};
        members[lost].rejoin(plan.value(), row);
    }
};

TEST_F(RejoinInFlight, ReadingBeforeTheLastRequestIsOver_LetsASurroundVoteThrough) {
    ASSERT_TRUE(vote(0, 5, 7, 7));
    lose_and_rejoin(0, 7);
    ASSERT_TRUE(vote(1, 5, 7, 7));  // a client now has two yeses: the lost memory's and this one
    EXPECT_FALSE(vote(1, 4, 9, 9));
    EXPECT_TRUE(vote(0, 4, 9, 9));
    EXPECT_TRUE(vote(2, 4, 9, 9));  // a quorum for a vote that surrounds the first
}

TEST_F(RejoinInFlight, ReadingAfterwards_RefusesIt) {
    ASSERT_TRUE(vote(0, 5, 7, 7));
    ASSERT_TRUE(vote(1, 5, 7, 7));
    lose_and_rejoin(0, 7);
    EXPECT_FALSE(vote(0, 4, 9, 9));
    EXPECT_FALSE(vote(1, 4, 9, 9));
    EXPECT_TRUE(vote(2, 4, 9, 9));
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
