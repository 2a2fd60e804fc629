// Is the engine fit for duty? Raw samples, one sentence each; healthcheck steadies them.
//
//   beacon_nodes  enough of them are fit
//   protectors    enough of them vote
//   signer        keys are loaded
//   duties        known for this epoch, and in its second half for the next
//   duty_loop     has turned lately
//   last_duties   not every one of the last two slots with duties failed, for a reason that no other check shows
//   clock         beside the nodes' heads: see what it can't see there
//   head_events   arrive from most fit nodes: a node whose head moves on without an event is deaf
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "shared/beacon/beacon_nodes.hpp"
#include "shared/duties/attester_duties.hpp"
#include "shared/duties/slot_report.hpp"
#include "shared/protection/quorum_client.hpp"
#include "shared/signing/door.hpp"
#include "shared/validator/health.hpp"
#include "shared/validator/validator_set.hpp"

namespace holdfast::validator {

class EngineChecks {
public:
    struct Parts {
        Clock& clock;
        const beacon::BeaconNodes& nodes;
        const ethereum::SlotClock& slots;
        const protection::QuorumClient& quorum;
        const signing::SigningDoor& door;
        const ValidatorSet& validators;
        const duties::AttesterDutiesService& duties;
        std::size_t threshold{1};
    };
    explicit EngineChecks(Parts parts);

    // The duty loop has turned.
    void on_turn() { last_turn_ = parts_.clock.steady(); }
    void on_head(std::size_t node, const beacon::HeadEvent& event, SteadyTime received);
    void on_report(const duties::SlotReport& report);

    [[nodiscard]] std::vector<HealthCheck> all() const;

private:
    // When each fit node announced a slot's block, in the order in which they came. By the steady clock: a clock that was set
    // since then is judged by the blocks before, too.
    struct Announced {
        Slot slot;
        std::vector<SteadyTime> received;
    };

    Parts parts_;
    std::optional<SteadyTime> last_turn_;
    std::deque<duties::SlotReport> last_reports_;  // newest first, of two slots
    std::deque<Announced> announced_;              // newest first
    std::vector<Slot> last_event_;                 // of each node

    [[nodiscard]] HealthCheck check_nodes() const;
    [[nodiscard]] HealthCheck check_protectors() const;
    [[nodiscard]] HealthCheck check_signer() const;
    [[nodiscard]] HealthCheck check_duties() const;
    [[nodiscard]] HealthCheck check_loop() const;
    [[nodiscard]] HealthCheck check_last_duties() const;
    [[nodiscard]] HealthCheck check_clock() const;
    [[nodiscard]] HealthCheck check_head_events() const;
    [[nodiscard]] std::size_t count_ahead() const;
    [[nodiscard]] std::vector<Duration> offsets() const;
};

}  // namespace holdfast::validator
