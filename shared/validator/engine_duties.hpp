// All duties of an instance put together: made once its validators are known, fed with what nodes announce, performed slot by
// slot, what is due soonest first.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shared/base/task_group.hpp"
#include "shared/duties/aggregation_duty.hpp"
#include "shared/duties/attestation_duty.hpp"
#include "shared/duties/attester_duties.hpp"
#include "shared/duties/duty_cross_check.hpp"
#include "shared/duties/duty_outlook.hpp"
#include "shared/duties/payload_attestation_duty.hpp"
#include "shared/duties/proposal_duty.hpp"
#include "shared/duties/proposer_preparation.hpp"
#include "shared/duties/selection_proofs.hpp"
#include "shared/duties/sync_committee_duty.hpp"
#include "shared/validator/duty_cache.hpp"
#include "shared/validator/known_heads.hpp"
#include "shared/validator/upcoming.hpp"
#include "shared/validator/validator_set.hpp"

namespace holdfast::validator {

struct EngineDutiesOptions {
    duties::AttestationOptions attestation;
    duties::ProposalOptions proposal;
    Duration call_timeout{std::chrono::seconds{10}};
};

struct EngineDutiesObservers {
    duties::AttestationDuty::Observer on_attestations;
    duties::DutyObserver on_duty;  // all others
};

class EngineDuties {
public:
    // A slot's duty, to be spawned at the start of the slot.
    struct SlotTask {
        std::string name;
        Task<void> task;
    };

    // Everything passed must outlive the object.
    EngineDuties(const duties::DutyParts& parts, const ValidatorSet& validators, const duties::ProposerSettings& settings,
                 const EngineDutiesOptions& options, const EngineDutiesObservers& observers);
    EngineDuties(const EngineDuties&) = delete;
    EngineDuties& operator=(const EngineDuties&) = delete;

    // Keeps what duties stand on up to date: tasks of `background`, which end by cancellation.
    void follow(TaskGroup& background);
    // Every event of every node, as it comes.
    void on_event(const beacon::NodeEventAt& at);
    // What an earlier run knew: in use at once, and asked for all the same. Before follow().
    void restore(KeptDuties kept);
    // What is known of this and the next epoch; without chain and validators.
    [[nodiscard]] KeptDuties kept() const;
    // Another text once kept() has changed.
    [[nodiscard]] std::string fingerprint() const;
    // Others of ours are active than before.
    void on_validators_changed();

    // What is to be begun with `slot`, in the order of urgency.
    [[nodiscard]] std::vector<SlotTask> tasks_of(Slot slot);
    // Nothing is under way that would still ask, sign or publish; what is only being decided doesn't count.
    [[nodiscard]] bool idle() const;
    // What a block of ours in this slot or the next needs ahead of it: RANDAO reveals, and the nodes' heads.
    Task<void> prepare_blocks();
    // Until what the gate's opening has begun is done.
    Task<void> join();
    // Ends what is still being sent; after the last slot's tasks.
    Task<void> stop();

    [[nodiscard]] Upcoming upcoming() const;
    [[nodiscard]] duties::AttestationDuty& attestation() { return attestation_; }
    [[nodiscard]] const duties::AttesterDutiesService& attester_duties() const { return attester_duties_; }
    [[nodiscard]] const duties::DutyOutlook& outlook() const { return outlook_; }
    [[nodiscard]] const duties::DutyCrossCheck& cross_check() const { return cross_check_; }
    [[nodiscard]] const duties::ProposerPreparation& preparation() const { return preparation_; }

private:
    duties::DutyParts parts_;
    const ValidatorSet& validators_;
    duties::AttesterDutiesService attester_duties_;
    duties::DutyOutlook outlook_;
    duties::DutyCrossCheck cross_check_;
    KnownHeads heads_;
    duties::ProposalDuty proposal_;
    duties::AttestationDuty attestation_;
    duties::SyncCommitteeDuty sync_;
    duties::SelectionProofs proofs_;
    duties::AggregationDuty aggregation_;
    duties::PayloadAttestationDuty payload_attestation_;
    duties::ProposerPreparation preparation_;

    [[nodiscard]] duties::SyncOptions sync_options(const duties::DutyParts& parts, const EngineDutiesOptions& options);
    Task<void> prepare_ahead();
    Task<void> look_at_heads();
    void on_head(std::size_t node, const beacon::HeadEvent& head);
    [[nodiscard]] std::size_t witnesses_of_heads() const;
    [[nodiscard]] std::optional<beacon::ProposerDuty> proposer_at(Slot slot) const;
};

}  // namespace holdfast::validator
