// The primary's rules, situation by situation.
#include "healthcheck/primary_rules.hpp"

#include "tests/healthcheck/rules_fixture.hpp"

namespace holdfast::healthcheck {
namespace {

using namespace std::chrono_literals;
using State = PrimaryState;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class PrimaryRulesTest : public testing::Test {
protected:
    PrimaryOptions options;
    SteadyTime now{1h};
    std::optional<PrimaryRules> made;

    PrimaryRules& rules() {
        if (!made) made.emplace(options);
        return *made;
    }
    // What was asked for, besides looking.
    std::vector<Action> actions() {
        std::vector<Action> all = take_actions(rules());
        std::erase(all, Action::kLook);
        return all;
    }
    void see(const Sight& sight, Duration after = 500ms) {
        now += after;
        rules().on_sight(sight, now);
    }
    void see_for(const Sight& sight, Duration time) {
        for (Duration passed{}; passed < time; passed += 500ms) see(sight);
    }
    void start() {
        rules().on_started(now);
        rules().on_readiness(kReady, now);
    }
    void go_on_duty() {
        start();
        see(vacant());
        ASSERT_THAT(actions(), ElementsAre(Action::kGoOnDuty));
        rules().on_duty_begun(now);
        ASSERT_EQ(rules().state(), State::kOnDuty);
    }
    void be_fenced() {
        go_on_duty();
        rules().on_fenced("fenced by generation 2, held by other", now);
        ASSERT_EQ(rules().state(), State::kStandby);
        ASSERT_THAT(actions(), ElementsAre(Action::kStandDown));
    }
};

TEST_F(PrimaryRulesTest, LooksBeforeItGoesOnDuty) {
    start();
    EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kLook));
    EXPECT_EQ(rules().state(), State::kStarting);
    see(vacant());
    EXPECT_THAT(actions(), ElementsAre(Action::kGoOnDuty));
    rules().on_duty_begun(now);
    EXPECT_TRUE(rules().on_duty());
}

TEST_F(PrimaryRulesTest, AnotherOnDuty_StaysOnStandby) {
    for (const Sight& sight : {other_performs(), other_unwell()}) {
        made.reset();
        start();
        see(sight);
        EXPECT_EQ(rules().state(), State::kStandby);
        EXPECT_THAT(actions(), IsEmpty());
        EXPECT_EQ(rules().reason(), sight.sentence);
    }
}

TEST_F(PrimaryRulesTest, SilentHolder_IsWaitedForFirst) {
    start();
    see_for(nobody_heard(), 3s);
    EXPECT_THAT(actions(), IsEmpty());
    see(nobody_heard());
    EXPECT_THAT(actions(), ElementsAre(Action::kGoOnDuty));
}

TEST_F(PrimaryRulesTest, WithoutAnswersOfAQuorum_NotOnDuty) {
    start();
    see_for(too_few_answers(), 20s);
    EXPECT_THAT(actions(), IsEmpty());
    EXPECT_THAT(rules().reason(), HasSubstr("only 2 protectors"));
    see(vacant());
    EXPECT_THAT(actions(), ElementsAre(Action::kGoOnDuty));
}

TEST_F(PrimaryRulesTest, LostTheRace_LooksAgain) {
    start();
    see(vacant());
    take_actions(rules());
    rules().on_duty_failed("another instance went on duty", now);
    EXPECT_EQ(rules().state(), State::kStarting);
    see(other_performs());
    EXPECT_EQ(rules().state(), State::kStandby);
}

TEST_F(PrimaryRulesTest, SharedMode_OnDutyWithoutLooking) {
    options.shared_mode = true;
    start();
    EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kGoOnDuty));
    rules().on_duty_begun(now);
    rules().tick(now + 10s);
    EXPECT_THAT(take_actions(rules()), IsEmpty());
    EXPECT_FALSE(rules().on_command(Command::kFailover, now));
    rules().on_stop(now);
    EXPECT_TRUE(rules().may_stop());
}

TEST_F(PrimaryRulesTest, FencedStandsDownAndBecomesStandby) {
    be_fenced();
    EXPECT_TRUE(rules().fenced());
    see_for(other_performs(), 1h);
    EXPECT_EQ(rules().state(), State::kStandby);
    EXPECT_THAT(actions(), IsEmpty());
    EXPECT_TRUE(rules().wants_duty()) << "it would take it back";
}

TEST_F(PrimaryRulesTest, NewHolderWhoseBeatsAreNotThereYet_IsNotRelieved) {
    be_fenced();
    see(nobody_heard());
    see(nobody_heard());
    EXPECT_THAT(actions(), IsEmpty());
}

TEST_F(PrimaryRulesTest, VacantDutyIsTakenAtOnce) {
    be_fenced();
    see(other_performs());
    see(vacant());
    EXPECT_THAT(actions(), ElementsAre(Action::kGoOnDuty));
    rules().on_duty_begun(now);
    EXPECT_EQ(rules().state(), State::kOnDuty);
    EXPECT_FALSE(rules().fenced());
}

TEST_F(PrimaryRulesTest, HolderThatIsUnwellOrGone_IsReplacedAfterAWhile) {
    for (const Sight& sight : {other_unwell(), nobody_heard()}) {
        made.reset();
        be_fenced();
        see(other_performs());
        see_for(sight, 2s);
        EXPECT_THAT(actions(), IsEmpty());
        see(sight);
        EXPECT_THAT(actions(), ElementsAre(Action::kGoOnDuty)) << sight.sentence;
    }
}

