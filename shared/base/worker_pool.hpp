// Threads for work that would block the I/O thread: BLS, key derivation. What is more urgent is begun first, in the order in
// which it was asked for; what is under way is never interrupted, so long work should come in pieces. The awaiting task goes on
// on its own executor.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "shared/base/task.hpp"

namespace holdfast {

class WorkerPool {
public:
    // Of work, 0 first.
    static constexpr std::size_t kUrgencies = 8;
    static constexpr std::size_t kMiddle = 4;

    // With 0 threads run() does the work at once, in place: for simulations.
    explicit WorkerPool(std::size_t threads);
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    // All that was asked for is done before. The loops of those who asked must still be there.
    ~WorkerPool();

    // Does `work` (a function without parameters that returns something, moved in) on one of the threads; its result, or its
    // exception, is the task's. Cancellation doesn't reach it: the task goes on when the work is done.
    template <class Work>
    auto run(Work work, std::size_t urgency = kMiddle) -> Task<decltype(work())> {
        if (threads_.empty()) co_return work();
        auto step = std::make_shared<StepOf<Work>>(std::move(work));
        co_await perform(step, urgency);
        if (step->error) std::rethrow_exception(step->error);
        co_return std::move(*step->result);
    }

    [[nodiscard]] std::size_t threads() const { return threads_.size(); }

private:
    struct Step {
        std::exception_ptr error;
        Step() = default;
        Step(const Step&) = delete;
        Step& operator=(const Step&) = delete;
        virtual ~Step() = default;
        virtual void execute() = 0;
    };
    template <class Work>
    struct StepOf final : Step {
        Work work;
        std::optional<std::invoke_result_t<Work&>> result{};
        explicit StepOf(Work its_work) : work{std::move(its_work)} {}
        void execute() override {
            try {
                result.emplace(work());
            } catch (...) {
                error = std::current_exception();
            }
        }
    };

    std::mutex mutex_;
    std::condition_variable changed_;
    std::array<std::deque<std::function<void()>>, kUrgencies> waiting_;  // guarded by mutex_
    bool ending_{false};                                                 // guarded by mutex_
    std::vector<std::thread> threads_;

    Task<void> perform(std::shared_ptr<Step> step, std::size_t urgency);
    void add(std::function<void()> work, std::size_t urgency);
    void work_off();
    [[nodiscard]] std::function<void()> take();
};

}  // namespace holdfast
