#include "shared/base/alarms.hpp"

namespace holdfast {

Clock::AlarmId Alarms::add(SteadyTime when, std::function<void()> action) {
    const Clock::AlarmId id = ++last_id_;
    queue_.emplace(std::pair{when, id}, std::move(action));
    times_.emplace(id, when);
    return id;
}

void Alarms::remove(Clock::AlarmId id) {
    const auto found = times_.find(id);
    if (found == times_.end()) return;
    queue_.erase({found->second, id});
    times_.erase(found);
}

std::optional<SteadyTime> Alarms::next() const {
    if (queue_.empty()) return std::nullopt;
    return queue_.begin()->first.first;
}

std::function<void()> Alarms::take_due(SteadyTime now) {
    if (queue_.empty() || queue_.begin()->first.first > now) return {};
    auto first = queue_.begin();
    std::function<void()> action = std::move(first->second);
    times_.erase(first->first.second);
    queue_.erase(first);
    return action;
}

}  // namespace holdfast
