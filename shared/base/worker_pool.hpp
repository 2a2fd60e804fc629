// Threads for work that would block the I/O thread: BLS, key derivation. The awaiting task goes on on its own executor.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <memory>
#include <utility>

#include "shared/base/task.hpp"

namespace holdfast {

class WorkerPool {
public:
    // With 0 threads run() does the work at once, in place: for simulations.
    explicit WorkerPool(std::size_t threads);
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    ~WorkerPool();

    // Does `work` (a function without parameters, moved in) on one of the threads; its result, or its exception, is the task's.
    template <class Work>
    auto run(Work work) -> Task<decltype(work())> {
        if (!pool_) co_return work();
        co_return co_await boost::asio::co_spawn(pool_->get_executor(), on_thread(std::move(work)), boost::asio::use_awaitable);
    }

    [[nodiscard]] std::size_t threads() const { return threads_; }

private:
    std::size_t threads_;
    std::unique_ptr<boost::asio::thread_pool> pool_;

    template <class Work>
    static auto on_thread(Work work) -> Task<decltype(work())> {
        co_return work();
    }
};

}  // namespace holdfast
