#include "shared/validator/validator_set.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::validator {

ValidatorSet::ValidatorSet(std::vector<PublicKey> keys) : keys_{std::move(keys)} { std::ranges::sort(keys_); }

bool ValidatorSet::apply(const std::vector<beacon::Validator>& validators) {
    std::unordered_map<PublicKey, ValidatorIndex> active;
    statuses_.clear();
    for (const beacon::Validator& validator : validators) {
        if (!std::ranges::binary_search(keys_, validator.key)) continue;
        statuses_[validator.key] = validator.status;
        if (validator.attests()) active[validator.key] = validator.index;
    }
    applied_ = true;
    const bool changed = active != active_;
    active_ = std::move(active);
    return changed;
}

std::vector<PublicKey> ValidatorSet::unknown() const {
    std::vector<PublicKey> result;
    std::ranges::copy_if(keys_, std::back_inserter(result), [this](const PublicKey& key) { return !statuses_.contains(key); });
    return result;
}

std::map<std::string, std::size_t> ValidatorSet::by_status() const {
    std::map<std::string, std::size_t> counts;
    for (const PublicKey& key : keys_) {
        const auto status = statuses_.find(key);
        ++counts[status == statuses_.end() ? "unknown" : status->second];
    }
    return counts;
}

std::string describe(const ValidatorSet& set) {
    std::string text;
    for (const auto& [status, count] : set.by_status()) {
        if (!text.empty()) text += ", ";
        text += std::to_string(count) + " " + status;
    }
    return text;
}

}  // namespace holdfast::validator
