#include "tests/simulation/pair/process.hpp"

#include <utility>

namespace holdfast::simulation::pair {

void Process::begin() {
    up_ = true;
    frozen_ = false;
    ++life_;
}

void Process::end() {
    up_ = frozen_ = false;
    ++life_;
    late_alarms_.clear();
    late_messages_.clear();
}

void Process::after(Time delay, Events::Action action) {
    events_.after(delay, [this, life = life_, action = std::move(action)]() mutable {
        if (life != life_) return;
        if (frozen_) {
            late_alarms_.push_back(std::move(action));
        } else {
            action();
        }
    });
}

void Process::receive(std::uint64_t life, Events::Action action) {
    if (life != life_ || !up_) return;
    if (frozen_) {
        late_messages_.push_back(std::move(action));
    } else {
        action();
    }
}

void Process::thaw() {
    if (!frozen_) return;
    frozen_ = false;
    std::vector<Events::Action> alarms = std::exchange(late_alarms_, {});
    std::vector<Events::Action> messages = std::exchange(late_messages_, {});
    const std::uint64_t life = life_;
    const bool alarms_first = random_.chance(50);
    run(life, alarms_first ? alarms : messages);
    run(life, alarms_first ? messages : alarms);
}

void Process::run(std::uint64_t life, std::vector<Events::Action> actions) {
    for (Events::Action& action : actions) {
        if (life == life_) action();
    }
}

}  // namespace holdfast::simulation::pair
