// Our keys on the chain: which are validators, under which index, in which state. Pure.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "shared/beacon/api_types.hpp"

namespace holdfast::validator {

class ValidatorSet {
public:
    explicit ValidatorSet(std::vector<PublicKey> keys);

    // Takes what a node said of our keys; others' keys are ignored, a key that it does not name is unknown to the chain.
    // True if the active ones are others than before.
    bool apply(const std::vector<beacon::Validator>& validators);

    [[nodiscard]] const std::vector<PublicKey>& keys() const { return keys_; }
    [[nodiscard]] const std::unordered_map<PublicKey, ValidatorIndex>& active() const { return active_; }
    [[nodiscard]] std::vector<PublicKey> unknown() const;
    // Keys by status; "unknown" for those that the chain does not know.
    [[nodiscard]] std::map<std::string, std::size_t> by_status() const;
    [[nodiscard]] bool known() const { return applied_; }

private:
    std::vector<PublicKey> keys_;
    std::unordered_map<PublicKey, std::string> statuses_;
    std::unordered_map<PublicKey, ValidatorIndex> active_;
    bool applied_{false};
};

// "60 active_ongoing, 4 pending_queued"
[[nodiscard]] std::string describe(const ValidatorSet& set);

}  // namespace holdfast::validator
