// What every duty stands on. Everything outlives the duties.
#pragma once

#include <functional>

#include "shared/base/task.hpp"
#include "shared/base/time.hpp"
#include "shared/beacon/beacon_nodes.hpp"
#include "shared/duties/gate.hpp"
#include "shared/protection/quorum_client.hpp"
#include "shared/signing/door.hpp"

namespace holdfast::duties {

struct DutyParts {
    Executor executor;
    Clock& clock;
    beacon::BeaconNodes& nodes;
    const ethereum::SlotClock& slots;
    const Gate& gate;
    signing::SigningDoor& door;
    protection::QuorumClient& quorum;
    std::size_t threshold{1};  // nodes that must agree

    // Whether duties of `slot` may be performed now: the gate is open for it and nobody has fenced us. Asked before each step
    // that asks protectors, signs or publishes; what is signed is published.
    [[nodiscard]] bool may_perform(Slot slot) const { return gate.open_for(slot) && !quorum.fenced_by(); }
    [[nodiscard]] Epoch epoch_of(Slot slot) const { return nodes.spec().epoch_of(slot); }
    [[nodiscard]] ethereum::ForkName fork_of(Slot slot) const { return nodes.spec().fork_at(epoch_of(slot)).name; }
    [[nodiscard]] SteadyTime start_of(Slot slot) const { return clock.steady_at(slots.start_of(slot)); }
    [[nodiscard]] Domain domain_at(DomainType type, Epoch epoch) const;
};

}  // namespace holdfast::duties
