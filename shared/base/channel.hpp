// A queue between tasks of one I/O thread: answers of many nodes to the one task that decides.
#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "shared/base/notifier.hpp"

namespace holdfast {

template <class T>
class Channel {
public:
    void push(T value) {
        values_.push_back(std::move(value));
        changed_.notify_all();
    }

    [[nodiscard]] std::optional<T> try_pop() {
        if (values_.empty()) return std::nullopt;
        std::optional<T> value{std::move(values_.front())};
        values_.pop_front();
        return value;
    }

    Task<T> pop() {
        while (values_.empty()) co_await changed_.wait();
        co_return *try_pop();
    }

    // Nothing if `deadline` comes first.
    Task<std::optional<T>> pop_until(Clock& clock, SteadyTime deadline) {
        while (values_.empty()) {
            const bool in_time = co_await changed_.wait_until(clock, deadline);
            if (!in_time) break;
        }
        co_return try_pop();
    }

    [[nodiscard]] std::size_t size() const { return values_.size(); }

private:
    std::deque<T> values_;
    Notifier changed_;
};

}  // namespace holdfast
