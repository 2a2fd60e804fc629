#include "healthcheck/check.hpp"

#include <algorithm>
#include <utility>

#include "healthcheck/failover_rule.hpp"

namespace holdfast::healthcheck {

namespace {

// How many samples in a row change the verdict.
std::uint32_t needed(bool verdict, std::uint32_t rise, std::uint32_t fall) {
    const std::uint32_t count = verdict ? fall : rise;
    return in_force(verdict ? FailoverRule::kFallNeedsSeveral : FailoverRule::kRiseNeedsSeveral) ? count : 1;
}

}  // namespace

void Checks::sample(const std::vector<validator::HealthCheck>& raw, WallTime now) {
    std::vector<CheckState> states;
    std::vector<std::uint32_t> against;
    for (const validator::HealthCheck& check : raw) {
        const auto before = std::ranges::find(states_, check.name, &CheckState::name);
        if (before == states_.end()) {
            states.push_back({check.name, check.ok, now, check.detail, check.moves_duty});
            against.push_back(0);
            continue;
        }
        CheckState state = *before;
        state.detail = check.detail;
        std::uint32_t count = check.ok == state.ok ? 0 : against_[static_cast<std::size_t>(before - states_.begin())] + 1;
        if (count > 0 && count >= needed(state.ok, rise_, fall_)) {
            state.ok = check.ok;
            state.since = now;
            count = 0;
        }
        states.push_back(std::move(state));
        against.push_back(count);
    }
    states_ = std::move(states);
    against_ = std::move(against);
}

bool Checks::ok() const {
    const auto fit = [](const CheckState& state) { return state.ok || !state.moves_duty; };
    return !states_.empty() && std::ranges::all_of(states_, fit);
}

std::string Checks::why_not() const {
    if (states_.empty()) return "no check was made yet";
    std::string text;
    for (const CheckState& state : states_) {
        if (!state.ok && state.moves_duty) text += (text.empty() ? "" : "; ") + state.name + ": " + state.detail;
    }
    return text;
}

}  // namespace holdfast::healthcheck
