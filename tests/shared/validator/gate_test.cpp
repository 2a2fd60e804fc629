// The gate: closed, every vote is decided and none is signed; opened, what is still worth it is caught up with; closed again,
// nothing more is signed.
#include <gmock/gmock.h>

#include "tests/shared/validator/engine_fixture.hpp"

namespace holdfast::validator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class GateTest : public EngineFixture {
protected:
    Result<void> on_duty{failure(ErrorCode::kInternal, "not ended")};

    static Task<void> take_over(Engine& engine, Clock& clock, Result<void>& result) {
        result = co_await engine.take_over(clock.steady() + 10s);
    }
    void start_taking_over() { group->spawn("take over", take_over(*engine, clock, on_duty)); }
    void take_over_now() {
        start_taking_over();
        time.advance(100ms);
        ASSERT_TRUE(on_duty) << on_duty.error().message;
    }
    std::vector<std::uint64_t> validators_of(std::uint64_t slot) const {
        std::vector<std::uint64_t> result;
        for (std::uint64_t index = 0; index < kKeys; ++index) {
            if (chain.duty_slot(chain.spec.epoch_of(Slot{slot}), index) == Slot{slot}) result.push_back(index);
        }
        return result;
    }
    // What an instance before us had recorded for all duties of these slots: what it saw, too.
    protection::AdoptionPlan recorded(const std::vector<std::uint64_t>& slots) {
        protection::AdoptionPlan plan;
        for (const std::uint64_t slot : slots) {
            const ethereum::AttestationData data = chain.data(Slot{slot}, chain.head_at(Slot{slot}));
            const Domain domain = ethereum::domain_at(chain.spec, chain.genesis.validators_root,
                                                      ethereum::kDomainBeaconAttester, data.target.epoch);
            protection::AdoptedGroup message;
            message.mark = {data.source.epoch, data.target.epoch, ethereum::attestation_signing_root(data, domain)};
            message.data = std::make_shared<const ethereum::AttestationData>(data);
            for (const std::uint64_t index : validators_of(slot)) message.keys.push_back(key_of(index));
            plan.adopt.push_back(std::move(message));
        }
        return plan;
    }
    std::vector<std::uint64_t> requested_slots() const {
        std::vector<std::uint64_t> slots;
        for (const FakeQuorum::Request& request : quorum.requests) slots.push_back(request.data.slot.value);
        return slots;
    }
    std::vector<std::uint64_t> caught_up() const {
        std::vector<std::uint64_t> slots;
        for (const duties::SlotReport& report : reports) {
            if (report.caught_up) slots.push_back(report.slot.value);
        }
        return slots;
    }
    std::size_t missed() const {
        std::size_t count = 0;
        for (const duties::SlotReport& report : reports) count += report.missed_count();
        return count;
    }
};

TEST_F(GateTest, Closed_EveryVoteIsDecidedAndNoneIsSigned) {
    begin_warm();
    go_to(32, 0s);
    EXPECT_THAT(quorum.requests, IsEmpty());
    EXPECT_THAT(door->made, IsEmpty());
    EXPECT_EQ(controls[0].posts, 0U);
    EXPECT_FALSE(controls[0].subscriptions.empty()) << "warm";
    EXPECT_THAT(reports, IsEmpty());
    ASSERT_EQ(only_decided.size(), 16U);
    for (const duties::SlotReport& report : only_decided) {
        EXPECT_EQ(report.due, 2U);
        EXPECT_EQ(report.missed_count(), 0U);
        ASSERT_TRUE(report.vote);
        EXPECT_EQ(report.vote->data.beacon_block_root, chain.block(report.slot));
        EXPECT_LT(*report.decided, 1s);
    }
    EXPECT_FALSE(engine->gate_open());
    EXPECT_TRUE(engine->idle());
    EXPECT_EQ(engine->recent().size(), 16U);
    EXPECT_EQ(engine->recent().front().slot, Slot{31});
}

