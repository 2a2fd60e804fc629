// Which block the sync committee's messages of one slot name. Pure: events and answers in, a block out.
//
// Before the deadline: the slot's own block, once enough fit nodes have announced it. From the deadline on: the head of most
// fit nodes, that is the block of the slot that a node has announced, else what it says when it is asked; as soon as no other
// head can have as many, or, when the moment for answers is over, what there is. Equal numbers: a block of this slot first (the
// others have not seen it yet), then the head of the node that is configured first.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "shared/base/types.hpp"

namespace holdfast::duties {

class HeadMajority {
public:
    // `threshold`: nodes that must announce a block; fewer if fewer are fit. All nodes are unfit until told otherwise.
    HeadMajority(std::size_t nodes, std::size_t threshold) : threshold_{threshold}, nodes_(nodes) {}

    void set_fit(const std::vector<bool>& fit);
    // A head event of this slot, not optimistic.
    void announced(std::size_t node, const Root& block);
    void told(std::size_t node, const Root& head);
    // Asked in vain.
    void failed(std::size_t node);

    [[nodiscard]] std::size_t count_fit() const;
    [[nodiscard]] std::optional<Root> announced_by_enough() const;
    // The head of most; nothing while those that have said nothing could change it.
    [[nodiscard]] std::optional<Root> certain() const;
    [[nodiscard]] std::optional<Root> most() const;
    // Fit nodes with this head.
    [[nodiscard]] std::size_t count(const Root& head) const;

private:
    struct Node {
        bool fit{false};
        bool failed{false};
        std::optional<Root> announced;
        std::optional<Root> told;
        [[nodiscard]] const std::optional<Root>& head() const { return announced ? announced : told; }
    };
    std::size_t threshold_;
    std::vector<Node> nodes_;

    [[nodiscard]] bool is_announced(const Root& block) const;
};

}  // namespace holdfast::duties
