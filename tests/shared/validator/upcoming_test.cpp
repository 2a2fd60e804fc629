// What lies before our validators: proposals, attestations, sync committees.
#include "tests/shared/validator/engine_fixture.hpp"

namespace holdfast::validator {
namespace {

using UpcomingTest = EngineFixture;

TEST_F(UpcomingTest, NothingKnownBeforeItRuns) {
    begin();
    Engine other{io.get_executor(), clock, *nodes, *door, quorum, {}, {}};
    EXPECT_FALSE(other.upcoming().known);
}

TEST_F(UpcomingTest, TheNextProposalOfOurs) {
    chain.proposers = {{15, 1}, {19, 2}, {22, 3}, {27, 4}};
    begin_warm();
    go_to(17, 1s);
    EXPECT_TRUE(engine->upcoming().known);
    EXPECT_EQ(engine->upcoming().next_proposal, Slot{19});
    go_to(19, 100ms);
    EXPECT_EQ(engine->upcoming().next_proposal, Slot{19}) << "this slot's counts";
    go_to(19, 1s);
    EXPECT_EQ(engine->upcoming().next_proposal, Slot{22}) << "not once its block is there";
    go_to(23, 1s);
    EXPECT_EQ(engine->upcoming().next_proposal, Slot{27}) << "of the next epoch";
    go_to(28, 0s);
    EXPECT_FALSE(engine->upcoming().next_proposal);
}

TEST_F(UpcomingTest, NodesThatDontKnowTheNextEpochsProposers_AreAskedTwiceAnEpoch) {
    chain.proposers = {{27, 4}};
    for (FakeNode::Control& control : controls) control.knows_no_next_proposers = true;
    begin_warm();
    go_to(23, 11s);
    EXPECT_FALSE(engine->upcoming().next_proposal);
    std::size_t calls = 0;
    for (const FakeNode::Control& control : controls) calls += control.proposer_calls;
    EXPECT_LE(calls, 8U + 7U + 3U) << "at all three, as no node names a dependent root; and once more of all to compare";
    EXPECT_EQ(nodes->fit_count(), 3U);
    go_to(24, 1s);
    EXPECT_EQ(engine->upcoming().next_proposal, Slot{27});
}

TEST_F(UpcomingTest, ProposersAreAskedForAgainWhenTheirBranchChanges) {
    chain.proposers = {{22, 3}};
    begin_warm();
    go_to(18, 1s);
    EXPECT_EQ(engine->upcoming().next_proposal, Slot{22});
    chain.proposers = {{21, 3}};
    chain.shuffled_from = Epoch{3};
    chain.shuffle = 2;
    go_to(19, 1s);
    EXPECT_EQ(engine->upcoming().next_proposal, Slot{21});
}

TEST_F(UpcomingTest, TheNextAttestationIsOneThatIsNotMadeYet) {
    begin();
    go_to(17, 100ms);
    EXPECT_EQ(engine->upcoming().next_attestation, Slot{17});
    go_to(17, 2s);
    EXPECT_EQ(engine->upcoming().next_attestation, Slot{18});
}

TEST_F(UpcomingTest, SyncCommitteeUntilTheEndOfThePeriod) {
    chain.sync_members = {3, 77};
    begin_warm();
    go_to(17, 1s);
    EXPECT_EQ(engine->upcoming().sync_committee_until, Epoch{3});
    go_to(32, 1s);
    EXPECT_FALSE(engine->upcoming().sync_committee_until);
}

TEST_F(UpcomingTest, OthersInTheSyncCommitteeAreNoMatterOfOurs) {
    chain.sync_members = {77};
    begin_warm();
    go_to(17, 1s);
    EXPECT_FALSE(engine->upcoming().sync_committee_until);
}

}  // namespace
}  // namespace holdfast::validator