TEST_F(GateTest, OpenedInTheMiddleOfASlot_ThatSlotIsAttested) {
    begin_warm();
    go_to(16, 2s);
    take_over_now();
    EXPECT_TRUE(engine->gate_open());
    time.advance(200ms);
    EXPECT_EQ(by_validator(controls[0]).size(), 2U);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_TRUE(reports[0].caught_up);
    EXPECT_EQ(reports[0].attested, 2U);
    EXPECT_LT(*reports[0].posted, 2300ms);
    go_to(24, 0s);
    expect_all_attested(2, 1, controls[0]);
    expect_right_heads(controls[0]);
}

TEST_F(GateTest, OpenedBeforeTheVoteIsDecided_TheSlotIsPerformedAsAlways) {
    chain.missing_blocks = {17};
    begin_warm();
    go_to(17, 1s);
    take_over_now();
    go_to(18, 0s);
    ASSERT_NE(report_of(17), nullptr);
    EXPECT_FALSE(report_of(17)->caught_up);
    EXPECT_EQ(report_of(17)->attested, 2U);
}

TEST_F(GateTest, MissedSlotsOfTheEpochAreCaughtUpWith_ThisSlotFirstThenTheNewest) {
    begin_warm();
    go_to(20, 2s);
    take_over_now();
    time.advance(500ms);
    EXPECT_THAT(requested_slots(), ElementsAre(20, 19, 18, 17, 16));
    EXPECT_EQ(caught_up().size(), 5U);
    go_to(24, 0s);
    expect_all_attested(2, 1, controls[0]);
    expect_right_heads(controls[0]);
    EXPECT_EQ(missed(), 0U);
    EXPECT_EQ(engine->recent().size(), 8U) << "what is caught up with takes the place of what was only decided";
    EXPECT_NE(describe(reports[0]).find("2 of 2 caught up"), std::string::npos) << describe(reports[0]);
}

TEST_F(GateTest, WhatTheOneBeforeHadRecorded_IsNotCaughtUpWith) {
    begin_warm();
    go_to(20, 2s);
    quorum.promise = protection::Promise{3, Epoch{2}, Slot{19}};
    quorum.recorded[Epoch{2}] = recorded({16, 17, 18, 19});
    take_over_now();
    time.advance(500ms);
    EXPECT_THAT(caught_up(), ElementsAre(20));
    EXPECT_EQ(missed(), 0U);
    go_to(24, 0s);
    expect_all_attested(2, 1, controls[0]);
}

// Slot 23 is the last of epoch 2; the same validators may vote in epoch 3 only after it.
TEST_F(GateTest, TheLastSlotOfTheEpochBefore_ComesFirstWhereAVoteOfThisEpochWouldShutItOut) {
    begin_warm();
    go_to(24 + 7, 2s);
    take_over_now();
    time.advance(500ms);
    ASSERT_FALSE(quorum.requests.empty());
    EXPECT_EQ(quorum.requests[0].data.slot, Slot{23});
    EXPECT_EQ(quorum.requests[1].data.slot, Slot{31});
    EXPECT_EQ(caught_up().size(), 9U);
    EXPECT_EQ(missed(), 0U);
}

TEST_F(GateTest, TheLastSlotOfTheEpochBefore_ComesLastWhereNothingShutsItOut) {
    chain.shuffled_from = Epoch{3};
    chain.shuffle = 2;
    begin_warm();
    go_to(24, 2s);
    const std::vector<std::uint64_t> old = validators_of(23);
    for (const std::uint64_t index : validators_of(24)) ASSERT_EQ(std::ranges::count(old, index), 0);
    take_over_now();
    time.advance(500ms);
    EXPECT_THAT(requested_slots(), ElementsAre(24, 23));
}

