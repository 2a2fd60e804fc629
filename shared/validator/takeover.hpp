// Going on duty after another instance, or after an earlier run of this one: acquire a generation, read what the predecessor
// had recorded, keep those validators out of our own duties, and publish exactly that once more. At the start of the process or
// at any time later; one thread.
//
//   HOLDFAST_CO_TRY(co_await takeover.begin(deadline));   // on duty: new duties may be performed from here on
//   co_await takeover.publish();                          // beside them; newest slot first
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "shared/beacon/beacon_nodes.hpp"
#include "shared/duties/attestation_duty.hpp"
#include "shared/protection/quorum_client.hpp"

namespace holdfast::validator {

class Takeover {
public:
    using Validators = std::unordered_map<PublicKey, ValidatorIndex>;

    // Everything passed must outlive the object. `validators`: which of ours are active now. `observer` gets the report of
    // those that can't be adopted; what is adopted is reported by `attestation`.
    Takeover(Clock& clock, beacon::BeaconNodes& nodes, const ethereum::SlotClock& slots, duties::AttestationDuty& attestation,
             protection::QuorumClient& quorum, std::function<const Validators&()> validators,
             duties::AttestationDuty::Observer observer, std::size_t old_votes_max);

    // Until a quorum has promised a generation and has said what it has recorded, or the deadline (kUnavailable). kRefused:
    // another instance went on duty. Nothing to do in shared mode. The newest vote of the last epoch is published here, at
    // most two seconds long: after our own votes for this epoch it would be refused.
    Task<Result<void>> begin(SteadyTime deadline);
    // Approves, signs and publishes what begin() found, as long as it can still be included in a block.
    Task<void> publish();

private:
    // One message of the predecessor and those of ours that it is recorded for.
    struct Recorded {
        ethereum::AttestationData data;
        std::vector<PublicKey> keys;
    };

    Clock& clock_;
    beacon::BeaconNodes& nodes_;
    const ethereum::SlotClock& slots_;
    duties::AttestationDuty& attestation_;
    protection::QuorumClient& quorum_;
    std::function<const Validators&()> validators_;
    duties::AttestationDuty::Observer observer_;
    std::size_t old_votes_max_;
    std::vector<Recorded> recorded_;

    [[nodiscard]] Epoch current_epoch() const;
    void drop_old();
    [[nodiscard]] std::vector<Epoch> targets_to_read(Epoch highest_target) const;
    Task<Result<protection::Promise>> acquire(SteadyTime deadline);
    Task<Result<void>> read(Epoch target, SteadyTime deadline);
    Task<Result<protection::AdoptionPlan>> ask(Epoch target, SteadyTime deadline);
    Task<Result<void>> leave_out_last_epoch(Epoch highest_target, SteadyTime deadline);
    void leave_out(const std::vector<PublicKey>& keys, Epoch target);
    void take(Epoch target, protection::AdoptionPlan plan);
    [[nodiscard]] std::vector<PublicKey> ours(const std::vector<PublicKey>& keys) const;
    [[nodiscard]] bool is_message(const protection::AdoptedGroup& group) const;
    Task<void> publish_one(Recorded message, SteadyTime end);
    Task<Result<std::vector<beacon::AttesterDuty>>> duties_of(Recorded message, SteadyTime end);
    void report_lost(Slot slot, Epoch target, std::size_t count, const std::string& why);
};

}  // namespace holdfast::validator
