#include "shared/beacon/node_watch.hpp"

#include <algorithm>

#include "shared/base/log.hpp"

namespace holdfast::beacon {
namespace {

constexpr Duration kPollTimeout = std::chrono::seconds{2};
constexpr Duration kVersionEvery = std::chrono::minutes{10};
constexpr Duration kForeignEvery = std::chrono::seconds{10};
// A stream is given so long before its silence counts.
constexpr Duration kStreamSettles = std::chrono::seconds{10};
constexpr std::size_t kDeafPolls = 2;

// Compares the node's chain with ours where that is due; whether the node is on it.
Task<bool> check_chain(std::shared_ptr<NodeSet> set, std::size_t node, SteadyTime deadline) {
    const bool foreign = set->judge.fitness(node) == Fitness::kForeign;
    NodeSet::Seen& seen = set->seen[node];
    const bool due = !seen.chain_asked || set->clock.steady() >= *seen.chain_asked + kForeignEvery;
    const bool ask = set->judge.chain_unknown(node) || (foreign && due);
    if (!ask) co_return !foreign;
    seen.chain_asked = set->clock.steady();
    const Result<ChainIdentity> identity = co_await ask_chain(set, node, deadline);
    if (identity) {
        set->on_chain(node, identity.value());
    } else {
        set->on_poll_failure(node, identity.error());
    }
    co_return identity.has_value() && set->judge.fitness(node) != Fitness::kForeign;
}

Task<void> ask_version(std::shared_ptr<NodeSet> set, std::size_t node, SteadyTime deadline) {
    NodeSet::Seen& seen = set->seen[node];
    if (seen.version_asked && set->clock.steady() < *seen.version_asked + kVersionEvery) co_return;
    seen.version_asked = set->clock.steady();
    Result<std::string> version = co_await set->nodes[node]->version(deadline);
    if (version) seen.version = std::move(version).value();
}

// A stream on which the heads that the node has do not come: half open, or forgotten by the node. Begun anew.
void restart_deaf_stream(const std::shared_ptr<NodeSet>& set, std::size_t node, Slot head) {
    NodeSet::Seen& seen = set->seen[node];
    seen.deaf_polls = head > seen.last_event_slot ? seen.deaf_polls + 1 : 0;
    const bool settled = set->clock.steady() >= seen.stream_opened + kStreamSettles;
    if (seen.deaf_polls < kDeafPolls || !settled) return;
    log_debug("beacon node {}: no event of its head at slot {}, following its events anew", set->nodes[node]->url(),
              head.value);
    seen.deaf_polls = 0;
    seen.stream_opened = set->clock.steady();
    set->following[node]->cancel();
    set->following[node]->spawn("events", follow_node(set, node));
}

Task<void> poll(std::shared_ptr<NodeSet> set, std::size_t node) {
    const SteadyTime deadline = set->clock.steady() + std::min(kPollTimeout, set->options.call_timeout);
    const bool ours = co_await check_chain(set, node, deadline);
    if (!ours) co_return;
    const Result<SyncStatus> status = co_await set->nodes[node]->syncing(deadline);
    if (!status) {
        set->on_poll_failure(node, status.error());
        co_return;
    }
    set->on_sync(node, status.value());
    restart_deaf_stream(set, node, status.value().head_slot);
    co_await ask_version(set, node, deadline);
}

}  // namespace

Task<Result<ChainIdentity>> ask_chain(std::shared_ptr<NodeSet> set, std::size_t node, SteadyTime deadline) {
    Result<ethereum::Genesis> genesis = co_await set->nodes[node]->genesis(deadline);
    if (!genesis) co_return std::move(genesis).error();
    Result<ethereum::ChainSpec> spec = co_await set->nodes[node]->spec(deadline);
    if (!spec) co_return std::move(spec).error();
    co_return ChainIdentity{genesis.value(), std::move(spec).value()};
}

Task<void> watch_node(std::shared_ptr<NodeSet> set, std::size_t node) {
    // Spread over the interval, so that the answers don't come all at once.
    const Duration interval = set->options.poll_interval;
    const Duration offset = interval * static_cast<std::int64_t>(node) / static_cast<std::int64_t>(set->nodes.size());
    co_await sleep_for(set->clock, offset);
    while (true) {
        const SteadyTime next = set->clock.steady() + interval;
        co_await poll(set, node);
        co_await sleep_until(set->clock, next);
    }
}

Task<void> follow_node(std::shared_ptr<NodeSet> set, std::size_t node) {
    NodeSet::Seen& seen = set->seen[node];
    Duration pause = set->options.reconnect_min;
    while (true) {
        if (set->judge.fitness(node) == Fitness::kForeign) {
            co_await sleep_for(set->clock, set->options.reconnect_max);
            continue;
        }
        seen.stream_opened = set->clock.steady();
        seen.last_event_slot = set->judge.head_slot(node);
        seen.deaf_polls = 0;
        const std::size_t events_before = seen.events;
        std::function<void(NodeEvent)> on_event = [set, node](const NodeEvent& event) { set->on_event(node, event); };
        const Result<void> ended = co_await set->nodes[node]->follow_events(std::move(on_event));
        const bool lively = seen.events > events_before;
        if (lively) {
            pause = set->options.reconnect_min;
            log_info("beacon node {}: its events ended ({}), following them anew", set->nodes[node]->url(),
                     ended ? "the node closed the stream" : ended.error().message);
        }
        // A node that ends a stream it has served for a while is asked again at once.
        const bool served = set->clock.steady() >= seen.stream_opened + set->options.reconnect_min;
        if (ended && served) continue;
        co_await sleep_for(set->clock, pause);
        pause = std::min(2 * pause, set->options.reconnect_max);
    }
}

}  // namespace holdfast::beacon
