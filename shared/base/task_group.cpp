#include "shared/base/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <vector>

#include "shared/base/assert.hpp"
#include "shared/base/notifier.hpp"

namespace holdfast {
namespace asio = boost::asio;

struct TaskGroup::State {
    std::map<std::uint64_t, std::shared_ptr<asio::cancellation_signal>> running;
    std::uint64_t last_id{0};
    Notifier changed;
};

namespace {

// Boost 1.81 throws out of the loop when a task that was cancelled ends without having suspended since: what Asio itself awaits
// at the end of a task must not look cancelled.
Task<void> without_late_cancellation(Task<void> task) {
    std::exception_ptr exception;
    try {
        co_await std::move(task);
    } catch (...) {
        exception = std::current_exception();
    }
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    if (exception) std::rethrow_exception(exception);
}

void end_unless_cancelled(const std::string& name, const std::exception_ptr& exception) {
    if (!exception) return;
    try {
        std::rethrow_exception(exception);
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) return;
        std::fprintf(stderr, "holdfast: task '%s' failed: %s\n", name.c_str(), error.what());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "holdfast: task '%s' failed: %s\n", name.c_str(), error.what());
    }
    std::abort();
}

}  // namespace

TaskGroup::TaskGroup(Executor executor, std::size_t tasks_max)
    : executor_{std::move(executor)}, tasks_max_{tasks_max}, state_{std::make_shared<State>()} {}

TaskGroup::~TaskGroup() { cancel(); }

void TaskGroup::spawn(std::string name, Task<void> task) {
    HOLDFAST_ASSERT(state_->running.size() < tasks_max_);
    const std::uint64_t id = ++state_->last_id;
    auto signal = std::make_shared<asio::cancellation_signal>();
    state_->running.emplace(id, signal);
    auto done = [state = state_, id, name = std::move(name)](const std::exception_ptr& exception) {
        state->running.erase(id);
        state->changed.notify_all();
        end_unless_cancelled(name, exception);
    };
    asio::co_spawn(executor_, without_late_cancellation(std::move(task)),
                   asio::bind_cancellation_slot(signal->slot(), std::move(done)));
}

void TaskGroup::cancel() {
    if (state_->running.empty()) return;
    std::vector<std::uint64_t> ids;
    ids.reserve(state_->running.size());
    for (const auto& [id, signal] : state_->running) ids.push_back(id);
    // On the loop, where no task can end between the signal and its effect: from outside, Boost 1.81 would post the effect and
    // use what a task that ended meanwhile has freed.
    asio::dispatch(executor_, [state = state_, ids = std::move(ids)] {
        for (const std::uint64_t id : ids) {
            const auto found = state->running.find(id);
            if (found == state->running.end()) continue;
            const auto signal = found->second;
            signal->emit(asio::cancellation_type::terminal);
        }
    });
}

Task<void> TaskGroup::join() {
    const auto state = state_;
    while (!state->running.empty()) co_await state->changed.wait();
}

std::size_t TaskGroup::size() const { return state_->running.size(); }

}  // namespace holdfast
