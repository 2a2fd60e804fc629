// Raw checks: each shows what is wrong, and only that.
#include "tests/shared/validator/engine_fixture.hpp"

namespace holdfast::validator {
namespace {

class EngineChecksTest : public EngineFixture {
protected:
    std::string bad() const {
        std::string names;
        for (const HealthCheck& check : engine->checks()) {
            if (!check.ok) names += (names.empty() ? "" : " ") + check.name;
        }
        return names;
    }
    HealthCheck named(const std::string& name) const {
        for (const HealthCheck& check : engine->checks()) {
            if (check.name == name) return check;
        }
        return {};
    }
};

TEST_F(EngineChecksTest, AllIsWell_OnDutyAndOff) {
    begin_warm();
    go_to(24, 0s);
    EXPECT_EQ(bad(), "");
    std::string names;
    for (const HealthCheck& check : engine->checks()) names += check.name + " ";
    EXPECT_EQ(names, "beacon_nodes protectors signer duties duty_loop last_duties clock head_events doppelganger slashing ");
}

TEST_F(EngineChecksTest, Nodes) {
    begin();
    go_to(18, 0s);
    controls[0].down = true;
    go_to(19, 0s);
    EXPECT_EQ(bad(), "") << "two of three are enough";
    controls[1].down = true;
    go_to(19, 3s);
    EXPECT_EQ(bad(), "beacon_nodes");
    EXPECT_EQ(named("beacon_nodes").detail, "1 of 3 fit, 2 needed");
}

TEST_F(EngineChecksTest, Protectors) {
    begin_warm();
    go_to(17, 0s);
    quorum.available = false;
    EXPECT_EQ(bad(), "protectors");
}

// The protectors' check says it; once they are back all is well at once, without a duty in between.
TEST_F(EngineChecksTest, DutiesWithoutQuorum_AreNoFailureOfTheirOwn) {
    begin();
    quorum.available = false;
    go_to(20, 0s);
    EXPECT_EQ(bad(), "protectors");
    quorum.available = true;
    EXPECT_EQ(bad(), "");
}

TEST_F(EngineChecksTest, OneMissedSlotIsNothing_TwoInARowAreBad) {
    begin();
    go_to(17, 0s);
    for (std::uint64_t index = 0; index < kKeys; ++index) door->missing.insert(key_of(index));
    go_to(18, 0s);
    EXPECT_EQ(bad(), "");
    go_to(19, 0s);
    EXPECT_EQ(bad(), "last_duties");
    door->missing.clear();
    go_to(20, 0s);
    EXPECT_EQ(bad(), "");
}

TEST_F(EngineChecksTest, TheLoopStandsStill) {
    begin();
    go_to(17, 0s);
    EXPECT_EQ(bad(), "");
    engine->request_stop();
    go_to(18, 0s);
    ASSERT_TRUE(start.ended) << "nothing turns any more";
    EXPECT_FALSE(named("duty_loop").ok);
}

TEST_F(EngineChecksTest, DutiesOfTheNextEpoch_AreWantedInItsSecondHalf) {
    begin_warm();
    go_to(23, 2s);
    for (FakeNode::Control& control : controls) control.duties_refused = true;
    go_to(27, 2s);
    EXPECT_TRUE(named("duties").ok) << "this epoch's are known, and it is its first half";
    go_to(28, 2s);
    EXPECT_FALSE(named("duties").ok);
    EXPECT_EQ(named("duties").detail, "the attester duties of epoch 4 are not known yet");
    go_to(32, 2s);
    EXPECT_EQ(named("duties").detail, "the attester duties of epoch 4 are not known");
    for (FakeNode::Control& control : controls) control.duties_refused = false;
    go_to(34, 0s);
    EXPECT_TRUE(named("duties").ok);
}

TEST_F(EngineChecksTest, AClockThatIsBehind) {
    nodes_have_their_own_clock = true;
    begin_warm();
    go_to(20, 0s);
    clock.set_wall_error(-5s);
    go_to(25, 0s);
    EXPECT_EQ(named("clock").ok, false) << named("clock").detail;
    clock.set_wall_error(0s);
    go_to(30, 0s);
    EXPECT_TRUE(named("clock").ok) << named("clock").detail;
}

// Heads lie ahead of such a clock in a part of each slot only. Who judges by a verdict that holds for seconds must see it all
// the time, from the moment when the clock is set.
TEST_F(EngineChecksTest, AClockThatIsSetBack_IsBadAtOnceAndAllTheTime) {
    nodes_have_their_own_clock = true;
    begin_warm();
    go_to(20, 6s);
    EXPECT_TRUE(named("clock").ok) << named("clock").detail;
    clock.set_wall_error(-5s);
    for (int quarter = 0; quarter < 6 * 48; ++quarter) {
        ASSERT_FALSE(named("clock").ok) << "after " << quarter << " quarters of a second: " << named("clock").detail;
        time.advance(250ms);
    }
    clock.set_wall_error(0s);
    time.advance(250ms);
    EXPECT_TRUE(named("clock").ok) << named("clock").detail;
}

TEST_F(EngineChecksTest, AClockThatIsFarAhead) {
    nodes_have_their_own_clock = true;
    begin_warm();
    go_to(20, 0s);
    clock.set_wall_error(7s);
    go_to(30, 0s);
    EXPECT_FALSE(named("clock").ok) << named("clock").detail;
}

TEST_F(EngineChecksTest, EmptySlotsAreNoSilence) {
    for (std::uint64_t slot = 18; slot < 24; ++slot) chain.missing_blocks.insert(slot);
    begin_warm();
    go_to(24, 0s);
    EXPECT_TRUE(named("head_events").ok) << named("head_events").detail;
}

TEST_F(EngineChecksTest, HeadsThatMoveOnWithoutEvents) {
    begin_warm();
    go_to(18, 0s);
    controls[0].events = false;
    go_to(22, 0s);
    EXPECT_TRUE(named("head_events").ok) << "one of three";
    controls[1].events = false;
    go_to(26, 0s);
    EXPECT_FALSE(named("head_events").ok);
    EXPECT_EQ(named("head_events").detail, "head events come from 1 of 3 fit nodes");
}

}  // namespace
}  // namespace holdfast::validator
