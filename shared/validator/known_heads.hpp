// Blocks that fit nodes have called their head lately: what the parent of a block of ours may be. Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "shared/base/types.hpp"

namespace holdfast::validator {

class KnownHeads {
public:
    // So many blocks are remembered, however old: without new ones the old ones stay heads.
    static constexpr std::size_t kHeadsMax = 128;

    void add(const Root& block, Slot slot) {
        if (this->slot(block)) return;
        heads_.emplace_back(block, slot);
        if (heads_.size() > kHeadsMax) heads_.pop_front();
    }
    // The slot of that block; nothing if nobody has announced it.
    [[nodiscard]] std::optional<Slot> slot(const Root& block) const {
        for (const auto& [known, slot] : heads_) {
            if (known == block) return slot;
        }
        return std::nullopt;
    }

private:
    std::deque<std::pair<Root, Slot>> heads_;
};

}  // namespace holdfast::validator
