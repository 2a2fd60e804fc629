// Why a duty was missed: one table for logs, metrics and docs/missed-duties.md (a test compares).
#pragma once

#include <span>
#include <string_view>

namespace holdfast::duties {

enum class MissedReason {
    kTooFewNodes,
    kNoData,
    kNoAgreement,
    kNoQuorum,
    kRefused,
    kFenced,
    kNotAdoptable,
    kSigningFailed,
    kPublishFailed,
    kTooLate,
    kNoRandao,
    kNoBlock,
    kAlreadyRecorded,
    kNoPayload,
    kNoVote,
    kNoAggregate,
    kNoHead,
    kNoPayloadStatus,
};

struct MissedReasonText {
    MissedReason reason;
    std::string_view code;     // label of duty_missed_total, word in the log
    std::string_view summary;  // one line
    std::string_view advice;   // what it means and what to look at
};

[[nodiscard]] std::span<const MissedReasonText> missed_reasons();
[[nodiscard]] std::string_view code_of(MissedReason reason);

}  // namespace holdfast::duties
