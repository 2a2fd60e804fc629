// Duties, slot by slot: each once, with the right head, whatever the nodes and the quorum do.
#include "tests/shared/validator/engine_fixture.hpp"

namespace holdfast::validator {
namespace {

using EngineTest = EngineFixture;

TEST_F(EngineTest, EachValidatorAttestsOnceAnEpochWithTheRightHead) {
    begin();
    go_to(40, 0s);
    for (const FakeNode::Control& control : controls) {
        expect_all_attested(2, 3, control);
        expect_right_heads(control);
        EXPECT_EQ(control.early_questions, 0U);
        EXPECT_FALSE(control.subscriptions.empty());
    }
    EXPECT_EQ(reports.size(), 24U);
    for (const duties::SlotReport& report : reports) {
        EXPECT_EQ(report.attested, report.due) << describe(report);
        ASSERT_TRUE(report.decided);
        EXPECT_LT(*report.decided, 1s) << describe(report) << ": head events are there, it must not wait for the deadline";
    }
}

TEST_F(EngineTest, OneRequestAndOnePostForAllKeysOfASlot) {
    begin();
    go_to(24, 0s);
    EXPECT_EQ(quorum.requests.size(), 8U);
    for (const FakeQuorum::Request& request : quorum.requests) EXPECT_EQ(request.keys.size(), 2U);
    EXPECT_EQ(controls[0].posts, 8U);
}

TEST_F(EngineTest, WhatIsSignedIsWhatTheQuorumApproved) {
    begin();
    go_to(20, 0s);
    std::set<std::pair<PublicKey, Root>> approved;
    for (const FakeQuorum::Request& request : quorum.requests) {
        for (const PublicKey& key : request.keys) {
            approved.emplace(key, ethereum::attestation_signing_root(request.data, request.domain));
        }
    }
    ASSERT_EQ(door->made.size(), 8U);
    for (const auto& made : door->made) EXPECT_TRUE(approved.contains(made));
}

TEST_F(EngineTest, NodesSixtyMillisecondsApart) {
    controls[0].block_delay = 300ms;
    controls[1].block_delay = 360ms;
    controls[2].block_delay = 420ms;
    for (FakeNode::Control& control : controls) control.freezes = true;
    begin();
    go_to(32, 0s);
    expect_all_attested(2, 2, controls[0]);
    expect_right_heads(controls[0]);
    for (const FakeNode::Control& control : controls) EXPECT_EQ(control.early_questions, 0U);
}

// A real node (Prysm) answers 200 to a vote for a block that it does not have yet, and may keep nothing of it.
TEST_F(EngineTest, ANodeThatLearnsOfTheBlockAfterTheVotes_IsSentThemOnceMore) {
    controls[2].block_delay = 800ms;
    begin();
    go_to(24, 0s);
    EXPECT_EQ(controls[0].posts, 8U);
    EXPECT_EQ(controls[1].posts, 8U);
    EXPECT_EQ(controls[2].posts, 16U);
}

TEST_F(EngineTest, OneNodeDownAndOneHangingAfterTheStart) {
    begin();
    controls[1].hanging = true;
    go_to(24, 0s);
    controls[1].hanging = false;
    controls[0].down = true;
    go_to(32, 0s);
    expect_all_attested(2, 2, controls[2]);
    expect_right_heads(controls[2]);
}

TEST_F(EngineTest, MissingAndLateBlocks) {
    chain.missing_blocks = {18, 19, 24};
    begin();
    go_to(25, 0s);
    for (FakeNode::Control& control : controls) control.block_delay = 5s;
    go_to(27, 0s);
    for (FakeNode::Control& control : controls) control.block_delay = 300ms;
    go_to(32, 0s);
    expect_all_attested(2, 2, controls[0]);
    for (const FakeNode::Sent& sent : controls[0].sent) {
        const bool late = sent.slot == Slot{25} || sent.slot == Slot{26};
        const Slot head = chain.head_at(late ? sent.slot - 1 : sent.slot);
        EXPECT_EQ(sent.block, chain.block(head)) << "slot " << sent.slot.value;
    }
    ASSERT_NE(report_of(18), nullptr);
    EXPECT_FALSE(report_of(18)->vote->by_event);
    EXPECT_GE(*report_of(18)->decided, 3999ms);
}

TEST_F(EngineTest, EventsOnlyFromOneNode) {
    controls[1].events = false;
    controls[2].events = false;
    begin();
    go_to(32, 0s);
    expect_all_attested(2, 2, controls[0]);
    expect_right_heads(controls[0]);
}

TEST_F(EngineTest, MinorityOnAWrongHead) {
    controls[2].wrong_head = true;
    begin();
    go_to(32, 0s);
    expect_all_attested(2, 2, controls[0]);
    expect_right_heads(controls[0]);
}

TEST_F(EngineTest, DutiesAreFetchedAgainWhenTheirDependentRootChanges) {
    begin();
    go_to(20, 0s);
    const std::size_t calls = controls[0].duty_calls + controls[1].duty_calls + controls[2].duty_calls;
    chain.shuffled_from = Epoch{3};
    chain.shuffle = 2;
    go_to(32, 0s);
    EXPECT_GT(controls[0].duty_calls + controls[1].duty_calls + controls[2].duty_calls, calls);
    EXPECT_GE(engine->attester_duties()->refetches(), 1U);
    expect_all_attested(2, 2, controls[0]);
}

TEST_F(EngineTest, WithoutQuorumNothingIsSignedOrSentAndTheReasonIsNamed) {
    begin();
    quorum.available = false;
    go_to(20, 0s);
    EXPECT_TRUE(door->made.empty());
    for (const FakeNode::Control& control : controls) EXPECT_EQ(control.posts, 0U);
    ASSERT_NE(report_of(17), nullptr);
    const auto& missed = report_of(17)->missed;
    ASSERT_TRUE(missed.contains(duties::MissedReason::kNoQuorum));
    EXPECT_EQ(missed.at(duties::MissedReason::kNoQuorum).count, 2U);
    EXPECT_NE(describe(*report_of(17)).find("no_quorum (protector 2: connection refused)"), std::string::npos);
    EXPECT_FALSE(engine->health().ok());
}

TEST_F(EngineTest, DutiesResumeInTheSlotInWhichTheQuorumIsBack) {
    begin();
    quorum.available = false;
    go_to(17, 5s);
    EXPECT_TRUE(door->made.empty());
    quorum.available = true;
    go_to(18, 0s);
    ASSERT_NE(report_of(17), nullptr);
    EXPECT_EQ(report_of(17)->attested, 2U);
    EXPECT_LT(*report_of(17)->posted, 6s);
}

TEST_F(EngineTest, ARefusedKeyDoesNotHoldUpTheOthers) {
    begin();
    quorum.refused.insert(key_of(0));
    go_to(24, 0s);
    const auto sent = by_validator(controls[0]);
    EXPECT_FALSE(sent.contains(0));
    for (std::uint64_t index = 1; index < kKeys; ++index) EXPECT_EQ(sent.count(index), 1U);
    const Slot slot = chain.duty_slot(Epoch{2}, 0);
    EXPECT_TRUE(report_of(slot.value)->missed.contains(duties::MissedReason::kRefused));
}

TEST_F(EngineTest, AKeyThatGetsItsQuorumLateFollows) {
    begin();
    quorum.late.insert(key_of(0));
    go_to(24, 0s);
    expect_all_attested(2, 1, controls[0]);
    EXPECT_EQ(controls[0].posts, 9U);
}

TEST_F(EngineTest, AKeyThatCannotBeSignedIsReported) {
    begin();
    door->missing.insert(key_of(0));
    go_to(24, 0s);
    const Slot slot = chain.duty_slot(Epoch{2}, 0);
    EXPECT_TRUE(report_of(slot.value)->missed.contains(duties::MissedReason::kSigningFailed));
    EXPECT_EQ(report_of(slot.value)->attested, 1U);
}

TEST_F(EngineTest, AWallClockSetBackRepeatsNoSlot) {
    begin();
    go_to(20, 6s);
    clock.set_wall_error(-60s);
    time.advance(120s);
    clock.set_wall_error(0s);
    go_to(40, 0s);
    const auto sent = by_validator(controls[0]);
    std::set<std::pair<std::uint64_t, std::uint64_t>> epochs;
    for (const auto& [index, slot] : sent) {
        EXPECT_TRUE(epochs.emplace(index, slot.value / FakeChain::kSlotsPerEpoch).second) << "validator " << index << " twice";
    }
    std::set<std::uint64_t> slots;
    for (const duties::SlotReport& report : reports) EXPECT_TRUE(slots.insert(report.slot.value).second);
}

TEST_F(EngineTest, APendingValidatorIsPickedUpWhenActive) {
    chain.statuses[5] = "pending_queued";
    begin();
    EXPECT_EQ(engine->validators().active().size(), kKeys - 1);
    go_to(22, 0s);
    chain.statuses.erase(5);
    go_to(40, 0s);
    EXPECT_EQ(engine->validators().active().size(), kKeys);
    EXPECT_GE(by_validator(controls[0]).count(5), 1U);
    expect_all_attested(4, 1, controls[0]);
}

TEST_F(EngineTest, StoppingFinishesTheDutyOfTheSlot) {
    chain.missing_blocks = {18};
    begin();
    go_to(18, 1s);
    engine->request_stop();
    time.advance(1s);
    EXPECT_FALSE(start.ended);
    EXPECT_EQ(engine->health().state, "draining");
    go_to(19, 0s);
    EXPECT_TRUE(start.ended);
    ASSERT_NE(report_of(18), nullptr);
    EXPECT_EQ(report_of(18)->attested, 2U);
    EXPECT_EQ(report_of(19), nullptr);
}

TEST_F(EngineTest, HealthNamesWhatIsWrong) {
    begin();
    go_to(18, 0s);
    EXPECT_TRUE(engine->health().ok());
    controls[0].down = true;
    controls[1].down = true;
    go_to(20, 0s);
    const Health health = engine->health();
    EXPECT_FALSE(health.ok());
    for (const HealthCheck& check : health.checks) {
        if (check.name == "beacon_nodes" || check.name == "protectors") {
            EXPECT_EQ(check.ok, check.name == "protectors") << check.detail;
        }
    }
}

}  // namespace
}  // namespace holdfast::validator
