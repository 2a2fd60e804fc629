#include "shared/validator/committee_sizes.hpp"

#include <algorithm>

namespace holdfast::validator {

CommitteeSizes::CommitteeSizes(std::uint64_t slots_per_epoch, std::uint64_t committees_at_slot)
    : committees_at_slot_{committees_at_slot}, committees_{slots_per_epoch * committees_at_slot} {}

// compute_committee: committee i of n has the members from active * i / n up to active * (i + 1) / n.
std::uint64_t CommitteeSizes::sum_if(std::uint64_t active, std::uint64_t slot_in_epoch,
                                     std::span<const std::uint64_t> indices) const {
    std::uint64_t members = 0;
    for (const std::uint64_t index : indices) {
        const std::uint64_t place = slot_in_epoch * committees_at_slot_ + index;
        members += active * (place + 1) / committees_ - active * place / committees_;
    }
    return members;
}

void CommitteeSizes::learn(std::uint64_t slot_in_epoch, std::span<const std::uint64_t> indices, std::uint64_t members) {
    // More than there can be: nonsense, and its products would not fit.
    constexpr std::uint64_t kMembersMax = 1ULL << 32U;
    if (indices.empty() || committees_ == 0 || members > kMembersMax) return;
    const auto fits = [&](std::uint64_t active) { return sum_if(active, slot_in_epoch, indices) == members; };
    std::vector<std::uint64_t> left;
    if (active_.empty()) {
        // Each committee has the average number of members, rounded down or up.
        const std::uint64_t average = members / indices.size();
        const std::uint64_t first = average > 0 ? (average - 1) * committees_ : 0;
        for (std::uint64_t active = first; active <= (average + 2) * committees_; ++active) {
            if (fits(active)) left.push_back(active);
        }
    } else {
        std::ranges::copy_if(active_, std::back_inserter(left), fits);
    }
    if (!left.empty()) active_ = std::move(left);
}

std::optional<std::uint64_t> CommitteeSizes::sum(std::uint64_t slot_in_epoch, std::span<const std::uint64_t> indices) const {
    if (indices.empty()) return 0;
    std::optional<std::uint64_t> members;
    for (const std::uint64_t active : active_) {
        const std::uint64_t found = sum_if(active, slot_in_epoch, indices);
        if (members && *members != found) return std::nullopt;
        members = found;
    }
    return members;
}

}  // namespace holdfast::validator
