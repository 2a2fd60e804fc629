#include "shared/base/worker_pool.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "shared/base/assert.hpp"

namespace holdfast {

WorkerPool::WorkerPool(std::size_t threads) {
    threads_.reserve(threads);
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work_off(); });
}

WorkerPool::~WorkerPool() {
    {
        const std::lock_guard lock{mutex_};
        ending_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

Task<void> WorkerPool::perform(std::shared_ptr<Step> step, std::size_t urgency) {
    auto begin = [this, urgency](auto handler, std::shared_ptr<Step> its_step) {
        using Handler = decltype(handler);
        // The waiting task keeps its loop alive.
        auto loop = boost::asio::prefer(boost::asio::get_associated_executor(handler),
                                        boost::asio::execution::outstanding_work.tracked);
        auto waiting = std::make_shared<Handler>(std::move(handler));
        auto work = [loop, waiting, its_step = std::move(its_step)]() mutable {
            its_step->execute();
            // What the work holds goes away with the task, on its loop.
            its_step.reset();
            boost::asio::post(loop, [handler = std::move(*waiting)]() mutable { std::move(handler)(); });
        };
        add(std::move(work), urgency);
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(begin, boost::asio::use_awaitable,
                                                                                       std::move(step));
}

void WorkerPool::add(std::function<void()> work, std::size_t urgency) {
    HOLDFAST_ASSERT(urgency < kUrgencies);
    {
        const std::lock_guard lock{mutex_};
        waiting_.at(urgency).push_back(std::move(work));
    }
    changed_.notify_one();
}

void WorkerPool::work_off() {
    for (;;) {
        const std::function<void()> work = take();
        if (!work) return;
        work();
    }
}

// Empty at the end.
std::function<void()> WorkerPool::take() {
    std::unique_lock lock{mutex_};
    for (;;) {
        for (auto& line : waiting_) {
            if (line.empty()) continue;
            std::function<void()> work = std::move(line.front());
            line.pop_front();
            return work;
        }
        if (ending_) return {};
        changed_.wait(lock);
    }
}

}  // namespace holdfast
