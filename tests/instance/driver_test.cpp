// Goal: the driver performs what the rules ask for and tells them how it ended, whatever fails. Method: virtual time, the real
// rules of both roles, and an engine that does what the test says.
#include "instance/driver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "primary/role.hpp"
#include "secondary/role.hpp"
#include "shared/base/virtual_clock.hpp"
#include "tests/instance/fake_duty.hpp"

namespace holdfast::instance {
namespace {

using healthcheck::Command;
using healthcheck::Poll;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

healthcheck::Sight sight_of(bool vacant, bool other_on_duty, bool other_ready) {
    return {true, vacant, other_on_duty, other_on_duty, other_ready, "other", "as the test says"};
}

class DriverTest : public testing::Test {
protected:
    explicit DriverTest(Part part)
        : settings{part}, role{part == Part::kPrimary ? primary::make_role(settings) : secondary::make_role(settings)} {}
    ~DriverTest() override {
        boost::asio::post(io, [this] {
            group.spawn("stop", driver.stop());
            group.cancel();
        });
        time.advance({});
    }

    [[nodiscard]] DriverHooks hooks() {
        DriverHooks all;
        all.on_change = [this](const healthcheck::ChangeAt& change) { states.push_back(change.change.to); };
        all.obstacle = [this] { return obstacle; };
        return all;
    }
    Task<void> wait_for_stop() {
        co_await driver.until_it_may_stop();
        may_stop = true;
    }

    boost::asio::io_context io;
    VirtualTime time{io};
    VirtualClock clock{time};
    Settings settings;
    std::unique_ptr<Role> role;
    FakeDuty duty{clock};
    std::string obstacle;
    std::vector<std::string> states;
    Driver driver{io.get_executor(), clock, *role, duty, {}, hooks()};
    TaskGroup group{io.get_executor()};
    bool may_stop{false};
};

class SecondaryDriver : public DriverTest {
protected:
    SecondaryDriver() : DriverTest{Part::kSecondary} {}

    static Poll on_duty() {
        Poll poll;
        poll.outcome = Poll::Outcome::kAnswered;
        poll.on_duty = poll.healthy = true;
        return poll;
    }
    static Poll refused() {
        Poll poll;
        poll.outcome = Poll::Outcome::kRefused;
        poll.sentence = "connection refused";
        return poll;
    }
    static Poll standing_by() {
        Poll poll = on_duty();
        poll.on_duty = false;
        poll.ready = poll.wants_duty = true;
        return poll;
    }
    void arm() {
        driver.start();
        driver.on_poll(on_duty());
        time.advance(seconds{1});
        ASSERT_EQ(role->rules_state(), "armed");
    }
    void take_over() {
        arm();
        duty.sight = sight_of(false, false, false);
        driver.on_poll(refused());
        time.advance(milliseconds{100});
        ASSERT_EQ(role->rules_state(), "on_duty");
    }
};

class PrimaryDriver : public DriverTest {
protected:
    PrimaryDriver() : DriverTest{Part::kPrimary} {}

