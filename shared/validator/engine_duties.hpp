// All duties of an instance put together: made once its validators are known, fed with what nodes announce, performed slot by
// slot, what is due soonest first.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shared/base/task_group.hpp"
#include "shared/duties/attestation_duty.hpp"
#include "shared/duties/attester_duties.hpp"
#include "shared/duties/duty_outlook.hpp"
#include "shared/duties/duty_parts.hpp"
#include "shared/validator/upcoming.hpp"
#include "shared/validator/validator_set.hpp"

namespace holdfast::validator {

struct EngineDutiesOptions {
    duties::AttestationOptions attestation;
    Duration call_timeout{std::chrono::seconds{10}};
};

struct EngineDutiesObservers {
    duties::AttestationDuty::Observer on_attestations;
};

class EngineDuties {
public:
    // A slot's duty, to be spawned at the start of the slot.
    struct SlotTask {
        std::string name;
        Task<void> task;
    };

    // Everything passed must outlive the object.
    EngineDuties(const duties::DutyParts& parts, const ValidatorSet& validators, const EngineDutiesOptions& options,
                 const EngineDutiesObservers& observers);
    EngineDuties(const EngineDuties&) = delete;
    EngineDuties& operator=(const EngineDuties&) = delete;

    // Keeps what duties stand on up to date: tasks of `background`, which end by cancellation.
    void follow(TaskGroup& background);
    // Every event of every node, as it comes.
    void on_event(const beacon::NodeEventAt& at);
    // Others of ours are active than before.
    void on_validators_changed();

    // What is to be begun with `slot`, in the order of urgency.
    [[nodiscard]] std::vector<SlotTask> tasks_of(Slot slot);
    // Nothing is under way that would still ask, sign or publish; what is only being decided doesn't count.
    [[nodiscard]] bool idle() const { return attestation_.idle(); }
    // Until what the gate's opening has begun is done.
    Task<void> join();
    // Ends what is still being sent; after the last slot's tasks.
    Task<void> stop();

    [[nodiscard]] Upcoming upcoming() const;
    [[nodiscard]] duties::AttestationDuty& attestation() { return attestation_; }
    [[nodiscard]] const duties::AttesterDutiesService& attester_duties() const { return attester_duties_; }

private:
    duties::DutyParts parts_;
    const ValidatorSet& validators_;
    duties::AttesterDutiesService attester_duties_;
    duties::DutyOutlook outlook_;
    duties::AttestationDuty attestation_;

    void on_head(const beacon::HeadEvent& head);
};

}  // namespace holdfast::validator
