#include "shared/duties/missed_reasons.hpp"

#include <array>

#include "shared/base/assert.hpp"

namespace holdfast::duties {

namespace {

constexpr std::array kReasons{
    MissedReasonText{MissedReason::kTooFewNodes, "too_few_nodes", "fewer beacon nodes than the threshold were fit",
                     "Nodes are down, behind, optimistic or foreign. The log names each node that is left out and why."},
    MissedReasonText{MissedReason::kNoData, "no_data", "fewer beacon nodes than the threshold gave attestation data",
                     "Nodes are reachable but slow, hanging, or answer with errors or impossible data."},
    MissedReasonText{MissedReason::kNoAgreement, "no_agreement", "the threshold of nodes never agreed on one vote",
                     "Nodes see different heads or checkpoints: a split network, or a node that is on a wrong chain."},
    MissedReasonText{
        MissedReason::kNoQuorum, "no_quorum", "too few protectors said yes in time",
        "Protectors are down or unreachable. Nothing is signed without the quorum; duties resume when it is back."},
    MissedReasonText{MissedReason::kRefused, "refused", "protectors refused the vote",
                     "The vote conflicts with one that is recorded. Look for another client that uses the same keys."},
    MissedReasonText{
        MissedReason::kFenced, "fenced", "another instance has gone on duty",
        "A quorum of protectors has promised a higher generation. This instance signs nothing any more; the log and "
        "/healthz say who holds it."},
    MissedReasonText{MissedReason::kNotAdoptable, "not_adoptable",
                     "the instance before recorded a vote that can't be published again",
                     "Protectors hold a vote for this epoch without its data, or for another duty. Another vote would be "
                     "refused, so none is made; the recorded one may have been published by who made it."},
    MissedReasonText{MissedReason::kSigningFailed, "signing_failed", "the approved vote could not be signed",
                     "The key is not loaded, or the signer failed. The log has the sentence."},
    MissedReasonText{MissedReason::kPublishFailed, "publish_failed", "no beacon node accepted the signed vote",
                     "Every node was unreachable or refused it. The log has each node's answer."},
    MissedReasonText{MissedReason::kTooLate, "too_late", "the slot was over before the duty could be started",
                     "The process was stopped or paused, the machine slept, or its clock was set forward."},
};

}  // namespace

std::span<const MissedReasonText> missed_reasons() { return kReasons; }

std::string_view code_of(MissedReason reason) {
    for (const MissedReasonText& text : kReasons) {
        if (text.reason == reason) return text.code;
    }
    HOLDFAST_ASSERT(false && "a reason without a text");
    return {};
}

}  // namespace holdfast::duties
