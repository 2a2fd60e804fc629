// The secondary's rules, situation by situation.
#include "healthcheck/secondary_rules.hpp"

#include "tests/healthcheck/rules_fixture.hpp"

namespace holdfast::healthcheck {
namespace {

using namespace std::chrono_literals;
using State = SecondaryState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Poll performing() { return {.outcome = Poll::Outcome::kAnswered, .on_duty = true, .healthy = true, .sentence = "on duty"}; }
Poll unwell() { return {.outcome = Poll::Outcome::kAnswered, .on_duty = true, .sentence = "no quorum"}; }
Poll starting() { return {.outcome = Poll::Outcome::kAnswered, .sentence = "starting"}; }
Poll refused() { return {.outcome = Poll::Outcome::kRefused, .sentence = "connection refused"}; }
Poll silent() { return {.outcome = Poll::Outcome::kSilent, .sentence = "no answer in 400 ms"}; }
Poll drained() { return {.outcome = Poll::Outcome::kAnswered, .draining = true, .drained = true, .sentence = "drained"}; }
Poll wanting() {
    return {.outcome = Poll::Outcome::kAnswered, .healthy = true, .ready = true, .wants_duty = true, .sentence = "ready"};
}

class SecondaryRulesTest : public testing::Test {
protected:
    SecondaryOptions options;
    SteadyTime now{1h};
    std::optional<SecondaryRules> made;

    SecondaryRules& rules() {
        if (!made) made.emplace(options);
        return *made;
    }
    void poll(const Poll& poll, Duration after = 500ms) {
        now += after;
        rules().on_poll(poll, now);
    }
    void polls(const Poll& what, int count) {
        for (int i = 0; i < count; ++i) poll(what);
    }
    void arm() {
        rules().on_started(now);
        rules().on_readiness(kReady, now);
        poll(performing());
        ASSERT_EQ(rules().state(), State::kArmed);
        ASSERT_THAT(take_actions(rules()), IsEmpty());
    }
    void wait(Duration time) {
        for (Duration passed{}; passed < time; passed += 100ms) {
            now += 100ms;
            rules().tick(now);
        }
    }
    void go_on_duty() {
        arm();
        poll(refused());
        take_actions(rules());
        rules().on_sight(nobody_heard(), now);
        ASSERT_THAT(take_actions(rules()), ElementsAre(Action::kGoOnDuty));
        rules().on_duty_begun(now);
        ASSERT_EQ(rules().state(), State::kOnDuty);
    }
};

TEST_F(SecondaryRulesTest, ArmedOnlyWhileReady) {
    rules().on_started(now);
    EXPECT_EQ(rules().state(), State::kStandby);
    rules().on_readiness(kNotReady, now);
    EXPECT_EQ(rules().state(), State::kStandby);
    EXPECT_EQ(rules().reason(), kNotReady.why_not);
    rules().on_readiness(kReady, now);
    EXPECT_EQ(rules().state(), State::kArmed);
    rules().on_readiness(kNotReady, now);
    EXPECT_EQ(rules().state(), State::kStandby);
}

TEST_F(SecondaryRulesTest, OneSlowPollIsNothing) {
    arm();
    polls(silent(), 2);
    EXPECT_EQ(rules().state(), State::kArmed);
    poll(performing());
    polls(silent(), 2);
    EXPECT_EQ(rules().state(), State::kArmed);
    EXPECT_THAT(take_actions(rules()), IsEmpty());
}

TEST_F(SecondaryRulesTest, SilenceIsWitnessedBeforeATakeover) {
    arm();
    polls(silent(), 3);
    EXPECT_EQ(rules().state(), State::kSuspecting);
    EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kLook));
    rules().on_sight(nobody_heard(), now);
    EXPECT_EQ(rules().state(), State::kTakingOver);
    EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kGoOnDuty));
    EXPECT_THAT(rules().reason(), HasSubstr("can't be reached: no answer in 400 ms"));
}

TEST_F(SecondaryRulesTest, RefusedConnectionCountsAtOnce) {
    arm();
    poll(refused());
    EXPECT_EQ(rules().state(), State::kSuspecting);
    EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kLook));
}

TEST_F(SecondaryRulesTest, PrimaryThatIsBackOnDutyBeforeTheTakeover_GetsItsPolls) {
    arm();
    poll(refused());
    ASSERT_EQ(rules().state(), State::kSuspecting);
    poll(unwell());
    EXPECT_EQ(rules().state(), State::kArmed);
    polls(unwell(), 2);
    EXPECT_EQ(rules().state(), State::kSuspecting) << "but no more than these";
}

