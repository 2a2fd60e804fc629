#include "shared/signing/message.hpp"

#include "shared/base/assert.hpp"

namespace holdfast::signing {

DomainType domain_type_of(MessageKind kind) {
    switch (kind) {
        case MessageKind::kRandaoReveal: return ethereum::kDomainRandao;
        case MessageKind::kSelectionProof: return ethereum::kDomainSelectionProof;
        case MessageKind::kAggregateAndProof: return ethereum::kDomainAggregateAndProof;
        case MessageKind::kSyncCommitteeMessage: return ethereum::kDomainSyncCommittee;
        case MessageKind::kSyncSelectionProof: return ethereum::kDomainSyncCommitteeSelectionProof;
        case MessageKind::kContributionAndProof: return ethereum::kDomainContributionAndProof;
        case MessageKind::kValidatorRegistration: return ethereum::kDomainApplicationBuilder;
        case MessageKind::kVoluntaryExit: return ethereum::kDomainVoluntaryExit;
        case MessageKind::kPayloadAttestation: return ethereum::kDomainPtcAttester;
        case MessageKind::kExecutionPayloadEnvelope: return ethereum::kDomainBeaconBuilder;
        case MessageKind::kProposerPreferences: return ethereum::kDomainProposerPreferences;
    }
    HOLDFAST_ASSERT(false && "a kind without a domain");
    return {};
}

}  // namespace holdfast::signing
