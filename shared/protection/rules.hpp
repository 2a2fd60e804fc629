// Every single rule that keeps the quorum safe or alive, by name. In the programs in_force() is always true and vanishes. The
// mutation tests compile the same sources once more with HOLDFAST_MUTATION_TEST, where one rule at a time can be taken out: the
// simulation must then fail (tests/simulation). There is no such switch in anything that is shipped.
#pragma once

#include <cstdint>

namespace holdfast::protection {

enum class Rule : std::uint8_t {
    kNone = 0,
    // verdict
    kSourceAfterTarget,
    kTargetInFuture,
    kOtherVoteForTarget,
    kTargetBelowRecord,
    kSourceBelowRecord,
    kUnknownRootEqualsNothing,
    kSlotInFuture,
    kOtherBlockForSlot,
    kSlotBelowRecord,
    kHaltedRefused,
    kImportNeverLowers,
    // fence
    kLowerGenerationFenced,
    kHigherGenerationLearned,
    kAcquireOnlyHigher,
    kGenerationDurable,
    // quorum count
    kQuorumOverHalf,
    kQuorumCounted,
    kMemberCountsOnce,
    // adoption
    kAdoptionReadsQuorum,
    kAdoptionTakesRecorded,
    // rejoin and staleness
    kRejoinReadsEnough,
    kRejoinTakesHighest,
    kRejoinSetsFloor,
    kRejoinIgnoresRejoining,
    kRejoinChecksClock,
    kStaleRefuses,
    kLast = kStaleRefuses,
};

#ifdef HOLDFAST_MUTATION_TEST
inline Rule& rule_taken_out() {
    static thread_local Rule rule = Rule::kNone;
    return rule;
}
[[nodiscard]] inline bool in_force(Rule rule) { return rule != rule_taken_out(); }
#else
[[nodiscard]] constexpr bool in_force(Rule) { return true; }
#endif

}  // namespace holdfast::protection