TEST_F(SecondaryRulesTest, PrimaryThatIsBackButNotOnDuty_IsReplaced) {
    arm();
    poll(refused());
    poll(starting());
    EXPECT_EQ(rules().state(), State::kSuspecting);
}

TEST_F(SecondaryRulesTest, UnwellAndStartingPrimariesAreReplaced) {
    for (const Poll& bad : {unwell(), starting()}) {
        made.reset();
        arm();
        polls(bad, 3);
        ASSERT_EQ(rules().state(), State::kSuspecting) << bad.sentence;
        take_actions(rules());
        rules().on_sight(other_unwell(), now);
        EXPECT_EQ(rules().state(), State::kTakingOver) << bad.sentence;
    }
}

TEST_F(SecondaryRulesTest, WitnessesContradict_NoTakeover) {
    arm();
    poll(refused());
    for (int i = 0; i < 20; ++i) {
        EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kLook));
        rules().on_sight(other_performs(), now);
        EXPECT_EQ(rules().state(), State::kSuspecting);
        EXPECT_THAT(rules().reason(), HasSubstr("but other is on duty and well"));
        wait(500ms);
    }
    take_actions(rules());
    rules().on_sight(nobody_heard(), now);
    EXPECT_EQ(rules().state(), State::kTakingOver);
}

TEST_F(SecondaryRulesTest, WithoutAnswersOfAQuorum_NoTakeover) {
    arm();
    poll(refused());
    take_actions(rules());
    rules().on_sight(too_few_answers(), now);
    EXPECT_EQ(rules().state(), State::kSuspecting);
}

TEST_F(SecondaryRulesTest, AnOldSightDoesntCount) {
    arm();
    poll(refused());
    take_actions(rules());
    rules().on_sight(other_performs(), now);
    poll(performing());
    ASSERT_EQ(rules().state(), State::kArmed);
    wait(1s);
    poll(refused());
    EXPECT_EQ(rules().state(), State::kSuspecting);
    EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kLook));
}

TEST_F(SecondaryRulesTest, NeverIntoTheSameOutage) {
    arm();
    rules().on_readiness(kNotReady, now);
    polls(unwell(), 20);
    EXPECT_EQ(rules().state(), State::kStandby);
    EXPECT_THAT(take_actions(rules()), IsEmpty());
    EXPECT_EQ(rules().reason(), kNotReady.why_not);
    rules().on_readiness(kReady, now);
    EXPECT_EQ(rules().state(), State::kArmed) << "the outage may be over for the primary, too";
    polls(unwell(), 3);
    EXPECT_EQ(rules().state(), State::kSuspecting);
}

TEST_F(SecondaryRulesTest, PrimaryThatWasGoneWhileNotReady_IsReplacedAtOnce) {
    arm();
    rules().on_readiness(kNotReady, now);
    poll(refused());
    rules().on_readiness(kReady, now);
    EXPECT_EQ(rules().state(), State::kSuspecting);
}

TEST_F(SecondaryRulesTest, NoLongerReadyWhileSuspecting) {
    arm();
    poll(refused());
    rules().on_readiness(kNotReady, now);
    EXPECT_EQ(rules().state(), State::kStandby);
}

TEST_F(SecondaryRulesTest, PrimaryThatHasDrainedIsRelievedAtOnce) {
    arm();
    poll(drained(), 100ms);
    EXPECT_EQ(rules().state(), State::kTakingOver);
    EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kGoOnDuty));
}

TEST_F(SecondaryRulesTest, PrimaryNeverSeen_GetsItsGrace) {
    rules().on_started(now);
    rules().on_readiness(kReady, now);
    poll(refused());
    EXPECT_EQ(rules().state(), State::kSuspecting);
    wait(9s);
    EXPECT_THAT(take_actions(rules()), IsEmpty());
    EXPECT_THAT(rules().reason(), HasSubstr("waiting for the primary's start"));
    wait(1s);
    EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kLook));
    rules().on_sight(nobody_heard(), now);
    EXPECT_EQ(rules().state(), State::kTakingOver);
}

TEST_F(SecondaryRulesTest, NoGenerationToBeHad_TriesAgain) {
    arm();
    poll(refused());
    take_actions(rules());
    rules().on_sight(nobody_heard(), now);
    take_actions(rules());
    rules().on_duty_failed("another instance went on duty", now);
    EXPECT_EQ(rules().state(), State::kStandby);
    EXPECT_EQ(rules().takeovers(), 0U);
    rules().on_readiness(kReady, now);
    EXPECT_EQ(rules().state(), State::kSuspecting);
    EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kLook)) << "the protectors are asked anew";
}

