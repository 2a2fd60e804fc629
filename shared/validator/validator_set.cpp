#include "shared/validator/validator_set.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::validator {

ValidatorSet::ValidatorSet(std::vector<PublicKey> keys) : keys_{std::move(keys)} { std::ranges::sort(keys_); }

bool ValidatorSet::apply(const std::vector<beacon::Validator>& validators) {
    statuses_.clear();
    on_chain_.clear();
    active_on_chain_.clear();
    for (const beacon::Validator& validator : validators) {
        if (!std::ranges::binary_search(keys_, validator.key)) continue;
        statuses_[validator.key] = validator.status;
        on_chain_[validator.key] = validator.index;
        if (validator.attests()) active_on_chain_[validator.key] = validator.index;
    }
    applied_ = true;
    return look_again();
}

void ValidatorSet::hold_back(std::function<bool(const PublicKey&)> allows) { allows_ = std::move(allows); }

bool ValidatorSet::look_again() {
    const auto allowed = [this](const Indices& all) {
        Indices result = all;
        if (allows_) std::erase_if(result, [this](const auto& entry) { return !allows_(entry.first); });
        return result;
    };
    Indices active = allowed(active_on_chain_);
    Indices with_index = allowed(on_chain_);
    const bool changed = active != active_ || with_index != with_index_;
    active_ = std::move(active);
    with_index_ = std::move(with_index);
    return changed;
}

std::vector<beacon::Validator> ValidatorSet::on_chain() const {
    std::vector<beacon::Validator> result;
    for (const auto& [key, index] : on_chain_) result.push_back({index, key, statuses_.at(key)});
    std::ranges::sort(result, {}, &beacon::Validator::index);
    return result;
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
