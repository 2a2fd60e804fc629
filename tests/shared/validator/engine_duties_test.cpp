// All duties at work: which are begun when, what the gate holds back, what is ready ahead of time, and that nothing of an
// epoch's start stands before its first block.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/shared/validator/engine_fixture.hpp"

namespace holdfast::validator {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class EngineDutiesTest : public EngineFixture {
protected:
    Result<void> on_duty{failure(ErrorCode::kInternal, "not ended")};

    static Task<void> take_over(Engine& engine, Clock& clock, Result<void>& result) {
        result = co_await engine.take_over(clock.steady() + 10s);
    }
    void take_over_now() {
        group->spawn("take over", take_over(*engine, clock, on_duty));
        time.advance(100ms);
        ASSERT_TRUE(on_duty) << on_duty.error().message;
    }
    // The first slot that begins is so many epochs later.
    void older_by(std::int64_t epochs) {
        chain.genesis.time -= epochs * static_cast<std::int64_t>(FakeChain::kSlotsPerEpoch) * kSlotTime;
    }
    std::size_t made(signing::MessageKind kind) const {
        return static_cast<std::size_t>(std::ranges::count(door->signed_messages, kind, &signing::Message::kind));
    }
    const duties::DutyReport* of(duties::DutyKind kind, std::uint64_t slot) const {
        const auto found = std::ranges::find_if(
            others, [&](const duties::DutyReport& report) { return report.kind == kind && report.slot.value == slot; });
        return found == others.end() ? nullptr : &*found;
    }
};

TEST_F(EngineDutiesTest, ABlockIsAskedForAtTheStartOfItsSlot_AndItsRandaoIsReadyBefore) {
    chain.proposers = {{18, 1}, {19, 99}};
    chain.missing_blocks = {18};
    begin();
    go_to(17, 11s);
    EXPECT_EQ(made(signing::MessageKind::kRandaoReveal), 1U);
    EXPECT_THAT(controls[0].blocks_asked, IsEmpty());
    go_to(18, 50ms);
    for (const FakeNode::Control& control : controls) {
        ASSERT_FALSE(control.blocks_asked.empty());
        EXPECT_EQ(control.blocks_asked[0].first, Slot{18});
        EXPECT_LT(control.blocks_asked[0].second, 20ms);
    }
    EXPECT_FALSE(engine->idle()) << "a block of ours is not out yet";
    go_to(20, 0s);
    EXPECT_EQ(controls[0].blocks_asked.back().first, Slot{18}) << "slot 19 is somebody else's";
    ASSERT_NE(of(duties::DutyKind::kProposal, 18), nullptr);
    EXPECT_EQ(of(duties::DutyKind::kProposal, 18)->missed_count(), 1U);
    EXPECT_EQ(report_of(18)->attested, 2U) << "a block that nobody gives takes nothing from the attestations";
}

TEST_F(EngineDutiesTest, Closed_NothingButPreparationIsDone_AndATakeoverWithinTheSlotProposes) {
    chain.proposers = {{18, 1}};
    chain.missing_blocks = {18};
    chain.sync_members = {3};
    options.proposers.otherwise.fee_recipient.emplace().bytes.fill(7);
    begin_warm();
    go_to(18, 1s);
    EXPECT_EQ(made(signing::MessageKind::kRandaoReveal), 1U);
    EXPECT_GT(made(signing::MessageKind::kSelectionProof), 0U);
    EXPECT_EQ(made(signing::MessageKind::kSyncCommitteeMessage), 0U);
    EXPECT_EQ(made(signing::MessageKind::kAggregateAndProof), 0U);
    for (const FakeNode::Control& control : controls) {
        EXPECT_THAT(control.blocks_asked, IsEmpty());
        EXPECT_THAT(control.sync_messages, IsEmpty());
        EXPECT_THAT(control.prepared, SizeIs(kKeys)) << "its nodes are to be ready for a takeover";
    }
    take_over_now();
    EXPECT_FALSE(controls[0].blocks_asked.empty());
    go_to(19, 0s);
    EXPECT_FALSE(controls[0].sync_messages.empty());
}

TEST_F(EngineDutiesTest, ABlockThatTheInstanceBeforeHasMadeIsNotMissed) {
    chain.proposers = {{18, 1}};
    begin_warm();
    go_to(18, 1s);
    EXPECT_THAT(controls[0].blocks_asked, IsEmpty());
    take_over_now();
    go_to(19, 0s);
    EXPECT_THAT(controls[0].blocks_asked, IsEmpty()) << "every node has announced the slot's block";
    ASSERT_NE(of(duties::DutyKind::kProposal, 18), nullptr);
    EXPECT_EQ(of(duties::DutyKind::kProposal, 18)->missed_count(), 0U);
}

TEST_F(EngineDutiesTest, NothingOfAnEpochsStartStandsBeforeItsFirstBlock) {
    chain.use_fulu();
    chain.proposers = {{24, 1}};
    begin();
    go_to(23, 11900ms);
    std::array<std::size_t, 3> calls{};
    const auto count = [this](std::size_t i) {
        return controls[i].duty_calls + controls[i].proposer_calls + controls[i].validator_calls;
    };
    for (std::size_t i = 0; i < controls.size(); ++i) calls[i] = count(i);
    go_to(24, 8900ms);
    for (std::size_t i = 0; i < controls.size(); ++i) EXPECT_EQ(count(i), calls[i]) << "node " << i + 1;
    ASSERT_FALSE(controls[0].blocks_asked.empty());
    EXPECT_LT(controls[0].blocks_asked[0].second, 20ms);
    go_to(25, 0s);
    EXPECT_TRUE(engine->attester_duties()->book().knows(Epoch{4}));
    EXPECT_TRUE(engine->duties()->outlook().knows(Epoch{4}));
    std::size_t validator_calls = 0;
    for (const FakeNode::Control& control : controls) validator_calls += control.validator_calls;
    EXPECT_GE(validator_calls, 2U) << "looked up once more in this epoch";
}

TEST_F(EngineDutiesTest, NodesAreToldWhereOneOfOursAggregates) {
    begin();
    go_to(24, 0s);
    const auto told = [](const beacon::CommitteeSubscription& one) { return one.is_aggregator && one.slot >= Slot{16}; };
    EXPECT_TRUE(std::ranges::any_of(controls[0].subscriptions, told));
}

// One head event starts both; attestations are due sooner.
TEST_F(EngineDutiesTest, SyncCommitteeMessagesFollowTheSlotsAttestations) {
    chain.sync_members = {3, 5};
    begin();
    go_to(18, 0s);
    const auto first_sync = std::ranges::find(controls[0].told, "sync messages");
    ASSERT_NE(first_sync, controls[0].told.end());
    for (std::size_t i = 0; i + 1 < controls[0].told.size(); i += 2) {
        EXPECT_EQ(controls[0].told[i], "votes");
        EXPECT_EQ(controls[0].told[i + 1], "sync messages");
    }
}

TEST_F(EngineDutiesTest, SyncCommitteeMessagesFollowTheHeadEvent) {
    chain.sync_members = {3, 5};
    begin();
    go_to(17, 1s);
    ASSERT_NE(of(duties::DutyKind::kSyncMessage, 17), nullptr);
    EXPECT_EQ(of(duties::DutyKind::kSyncMessage, 17)->done, 2U);
    EXPECT_EQ(engine->recent_duties().front().slot, Slot{17});
    EXPECT_EQ(engine->upcoming().sync_committee_until, Epoch{3});
}

TEST_F(EngineDutiesTest, AKeyThatMayBeInUseElsewhereSignsNothing) {
    older_by(4);
    chain.proposers = {{50, 1}};
    doppelganger_detection = true;
    begin();
    go_to(52, 0s);
    EXPECT_EQ(door->made.size(), 0U);
    EXPECT_EQ(door->signed_messages.size(), 0U);
    EXPECT_EQ(controls[0].blocks_asked.size(), 0U);
    EXPECT_EQ(engine->validators().active().size(), 0U);
    EXPECT_EQ(engine->validators().held_back(), kKeys);
}

TEST_F(EngineDutiesTest, KeysThatThisClusterHasSignedWithLatelyDontWait) {
    older_by(4);
    doppelganger_detection = true;
    std::vector<PublicKey> all;
    for (std::uint64_t i = 1; i < kKeys; ++i) all.push_back(key_of(i));
    quorum.proved[Epoch{4}] = all;
    quorum.proved[Epoch{5}] = all;
    begin();
    go_to(56, 0s);
    const auto sent = by_validator(controls[0]);
    EXPECT_FALSE(sent.contains(0)) << "nobody has proved that it is ours alone";
    for (std::uint64_t index = 1; index < kKeys; ++index) EXPECT_TRUE(sent.contains(index)) << index;
}

TEST_F(EngineDutiesTest, AValidatorThatIsBeingSlashedStopsAtOnce) {
    chain.statuses[4] = "active_ongoing";
    begin();
    go_to(17, 0s);
    chain.statuses[4] = "active_slashed";
    go_to(25, 0s);
    EXPECT_TRUE(quorum.halted.contains(key_of(4)));
    EXPECT_FALSE(engine->validators().active().contains(key_of(4)));
    go_to(40, 0s);
    for (const auto& [validator, slot] : by_validator(controls[0])) {
        EXPECT_FALSE(validator == 4 && slot >= Slot{25}) << "slot " << slot.value;
    }
}

TEST_F(EngineDutiesTest, WhatMostNodesSayOfOurDutiesIsUsed) {
    chain.proposers = {{30, 2}};
    controls[0].strange_duties = true;
    begin();
    go_to(24, 0s);
    EXPECT_GT(engine->duties()->cross_check().attesters().different, 0U);
    EXPECT_GT(engine->duties()->cross_check().proposers().different, 0U);
    go_to(32, 0s);
    expect_all_attested(3, 1, controls[1]);
    EXPECT_FALSE(controls[1].blocks_asked.empty()) << "the proposal that one node doesn't know of";
}

TEST_F(EngineDutiesTest, StoppingWaitsForTheProposal) {
    chain.proposers = {{18, 1}};
    begin();
    go_to(18, 1s);
    engine->request_stop();
    go_to(18, 5s);
    EXPECT_FALSE(start.ended);
    go_to(19, 0s);
    time.advance(200ms);
    EXPECT_TRUE(start.ended);
    EXPECT_NE(of(duties::DutyKind::kProposal, 18), nullptr);
}

}  // namespace
}  // namespace holdfast::validator
