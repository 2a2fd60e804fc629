// Goal: what the secondary knows of the primary, what it passes on to it, and what keeps it from arming. Method: virtual time,
// and a primary that answers what the test says.
#include "instance/peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "instance/commands.hpp"
#include "secondary/role.hpp"
#include "shared/base/virtual_clock.hpp"
#include "tests/instance/fake_duty.hpp"
#include "tests/instance/fake_primary.hpp"

namespace holdfast::instance {
namespace {

using healthcheck::Command;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class PeerTest : public testing::Test {
protected:
    PeerTest() {
        ours.keys = "0x01";
        ours.key_count = 100;
        ours.version = "1";
        health.state = "on_duty";
        health.on_duty = health.healthy = health.ready = true;
        health.configuration = ours;
        say();
    }
    ~PeerTest() override {
        boost::asio::post(io, [this] {
            tasks.spawn("stop", driver.stop());
            tasks.cancel();
        });
        time.advance({});
    }

    void say() { primary.answer("/healthz", 200, render(health)); }
    void start() {
        tasks.spawn("polls", peer.run());
        time.advance({});
    }
    [[nodiscard]] PeerHooks hooks() {
        return {[this] { return ours; }, [this](const healthcheck::PolledAnswer& answer) { driver.on_poll(answer.poll); }};
    }
    [[nodiscard]] DriverHooks driver_hooks() {
        DriverHooks all;
        all.obstacle = [this] { return peer.obstacle(); };
        return all;
    }
    Task<void> ask(Command command) {
        healthcheck::CommandRequest request{command, "the test"};
        said = co_await commands.run(std::move(request));
    }
    Result<std::string> command(Command command) {
        tasks.spawn("command", ask(command));
        time.advance({});
        return said;
    }
    void arm() {
        driver.start();
        start();
        time.advance(seconds{1});
        ASSERT_EQ(role->rules_state(), "armed");
    }

    boost::asio::io_context io;
    VirtualTime time{io};
    VirtualClock clock{time};
    FakePrimary primary;
    healthcheck::Configuration ours;
    healthcheck::HealthDocument health;
    FakeDuty duty{clock};
    std::unique_ptr<Role> role{secondary::make_role(Settings{Part::kSecondary})};
    Peer peer{clock, primary, "http://10.0.0.5:7772", {}, {"version"}, hooks()};
    Driver driver{io.get_executor(), clock, *role, duty, {}, driver_hooks()};
    Commands commands{Part::kSecondary, driver, &peer};
    TaskGroup tasks{io.get_executor()};
    Result<std::string> said{""};
};

TEST_F(PeerTest, RemembersTheLastAnswer) {
    EXPECT_FALSE(peer.silence());
    start();
    EXPECT_EQ(peer.document().url, "http://10.0.0.5:7772");
    ASSERT_TRUE(peer.document().health);
    EXPECT_EQ(peer.document().health->state, "on_duty");
    EXPECT_EQ(peer.silence(), Duration{});
    primary.answers.clear();
    time.advance(seconds{3});
    EXPECT_TRUE(peer.document().health) << "what it last said";
    EXPECT_FALSE(peer.document().last_poll.performs());
    EXPECT_EQ(peer.silence(), seconds{3});
}

TEST_F(PeerTest, DifferencesAreAnObstacle) {
    health.configuration.key_count = 101;
    health.configuration.keys = "0x02";
    health.configuration.version = "2";
    say();
    driver.start();
    start();
    time.advance(seconds{2});
    EXPECT_THAT(peer.obstacle(), HasSubstr("100 here, 101 at the primary"));
    EXPECT_EQ(peer.document().differences.size(), 1U) << "the version may differ";
    EXPECT_EQ(role->rules_state(), "standby");
    EXPECT_THAT(role->reason(), HasSubstr("101 at the primary"));
    health.configuration = ours;
    say();
    time.advance(seconds{2});
    EXPECT_THAT(peer.obstacle(), IsEmpty());
    EXPECT_EQ(role->rules_state(), "armed");
}

TEST_F(PeerTest, APrimaryThatStartsDoesNotKnowItsKeysYet) {
    start();
    health.configuration.keys.clear();
    health.configuration.key_count = 0;
    health.state = "starting";
    say();
    time.advance(seconds{1});
    EXPECT_EQ(peer.document().health->state, "starting");
    EXPECT_THAT(peer.obstacle(), IsEmpty()) << "or it could never take over from a primary that is restarted again and again";
}

TEST_F(PeerTest, APrimaryThatDrainsIsWatchedMoreClosely) {
    start();
    primary.asked.clear();
    time.advance(seconds{1});
    EXPECT_EQ(primary.count("GET /healthz"), 2U);
    health.state = "draining";
    say();
    time.advance(milliseconds{500});
    primary.asked.clear();
    time.advance(seconds{1});
    EXPECT_EQ(primary.count("GET /healthz"), 10U);
    health.state = "on_duty";
    say();
    time.advance(milliseconds{100});
    primary.asked.clear();
    time.advance(seconds{1});
    EXPECT_EQ(primary.count("GET /healthz"), 2U);
}

TEST_F(PeerTest, AFailoverIsForThePrimary) {
    arm();
    primary.answer("/v1/commands", 200, R"({"message": "the primary drains"})");
    const Result<std::string> done = command(Command::kFailover);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done.value(), "the primary drains");
    EXPECT_THAT(primary.asked, Contains(HasSubstr(R"(POST /v1/commands {"command":"failover"})")));
    EXPECT_FALSE(role->on_duty());
}

TEST_F(PeerTest, WhatTheSecondaryCanNotDoIsNotPassedOn) {
    duty.nodes_ok = false;
    driver.start();
    start();
    primary.answer("/v1/commands", 200, R"({"message": "the primary drains"})");
    const Result<std::string> done = command(Command::kFailover);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::kRefused);
    EXPECT_THAT(done.error().message, HasSubstr("0 of 3 fit"));
    EXPECT_EQ(primary.count("POST"), 0U);
}

