#include "shared/beacon/node_judge.hpp"

#include <algorithm>
#include <numeric>

namespace holdfast::beacon {
namespace {

constexpr int kScoreMax = 100;
constexpr int kScoreGood = 1;
constexpr int kScoreBad = -5;
// A head may be of the next slot when clocks differ a little.
constexpr std::uint64_t kAheadMax = 1;

bool no_answer(const Error& error) { return error.code == ErrorCode::kTimeout || error.code == ErrorCode::kUnavailable; }

}  // namespace

std::string_view to_string(Fitness fitness) {
    switch (fitness) {
        case Fitness::kUnknown: return "unknown";
        case Fitness::kFit: return "fit";
        case Fitness::kUnreachable: return "unreachable";
        case Fitness::kForeign: return "foreign";
        case Fitness::kBehind: return "behind";
        case Fitness::kOptimistic: return "optimistic";
        case Fitness::kFailing: return "failing";
    }
    return "unknown";
}

void NodeJudge::on_chain(std::size_t node, std::string difference) {
    Node& it = nodes_[node];
    it.poll_failure.reset();
    it.polled = false;
    it.failed_uses = 0;
    it.lagging_polls = 0;
    it.chain = difference.empty() ? Chain::kOurs : Chain::kForeign;
    if (it.chain == Chain::kForeign) it.detail = "it is on another chain: " + std::move(difference);
    judge(it);
}

void NodeJudge::on_sync(std::size_t node, const SyncStatus& status, Slot now) {
    Node& it = nodes_[node];
    if (it.chain != Chain::kOurs) return;
    it.poll_failure.reset();
    it.failed_uses = 0;
    it.sync = status;
    score(it, true);
    if (!it.ever_polled) it.score = kScoreMax;
    it.polled = true;
    it.ever_polled = true;
    it.lag = lag_of(node, now);
    it.lagging_polls = it.lag.empty() ? 0 : it.lagging_polls + 1;
    judge(it);
}

void NodeJudge::on_poll_failure(std::size_t node, const Error& error) {
    if (error.code == ErrorCode::kCancelled) return;
    Node& it = nodes_[node];
    score(it, false);
    // A foreign node stays one until an answer says something else.
    if (it.chain == Chain::kForeign) return;
    if (no_answer(error)) it.chain = Chain::kUnknown;
    it.poll_failure = error;
    judge(it);
}

void NodeJudge::on_head(std::size_t node, Slot slot) {
    Node& it = nodes_[node];
    if (it.chain != Chain::kOurs || slot <= it.sync.head_slot) return;
    it.sync.head_slot = slot;
    const auto best = best_head(node, std::nullopt);
    if (it.lagging_polls == 0 || (best && slot + limits_.behind_slots_max < *best)) return;
    it.lagging_polls = 0;
    judge(it);
}

void NodeJudge::on_use(std::size_t node, const Result<void>& outcome) {
    if (!outcome && outcome.error().code == ErrorCode::kCancelled) return;
    Node& it = nodes_[node];
    score(it, outcome.has_value());
    if (outcome) {
        // What made it failing is undone by a poll only, so that a node does not go in and out within a slot.
        if (it.failed_uses < limits_.failures_max) it.failed_uses = 0;
        return;
    }
    ++it.failed_uses;
    it.last_failure = outcome.error().message;
    judge(it);
}

std::vector<std::size_t> NodeJudge::fit_nodes() const {
    std::vector<std::size_t> order(nodes_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::erase_if(order, [this](std::size_t i) { return nodes_[i].fitness != Fitness::kFit; });
    std::ranges::stable_sort(order, [this](std::size_t a, std::size_t b) { return nodes_[a].score > nodes_[b].score; });
    return order;
}

// Whether its head counts as a measure for others.
bool NodeJudge::believed(const Node& node) const {
    return node.chain == Chain::kOurs && node.polled && !node.poll_failure && !node.sync.is_optimistic;
}

std::optional<Slot> NodeJudge::best_head(std::size_t except, std::optional<Slot> at_most) const {
    std::optional<Slot> best;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const Node& other = nodes_[i];
        if (i == except || !believed(other)) continue;
        if (at_most && other.sync.head_slot > *at_most) continue;
        if (!best || other.sync.head_slot > *best) best = other.sync.head_slot;
    }
    return best;
}

// Whether a node that calls itself synced has about the head `head`.
bool NodeJudge::somebody_vouches(Slot head) const {
    return std::ranges::any_of(nodes_, [&](const Node& node) {
        const Slot other = node.sync.head_slot;
        const bool near = other <= head + limits_.behind_slots_max && head <= other + limits_.behind_slots_max;
        return believed(node) && !node.sync.is_syncing && near;
    });
}

// How the node lags, in words; empty if it does not.
std::string NodeJudge::lag_of(std::size_t node, Slot now) const {
    const SyncStatus& sync = nodes_[node].sync;
    const Slot latest = now + kAheadMax;
    const auto credible = best_head(node, latest);
    if (sync.head_slot > latest && credible) {
        return "its head is at slot " + to_string(sync.head_slot) + ", but the clock says " + to_string(now);
    }
    const auto best = credible ? credible : best_head(node, std::nullopt);
    const std::uint64_t allowed = sync.el_offline ? 0 : limits_.behind_slots_max;
    if (best && *best > sync.head_slot + allowed) {
        return "its head is at slot " + to_string(sync.head_slot) + ", another node's at " + to_string(*best);
    }
    const bool late = now > sync.head_slot + limits_.syncing_slots_max;
    if (sync.is_syncing && late && !somebody_vouches(sync.head_slot)) {
        return "it is syncing, its head is at slot " + to_string(sync.head_slot) + ", the clock says " + to_string(now);
    }
    return {};
}

void NodeJudge::score(Node& node, bool good) {
    node.score = std::clamp(node.score + (good ? kScoreGood : kScoreBad), 0, kScoreMax);
}

void NodeJudge::judge(Node& node) {
    const auto set = [&node](Fitness fitness, std::string detail) {
        node.fitness = fitness;
        node.detail = std::move(detail);
    };
    if (node.chain == Chain::kForeign) {
        node.fitness = Fitness::kForeign;
        return;
    }
    if (node.poll_failure) {
        return set(no_answer(*node.poll_failure) ? Fitness::kUnreachable : Fitness::kFailing, node.poll_failure->message);
    }
    // Its chain is known again, but not its head: out as before, but foreign no more.
    if (!node.polled) {
        if (node.fitness == Fitness::kForeign) set(Fitness::kUnknown, "on our chain now, its head is not known yet");
        return;
    }
    if (node.failed_uses >= limits_.failures_max) {
        return set(Fitness::kFailing,
                   std::to_string(node.failed_uses) + " uses in a row failed, the last: " + node.last_failure);
    }
    if (node.sync.is_optimistic) return set(Fitness::kOptimistic, "its execution node has not verified its head");
    const std::size_t enough = node.fitness == Fitness::kFit ? 2 : 1;
    if (node.lagging_polls >= enough) {
        const bool by_execution = node.sync.el_offline;
        return set(by_execution ? Fitness::kOptimistic : Fitness::kBehind,
                   by_execution ? "its execution node is offline and " + node.lag : node.lag);
    }
    set(Fitness::kFit, "head at slot " + to_string(node.sync.head_slot));
}

}  // namespace holdfast::beacon
