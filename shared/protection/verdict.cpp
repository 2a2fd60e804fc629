#include "shared/protection/verdict.hpp"

#include "shared/protection/rules.hpp"

namespace holdfast::protection {
namespace {

constexpr Verdict kApprovedVerdict{Outcome::kApproved, Reason::kNone, {}};
constexpr Verdict kRepeatedVerdict{Outcome::kRepeated, Reason::kNone, {}};

Verdict refused(Reason reason) { return {Outcome::kRefused, reason, {}}; }

template <class Mark>
Verdict refused(Reason reason, const Mark& record) {
    return {Outcome::kRefused, reason, record};
}

template <class Mark>
bool same_message(const Mark& a, const Mark& b) {
    return a == b && (!a.signing_root.is_zero() || !in_force(Rule::kUnknownRootEqualsNothing));
}

// What keeps a validator from any message, whatever it says.
std::optional<Reason> barred(const ValidatorRecord& record, const VotingTerms& terms) {
    if (record.halted && in_force(Rule::kHaltedRefused)) return Reason::kHalted;
    const bool known = record.enrolled || record.attestation || record.block;
    if (terms.refuse_unknown && !known) return Reason::kUnknownValidator;
    return std::nullopt;
}

std::string describe(const AttestationMark& mark) {
    return "source epoch " + to_string(mark.source) + ", target epoch " + to_string(mark.target) + ", signing root " +
           to_hex(mark.signing_root);
}

std::string describe(const BlockMark& mark) {
    return "slot " + to_string(mark.slot) + ", signing root " + to_hex(mark.signing_root);
}

std::string recorded(const Verdict& verdict) {
    if (const auto* attestation = std::get_if<AttestationMark>(&verdict.record)) {
        return "; recorded: " + describe(*attestation);
    }
    if (const auto* block = std::get_if<BlockMark>(&verdict.record)) return "; recorded: " + describe(*block);
    return {};
}

}  // namespace

Verdict decide_attestation(const ValidatorRecord& record, const AttestationMark& asked, const VotingTerms& terms) {
    if (const auto reason = barred(record, terms)) return refused(*reason);
    const bool floored = terms.floor.target.value > 0 && in_force(Rule::kRejoinSetsFloor);
    if (floored && asked.target <= terms.floor.target) return refused(Reason::kBelowFloor);
    const auto& last = record.attestation;
    if (last && same_message(*last, asked)) return kRepeatedVerdict;
    if (asked.source > asked.target && in_force(Rule::kSourceAfterTarget)) return refused(Reason::kSourceAfterTarget);
    if (asked.target > terms.now.epoch + kTargetEpochsAheadMax && in_force(Rule::kTargetInFuture)) {
        return refused(Reason::kTargetInFuture);
    }
    if (!last) return kApprovedVerdict;
    if (asked.target == last->target && in_force(Rule::kOtherVoteForTarget)) {
        return refused(Reason::kOtherVoteForTarget, *last);
    }
    if (asked.target < last->target && in_force(Rule::kTargetBelowRecord)) return refused(Reason::kTargetBelowRecord, *last);
    if (asked.source < last->source && in_force(Rule::kSourceBelowRecord)) return refused(Reason::kSourceBelowRecord, *last);
    return kApprovedVerdict;
}

Verdict decide_block(const ValidatorRecord& record, const BlockMark& asked, const VotingTerms& terms) {
    if (const auto reason = barred(record, terms)) return refused(*reason);
    const bool floored = terms.floor.slot.value > 0 && in_force(Rule::kRejoinSetsFloor);
    if (floored && asked.slot <= terms.floor.slot) return refused(Reason::kBelowFloor);
    const auto& last = record.block;
    if (last && same_message(*last, asked)) return kRepeatedVerdict;
    if (asked.slot > terms.now.slot + kBlockSlotsAheadMax && in_force(Rule::kSlotInFuture)) {
        return refused(Reason::kSlotInFuture);
    }
    if (!last) return kApprovedVerdict;
    if (asked.slot == last->slot && in_force(Rule::kOtherBlockForSlot)) return refused(Reason::kOtherBlockForSlot, *last);
    if (asked.slot < last->slot && in_force(Rule::kSlotBelowRecord)) return refused(Reason::kSlotBelowRecord, *last);
    return kApprovedVerdict;
}

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
        case Outcome::kApproved: return "approved";
        case Outcome::kRepeated: return "repeated";
        case Outcome::kRefused: return "refused";
        case Outcome::kUnknown: break;
    }
    return "unknown";
}

Outcome parse_outcome(std::string_view word) {
    for (const Outcome outcome : {Outcome::kApproved, Outcome::kRepeated, Outcome::kRefused}) {
        if (word == to_string(outcome)) return outcome;
    }
    return Outcome::kUnknown;
}

namespace {

// Reasons that have nothing to do with what the message says.
std::string explain_common(Reason reason) {
    switch (reason) {
        case Reason::kHalted: return "this validator is halted until an operator lifts the halt";
        case Reason::kUnknownValidator:
            return "this validator is neither imported nor enrolled, and the cluster refuses unknown ones";
        case Reason::kFenced: return "a higher generation is in force";
        case Reason::kWrongMode: return "the cluster does not work in this generation's mode (fenced or shared)";
        case Reason::kNotVoting: return "this protector does not vote now";
        default: return {};
    }
}

}  // namespace

std::string explain(const Verdict& verdict, const AttestationMark& asked) {
    const std::string target = "target epoch " + to_string(asked.target);
    const std::string source = "source epoch " + to_string(asked.source);
    switch (verdict.reason) {
        case Reason::kSourceAfterTarget: return source + " is after " + target;
        case Reason::kTargetInFuture: return target + " is more than one epoch ahead of the protector's clock";
        case Reason::kOtherVoteForTarget: return "another vote is recorded for " + target + recorded(verdict);
        case Reason::kTargetBelowRecord: return target + " is below the recorded one" + recorded(verdict);
        case Reason::kSourceBelowRecord: return source + " is below the recorded one" + recorded(verdict);
        case Reason::kBelowFloor: return target + " is not above the floor that this protector has since it rejoined";
        default: return explain_common(verdict.reason);
    }
}

std::string explain(const Verdict& verdict, const BlockMark& asked) {
    const std::string slot = "slot " + to_string(asked.slot);
    switch (verdict.reason) {
        case Reason::kSlotInFuture: return slot + " is more than 32 slots ahead of the protector's clock";
        case Reason::kOtherBlockForSlot: return "another block is recorded for " + slot + recorded(verdict);
        case Reason::kSlotBelowRecord: return slot + " is below the recorded one" + recorded(verdict);
        case Reason::kBelowFloor: return slot + " is not above the floor that this protector has since it rejoined";
        default: return explain_common(verdict.reason);
    }
}

}  // namespace holdfast::protection