TEST_F(SecondaryRulesTest, FencedStandsDown) {
    go_on_duty();
    rules().on_fenced("fenced by generation 3, held by primary", now);
    EXPECT_EQ(rules().state(), State::kStandby);
    EXPECT_FALSE(rules().on_duty());
    EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kStandDown));
    rules().on_readiness(kReady, now);
    EXPECT_EQ(rules().state(), State::kArmed) << "polls of the time on duty don't count against the primary";
}

TEST_F(SecondaryRulesTest, FailbackWaitsUntilThePrimaryWasReadyForLong) {
    go_on_duty();
    polls(wanting(), 599);
    EXPECT_EQ(rules().state(), State::kOnDuty);
    poll(starting());
    polls(wanting(), 600);
    EXPECT_EQ(rules().state(), State::kOnDuty) << "it begins again";
    polls(wanting(), 2);
    EXPECT_EQ(rules().state(), State::kYielding);
    EXPECT_TRUE(rules().on_duty());
    EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kDrain));
    rules().on_drained(now);
    EXPECT_TRUE(rules().drained());
    EXPECT_FALSE(rules().on_duty());
    rules().on_fenced("held by primary", now);
    EXPECT_EQ(rules().state(), State::kStandby);
    EXPECT_THAT(rules().reason(), HasSubstr("handed over"));
}

TEST_F(SecondaryRulesTest, FailbackDelayDoublesWithEachTakeover) {
    go_on_duty();
    Duration delay = 5min;
    for (int round = 0; round < 6; ++round) {
        poll(wanting());
        ASSERT_TRUE(rules().failback_at());
        EXPECT_EQ(*rules().failback_at() - now, delay) << round;
        rules().on_fenced("held by primary", now);
        rules().on_readiness(kReady, now);
        poll(performing());
        poll(refused());
        rules().on_sight(nobody_heard(), now);
        rules().on_duty_begun(now);
        ASSERT_EQ(rules().state(), State::kOnDuty);
        delay = std::min<Duration>(2 * delay, 1h);
    }
    rules().on_fenced("held by primary", now);
    rules().on_readiness(kReady, now);
    for (int i = 0; i < 7202; ++i) poll(performing());
    poll(refused());
    rules().on_sight(nobody_heard(), now);
    rules().on_duty_begun(now);
    poll(wanting());
    EXPECT_EQ(*rules().failback_at() - now, 5min) << "an hour of good health is forgiven everything";
}

TEST_F(SecondaryRulesTest, ManualFailbackPolicy_NeverByItself) {
    options.automatic_failback = false;
    go_on_duty();
    polls(wanting(), 10'000);
    EXPECT_EQ(rules().state(), State::kOnDuty);
    EXPECT_TRUE(rules().on_command(Command::kFailback, now));
    EXPECT_EQ(rules().state(), State::kYielding);
}

TEST_F(SecondaryRulesTest, PrimaryThatWasToldToStayOff_IsNotGivenDuty) {
    go_on_duty();
    Poll held = wanting();
    held.wants_duty = false;
    polls(held, 10'000);
    EXPECT_EQ(rules().state(), State::kOnDuty);
    held.asks_for_duty = true;
    poll(held);
    EXPECT_EQ(rules().state(), State::kYielding) << "the operator asks at the primary";
}

TEST_F(SecondaryRulesTest, HandoverThatNobodyTakes_GoesOn) {
    go_on_duty();
    poll(wanting());
    ASSERT_TRUE(rules().on_command(Command::kFailback, now));
    rules().on_drained(now);
    take_actions(rules());
    wait(3900ms);
    EXPECT_TRUE(rules().drained());
    wait(200ms);
    EXPECT_EQ(rules().state(), State::kOnDuty);
    EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kGoOnAgain));
    Poll asking = wanting();
    asking.asks_for_duty = true;
    poll(asking);
    EXPECT_EQ(rules().state(), State::kOnDuty) << "not again at once";
    polls(asking, 80);
    EXPECT_EQ(rules().state(), State::kYielding);
}

TEST_F(SecondaryRulesTest, PrimaryThatEndsAfterTheDrain_IsNotWaitedFor) {
    go_on_duty();
    poll(wanting());
    ASSERT_TRUE(rules().on_command(Command::kFailback, now));
    rules().on_drained(now);
    take_actions(rules());
    poll(silent());
    EXPECT_TRUE(rules().drained());
    poll(refused());
    EXPECT_EQ(rules().state(), State::kOnDuty);
    EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kGoOnAgain));
}

