// Owner of tasks that run side by side: the one place where a task is started without being awaited.
//
//   TaskGroup group{executor};
//   group.spawn("head events of node 1", follow(node));
//   ...
//   group.cancel();          // every task sees operation_aborted at its next suspension
//   co_await group.join();   // until the last one has ended
//
// Cancellation is not an error. Any other exception that leaves a task is a bug: it is printed and the process ends.
// The destructor cancels; tasks then end when the loop next runs, so they must own (or outlive with) what they use. One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "shared/base/task.hpp"

namespace holdfast {

class TaskGroup {
public:
    explicit TaskGroup(Executor executor, std::size_t tasks_max = 100'000);
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    ~TaskGroup();

    // Starts `task` at the loop's next turn. More than `tasks_max` at once is a bug and ends the process.
    void spawn(std::string name, Task<void> task);
    void cancel();
    Task<void> join();

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] const Executor& executor() const { return executor_; }

private:
    struct State;
    Executor executor_;
    std::size_t tasks_max_;
    std::shared_ptr<State> state_;
};

}  // namespace holdfast
