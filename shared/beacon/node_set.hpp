// What the tasks of BeaconNodes share: the nodes, what is thought of them, and their events. Owned together by the tasks that
// run, so that none outlives it. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/channel.hpp"
#include "shared/base/task_group.hpp"
#include "shared/beacon/beacon_node.hpp"
#include "shared/beacon/beacon_nodes.hpp"
#include "shared/beacon/chain_vote.hpp"
#include "shared/beacon/node_judge.hpp"

namespace holdfast::beacon {

struct NodeSet {
    NodeSet(Executor on, Clock& with, BeaconNodesOptions how, std::vector<std::unique_ptr<BeaconNode>> which);

    struct Seen {
        std::string version;
        std::optional<SteadyTime> version_asked;
        std::optional<SteadyTime> chain_asked;
        std::size_t sending{0};  // sends that have no answer yet
        std::size_t events{0};
        // Of the stream of events that is open now.
        SteadyTime stream_opened;
        Slot last_event_slot;
        std::size_t deaf_polls{0};  // polls in a row that saw a head of which no event came
    };

    Executor executor;
    Clock& clock;
    BeaconNodesOptions options;
    std::vector<std::unique_ptr<BeaconNode>> nodes;
    std::optional<ChainIdentity> chain;  // ours, after connect()
    ethereum::TypeTablePtr types;        // of its blocks, after connect()
    NodeJudge judge;
    std::vector<Seen> seen;
    Channel<NodeEventAt> events;
    std::size_t events_dropped{0};
    TaskGroup watching;
    std::vector<std::unique_ptr<TaskGroup>> following;  // one a node: a stream that went deaf is begun anew
    TaskGroup sending;

    void cancel();
    Task<void> join();

    [[nodiscard]] Slot current_slot() const;
    // The time by which a call that starts now has to end, if nothing else ends it before.
    [[nodiscard]] SteadyTime call_deadline() const { return clock.steady() + options.call_timeout; }

    // Observations for the judge; a change of a node's fitness is logged.
    void on_chain(std::size_t node, const ChainIdentity& identity);
    void on_sync(std::size_t node, const SyncStatus& status);
    void on_poll_failure(std::size_t node, const Error& error);
    void on_use(std::size_t node, const Result<void>& outcome);
    // Passes an event on, with the time.
    void on_event(std::size_t node, const NodeEvent& event);

private:
    void log_change(std::size_t node, Fitness before) const;
};

// The result without its value.
template <class T>
[[nodiscard]] Result<void> outcome_of(const Result<T>& result) {
    if (result) return success();
    return result.error();
}

}  // namespace holdfast::beacon
