#include "shared/base/notifier.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace holdfast {
namespace asio = boost::asio;

namespace {

// Runs a function at the end of a scope, also when a coroutine frame is destroyed while it waits.
template <class F>
class AtExit {
public:
    explicit AtExit(F action) : action_{std::move(action)} {}
    AtExit(const AtExit&) = delete;
    AtExit& operator=(const AtExit&) = delete;
    ~AtExit() { action_(); }

private:
    F action_;
};

}  // namespace

// Until somebody cancels the waiter's timer: a notification, an alarm, or the cancellation of the task.
Task<void> Notifier::park(Waiter& waiter) {
    const auto place = waiters_.insert(waiters_.end(), &waiter);
    // notify_all() takes those out whom it wakes.
    const AtExit leave{[this, place, &waiter] {
        if (!waiter.notified) waiters_.erase(place);
    }};
    co_await waiter.timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

Task<void> Notifier::wait() {
    // A timer that never fires is Asio's plain way to park a coroutine: cancel() resumes it.
    Waiter waiter{asio::steady_timer{co_await asio::this_coro::executor, asio::steady_timer::time_point::max()}};
    co_await park(waiter);
    if (!waiter.notified) throw boost::system::system_error{asio::error::operation_aborted};
}

Task<bool> Notifier::wait_until(Clock& clock, SteadyTime deadline) {
    if (clock.steady() >= deadline) co_return false;
    Waiter waiter{asio::steady_timer{co_await asio::this_coro::executor, asio::steady_timer::time_point::max()}};
    bool late = false;
    const auto alarm = clock.call_at(deadline, [&waiter, &late] {
        late = true;
        waiter.timer.cancel();
    });
    const AtExit disarm{[&clock, alarm] { clock.cancel(alarm); }};
    co_await park(waiter);
    if (waiter.notified) co_return true;
    if (late) co_return false;
    throw boost::system::system_error{asio::error::operation_aborted};
}

void Notifier::notify_all() {
    std::list<Waiter*> woken;
    woken.swap(waiters_);
    for (Waiter* waiter : woken) {
        waiter->notified = true;
        waiter->timer.cancel();
    }
}

}  // namespace holdfast
