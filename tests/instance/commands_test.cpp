// Goal: what an operator asks of a primary. Method: virtual time, the real rules, an engine that does what the test says. Of a
// secondary: peer_test.cpp.
#include "instance/commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "primary/role.hpp"
#include "shared/base/virtual_clock.hpp"
#include "tests/instance/fake_duty.hpp"

namespace holdfast::instance {
namespace {

using healthcheck::Command;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class CommandsTest : public testing::Test {
protected:
    CommandsTest() {
        duty.sight.enough = duty.sight.vacant = true;
        driver.start();
        time.advance(seconds{1});
    }
    ~CommandsTest() override {
        boost::asio::post(io, [this] {
            tasks.spawn("stop", driver.stop());
            tasks.cancel();
        });
        time.advance({});
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

    boost::asio::io_context io;
    VirtualTime time{io};
    VirtualClock clock{time};
    FakeDuty duty{clock};
    std::unique_ptr<Role> role{primary::make_role(Settings{Part::kPrimary})};
    Driver driver{io.get_executor(), clock, *role, duty, {}, {}};
    Commands commands{Part::kPrimary, driver, nullptr};
    TaskGroup tasks{io.get_executor()};
    Result<std::string> said{""};
};

TEST_F(CommandsTest, AFailoverIsJudgedByWhatIsSoNow) {
    ASSERT_TRUE(role->on_duty());
    Result<std::string> done = command(Command::kFailover);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::kRefused);
    duty.sight.other_ready = true;  // since a moment: the last look knew nothing of it
    done = command(Command::kFailover);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_THAT(done.value(), HasSubstr("drains"));
    EXPECT_EQ(role->state(), state::kDraining);
}

TEST_F(CommandsTest, APauseTellsNobodyElse) {
    const Result<std::string> done = command(Command::kPause);
    ASSERT_TRUE(done);
    EXPECT_THAT(done.value(), HasSubstr("the secondary is not told"));
    EXPECT_TRUE(role->paused());
}

TEST_F(CommandsTest, WhatIsForTheSecondaryIsRefused) {
    for (const Command wrong : {Command::kForceFailover, Command::kFailback}) {
        const Result<std::string> done = command(wrong);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, ErrorCode::kRefused);
    }
}

}  // namespace
}  // namespace holdfast::instance
