// Which nodes are fit for duty, from what was seen of them. Pure: observations in, a verdict per node out.
//
// A node is judged by its head slot beside the others', not by what it says of its sync: one that stands still says it is
// synced, one at the top may say it is syncing. In turn:
//   foreign      another genesis or spec; final until an answer of it matches again
//   unreachable  its last poll got no answer. Its chain is asked for anew before it is used again: it may be another one now
//   failing      its last poll got an error, or `failures_max` uses in a row failed
//   optimistic   says so; or its execution node is offline and its head is not the best
//   behind       head more than `behind_slots_max` below the best head of the others, at two polls in a row (a block that came
//   after
//                empty slots is not everywhere at once). Where every node says that it is syncing, none can vouch for the
//                others: then more than `syncing_slots_max` behind the clock. All equally behind (empty slots) are fit.
// Heads ahead of the clock are not believed, unless all are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/beacon/api_types.hpp"
#include "shared/beacon/beacon_nodes.hpp"

namespace holdfast::beacon {

class NodeJudge {
public:
    struct Limits {
        std::uint64_t behind_slots_max{2};
        std::uint64_t syncing_slots_max{8};
        std::size_t failures_max{3};
    };

    NodeJudge(std::size_t nodes, Limits limits) : limits_{limits}, nodes_(nodes) {}

    // Genesis and spec were compared: `difference` says in what they differ from ours, empty if in nothing.
    void on_chain(std::size_t node, std::string difference);
    // The answer to a poll, at the clock's slot `now`.
    void on_sync(std::size_t node, const SyncStatus& status, Slot now);
    // A poll, or the asking for genesis and spec, failed.
    void on_poll_failure(std::size_t node, const Error& error);
    // A head event of a verified head.
    void on_head(std::size_t node, Slot slot);
    // A use went well or failed. What the caller took back (kCancelled) says nothing.
    void on_use(std::size_t node, const Result<void>& outcome);

    [[nodiscard]] std::size_t size() const { return nodes_.size(); }
    [[nodiscard]] Fitness fitness(std::size_t node) const { return nodes_[node].fitness; }
    [[nodiscard]] const std::string& detail(std::size_t node) const { return nodes_[node].detail; }
    [[nodiscard]] int score(std::size_t node) const { return nodes_[node].score; }
    [[nodiscard]] Slot head_slot(std::size_t node) const { return nodes_[node].sync.head_slot; }
    // Whether its genesis and spec are to be asked for before its next poll.
    [[nodiscard]] bool chain_unknown(std::size_t node) const { return nodes_[node].chain == Chain::kUnknown; }

    // The fit ones, best score first, then in the order of the configuration.
    [[nodiscard]] std::vector<std::size_t> fit_nodes() const;

private:
    enum class Chain { kUnknown, kOurs, kForeign };
    struct Node {
        Chain chain{Chain::kUnknown};
        std::optional<Error> poll_failure;
        bool polled{false};  // since its chain was last compared
        bool ever_polled{false};
        SyncStatus sync;
        std::size_t lagging_polls{0};
        std::string lag;  // in words
        std::size_t failed_uses{0};
        std::string last_failure;
        int score{0};
        Fitness fitness{Fitness::kUnknown};
        std::string detail{"not asked yet"};
    };
    Limits limits_;
    std::vector<Node> nodes_;

    [[nodiscard]] bool believed(const Node& node) const;
    [[nodiscard]] std::optional<Slot> best_head(std::size_t except, std::optional<Slot> at_most) const;
    [[nodiscard]] bool somebody_vouches(Slot head) const;
    [[nodiscard]] std::string lag_of(std::size_t node, Slot now) const;
    void score(Node& node, bool good);
    void judge(Node& node);
};

}  // namespace holdfast::beacon
