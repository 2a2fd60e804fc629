#include "shared/protection/witness.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::protection {

void Heartbeats::on_beat(Heartbeat beat, SteadyTime now) {
    std::string instance = beat.instance;
    last_.insert_or_assign(std::move(instance), Last{std::move(beat), now});
    if (last_.size() <= kInstancesMax) return;
    last_.erase(std::ranges::min_element(last_, {}, [](const auto& entry) { return entry.second.when; }));
}

std::vector<Heard> Heartbeats::heard(SteadyTime now) const {
    std::vector<Heard> all;
    all.reserve(last_.size());
    for (const auto& [name, last] : last_) all.push_back({last.beat, now - last.when});
    std::ranges::stable_sort(all, {}, &Heard::age);
    return all;
}

bool witnessed(const std::vector<std::vector<Heard>>& answers, std::string_view instance, Duration age_max,
               std::size_t quorum) {
    const auto heard_it = [&](const Heard& heard) {
        return heard.beat.instance == instance && heard.beat.on_duty && heard.beat.well && heard.age <= age_max;
    };
    const auto count =
        std::ranges::count_if(answers, [&](const std::vector<Heard>& heard) { return std::ranges::any_of(heard, heard_it); });
    return static_cast<std::size_t>(count) >= quorum;
}

}  // namespace holdfast::protection
