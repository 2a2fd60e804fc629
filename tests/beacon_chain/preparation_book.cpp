#include "tests/beacon_chain/preparation_book.hpp"

#include <algorithm>

namespace holdfast::sim {
namespace {

constexpr std::int64_t kClockDisparitySeconds = 10;

}  // namespace

void PreparationBook::prepare(std::size_t node, ValidatorIndex validator, const Address& payee) {
    payees_[node][validator.value] = payee;
    wanted_[validator.value] = payee;
}

std::optional<Address> PreparationBook::payee(std::size_t node, ValidatorIndex validator) const {
    const auto told = payees_.find(node);
    if (told == payees_.end()) return std::nullopt;
    const auto found = told->second.find(validator.value);
    return found == told->second.end() ? std::nullopt : std::optional{found->second};
}

Address PreparationBook::wanted_payee(ValidatorIndex validator) const {
    const auto found = wanted_.find(validator.value);
    return found == wanted_.end() ? Address{} : found->second;
}

std::optional<std::string> PreparationBook::fault_of(const ethereum::ValidatorRegistration& registration,
                                                     std::int64_t now) const {
    if (registration.fee_recipient.is_zero()) return "registration without a fee recipient";
    if (registration.gas_limit == 0) return "registration without a gas limit";
    if (static_cast<std::int64_t>(registration.timestamp) > now + kClockDisparitySeconds) return "registration from the future";
    return std::nullopt;
}

void PreparationBook::take(std::uint64_t validator, const ethereum::ValidatorRegistration& registration) {
    ethereum::ValidatorRegistration& last = registrations_[validator];
    if (registration.timestamp >= last.timestamp) last = registration;
}

std::optional<std::string> PreparationBook::fault_of(const ethereum::ProposerPreferences& preferences, Slot now,
                                                     ValidatorIndex proposer, const Root& dependent) const {
    const Epoch epoch = config_.epoch_of(preferences.proposal_slot);
    if (preferences.proposal_slot <= now) return "preferences for a slot that has begun";
    if (epoch < config_.gloas_epoch) return "preferences for a slot before Gloas";
    if (epoch > config_.epoch_of(now) + 1) return "preferences for a slot beyond the next epoch";
    if (preferences.validator_index != proposer) return "preferences of one who does not propose then";
    if (preferences.dependent_root != dependent) return "preferences with another dependent root";
    return std::nullopt;
}

void PreparationBook::take(const ethereum::ProposerPreferences& preferences) {
    preferences_[{preferences.proposal_slot, preferences.validator_index.value}] = preferences.fee_recipient;
    preferences_.erase(
        preferences_.begin(),
        preferences_.lower_bound({Slot{preferences.proposal_slot.value -
                                       std::min<std::uint64_t>(preferences.proposal_slot.value, 8 * config_.slots_per_epoch)},
                                  0}));
}

std::optional<Address> PreparationBook::preferred_payee(Slot slot, ValidatorIndex validator) const {
    const auto found = preferences_.find({slot, validator.value});
    return found == preferences_.end() ? std::nullopt : std::optional{found->second};
}

}  // namespace holdfast::sim
