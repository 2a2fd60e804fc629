// One question to many nodes, of which all answers are looked at: the most valuable block, the fullest aggregate.
//
//   const std::unique_ptr<Asking<Aggregate>> asking = nodes.aggregates(...);
//   for (;;) {
//       const std::optional<NodeAnswer<Aggregate>> answer = co_await asking->next(until);
//       if (!answer) break;   // nobody else answers, or not until then
//       ...
//   }
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "shared/base/channel.hpp"
#include "shared/base/task_group.hpp"
#include "shared/beacon/node_answer.hpp"

namespace holdfast::beacon {

// The questions under way. What has not been answered is given up with the object.
template <class T>
class Asking {
public:
    Asking(Executor executor, Clock& clock)
        : clock_{clock}, answers_{std::make_shared<Channel<NodeAnswer<T>>>()}, tasks_{executor} {}

    // By whoever asks: a question has been put to a node, `task` pushes its answer into channel().
    void add(Task<void> task) {
        ++asked_;
        tasks_.spawn("a question to a beacon node", std::move(task));
    }
    [[nodiscard]] const std::shared_ptr<Channel<NodeAnswer<T>>>& channel() const { return answers_; }

    [[nodiscard]] std::size_t asked() const { return asked_; }
    [[nodiscard]] std::size_t open() const { return asked_ - taken_; }
    // The next answer; nothing if none comes until `until`, or all have been taken.
    Task<std::optional<NodeAnswer<T>>> next(SteadyTime until) {
        if (open() == 0) co_return std::nullopt;
        std::optional<NodeAnswer<T>> answer = co_await answers_->pop_until(clock_, until);
        if (answer) ++taken_;
        co_return answer;
    }

private:
    Clock& clock_;
    std::shared_ptr<Channel<NodeAnswer<T>>> answers_;
    TaskGroup tasks_;
    std::size_t asked_{0};
    std::size_t taken_{0};
};

template <class T>
using AskingPtr = std::unique_ptr<Asking<T>>;

}  // namespace holdfast::beacon
