// The consensus of one slot at work: feeds the state machine with the nodes' head events, answers and time, and asks what it
// wants asked.
#pragma once

#include <memory>
#include <variant>

#include "shared/base/notifier.hpp"
#include "shared/base/task_group.hpp"
#include "shared/beacon/beacon_nodes.hpp"
#include "shared/duties/attestation_consensus.hpp"

namespace holdfast::duties {

using ConsensusOutcome = std::variant<Decided, GaveUp>;

// Held by shared_ptr: questions under way keep it alive. `nodes` and `clock` must outlive them (join()).
class ConsensusRun : public std::enable_shared_from_this<ConsensusRun> {
public:
    ConsensusRun(Executor executor, Clock& clock, beacon::BeaconNodes& nodes, const ConsensusSettings& settings,
                 CheckpointCache& cache, Duration call_timeout);

    // Until there is an outcome. Call once.
    Task<ConsensusOutcome> run();
    void on_head(std::size_t node, const beacon::HeadEvent& event);
    // No more actions from here on; questions under way are cancelled.
    void close();
    Task<void> join() { return askers_.join(); }

    [[nodiscard]] const AttestationConsensus& machine() const { return machine_; }
    [[nodiscard]] Slot slot() const { return slot_; }
    [[nodiscard]] const std::optional<ConsensusOutcome>& outcome() const { return outcome_; }

private:
    Clock& clock_;
    beacon::BeaconNodes& nodes_;
    Slot slot_;
    Duration call_timeout_;
    SteadyTime end_;
    AttestationConsensus machine_;
    TaskGroup askers_;
    Notifier changed_;
    std::optional<ConsensusOutcome> outcome_;
    bool closed_{false};

    void act(const Actions& actions);
    void refresh_fitness();
    static Task<void> ask(std::shared_ptr<ConsensusRun> self, std::size_t node);
};

}  // namespace holdfast::duties
