// Sends votes once more to nodes that were not ready for them. A node may answer 200 to a vote for a block that it does not
// have yet, and then keep nothing of it (Prysm in the first slot of an epoch, where the block is the target too). So a node
// that announces the voted block only after it was sent the votes is sent them again; what it has already it drops. One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "shared/base/task_group.hpp"
#include "shared/beacon/beacon_nodes.hpp"

namespace holdfast::duties {

class LateDelivery {
public:
    // `nodes` must outlive the object and what it still sends: stop() first.
    LateDelivery(Executor executor, beacon::BeaconNodes& nodes) : nodes_{nodes}, sending_{std::move(executor)} {}

    // These votes of `slot` for `block` have gone to all nodes; knew[i]: node i had announced the block by then. Forgets older
    // slots.
    void published(Slot slot, const Root& block, std::vector<bool> knew,
                   const std::vector<ethereum::SingleAttestation>& attestations, ethereum::ForkName fork, SteadyTime deadline);
    void on_head(std::size_t node, const beacon::HeadEvent& event);
    Task<void> stop();

private:
    struct Votes {
        Slot slot;
        Root block;
        std::vector<bool> knew;
        std::shared_ptr<const std::string> body;
        ethereum::ForkName fork{};
        SteadyTime deadline;
    };

    beacon::BeaconNodes& nodes_;
    std::vector<Votes> votes_;
    TaskGroup sending_;

    Task<void> send(std::size_t node, Votes votes);
};

}  // namespace holdfast::duties
