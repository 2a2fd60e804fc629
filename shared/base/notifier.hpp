// Wakes waiting tasks of the same I/O thread. Nothing is remembered: a notification wakes those who wait now.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <list>

#include "shared/base/task.hpp"
#include "shared/base/time.hpp"

namespace holdfast {

class Notifier {
public:
    Notifier() = default;
    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;

    // Until the next notify_all(). Cancellation throws operation_aborted. The notifier must outlive the wait.
    Task<void> wait();
    // The same, but at most until `deadline`; false if that came first.
    Task<bool> wait_until(Clock& clock, SteadyTime deadline);

    void notify_all();

private:
    struct Waiter {
        boost::asio::steady_timer timer;
        bool notified{false};
    };
    std::list<Waiter*> waiters_;

    Task<void> park(Waiter& waiter);
};

}  // namespace holdfast