TEST_F(PrimaryRulesTest, NotReady_TakesNothing) {
    be_fenced();
    rules().on_readiness(kNotReady, now);
    see_for(vacant(), 20s);
    EXPECT_THAT(actions(), IsEmpty());
    EXPECT_FALSE(rules().wants_duty());
    rules().on_readiness(kReady, now);
    EXPECT_THAT(actions(), ElementsAre(Action::kGoOnDuty));
}

TEST_F(PrimaryRulesTest, WithoutAnswersOfAQuorum_PatienceDoesntRun) {
    be_fenced();
    see(other_performs());
    see_for(too_few_answers(), 20s);
    see(other_performs());
    EXPECT_THAT(actions(), IsEmpty());
}

TEST_F(PrimaryRulesTest, Failover_DrainsAndIsRelieved) {
    go_on_duty();
    see(other_ready());
    ASSERT_TRUE(rules().on_command(Command::kFailover, now));
    EXPECT_EQ(rules().state(), State::kDraining);
    EXPECT_TRUE(rules().on_duty());
    EXPECT_THAT(actions(), ElementsAre(Action::kDrain));
    rules().on_drained(now);
    EXPECT_TRUE(rules().drained());
    EXPECT_FALSE(rules().on_duty());
    rules().on_fenced("held by other", now);
    EXPECT_EQ(rules().state(), State::kStandby);
    EXPECT_FALSE(rules().fenced()) << "that was planned";
    EXPECT_FALSE(rules().wants_duty()) << "the operator has moved it away";
    EXPECT_TRUE(rules().ready()) << "but it would take it from one who gives it up";
    ASSERT_TRUE(rules().on_command(Command::kFailback, now));
    EXPECT_TRUE(rules().asks_for_duty());
}

TEST_F(PrimaryRulesTest, FailoverWithNobodyReady_IsRefused) {
    go_on_duty();
    see(nobody_heard());
    const auto result = rules().on_command(Command::kFailover, now);
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("no other instance is ready"));
    EXPECT_EQ(rules().state(), State::kOnDuty);
}

TEST_F(PrimaryRulesTest, HandoverThatNobodyTakes_GoesOn) {
    go_on_duty();
    see(other_ready());
    ASSERT_TRUE(rules().on_command(Command::kFailover, now));
    rules().on_drained(now);
    actions();
    rules().tick(now + 3900ms);
    EXPECT_TRUE(rules().drained());
    rules().tick(now + 4s);
    EXPECT_EQ(rules().state(), State::kOnDuty);
    EXPECT_THAT(actions(), ElementsAre(Action::kGoOnAgain));
}

TEST_F(PrimaryRulesTest, SecondaryLostBeforeTheHandover_GoesOn) {
    go_on_duty();
    see(other_ready());
    ASSERT_TRUE(rules().on_command(Command::kFailover, now));
    actions();
    see(nobody_heard());
    EXPECT_EQ(rules().state(), State::kOnDuty);
    EXPECT_THAT(actions(), ElementsAre(Action::kGoOnAgain));
}

TEST_F(PrimaryRulesTest, Stop_HandsOverFirst) {
    go_on_duty();
    see(other_ready());
    rules().on_stop(now);
    EXPECT_FALSE(rules().may_stop());
    EXPECT_THAT(actions(), ElementsAre(Action::kDrain));
    rules().on_drained(now);
    rules().on_fenced("held by other", now);
    EXPECT_TRUE(rules().may_stop());
    see(vacant());
    EXPECT_THAT(actions(), Not(Contains(Action::kGoOnDuty)));
}

TEST_F(PrimaryRulesTest, StopWithNobodyReady_DoesntWait) {
    go_on_duty();
    see(nobody_heard());
    rules().on_stop(now);
    EXPECT_TRUE(rules().may_stop());
}

TEST_F(PrimaryRulesTest, StopWhileStarting_DoesntWait) {
    rules().on_stop(now);
    EXPECT_TRUE(rules().may_stop());
}

TEST_F(PrimaryRulesTest, ForcedFailback_AtOnce) {
    be_fenced();
    see(other_performs());
    ASSERT_TRUE(rules().on_command(Command::kForceFailback, now));
    EXPECT_THAT(actions(), ElementsAre(Action::kGoOnDuty));
}

TEST_F(PrimaryRulesTest, CommandsThatCantBe_SayWhy) {
    for (const Command command : {Command::kFailover, Command::kForceFailover, Command::kFailback, Command::kForceFailback}) {
        const auto result = rules().on_command(command, now);
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, ErrorCode::kRefused);
    }
    go_on_duty();
    EXPECT_FALSE(rules().on_command(Command::kFailback, now));
}

TEST_F(PrimaryRulesTest, PausedDoesNothingByItself) {
    be_fenced();
    ASSERT_TRUE(rules().on_command(Command::kPause, now));
    EXPECT_FALSE(rules().wants_duty());
    see_for(other_unwell(), 20s);
    EXPECT_THAT(actions(), IsEmpty());
    ASSERT_TRUE(rules().on_command(Command::kResume, now));
    EXPECT_THAT(actions(), ElementsAre(Action::kGoOnDuty));
}

TEST_F(PrimaryRulesTest, PausedTakesWhatIsHandedOver) {
    be_fenced();
    ASSERT_TRUE(rules().on_command(Command::kPause, now));
    EXPECT_TRUE(rules().ready());
    see(vacant());
    EXPECT_THAT(actions(), ElementsAre(Action::kGoOnDuty));
}

}  // namespace
}  // namespace holdfast::healthcheck
