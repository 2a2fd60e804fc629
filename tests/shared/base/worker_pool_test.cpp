// Goal: what is urgent comes first, nothing is lost, and results arrive on the loop. Method: real threads, held up by a latch
// so that the order doesn't depend on how fast they are.
#include "shared/base/worker_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

#include "shared/base/task_group.hpp"

namespace holdfast {
namespace {

struct WorkerPoolTest : testing::Test {
    boost::asio::io_context io;
    TaskGroup group{io.get_executor()};
    std::vector<std::string> begun;  // by the only thread
    std::promise<void> latch;
    std::shared_future<void> released{latch.get_future().share()};
    std::promise<void> at_work;

    // Ends when the latch is released.
    static Task<void> hold(WorkerPool& pool, std::promise<void>& entered, std::shared_future<void> until) {
        auto work = [&entered, until] {
            entered.set_value();
            until.wait();
            return true;
        };
        co_await pool.run(std::move(work), 0);
    }
    static Task<void> note(WorkerPool& pool, std::vector<std::string>& begun, std::string name, std::size_t urgency) {
        auto work = [&begun, name] {
            begun.push_back(name);
            return true;
        };
        co_await pool.run(std::move(work), urgency);
    }
    // The thread is at something, and what is asked for now waits.
    void occupy(WorkerPool& pool) {
        group.spawn("hold", hold(pool, at_work, released));
        io.poll();
        at_work.get_future().wait();
    }
};

TEST_F(WorkerPoolTest, Waiting_MostUrgentFirstThenInOrder) {
    WorkerPool pool{1};
    occupy(pool);
    for (const char* name : {"ahead 1", "ahead 2"}) group.spawn("work", note(pool, begun, name, 4));
    group.spawn("work", note(pool, begun, "attestation 1", 1));
    group.spawn("work", note(pool, begun, "ahead 3", 4));
    group.spawn("work", note(pool, begun, "block", 0));
    group.spawn("work", note(pool, begun, "attestation 2", 1));
    io.poll();
    latch.set_value();
    io.run();
    EXPECT_EQ(begun, (std::vector<std::string>{"block", "attestation 1", "attestation 2", "ahead 1", "ahead 2", "ahead 3"}));
}

TEST_F(WorkerPoolTest, UrgentOneThatComesLater_OvertakesWhatWaits) {
    WorkerPool pool{1};
    occupy(pool);
    for (int i = 0; i < 1000; ++i) group.spawn("work", note(pool, begun, "ahead", WorkerPool::kMiddle));
    io.poll();
    group.spawn("work", note(pool, begun, "block", 0));
    io.poll();
    latch.set_value();
    io.run();
    ASSERT_EQ(begun.size(), 1001U);
    EXPECT_EQ(begun.front(), "block");
}

Task<void> add_up(WorkerPool& pool, std::size_t value, std::atomic<std::size_t>& on_threads, std::size_t& on_loop) {
    auto work = [value, &on_threads] {
        on_threads += value;
        return value;
    };
    // The loop alone touches `on_loop`: ThreadSanitizer looks on.
    const std::size_t result = co_await pool.run(std::move(work), value % WorkerPool::kUrgencies);
    on_loop += result;
}

TEST_F(WorkerPoolTest, ManyThreads_EverythingOnceAndBackOnTheLoop) {
    WorkerPool pool{4};
    std::atomic<std::size_t> on_threads{0};
    std::size_t on_loop = 0;
    for (std::size_t i = 1; i <= 2000; ++i) group.spawn("work", add_up(pool, i, on_threads, on_loop));
    io.run();
    EXPECT_EQ(on_loop, 2001000U);
    EXPECT_EQ(on_threads, 2001000U);
}

Task<void> fail(WorkerPool& pool, std::string& caught) {
    auto work = []() -> int { throw std::runtime_error{"no such key"}; };
    try {
        const int result = co_await pool.run(std::move(work));
        caught = std::to_string(result);
    } catch (const std::runtime_error& error) {
        caught = error.what();
    }
}

TEST_F(WorkerPoolTest, ExceptionOfTheWork_IsTheTasks) {
    for (const std::size_t threads : {0U, 1U}) {
        WorkerPool pool{threads};
        std::string caught;
        group.spawn("work", fail(pool, caught));
        io.restart();
        io.run();
        EXPECT_EQ(caught, "no such key");
    }
}

TEST_F(WorkerPoolTest, WhatTheWorkHolds_GoesAwayOnTheLoop) {
    WorkerPool pool{1};
    const std::thread::id loop = std::this_thread::get_id();
    std::thread::id freed_on;
    const auto tell = [&freed_on](const int* held) {
        freed_on = std::this_thread::get_id();
        delete held;
    };
    const auto run = [](WorkerPool& workers, std::shared_ptr<int> held) -> Task<void> {
        auto work = [held = std::move(held)] { return *held; };
        co_await workers.run(std::move(work));
    };
    group.spawn("work", run(pool, std::shared_ptr<int>{new int{1}, tell}));
    io.run();
    EXPECT_EQ(freed_on, loop);
}

TEST_F(WorkerPoolTest, CancelledTask_EndsWhenItsWorkIsDone) {
    WorkerPool pool{1};
    occupy(pool);
    group.spawn("work", note(pool, begun, "waiting", 4));
    io.poll();
    group.cancel();
    io.poll();
    EXPECT_EQ(group.size(), 2U);
    latch.set_value();
    io.run();
    EXPECT_EQ(group.size(), 0U);
}

TEST_F(WorkerPoolTest, PoolThatEnds_HasDoneEverything) {
    {
        WorkerPool pool{1};
        occupy(pool);
        for (int i = 0; i < 10; ++i) group.spawn("work", note(pool, begun, "work", 2));
        io.poll();
        latch.set_value();
    }
    EXPECT_EQ(begun.size(), 10U);
    io.run();
    EXPECT_EQ(group.size(), 0U);
}

}  // namespace
}  // namespace holdfast
