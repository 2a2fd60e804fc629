// Our keys on the chain: which are validators, under which index, in which state; and which of them are held back (another
// client may be at work with them, or they are being slashed). Those have no duty of any kind. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "shared/beacon/api_types.hpp"

namespace holdfast::validator {

class ValidatorSet {
public:
    using Indices = std::unordered_map<PublicKey, ValidatorIndex>;

    explicit ValidatorSet(std::vector<PublicKey> keys);

    // Takes what a node said of our keys; others' keys are ignored, a key that it does not name is unknown to the chain.
    // True if active() or with_index() has changed.
    bool apply(const std::vector<beacon::Validator>& validators);
    // Who may sign anything; everybody until it is told. Asked again by look_again(), which is true if active() or with_index()
    // has changed.
    void hold_back(std::function<bool(const PublicKey&)> allows);
    bool look_again();

    [[nodiscard]] const std::vector<PublicKey>& keys() const { return keys_; }
    // Those that have duties now.
    [[nodiscard]] const Indices& active() const { return active_; }
    // Those that are or were validators: one that has exited may still sit in a sync committee.
    [[nodiscard]] const Indices& with_index() const { return with_index_; }
    // As active(), also those that are held back.
    [[nodiscard]] const Indices& active_on_chain() const { return active_on_chain_; }
    [[nodiscard]] std::size_t held_back() const { return active_on_chain_.size() - active_.size(); }
    // As the chain has them, by index.
    [[nodiscard]] std::vector<beacon::Validator> on_chain() const;
    [[nodiscard]] std::vector<PublicKey> unknown() const;
    // Keys by status; "unknown" for those that the chain does not know.
    [[nodiscard]] std::map<std::string, std::size_t> by_status() const;
    [[nodiscard]] bool known() const { return applied_; }

private:
    std::vector<PublicKey> keys_;
    std::unordered_map<PublicKey, std::string> statuses_;
    std::function<bool(const PublicKey&)> allows_;
    Indices on_chain_;
    Indices active_on_chain_;
    Indices active_;
    Indices with_index_;
    bool applied_{false};
};

// "60 active_ongoing, 4 pending_queued"
[[nodiscard]] std::string describe(const ValidatorSet& set);

}  // namespace holdfast::validator