TEST_F(GateTest, TheLastSlotOfTheEpochBefore_IsLeftOutWhereItIsRecorded) {
    chain.shuffled_from = Epoch{3};
    chain.shuffle = 2;
    begin_warm();
    go_to(26, 2s);
    quorum.promise = protection::Promise{3, Epoch{3}, Slot{25}};
    quorum.recorded[Epoch{3}] = recorded({24, 25});
    quorum.recorded[Epoch{2}] = recorded({20, 23});
    take_over_now();
    time.advance(500ms);
    EXPECT_THAT(caught_up(), ElementsAre(26));
    EXPECT_EQ(missed(), 0U) << "nobody asks for what the one before had published in the last epoch";
    EXPECT_EQ(by_validator(controls[0]).size(), 6U) << "slots 24 and 25 once more, and 26";
}

TEST_F(GateTest, OlderVotesAreForgotten) {
    begin_warm();
    go_to(33, 2s);
    take_over_now();
    time.advance(500ms);
    std::vector<std::uint64_t> slots = caught_up();
    std::ranges::sort(slots);
    EXPECT_THAT(slots, ElementsAre(31, 32, 33));
}

TEST_F(GateTest, AVoteThatWasNotDecided_IsReportedWithTheReason) {
    begin_warm();
    go_to(17, 0s);
    for (FakeNode::Control& control : controls) control.down = true;
    go_to(18, 0s);
    for (FakeNode::Control& control : controls) control.down = false;
    EXPECT_THAT(reports, IsEmpty()) << "off duty nothing is missed";
    go_to(20, 3s);
    take_over_now();
    time.advance(500ms);
    ASSERT_NE(report_of(17), nullptr);
    EXPECT_TRUE(report_of(17)->caught_up);
    EXPECT_EQ(report_of(17)->attested, 0U);
    EXPECT_EQ(report_of(17)->missed_count(), 2U);
    ASSERT_NE(report_of(18), nullptr);
    EXPECT_EQ(report_of(18)->attested, 2U);
}

TEST_F(GateTest, StoodDownWhileAnApprovalIsUnderWay_NothingIsSigned) {
    begin();
    go_to(17, 0s);
    const std::size_t made = door->made.size();
    quorum.on_request = [this] { engine->stand_down(); };
    go_to(18, 0s);
    EXPECT_EQ(door->made.size(), made);
    ASSERT_NE(report_of(16), nullptr);
    EXPECT_EQ(report_of(17), nullptr) << "kept for later, not missed";
    EXPECT_FALSE(engine->gate_open());
    quorum.on_request = nullptr;
    go_to(19, 2s);
    EXPECT_EQ(door->made.size(), made);
    engine->reopen();
    time.advance(500ms);
    EXPECT_EQ(door->made.size(), made + 6U) << "slots 17, 18 and 19";
    go_to(24, 0s);
    expect_all_attested(2, 1, controls[0]);
}

TEST_F(GateTest, CloseAfter_TheSlotIsFinishedThenIdle) {
    chain.missing_blocks = {18};
    begin();
    go_to(18, 1s);
    engine->close_after(Slot{18});
    EXPECT_TRUE(engine->gate_open());
    EXPECT_FALSE(engine->idle()) << "the vote of slot 18 is still to be decided, at the deadline";
    go_to(18, 5s);
    EXPECT_TRUE(engine->idle());
    EXPECT_FALSE(engine->gate_open()) << "all is done that was to be done";
    ASSERT_NE(report_of(18), nullptr);
    EXPECT_EQ(report_of(18)->attested, 2U);
    const std::size_t made = door->made.size();
    go_to(20, 3s);
    EXPECT_EQ(door->made.size(), made);
    engine->reopen();
    go_to(24, 0s);
    expect_all_attested(2, 1, controls[0]);
    EXPECT_EQ(missed(), 0U) << "a handover that nobody took cost nothing";
}

