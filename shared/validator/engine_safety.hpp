// What keeps keys from being used where they must not be, and what becomes of what they have signed: doppelganger detection,
// slashing detection, the inclusion check.
#pragma once

#include <functional>
#include <vector>

#include "shared/base/task_group.hpp"
#include "shared/duties/duty_parts.hpp"
#include "shared/validator/doppelganger.hpp"
#include "shared/validator/inclusion.hpp"
#include "shared/validator/slashing_detection.hpp"
#include "shared/validator/validator_set.hpp"

namespace holdfast::validator {

struct EngineSafetyOptions {
    DoppelgangerOptions doppelganger{};
    SlashingOptions slashing{};
};

class EngineSafety {
public:
    // `on_change`: allows() says something else than before. Everything passed must outlive the object.
    EngineSafety(const duties::DutyParts& parts, const ValidatorSet& validators, std::function<void()> on_change,
                 const EngineSafetyOptions& options, InclusionHooks inclusion);
    EngineSafety(const EngineSafety&) = delete;
    EngineSafety& operator=(const EngineSafety&) = delete;

    // Reads what the protectors know of our keys, so that those that this cluster has signed with are allowed at once.
    Task<void> begin(SteadyTime deadline) { return doppelganger_.begin(deadline); }
    // Tasks of `background`, which end by cancellation.
    void follow(TaskGroup& background);
    // Every event of every node, as it comes.
    void on_event(const beacon::NodeEventAt& at);
    // What a lookup of our validators has brought.
    void on_validators(const std::vector<beacon::Validator>& validators) { slashing_.on_validators(validators); }

    // May anything be signed with this key?
    [[nodiscard]] bool allows(const PublicKey& key) const { return doppelganger_.allows(key) && slashing_.allows(key); }
    [[nodiscard]] std::vector<HealthCheck> checks() const { return {doppelganger_.check(), slashing_.check()}; }
    [[nodiscard]] const DoppelgangerWatch& doppelganger() const { return doppelganger_; }
    [[nodiscard]] const SlashingDetection& slashing() const { return slashing_; }
    [[nodiscard]] InclusionCheck& inclusion() { return inclusion_; }

private:
    beacon::BeaconNodes& nodes_;
    DoppelgangerWatch doppelganger_;
    SlashingDetection slashing_;
    InclusionCheck inclusion_;
};

}  // namespace holdfast::validator
