#include "tests/simulation/events.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::simulation {

bool Events::later(const Event& a, const Event& b) { return a.when != b.when ? a.when > b.when : a.number > b.number; }

void Events::at(Time when, Action action) {
    heap_.push_back({std::max(when, now_), next_++, std::move(action)});
    std::push_heap(heap_.begin(), heap_.end(), later);
}

void Events::run_until(Time end, const bool& stop) {
    while (!stop && !heap_.empty() && heap_.front().when <= end) {
        std::pop_heap(heap_.begin(), heap_.end(), later);
        const Event event = std::move(heap_.back());
        heap_.pop_back();
        now_ = event.when;
        event.action();
    }
    if (!stop) now_ = std::max(now_, end);
}

Network::Network(Events& events, Random& random, std::size_t endpoints)
    : events_{events}, random_{random}, endpoints_{endpoints}, cut_(endpoints * endpoints, false) {}

Time Network::delay() {
    if (weather_.slow_max > 0 && random_.chance(weather_.slow_percent)) {
        return static_cast<Time>(random_.below(static_cast<std::uint64_t>(weather_.slow_max)));
    }
    return kMillisecond + static_cast<Time>(random_.below(20 * kMillisecond));
}

void Network::send(std::size_t from, std::size_t to, Events::Action arrive) {
    if (cut_[from * endpoints_ + to]) return;
    Time late = 0;
    if (random_.chance(weather_.lost_percent)) {
        if (weather_.resend_after == 0) return;
        late = time_to_resend();
    }
    if (random_.chance(weather_.doubled_percent)) events_.after(delay(), arrive);
    events_.after(late + delay(), std::move(arrive));
}

Time Network::time_to_resend() {
    Time late = weather_.resend_after;
    for (Time next = 2 * late; random_.chance(weather_.lost_percent) && next < kSecond * 60; next *= 2) late += next;
    return late;
}

void Network::cut(std::size_t a, std::size_t b, bool is_cut) {
    cut_[a * endpoints_ + b] = is_cut;
    cut_[b * endpoints_ + a] = is_cut;
}

void Network::heal() {
    cut_.assign(cut_.size(), false);
    weather_ = {};
}

}  // namespace holdfast::simulation
