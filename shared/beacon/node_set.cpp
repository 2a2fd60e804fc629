#include "shared/beacon/node_set.hpp"

#include "shared/base/log.hpp"

namespace holdfast::beacon {
namespace {

constexpr std::size_t kEventsMax = 10'000;

NodeJudge::Limits limits_of(const BeaconNodesOptions& options) {
    NodeJudge::Limits limits;
    limits.behind_slots_max = options.behind_slots_max;
    return limits;
}

}  // namespace

NodeSet::NodeSet(Executor on, Clock& with, BeaconNodesOptions how, std::vector<std::unique_ptr<BeaconNode>> which)
    : executor{std::move(on)},
      clock{with},
      options{how},
      nodes{std::move(which)},
      judge{nodes.size(), limits_of(options)},
      seen(nodes.size()),
      watching{executor},
      sending{executor} {
    for (std::size_t i = 0; i < nodes.size(); ++i) following.push_back(std::make_unique<TaskGroup>(executor));
}

void NodeSet::cancel() {
    watching.cancel();
    for (const auto& group : following) group->cancel();
    sending.cancel();
}

Task<void> NodeSet::join() {
    co_await watching.join();
    for (const auto& group : following) co_await group->join();
    co_await sending.join();
}

Slot NodeSet::current_slot() const { return ethereum::SlotClock{chain->spec, chain->genesis.time}.slot_at(clock.now()); }

void NodeSet::on_chain(std::size_t node, const ChainIdentity& identity) {
    const Fitness before = judge.fitness(node);
    judge.on_chain(node, difference(identity, *chain));
    log_change(node, before);
}

void NodeSet::on_sync(std::size_t node, const SyncStatus& status) {
    const Fitness before = judge.fitness(node);
    judge.on_sync(node, status, current_slot());
    log_change(node, before);
}

void NodeSet::on_poll_failure(std::size_t node, const Error& error) {
    const Fitness before = judge.fitness(node);
    judge.on_poll_failure(node, error);
    log_change(node, before);
}

void NodeSet::on_use(std::size_t node, const Result<void>& outcome) {
    const Fitness before = judge.fitness(node);
    judge.on_use(node, outcome);
    log_change(node, before);
}

void NodeSet::on_event(std::size_t node, const NodeEvent& event) {
    if (judge.fitness(node) == Fitness::kForeign) return;
    ++seen[node].events;
    if (const auto* head = std::get_if<HeadEvent>(&event)) {
        seen[node].last_event_slot = head->slot;
        const Fitness before = judge.fitness(node);
        if (!head->execution_optimistic) judge.on_head(node, head->slot);
        log_change(node, before);
    }
    // The consumer is stuck or there is none: what is new matters more than what is old.
    if (events.size() >= kEventsMax && events.try_pop()) ++events_dropped;
    events.push({node, clock.steady(), event});
}

void NodeSet::log_change(std::size_t node, Fitness before) const {
    const Fitness after = judge.fitness(node);
    if (after == before) return;
    if (after == Fitness::kFit) {
        log_info("beacon node {} is fit: {}", nodes[node]->url(), judge.detail(node));
    } else {
        log_warn("beacon node {} is left out ({}): {}", nodes[node]->url(), to_string(after), judge.detail(node));
    }
}

}  // namespace holdfast::beacon
