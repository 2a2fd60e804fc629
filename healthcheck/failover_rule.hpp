// Every single rule of the failover, by name. In the programs in_force() is always true and vanishes. The mutation tests
// compile the same sources once more with HOLDFAST_MUTATION_TEST, where one rule at a time can be taken out: the simulation
// must then fail (tests/simulation/pair).
#pragma once

#include <cstdint>

namespace holdfast::healthcheck {

enum class FailoverRule : std::uint8_t {
    kNone = 0,
    // health
    kFallNeedsSeveral,  // one bad sample is nothing
    kRiseNeedsSeveral,
    // secondary
    kOnlyArmedTakesOver,
    kWitnessesAsked,
    kWitnessesBelieved,
    kUnhealthyCounts,  // a primary that answers, but says it isn't well
    kRefusedCountsAtOnce,
    kDrainedTakenAtOnce,
    kStartGrace,
    kFencedStandsDown,
    kFailbackWaits,
    kFailbackWaitsLonger,  // after each takeover
    kFailbackOnlyIfReady,
    kUnansweredHandoverGoesOn,
    kPausedDoesNothing,
    // primary
    kLooksBeforeDuty,
    kVacancyTaken,
    kUnwellHolderReplaced,
    kHandoverOnlyIfOtherReady,
    // drain
    kDrainWaitsForDuties,
    kDrainWaitsForProposal,
    kLast = kDrainWaitsForProposal,
};

#ifdef HOLDFAST_MUTATION_TEST
inline FailoverRule& failover_rule_taken_out() {
    static thread_local FailoverRule rule = FailoverRule::kNone;
    return rule;
}
[[nodiscard]] inline bool in_force(FailoverRule rule) { return rule != failover_rule_taken_out(); }
#else
[[nodiscard]] constexpr bool in_force(FailoverRule) { return true; }
#endif

}  // namespace holdfast::healthcheck
