// What clients tell ahead of time: where blocks shall pay to, registrations with builders, preferences. Pure: signatures are
// judged elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "shared/ethereum/validator_messages.hpp"
#include "tests/beacon_chain/chain_config.hpp"

namespace holdfast::sim {

class PreparationBook {
public:
    explicit PreparationBook(const ChainConfig& config) : config_{config} {}

    void prepare(std::size_t node, ValidatorIndex validator, const Address& payee);
    // What that node was told last; nothing if it was told nothing.
    [[nodiscard]] std::optional<Address> payee(std::size_t node, ValidatorIndex validator) const;
    // What any node was told last.
    [[nodiscard]] Address wanted_payee(ValidatorIndex validator) const;

    // `now`: Unix seconds.
    [[nodiscard]] std::optional<std::string> fault_of(const ethereum::ValidatorRegistration& registration,
                                                      std::int64_t now) const;
    void take(std::uint64_t validator, const ethereum::ValidatorRegistration& registration);
    [[nodiscard]] bool registered(ValidatorIndex validator) const { return registrations_.contains(validator.value); }
    [[nodiscard]] std::size_t registered() const { return registrations_.size(); }

    // `proposer`: who proposes in the slot that they are for; `dependent`: of its epoch.
    [[nodiscard]] std::optional<std::string> fault_of(const ethereum::ProposerPreferences& preferences, Slot now,
                                                      ValidatorIndex proposer, const Root& dependent) const;
    void take(const ethereum::ProposerPreferences& preferences);
    [[nodiscard]] std::optional<Address> preferred_payee(Slot slot, ValidatorIndex validator) const;

private:
    ChainConfig config_;
    std::map<std::size_t, std::map<std::uint64_t, Address>> payees_;  // by node, by validator
    std::map<std::uint64_t, Address> wanted_;
    std::map<std::uint64_t, ethereum::ValidatorRegistration> registrations_;
    std::map<std::pair<Slot, std::uint64_t>, Address> preferences_;
};

}  // namespace holdfast::sim
