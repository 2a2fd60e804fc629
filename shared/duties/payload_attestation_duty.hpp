// From Gloas on: those of ours that sit in a slot's payload timeliness committee say whether the block's payload came in time.
// Not slashable. Nothing is said of a slot whose block no node has seen. Specification: consensus-specs, gloas/validator.md.
#pragma once

#include <functional>
#include <map>
#include <unordered_map>

#include "shared/base/notifier.hpp"
#include "shared/duties/duty_parts.hpp"
#include "shared/duties/duty_report.hpp"

namespace holdfast::duties {

class PayloadAttestationDuty {
public:
    using Validators = std::unordered_map<PublicKey, ValidatorIndex>;

    PayloadAttestationDuty(DutyParts parts, std::function<const Validators&()> validators, DutyObserver observer);

    // Keeps the duties of this and the next epoch known, from one epoch before the fork on; for ever, ends by cancellation.
    Task<void> run();
    void on_event(const beacon::NodeEventAt& event);
    // Waits for the deadline itself; what most nodes say is signed and published. Nothing before the fork.
    Task<void> perform(Slot slot);
    [[nodiscard]] bool idle() const { return performing_ == 0; }
    Task<void> stop();

private:
    struct State;
    DutyParts parts_;
    std::function<const Validators&()> validators_;
    DutyObserver observer_;
    std::shared_ptr<State> state_;
    std::size_t performing_{0};
};

}  // namespace holdfast::duties
