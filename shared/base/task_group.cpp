#include "shared/base/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
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
    asio::co_spawn(executor_, std::move(task), asio::bind_cancellation_slot(signal->slot(), std::move(done)));
}

void TaskGroup::cancel() {
    std::vector<std::shared_ptr<asio::cancellation_signal>> signals;
    signals.reserve(state_->running.size());
    for (const auto& [id, signal] : state_->running) signals.push_back(signal);
    for (const auto& signal : signals) signal->emit(asio::cancellation_type::terminal);
}

Task<void> TaskGroup::join() {
    const auto state = state_;
    while (!state->running.empty()) co_await state->changed.wait();
}

std::size_t TaskGroup::size() const { return state_->running.size(); }

}  // namespace holdfast