    void go_on_duty(bool other_ready = true) {
        duty.sight = sight_of(true, false, other_ready);
        driver.start();
        time.advance(seconds{1});
        ASSERT_EQ(role->rules_state(), "on_duty");
    }
};

TEST_F(SecondaryDriver, ArmsWhenItsChecksAreGood) {
    duty.nodes_ok = false;
    driver.start();
    time.advance(seconds{2});
    EXPECT_EQ(role->state(), state::kStandby);
    EXPECT_EQ(role->rules_state(), "standby");
    EXPECT_THAT(role->reason(), HasSubstr("0 of 3 fit"));
    EXPECT_FALSE(driver.healthy());
    EXPECT_FALSE(driver.well());
    duty.nodes_ok = true;
    time.advance(seconds{1});
    EXPECT_EQ(role->rules_state(), "armed");
    EXPECT_EQ(role->state(), state::kStandby) << "one word for both roles";
    EXPECT_TRUE(driver.healthy());
    EXPECT_TRUE(driver.well());
    EXPECT_EQ(duty.beats, 1U) << "heartbeats say at once that it is ready";
}

TEST_F(SecondaryDriver, AnObstacleKeepsItFromArming) {
    obstacle = "validator keys: 100 here, 101 at the primary";
    driver.start();
    time.advance(seconds{2});
    EXPECT_EQ(role->rules_state(), "standby");
    EXPECT_THAT(driver.readiness().why_not, HasSubstr("101 at the primary"));
    obstacle.clear();
    time.advance(seconds{1});
    EXPECT_EQ(role->rules_state(), "armed");
}

TEST_F(SecondaryDriver, TakesOver) {
    arm();
    duty.sight = sight_of(false, true, false);
    driver.on_poll(refused());
    time.advance(milliseconds{100});
    EXPECT_EQ(duty.looks, 1U);
    EXPECT_EQ(role->rules_state(), "suspecting") << "a quorum has just heard the primary";
    EXPECT_THAT(duty.calls, Not(Contains("take over")));
    duty.sight = sight_of(false, false, false);
    time.advance(seconds{1});
    EXPECT_EQ(role->rules_state(), "on_duty");
    EXPECT_THAT(duty.calls, ElementsAre("take over"));
    EXPECT_EQ(duty.time_for_takeover, seconds{5});
    EXPECT_THAT(states, ElementsAre("standby", "armed", "suspecting", "taking_over", "on_duty"));
    ASSERT_EQ(driver.changes().size(), 5U);
    EXPECT_EQ(driver.changes().front().change.to, "on_duty") << "newest first";
    EXPECT_EQ(driver.since(), driver.changes().front().when);
}

TEST_F(SecondaryDriver, AFailedTakeoverIsTriedAgain) {
    arm();
    duty.sight = sight_of(false, false, false);
    duty.takeover_fails = "no quorum promised";
    driver.on_poll(refused());
    time.advance(seconds{3});
    EXPECT_FALSE(role->on_duty());
    EXPECT_GT(duty.calls.size(), 1U);
    duty.takeover_fails.clear();
    time.advance(seconds{3});
    EXPECT_TRUE(role->on_duty());
}

TEST_F(SecondaryDriver, FencedItStandsDown) {
    take_over();
    duty.calls.clear();
    duty.fence = "fenced by generation 9";
    time.advance(milliseconds{100});
    EXPECT_THAT(duty.calls, ElementsAre("stand down"));
    EXPECT_EQ(role->state(), state::kStandby);
    EXPECT_THAT(driver.changes().front().change.why, HasSubstr("generation 9"));
    duty.calls.clear();
    driver.on_poll(on_duty());
    time.advance(seconds{10});
    EXPECT_THAT(duty.calls, ElementsAre()) << "off duty a fence is nothing new";
    EXPECT_EQ(role->rules_state(), "armed");
}

TEST_F(SecondaryDriver, GivesBackAfterTheSlotsDuties) {
    take_over();
    driver.on_poll(standing_by());
    duty.calls.clear();
    duty.view = {Slot{9}, true, std::nullopt};
    ASSERT_TRUE(driver.command(Command::kFailback));
    time.advance(milliseconds{500});
    EXPECT_EQ(role->state(), state::kDraining);
    EXPECT_TRUE(role->on_duty());
    EXPECT_TRUE(driver.well());
    EXPECT_THAT(duty.calls, ElementsAre("close after 9"));
    duty.view.duties_under_way = false;
    const std::size_t beats = duty.beats;
    time.advance(milliseconds{100});
    EXPECT_TRUE(role->drained());
    EXPECT_FALSE(role->on_duty());
    EXPECT_THAT(duty.calls, ElementsAre("close after 9", "stand down"));
    EXPECT_GT(duty.beats, beats) << "the primary learns at once that duty is vacant";
    duty.fence = "fenced by generation 3, held by primary";
    time.advance(milliseconds{100});
    EXPECT_EQ(role->state(), state::kStandby);
}

TEST_F(SecondaryDriver, GoesOnIfNobodyTakesIt) {
    take_over();
    driver.on_poll(standing_by());
    ASSERT_TRUE(driver.command(Command::kFailback));
    time.advance(seconds{6});
    EXPECT_EQ(role->rules_state(), "on_duty");
    EXPECT_THAT(duty.calls, Contains("reopen"));
}

TEST_F(SecondaryDriver, OffDutyItMayStopAtOnce) {
    arm();
    group.spawn("stop", wait_for_stop());
    time.advance({});
    EXPECT_FALSE(may_stop);
    driver.request_stop();
    time.advance({});
    EXPECT_TRUE(may_stop);
}

TEST_F(PrimaryDriver, LooksAndGoesOnDuty) {
    driver.start();
    time.advance(seconds{10});
    EXPECT_EQ(role->state(), state::kStarting) << "too few protectors have said whom they hear";
    EXPECT_FALSE(driver.healthy());
    go_on_duty();
    EXPECT_TRUE(driver.healthy());
    EXPECT_THAT(duty.calls, ElementsAre("take over"));
}

TEST_F(PrimaryDriver, StandsByWhenAnotherIsOnDuty) {
    duty.sight = sight_of(false, true, false);
    driver.start();
    time.advance(seconds{5});
    EXPECT_EQ(role->state(), state::kStandby);
    EXPECT_TRUE(role->ready());
    EXPECT_TRUE(role->wants_duty());
    EXPECT_TRUE(driver.healthy());
    EXPECT_THAT(duty.calls, ElementsAre());
    ASSERT_TRUE(driver.command(Command::kFailback));
    EXPECT_TRUE(role->asks_for_duty());
}

TEST_F(PrimaryDriver, FencedIsAWordOfItsOwn) {
    go_on_duty();
    duty.sight = sight_of(false, true, false);
    duty.fence = "fenced by generation 2";
    time.advance(milliseconds{100});
    EXPECT_EQ(role->state(), state::kFenced);
    EXPECT_EQ(role->rules_state(), "standby");
    EXPECT_THAT(duty.calls, Contains("stand down"));
}

TEST_F(PrimaryDriver, AStopHandsOverFirst) {
    go_on_duty();
    duty.sight = sight_of(true, false, true);
    group.spawn("stop", wait_for_stop());
    duty.view.duties_under_way = true;
    driver.request_stop();
    time.advance(seconds{1});
    EXPECT_EQ(role->state(), state::kDraining);
    EXPECT_FALSE(may_stop);
    duty.view.duties_under_way = false;
    time.advance(seconds{1});
    EXPECT_TRUE(role->drained());
    EXPECT_FALSE(may_stop) << "the secondary has not taken it yet";
    duty.fence = "fenced by generation 2";
    time.advance(milliseconds{100});
    EXPECT_TRUE(may_stop);
}

TEST_F(PrimaryDriver, AStopDoesNotWaitForNobody) {
    go_on_duty(false);
    group.spawn("stop", wait_for_stop());
    driver.request_stop();
    time.advance({});
    EXPECT_TRUE(may_stop);
    EXPECT_TRUE(role->on_duty()) << "the engine finishes the slot";
}

TEST_F(PrimaryDriver, ASecondStopWaitsForNoHandover) {
    go_on_duty();
    group.spawn("stop", wait_for_stop());
    duty.view.duties_under_way = true;
    driver.request_stop();
    time.advance(milliseconds{200});
    EXPECT_FALSE(may_stop);
    driver.stop_now();
    time.advance({});
    EXPECT_TRUE(may_stop);
}

TEST_F(PrimaryDriver, UnwellOnDutyIsSaidAtOnce) {
    go_on_duty();
    time.advance(seconds{1});
    const std::size_t beats = duty.beats;
    duty.nodes_ok = false;
    time.advance(milliseconds{500});
    EXPECT_TRUE(driver.well()) << "three bad samples in a row are needed";
    time.advance(milliseconds{500});
    EXPECT_FALSE(driver.well());
    EXPECT_FALSE(driver.healthy());
    EXPECT_EQ(duty.beats, beats + 1);
}

TEST_F(PrimaryDriver, KeepsTheLastChanges) {
    go_on_duty();
    for (std::size_t i = 0; i < Driver::kChangesMax; ++i) {
        duty.fence = "fenced by generation 2";
        duty.sight = sight_of(true, false, true);
        time.advance(seconds{2});
    }
    EXPECT_EQ(driver.changes().size(), Driver::kChangesMax);
    EXPECT_GT(states.size(), Driver::kChangesMax);
}

}  // namespace
}  // namespace holdfast::instance
