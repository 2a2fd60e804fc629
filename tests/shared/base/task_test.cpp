// Goal: tasks, notifications and virtual time behave as their headers say. Method: virtual time, no real waiting.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "shared/base/channel.hpp"
#include "shared/base/task_group.hpp"
#include "shared/base/virtual_clock.hpp"
#include "shared/base/worker_pool.hpp"

namespace holdfast {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct TaskTest : testing::Test {
    boost::asio::io_context io;
    VirtualTime time{io};
    VirtualClock clock{time};
    TaskGroup group{io.get_executor()};
    std::vector<std::string> seen;
};

Task<void> sleep_and_note(Clock& clock, Duration duration, std::vector<std::string>& seen, std::string text) {
    co_await sleep_for(clock, duration);
    seen.push_back(std::move(text));
}

TEST_F(TaskTest, Sleep_TasksWakeInOrderOfTheirTimes) {
    group.spawn("b", sleep_and_note(clock, seconds{2}, seen, "b"));
    group.spawn("a", sleep_and_note(clock, seconds{1}, seen, "a"));
    time.advance(milliseconds{1500});
    EXPECT_EQ(seen, (std::vector<std::string>{"a"}));
    time.advance(seconds{1});
    EXPECT_EQ(seen, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(group.size(), 0U);
}

TEST_F(TaskTest, Cancel_SleepingTaskEndsAndLeavesNoAlarm) {
    group.spawn("a", sleep_and_note(clock, seconds{2}, seen, "a"));
    time.advance(seconds{1});
    group.cancel();
    time.advance(seconds{0});
    EXPECT_EQ(group.size(), 0U);
    EXPECT_FALSE(time.alarms().next());
    time.advance(seconds{5});
    EXPECT_TRUE(seen.empty());
}

TEST_F(TaskTest, Cancel_BeforeTheFirstTurn_TaskDoesNotRunToItsEnd) {
    group.spawn("a", sleep_and_note(clock, seconds{2}, seen, "a"));
    group.cancel();
    time.advance(seconds{5});
    EXPECT_EQ(group.size(), 0U);
    EXPECT_TRUE(seen.empty());
}

Task<void> end_at_once(std::vector<std::string>& seen) {
    seen.emplace_back("ended");
    co_return;
}

// Boost 1.81 threw "Operation canceled" out of the loop here.
TEST_F(TaskTest, Cancel_TaskThatEndsWithoutSuspending_IsNoFailure) {
    group.spawn("a", end_at_once(seen));
    group.cancel();
    time.advance(seconds{1});
    EXPECT_EQ(group.size(), 0U);
}

// Boost 1.81 used freed memory here (seen by AddressSanitizer).
TEST_F(TaskTest, Cancel_FromOutsideTheLoopWhileTasksEnd_TouchesNothingFreed) {
    for (int i = 0; i < 10; ++i) group.spawn("a", sleep_and_note(clock, seconds{1}, seen, "a"));
    time.advance(milliseconds{500});
    {
        TaskGroup other{io.get_executor()};
        for (int i = 0; i < 10; ++i) other.spawn("b", end_at_once(seen));
    }
    group.cancel();
    time.advance(seconds{1});
    EXPECT_EQ(group.size(), 0U);
}

Task<void> take_one(Channel<int>& channel, Clock& clock, SteadyTime deadline, std::vector<std::string>& seen) {
    const auto value = co_await channel.pop_until(clock, deadline);
    seen.push_back(value ? std::to_string(*value) : "nothing");
}

TEST_F(TaskTest, Channel_ValueOrDeadlineWhicheverComesFirst) {
    Channel<int> channel;
    group.spawn("one", take_one(channel, clock, clock.steady() + seconds{1}, seen));
    group.spawn("two", take_one(channel, clock, clock.steady() + seconds{1}, seen));
    time.advance(milliseconds{500});
    channel.push(7);
    time.advance(milliseconds{100});
    EXPECT_EQ(seen, (std::vector<std::string>{"7"}));
    time.advance(seconds{1});
    EXPECT_EQ(seen, (std::vector<std::string>{"7", "nothing"}));
}

Task<void> join_and_note(TaskGroup& group, std::vector<std::string>& seen) {
    co_await group.join();
    seen.emplace_back("joined");
}

TEST_F(TaskTest, Join_WaitsForTheLastTask) {
    TaskGroup outer{io.get_executor()};
    group.spawn("a", sleep_and_note(clock, seconds{1}, seen, "a"));
    outer.spawn("join", join_and_note(group, seen));
    time.advance(seconds{2});
    EXPECT_EQ(seen, (std::vector<std::string>{"a", "joined"}));
}

Task<void> work(WorkerPool& pool, std::vector<std::string>& seen) {
    seen.push_back(std::to_string(co_await pool.run([] { return 6 * 7; })));
}

TEST_F(TaskTest, WorkerPool_ResultComesBackToTheLoop) {
    WorkerPool threads{2};
    WorkerPool none{0};
    group.spawn("threads", work(threads, seen));
    group.spawn("none", work(none, seen));
    io.run();
    EXPECT_EQ(seen, (std::vector<std::string>{"42", "42"}));
}

TEST_F(TaskTest, WallSleep_ClockSetForward_WakesWithinASecond) {
    VirtualClock other{time};
    group.spawn("a", sleep_until(other, other.now() + std::chrono::hours{1}));
    time.advance(seconds{10});
    other.set_wall_error(std::chrono::hours{1});
    time.advance(seconds{1});
    EXPECT_EQ(group.size(), 0U);
}

}  // namespace
}  // namespace holdfast
