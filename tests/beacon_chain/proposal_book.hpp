// Blocks that nodes have made for proposers, and which of them came back signed. Pure: signatures are judged elsewhere.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "tests/beacon_chain/block_forge.hpp"
#include "tests/beacon_chain/duty_score.hpp"

namespace holdfast::sim {

struct Offer {
    Slot slot;
    std::size_t node{0};
    ValidatorIndex proposer;
    bool blinded{false};
    Forged forged;
    Inclusion inclusion;
    Address payee;
};

class ProposalBook {
public:
    // A block has been given to a client; its root is what it will be known by.
    void offer(Offer offer);
    [[nodiscard]] const Offer* find(const Root& root) const;

    // A block of `slot` is the chain's now.
    void accept(Slot slot, const Root& root, std::uint64_t ms, const Address& wanted_payee);
    // One could not be taken, as the score will say if no other is.
    void refuse(Slot slot, const std::string& why) { refused_[slot] = why; }
    [[nodiscard]] std::optional<Root> accepted(Slot slot) const;
    // The slot of `proposer` is over; `canonical`: the chain's block of it, if it has one.
    [[nodiscard]] KindScore close(Slot slot, ValidatorIndex proposer, std::optional<Root> canonical) const;
    // Forgets what is older.
    void prune(Slot slot);

private:
    struct Accepted {
        Root root;
        std::uint64_t ms{0};
        bool right_payee{true};
    };
    std::unordered_map<Root, Offer> offers_;
    std::map<Slot, Accepted> accepted_;
    std::map<Slot, std::string> refused_;
};

}  // namespace holdfast::sim