TEST_F(PeerTest, WhatThePrimarySaysNoTo) {
    arm();
    primary.answer("/v1/commands", 409, R"({"code": 409, "message": "it is not on duty"})");
    Result<std::string> done = command(Command::kFailover);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::kRefused);
    EXPECT_EQ(done.error().message, "the primary says: it is not on duty");
    primary.answer("/v1/commands", 500, "<html>");
    done = command(Command::kFailover);
    EXPECT_EQ(done.error().message, "the primary says: status 500");
    primary.answer("/v1/commands", 404, "{}");
    done = command(Command::kFailover);
    EXPECT_THAT(done.error().message, HasSubstr("--control-listen"));
    primary.answers.erase("/v1/commands");
    done = command(Command::kFailover);
    EXPECT_EQ(done.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(done.error().message, HasSubstr("refused"));
}

TEST_F(PeerTest, APauseHoldsHereWhateverThePrimarySays) {
    arm();
    primary.answer("/v1/commands", 200, R"({"message": "paused"})");
    Result<std::string> done = command(Command::kPause);
    ASSERT_TRUE(done);
    EXPECT_THAT(done.value(), HasSubstr("at the primary too"));
    EXPECT_TRUE(role->paused());
    primary.answers.erase("/v1/commands");
    done = command(Command::kResume);
    ASSERT_TRUE(done);
    EXPECT_THAT(done.value(), HasSubstr("only here"));
    EXPECT_FALSE(role->paused());
}

TEST_F(PeerTest, ByForceNobodyElseIsAsked) {
    arm();
    const Result<std::string> done = command(Command::kForceFailover);
    ASSERT_TRUE(done);
    time.advance(milliseconds{100});
    EXPECT_TRUE(role->on_duty());
    EXPECT_EQ(primary.count("POST"), 0U);
}

}  // namespace
}  // namespace holdfast::instance
