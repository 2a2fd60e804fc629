#include "shared/duties/possible_reasons.hpp"

#include "shared/base/assert.hpp"

namespace holdfast::duties {

namespace {

using enum MissedReason;

constexpr std::array kOfAttestation{kTooFewNodes, kNoData,       kNoAgreement,   kNoQuorum,      kRefused,
                                    kFenced,      kNotAdoptable, kSigningFailed, kPublishFailed, kTooLate};
constexpr std::array kOfProposal{kNoRandao, kNoBlock,       kNoQuorum,      kRefused, kAlreadyRecorded,
                                 kFenced,   kSigningFailed, kPublishFailed, kTooLate};
constexpr std::array kOfEnvelope{kNoPayload, kSigningFailed, kPublishFailed};
constexpr std::array kOfSyncMessage{kNoHead, kSigningFailed, kPublishFailed, kTooLate};
// Of aggregates and of contributions.
constexpr std::array kOfSum{kNoVote, kNoAggregate, kSigningFailed, kPublishFailed, kTooLate};
constexpr std::array kOfPayloadAttestation{kNoPayloadStatus, kSigningFailed, kPublishFailed, kTooLate};

}  // namespace

std::span<const MissedReason> possible_reasons(DutyKind duty) {
    switch (duty) {
        case DutyKind::kAttestation: return kOfAttestation;
        case DutyKind::kProposal: return kOfProposal;
        case DutyKind::kEnvelope: return kOfEnvelope;
        case DutyKind::kSyncMessage: return kOfSyncMessage;
        case DutyKind::kAggregation:
        case DutyKind::kSyncContribution: return kOfSum;
        case DutyKind::kPayloadAttestation: return kOfPayloadAttestation;
    }
    HOLDFAST_ASSERT(false && "a duty without reasons");
    return {};
}

}  // namespace holdfast::duties