TEST_F(GateTest, CloseAfter_AtTheStartOfASlotIsNotIdleBeforeItHasBegun) {
    begin();
    go_to(17, 5s);
    EXPECT_TRUE(engine->idle());
    engine->close_after(Slot{18});
    EXPECT_TRUE(engine->gate_open());
    clock.set_wall_error(8s);
    EXPECT_FALSE(engine->idle()) << "the slot is there, the loop has not noticed";
    clock.set_wall_error(0s);
    go_to(18, 1ms);
    EXPECT_FALSE(engine->idle());
    go_to(18, 2s);
    EXPECT_TRUE(engine->idle());
    EXPECT_FALSE(engine->gate_open());
    go_to(20, 0s);
    ASSERT_NE(report_of(18), nullptr);
    EXPECT_EQ(report_of(19), nullptr);
}

TEST_F(GateTest, ReopenedAcrossAnEpochsEdge_NothingIsLost) {
    begin();
    go_to(22, 6s);
    engine->close_after(Slot{22});
    go_to(24, 5s);
    engine->reopen();
    go_to(32, 0s);
    expect_all_attested(2, 2, controls[0]);
    EXPECT_EQ(missed(), 0U);
}

TEST_F(GateTest, StoodDownWhileTakingOver_StaysOffDuty) {
    begin_warm();
    quorum.promise = protection::Promise{3, Epoch{2}, Slot{16}};
    quorum.available = false;
    go_to(17, 2s);
    start_taking_over();
    time.advance(100ms);
    engine->stand_down();
    quorum.available = true;
    time.advance(5s);
    ASSERT_FALSE(on_duty);
    EXPECT_EQ(on_duty.error().code, ErrorCode::kCancelled);
    EXPECT_FALSE(engine->gate_open());
    EXPECT_THAT(door->made, IsEmpty());
    EXPECT_EQ(engine->health().state, "standby");
}

TEST_F(GateTest, HeartbeatsSayWhoIsOnDuty_AndChangesAreToldAtOnce) {
    begin_warm();
    go_to(17, 2s);
    ASSERT_TRUE(quorum.beat);
    EXPECT_FALSE(quorum.beat().on_duty);
    EXPECT_TRUE(quorum.beat().well);
    well = false;
    EXPECT_FALSE(quorum.beat().well);
    EXPECT_EQ(quorum.beats_now, 0U);
    take_over_now();
    EXPECT_TRUE(quorum.beat().on_duty);
    EXPECT_EQ(quorum.beats_now, 1U);
    engine->stand_down();
    EXPECT_FALSE(quorum.beat().on_duty);
    EXPECT_EQ(quorum.beats_now, 2U);
    engine->reopen();
    time.advance(10ms);
    EXPECT_EQ(quorum.beats_now, 3U);
    quorum.fence = protection::Tenure{7, "secondary", {}};
    EXPECT_FALSE(quorum.beat().on_duty);
    time.advance(1s);
    EXPECT_EQ(quorum.beats_now, 4U);
}

// Nobody else must take a generation for vacant whose holder is only reading the records.
TEST_F(GateTest, OnDutyForTheProtectorsAsSoonAsAGenerationIsOurs) {
    begin_warm();
    go_to(17, 2s);
    quorum.promise = protection::Promise{3, Epoch{2}, Slot{16}};
    quorum.available = false;
    start_taking_over();
    time.advance(100ms);
    EXPECT_FALSE(engine->gate_open());
    EXPECT_TRUE(quorum.beat().on_duty);
    quorum.available = true;
    time.advance(1s);
    EXPECT_TRUE(engine->gate_open());
}

TEST_F(GateTest, TheLoopTurnsAtLeastOnceASecond) {
    begin_warm();
    go_to(17, 0s);
    const std::size_t before = turns;
    time.advance(20s);
    EXPECT_GE(turns - before, 20U);
}

TEST_F(GateTest, StoppedOffDuty_DoesNotWaitForTheDecision) {
    chain.missing_blocks = {17};
    begin_warm();
    go_to(17, 1s);
    engine->request_stop();
    time.advance(100ms);
    EXPECT_TRUE(start.ended);
}

}  // namespace
}  // namespace holdfast::validator
