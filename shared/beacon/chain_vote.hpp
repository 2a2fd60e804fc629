// Which chain the nodes are on, when they don't agree: the one that most of them tell. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "shared/ethereum/chain_spec.hpp"

namespace holdfast::beacon {

struct ChainIdentity {
    ethereum::Genesis genesis;
    ethereum::ChainSpec spec;
};

// In what `other` differs from `ours`, as a sentence; empty if in nothing that matters.
[[nodiscard]] std::string difference(const ChainIdentity& other, const ChainIdentity& ours);

class ChainVote {
public:
    explicit ChainVote(std::size_t nodes) : answers_(nodes) {}

    void add(std::size_t node, ChainIdentity identity) { answers_[node] = std::move(identity); }
    [[nodiscard]] const std::optional<ChainIdentity>& answer(std::size_t node) const { return answers_[node]; }
    [[nodiscard]] std::size_t answers() const;

    // The chain that most of those who answered are on; nothing if none answered, or two chains have equally many.
    [[nodiscard]] const ChainIdentity* winner() const;
    // How many are on it.
    [[nodiscard]] std::size_t votes(const ChainIdentity& identity) const;
    // Whether the nodes that are still silent could change winner().
    [[nodiscard]] bool settled() const;

private:
    std::vector<std::optional<ChainIdentity>> answers_;

    [[nodiscard]] const ChainIdentity* most_common() const;
    [[nodiscard]] std::size_t runner_up_votes() const;
};

}  // namespace holdfast::beacon
