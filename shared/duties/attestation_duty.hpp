// The attestation duty, slot by slot: decide on the vote, have it approved by the quorum (one request for all keys of the
// slot), sign what is approved, publish it to all nodes (one POST for all keys ready together). A validator attests once per
// epoch at most, a slot is performed once at most.
// While the gate is closed, or another instance has fenced us, votes are only decided, and kept. The gate is asked before each
// step: once it is closed nothing more is approved or signed; what is signed is published.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>

#include "shared/base/notifier.hpp"
#include "shared/beacon/beacon_nodes.hpp"
#include "shared/duties/attester_duties.hpp"
#include "shared/duties/consensus_run.hpp"
#include "shared/duties/gate.hpp"
#include "shared/duties/kept_votes.hpp"
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
    // Attestations of these duties, all with this data, that a node has accepted.
    using OnPublished = std::function<void(const ethereum::AttestationData&, const std::vector<beacon::AttesterDuty>&)>;

    // Everything passed must outlive the object.
    AttestationDuty(Executor executor, Clock& clock, beacon::BeaconNodes& nodes, const ethereum::SlotClock& slots,
                    const DutyBook& book, const Gate& gate, signing::SigningDoor& door, protection::QuorumClient& quorum,
                    AttestationOptions options, Observer observer);

    void tell_of_published(OnPublished on_published) { on_published_ = std::move(on_published); }

    // The duties of `slot`, from its start to its end at most (and the publication's time limit). Nothing if this slot or a
    // later one has been performed. Without duties it confirms the epoch's checkpoints, if that is still to be done.
    Task<void> perform(Slot slot);
    // The vote that the instance before us had approved: approved, signed and published once more. `duties` are all of data's
    // slot. Until `end` at most. Reported as adopted.
    Task<void> adopt(ethereum::AttestationData data, std::vector<beacon::AttesterDuty> duties, SteadyTime end);
    // Whether a vote of the last epoch is kept that must be caught up with before the gate opens: after a vote for this epoch
    // it would be refused.
    [[nodiscard]] bool last_epoch_comes_first() const;
    // Performs that vote, while the gate is opening. Until `end` at most.
    Task<void> catch_up_last_epoch(SteadyTime end);
    // Performs what was only decided, of validators that were not left out, beside what else goes on: this slot first, then
    // the newest first. Reported as caught up.
    void catch_up();
    // Whether votes of the epoch before `epoch` are kept.
    [[nodiscard]] bool keeps_votes_before(Epoch epoch) const { return kept_.of_last_epoch(epoch) != nullptr; }
    // Whether a validator of ours has a duty in `slot` that it has not signed for.
    [[nodiscard]] bool due_at(Slot slot) const { return !pending_at(slot).empty(); }
    // What is voted for in one of the last slots, once it is decided: our own decision, else what was adopted.
    [[nodiscard]] std::optional<ethereum::AttestationData> vote_of(Slot slot) const;
    // Nothing is under way that would still ask, sign or publish; what is only being decided doesn't count.
    [[nodiscard]] bool idle() const;
    // Until the votes of `slot` are sent, or there is nothing more to send, at `until` at the latest: for what can wait for
    // them.
    Task<void> wait_sent(Slot slot, SteadyTime until);
    // This validator has, or may have, attested for that epoch: its duty there is left out.
    void leave_out(ValidatorIndex validator, Epoch target);
    // Every event of every node, as it comes.
    void on_event(const beacon::NodeEventAt& event);
    // Until all is caught up with, or can't be.
    Task<void> join() { return catching_up_.join(); }
    // Ends what is still being sent; after the last perform().
    Task<void> stop();
    // The known duties stand on another branch: confirmed checkpoints may be another branch's too.
    void drop_checkpoints() { cache_.drop(); }

    [[nodiscard]] std::uint64_t checkpoints_dropped() const { return checkpoints_dropped_; }

private:
    using Pending = std::unordered_map<PublicKey, beacon::AttesterDuty>;
    struct Work {
        Slot slot;
        ethereum::AttestationData data;
        Domain domain;
        Pending pending;                               // not approved yet
        std::vector<beacon::AttesterDuty> signed_now;  // and not published yet
        std::string no_quorum;
        WallTime slot_start;
        SteadyTime end;
        bool before_opening{false};  // also while the gate is opening
    };
    // A slot is in a set as long as this lives.
    struct Marked {
        std::set<Slot>& slots;
        Slot slot;
        Marked(std::set<Slot>& all, Slot which) : slots{all}, slot{which} { slots.insert(slot); }
        Marked(const Marked&) = delete;
        Marked& operator=(const Marked&) = delete;
        ~Marked() { slots.erase(slot); }
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
    const Gate& gate_;
    signing::SigningDoor& door_;
    protection::QuorumClient& quorum_;
    AttestationOptions options_;
    Observer observer_;
    OnPublished on_published_;
    CheckpointCache cache_;
    std::optional<Slot> last_slot_;
    std::shared_ptr<ConsensusRun> current_;
    std::deque<SeenHead> seen_heads_;
    LateDelivery late_delivery_;
    KeptVotes kept_;
    std::deque<KeptVote> to_catch_up_;
    TaskGroup catching_up_;
    std::set<Slot> deciding_;  // whose vote is being decided
    std::set<Slot> unsent_;    // whose votes are not sent yet
    Notifier sent_;
    std::map<Slot, ethereum::AttestationData> votes_;
    std::size_t performing_{0};
    std::unordered_map<ValidatorIndex, Epoch> attested_;  // the highest target each has signed in this run
    std::uint64_t checkpoints_dropped_{0};

    [[nodiscard]] ConsensusSettings settings_for(Slot slot) const;
    [[nodiscard]] Pending pending_at(Slot slot) const;
    [[nodiscard]] bool may_perform(Slot slot) const;
    [[nodiscard]] bool may_go_on(const Work& work) const;
    Task<void> vote(SlotReport& report);
    Task<Work> decide(SlotReport& report, std::shared_ptr<ConsensusRun> run);
    Task<void> perform_vote(SlotReport& report, Work& work);
    void keep(SlotReport& report, const Work& work);
    void set_data(Work& work, const ethereum::AttestationData& data) const;
    [[nodiscard]] Pending still_due(const KeptVote& vote) const;
    Task<void> catch_up_with(KeptVote vote, SteadyTime end, bool before_opening);
    Task<void> work_off();
    [[nodiscard]] std::shared_ptr<ConsensusRun> begin(Slot slot);
    [[nodiscard]] Work make_work(SlotReport& report, const ConsensusOutcome& outcome);
    Task<void> approve_and_publish(SlotReport& report, Work& work);
    Task<void> attempt(SlotReport& report, Work& work);
    Task<std::vector<ethereum::SingleAttestation>> sign(SlotReport& report, Work& work,
                                                        std::vector<signing::Approval> approvals);
    Task<void> publish(SlotReport& report, Work& work, std::vector<ethereum::SingleAttestation> attestations);
    [[nodiscard]] std::vector<bool> who_announced(const Root& block) const;
    void note_head(SlotReport& report, const AttestationConsensus& machine) const;
    void remember(const beacon::NodeEventAt& at, const beacon::HeadEvent& event);
    void finish(const SlotReport& report);
};

}  // namespace holdfast::duties
