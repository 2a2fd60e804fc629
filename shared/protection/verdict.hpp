// The protector's rules: may this validator sign this message? Pure: no clock, no disk. EIP-3076, minimal conditions, plus one
// exception: exactly the message that is recorded is approved again, so that retries and takeovers are harmless.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "shared/base/types.hpp"
#include "shared/ethereum/attestation.hpp"

namespace holdfast::protection {

// What the rules look at in an attestation. A zero signing root is an unknown one: it equals nothing, not even itself.
struct AttestationMark {
    Epoch source;
    Epoch target;
    Root signing_root;
    friend bool operator==(const AttestationMark&, const AttestationMark&) = default;
};

struct BlockMark {
    Slot slot;
    Root signing_root;
    friend bool operator==(const BlockMark&, const BlockMark&) = default;
};

// The last messages that one validator was allowed to sign.
struct ValidatorRecord {
    std::optional<AttestationMark> attestation;
    // Of `attestation`, when the client sent it: for an instance that takes over. Shared by the validators of a slot.
    std::shared_ptr<const ethereum::AttestationData> data;
    std::optional<BlockMark> block;
    bool halted{false};    // refused to everyone until an operator lifts it
    bool enrolled{false};  // imported or enrolled: known where unknown validators are refused
};

// Where the chain is by the protector's clock.
struct ChainTime {
    Epoch epoch;
    Slot slot;
};

// After a rejoin nothing at or below is voted; both are {0} otherwise, and then mean nothing.
struct Floor {
    Epoch target;
    Slot slot;
    friend bool operator==(const Floor&, const Floor&) = default;
};

// What a verdict depends on besides the validator's record.
struct VotingTerms {
    ChainTime now;
    Floor floor;
    bool refuse_unknown{false};
};

inline constexpr std::uint64_t kTargetEpochsAheadMax = 1;
inline constexpr std::uint64_t kBlockSlotsAheadMax = 32;

enum class Outcome : std::uint8_t {
    kUnknown = 0,  // no verdict: do not sign
    kApproved,     // newer than what is recorded; to be recorded before anybody is told
    kRepeated,     // exactly what is recorded already
    kRefused,
};

enum class Reason : std::uint8_t {
    kNone = 0,
    kSourceAfterTarget,
    kTargetInFuture,
    kOtherVoteForTarget,  // double vote
    kTargetBelowRecord,   // might be surrounded by what is recorded
    kSourceBelowRecord,   // might surround what is recorded
    kSlotInFuture,
    kOtherBlockForSlot,
    kSlotBelowRecord,
    kHalted,
    kBelowFloor,  // this protector lost its disk and does not vote for what may have been in flight then
    kUnknownValidator,
    kFenced,     // a higher generation is in force
    kWrongMode,  // generation 0 in a fenced cluster, or another in a shared one
    kNotVoting,  // starting, or older than its peers have seen it
};

struct Verdict {
    Outcome outcome{Outcome::kUnknown};
    Reason reason{Reason::kNone};
    // The record that stands in the way, if it is a record.
    std::variant<std::monostate, AttestationMark, BlockMark> record;

    [[nodiscard]] bool yes() const { return outcome == Outcome::kApproved || outcome == Outcome::kRepeated; }
};

[[nodiscard]] Verdict decide_attestation(const ValidatorRecord& record, const AttestationMark& asked, const VotingTerms& terms);
[[nodiscard]] Verdict decide_block(const ValidatorRecord& record, const BlockMark& asked, const VotingTerms& terms);

// "approved", "repeated", "refused", "unknown": the words of the API. parse_outcome() knows the first three.
[[nodiscard]] std::string_view to_string(Outcome outcome);
[[nodiscard]] Outcome parse_outcome(std::string_view word);

// Why it was refused, as a sentence that names the record; empty if it was not.
[[nodiscard]] std::string explain(const Verdict& verdict, const AttestationMark& asked);
[[nodiscard]] std::string explain(const Verdict& verdict, const BlockMark& asked);

}  // namespace holdfast::protection
