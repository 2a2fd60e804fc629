// Which duty can be missed for which reasons: so that metrics show them as 0, and for docs/missed-duties.md (a test compares).
#pragma once

#include <array>
#include <span>

#include "shared/duties/duty_report.hpp"

namespace holdfast::duties {

inline constexpr std::array kAllDuties{DutyKind::kAttestation,       DutyKind::kAggregation, DutyKind::kProposal,
                                       DutyKind::kEnvelope,          DutyKind::kSyncMessage, DutyKind::kSyncContribution,
                                       DutyKind::kPayloadAttestation};

[[nodiscard]] std::span<const MissedReason> possible_reasons(DutyKind duty);

}  // namespace holdfast::duties