TEST_F(SecondaryRulesTest, PrimaryThatFailsBeforeTheHandover_IsNotWaitedFor) {
    go_on_duty();
    poll(wanting());
    ASSERT_TRUE(rules().on_command(Command::kFailback, now));
    take_actions(rules());
    poll(silent());
    EXPECT_EQ(rules().state(), State::kOnDuty);
    EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kGoOnAgain));
}

TEST_F(SecondaryRulesTest, ForcedFailover_AtOnceAndNoAutomaticFailback) {
    arm();
    ASSERT_TRUE(rules().on_command(Command::kForceFailover, now));
    EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kGoOnDuty));
    rules().on_duty_begun(now);
    polls(wanting(), 10'000);
    EXPECT_EQ(rules().state(), State::kOnDuty);
    ASSERT_TRUE(rules().on_command(Command::kResume, now));
    polls(wanting(), 2);
    EXPECT_EQ(rules().state(), State::kYielding);
}

TEST_F(SecondaryRulesTest, CommandsThatCantBe_SayWhy) {
    rules().on_started(now);
    rules().on_readiness(kNotReady, now);
    for (const Command command : {Command::kFailover, Command::kForceFailover, Command::kFailback, Command::kForceFailback}) {
        const auto result = rules().on_command(command, now);
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, ErrorCode::kRefused);
        EXPECT_FALSE(result.error().message.empty());
    }
    made.reset();
    go_on_duty();
    poll(starting());
    EXPECT_FALSE(rules().on_command(Command::kFailback, now)) << "the primary isn't ready";
    EXPECT_FALSE(rules().on_command(Command::kFailover, now)) << "duty is here already";
}

TEST_F(SecondaryRulesTest, PausedDoesNothingByItself) {
    arm();
    ASSERT_TRUE(rules().on_command(Command::kPause, now));
    polls(refused(), 10);
    EXPECT_EQ(rules().state(), State::kArmed);
    EXPECT_THAT(take_actions(rules()), IsEmpty());
    ASSERT_TRUE(rules().on_command(Command::kResume, now));
    EXPECT_EQ(rules().state(), State::kSuspecting);
}

TEST_F(SecondaryRulesTest, PausedTakesWhatIsHandedOver) {
    arm();
    ASSERT_TRUE(rules().on_command(Command::kPause, now));
    poll(drained());
    EXPECT_EQ(rules().state(), State::kTakingOver);
}

TEST_F(SecondaryRulesTest, PausedWhileSuspecting) {
    arm();
    poll(refused());
    ASSERT_TRUE(rules().on_command(Command::kPause, now));
    EXPECT_EQ(rules().state(), State::kArmed);
}

TEST_F(SecondaryRulesTest, StopOffDuty_NothingToWaitFor) {
    arm();
    rules().on_stop(now);
    EXPECT_TRUE(rules().may_stop());
    poll(refused());
    EXPECT_THAT(take_actions(rules()), IsEmpty());
}

TEST_F(SecondaryRulesTest, StopOnDuty_HandsOverFirst) {
    go_on_duty();
    poll(wanting());
    rules().on_stop(now);
    EXPECT_FALSE(rules().may_stop());
    EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kDrain));
    rules().on_drained(now);
    EXPECT_FALSE(rules().may_stop());
    rules().on_fenced("held by primary", now);
    EXPECT_TRUE(rules().may_stop());
}

TEST_F(SecondaryRulesTest, StopOnDutyWithNobodyReady_DoesntWait) {
    go_on_duty();
    poll(silent());
    rules().on_stop(now);
    EXPECT_TRUE(rules().may_stop());
}

TEST_F(SecondaryRulesTest, StopThatNobodyTakesOver_EndsAllTheSame) {
    go_on_duty();
    poll(wanting());
    rules().on_stop(now);
    rules().on_drained(now);
    wait(4s);
    EXPECT_TRUE(rules().may_stop());
    EXPECT_THAT(take_actions(rules()), ElementsAre(Action::kDrain, Action::kGoOnAgain));
}

TEST_F(SecondaryRulesTest, StopWhileTakingOver_WaitsForTheOutcome) {
    arm();
    poll(refused());
    rules().on_sight(nobody_heard(), now);
    rules().on_stop(now);
    EXPECT_FALSE(rules().may_stop());
    rules().on_duty_failed("no quorum", now);
    EXPECT_TRUE(rules().may_stop());
}

}  // namespace
}  // namespace holdfast::healthcheck
