#include "shared/net/turns.hpp"

#include <boost/asio/post.hpp>

namespace holdfast::net {

struct Turns::State {
    struct Waiter {
        Notifier turn;
        bool has_come{false};
    };

    explicit State(Executor its_executor) : executor{std::move(its_executor)} {}

    Executor executor;
    std::list<Waiter*> waiters;
    bool pending{false};

    // Posted, it stands behind everything that is ready now.
    static void give_soon(const std::shared_ptr<State>& self) {
        if (self->pending || self->waiters.empty()) return;
        self->pending = true;
        boost::asio::post(self->executor, [self] {
            self->pending = false;
            self->give();
            give_soon(self);
        });
    }

    void give() {
        if (waiters.empty()) return;
        Waiter& first = *waiters.front();
        waiters.pop_front();
        first.has_come = true;
        first.turn.notify_all();
    }
};

Turns::Turns(Executor executor) : state_{std::make_shared<State>(std::move(executor))} {}

Turns::~Turns() = default;

Task<void> Turns::next() {
    struct Place {
        std::shared_ptr<State> state;
        State::Waiter waiter;
        ~Place() {
            if (!waiter.has_come) state->waiters.remove(&waiter);
        }
    };
    Place place{state_, {}};
    place.state->waiters.push_back(&place.waiter);
    State::give_soon(place.state);
    while (!place.waiter.has_come) co_await place.waiter.turn.wait();
}

}  // namespace holdfast::net
