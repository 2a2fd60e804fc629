#include "shared/duties/kept_votes.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace holdfast::duties {

void KeptVotes::keep(KeptVote vote) {
    const Slot slot = vote.report.slot;
    const auto [place, is_new] = votes_.try_emplace(slot, std::move(vote));
    // Not moved from, if it isn't new.
    if (!is_new) std::ranges::move(vote.duties, std::back_inserter(place->second.duties));
}

void KeptVotes::forget_before(Slot now) {
    const std::uint64_t first = now.value - now.value % slots_per_epoch_;
    votes_.erase(votes_.begin(), votes_.lower_bound(Slot{first > 0 ? first - 1 : 0}));
}

const KeptVote* KeptVotes::of_last_epoch(Epoch epoch) const {
    const auto vote = votes_.begin();
    if (vote == votes_.end() || vote->first.value >= epoch.value * slots_per_epoch_) return nullptr;
    return &vote->second;
}

KeptVote KeptVotes::take(Slot slot) { return std::move(votes_.extract(slot).mapped()); }

std::vector<KeptVote> KeptVotes::take_all() {
    std::vector<KeptVote> all;
    for (auto vote = votes_.rbegin(); vote != votes_.rend(); ++vote) all.push_back(std::move(vote->second));
    votes_.clear();
    return all;
}

}  // namespace holdfast::duties
