// The attestation duty, slot by slot: decide on the vote, have it approved by the quorum (one request for all keys of the
// slot), sign what is approved, publish it to all nodes (one POST for all keys ready together). A validator attests once per
// epoch at most, a slot is performed once at most.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

#include "shared/beacon/beacon_nodes.hpp"
#include "shared/duties/attester_duties.hpp"
#include "shared/duties/consensus_run.hpp"
#include "shared/duties/late_delivery.hpp"
#include "shared/duties/slot_report.hpp"
#include "shared/protection/quorum_client.hpp"
#include "shared/signing/door.hpp"

namespace holdfast::duties {

struct AttestationOptions {
    std::size_t threshold{1};  // nodes that must agree
    Duration quorum_timeout_min{
        std::chrono::milliseconds{500}};                    // one request to the quorum: a sixth of the slot, at least this
    Duration quorum_retry{std::chrono::milliseconds{250}};  // between two requests for keys that got no quorum
    Duration publish_timeout{std::chrono::seconds{10}};
};

class AttestationDuty {
public:
    using Observer = std::function<void(const SlotReport&)>;

    // Everything passed must outlive the object.
    AttestationDuty(Executor executor, Clock& clock, beacon::BeaconNodes& nodes, const ethereum::SlotClock& slots,
                    const DutyBook& book, signing::SigningDoor& door, protection::QuorumClient& quorum,
                    AttestationOptions options, Observer observer);

    // The duties of `slot`, from its start to its end at most (and the publication's time limit). Nothing if this slot or a
    // later one has been performed. Without duties it confirms the epoch's checkpoints, if that is still to be done.
    Task<void> perform(Slot slot);
    // The vote that the instance before us had approved: approved, signed and published once more. `duties` are all of data's
    // slot. Until `end` at most. Reported as adopted.
    Task<void> adopt(ethereum::AttestationData data, std::vector<beacon::AttesterDuty> duties, SteadyTime end);
    // This validator has, or may have, attested for that epoch: its duty there is left out.
    void leave_out(ValidatorIndex validator, Epoch target);
    // Every event of every node, as it comes.
    void on_event(const beacon::NodeEventAt& event);
    // Ends what is still being sent; after the last perform().
    Task<void> stop() { return late_delivery_.stop(); }
    // The known duties stand on another branch: confirmed checkpoints may be another branch's too.
    void drop_checkpoints() { cache_.drop(); }

    [[nodiscard]] std::uint64_t checkpoints_dropped() const { return checkpoints_dropped_; }

private:
    using Pending = std::unordered_map<PublicKey, beacon::AttesterDuty>;
    struct Work {
        ethereum::AttestationData data;
        Domain domain;
        Pending pending;  // not approved yet
        std::string no_quorum;
        WallTime slot_start;
        SteadyTime end;
    };
    struct SeenHead {
        std::size_t node{0};
        WallTime when;
        beacon::HeadEvent event;
    };

    Executor executor_;
    Clock& clock_;
    beacon::BeaconNodes& nodes_;
    const ethereum::SlotClock& slots_;
    const DutyBook& book_;
    signing::SigningDoor& door_;
    protection::QuorumClient& quorum_;
    AttestationOptions options_;
    Observer observer_;
    CheckpointCache cache_;
    std::optional<Slot> last_slot_;
    std::shared_ptr<ConsensusRun> current_;
    std::deque<SeenHead> seen_heads_;
    LateDelivery late_delivery_;
    std::unordered_map<ValidatorIndex, Epoch> attested_;  // the highest target each has signed in this run
    std::uint64_t checkpoints_dropped_{0};

    [[nodiscard]] ConsensusSettings settings_for(Slot slot) const;
    [[nodiscard]] Pending pending_at(Slot slot) const;
    Task<void> vote(SlotReport& report);
    [[nodiscard]] std::shared_ptr<ConsensusRun> begin(Slot slot);
    [[nodiscard]] Work make_work(SlotReport& report, const ConsensusOutcome& outcome) const;
    Task<void> approve_and_publish(SlotReport& report, Work& work);
    Task<void> attempt(SlotReport& report, Work& work);
    Task<std::vector<ethereum::SingleAttestation>> sign(SlotReport& report, Work& work,
                                                        std::vector<signing::Approval> approvals);
    Task<void> publish(SlotReport& report, const Work& work, std::vector<ethereum::SingleAttestation> attestations);
    [[nodiscard]] std::vector<bool> who_announced(const Root& block) const;
    void note_head(SlotReport& report, const AttestationConsensus& machine) const;
    void remember(const beacon::NodeEventAt& at, const beacon::HeadEvent& event);
    void finish(const SlotReport& report);
};

}  // namespace holdfast::duties
