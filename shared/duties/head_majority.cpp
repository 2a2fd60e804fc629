#include "shared/duties/head_majority.hpp"

#include <algorithm>

namespace holdfast::duties {

void HeadMajority::set_fit(const std::vector<bool>& fit) {
    for (std::size_t i = 0; i < nodes_.size() && i < fit.size(); ++i) nodes_[i].fit = fit[i];
}

void HeadMajority::announced(std::size_t node, const Root& block) {
    if (node < nodes_.size()) nodes_[node].announced = block;
}

void HeadMajority::told(std::size_t node, const Root& head) {
    if (node < nodes_.size()) nodes_[node].told = head;
}

void HeadMajority::failed(std::size_t node) {
    if (node < nodes_.size()) nodes_[node].failed = true;
}

std::size_t HeadMajority::count_fit() const {
    return static_cast<std::size_t>(std::ranges::count_if(nodes_, [](const Node& node) { return node.fit; }));
}

std::size_t HeadMajority::count(const Root& head) const {
    const auto has = [&head](const Node& node) { return node.fit && node.head() == head; };
    return static_cast<std::size_t>(std::ranges::count_if(nodes_, has));
}

bool HeadMajority::is_announced(const Root& block) const {
    return std::ranges::any_of(nodes_, [&block](const Node& node) { return node.fit && node.announced == block; });
}

std::optional<Root> HeadMajority::announced_by_enough() const {
    const std::size_t enough = std::max<std::size_t>(1, std::min(threshold_, count_fit()));
    const Node* best = nullptr;
    for (const Node& node : nodes_) {
        if (!node.announced || count(*node.announced) < enough) continue;
        if (best == nullptr || count(*node.announced) > count(*best->announced)) best = &node;
    }
    if (best == nullptr) return std::nullopt;
    return best->announced;
}

std::optional<Root> HeadMajority::most() const {
    std::optional<Root> best;
    for (const Node& node : nodes_) {
        if (!node.fit || !node.head()) continue;
        const Root& head = *node.head();
        const bool more = !best || count(head) > count(*best);
        const bool newer = best && count(head) == count(*best) && is_announced(head) && !is_announced(*best);
        if (more || newer) best = head;
    }
    return best;
}

std::optional<Root> HeadMajority::certain() const {
    const std::optional<Root> leader = most();
    if (!leader) return std::nullopt;
    std::size_t silent = 0;
    std::size_t next = 0;
    for (const Node& node : nodes_) {
        if (!node.fit) continue;
        if (!node.head()) {
            silent += node.failed ? 0 : 1;
        } else if (*node.head() != *leader) {
            next = std::max(next, count(*node.head()));
        }
    }
    if (silent > 0 && count(*leader) <= next + silent) return std::nullopt;
    return leader;
}

}  // namespace holdfast::duties
