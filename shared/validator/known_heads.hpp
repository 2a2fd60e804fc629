// Blocks that fit nodes have called their head lately, and who: what the parent of a block of ours may be,
// and whether a slot has its block. A head that one node
// alone names may be its own invention. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <set>

#include "shared/base/types.hpp"

namespace holdfast::validator {

class KnownHeads {
public:
    // So many blocks are remembered, however old: without new ones the old ones stay heads.
    static constexpr std::size_t kHeadsMax = 128;

    void add(std::size_t node, const Root& block, Slot slot) {
        const auto known = std::ranges::find(heads_, block, &Head::block);
        if (known != heads_.end()) {
            known->nodes.insert(node);
            return;
        }
        heads_.push_back({block, slot, {node}});
        if (heads_.size() > kHeadsMax) heads_.pop_front();
    }
    // How many nodes have named a block of that slot.
    [[nodiscard]] std::size_t nodes_with_block_at(Slot slot) const {
        std::set<std::size_t> nodes;
        for (const Head& head : heads_) {
            if (head.slot == slot) nodes.insert(head.nodes.begin(), head.nodes.end());
        }
        return nodes.size();
    }
    // The slot of that block; nothing if fewer than so many nodes have announced it.
    [[nodiscard]] std::optional<Slot> slot(const Root& block, std::size_t nodes) const {
        const auto known = std::ranges::find(heads_, block, &Head::block);
        if (known == heads_.end() || known->nodes.size() < nodes) return std::nullopt;
        return known->slot;
    }

private:
    struct Head {
        Root block;
        Slot slot;
        std::set<std::size_t> nodes;
    };
    std::deque<Head> heads_;
};

}  // namespace holdfast::validator
