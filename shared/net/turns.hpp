// Work that keeps the loop busy for a while, such as a TLS handshake, waits here for its turn: one piece for each pass of the
// loop, in the order of coming, so that whatever else is ready is done between two pieces however many wait. I/O thread only.
#pragma once

#include <list>
#include <memory>

#include "shared/base/notifier.hpp"
#include "shared/base/task.hpp"

namespace holdfast::net {

class Turns {
public:
    explicit Turns(Executor executor);
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;
    ~Turns();

    // Until it is the caller's turn, which lasts until it suspends again. Cancellation throws operation_aborted.
    Task<void> next();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace holdfast::net
