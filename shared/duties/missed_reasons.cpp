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
    MissedReasonText{
        MissedReason::kNoRandao, "no_randao", "the RANDAO reveal could not be signed",
        "A block can't be asked for without it. The key is not loaded, or the signer failed. The log has the sentence."},
    MissedReasonText{MissedReason::kNoBlock, "no_block", "no beacon node gave a block that may be signed",
                     "Nodes are down, slow or not synced, or what they gave is wrong. The log has each node's answer."},
    MissedReasonText{MissedReason::kAlreadyRecorded, "already_recorded", "another block for this slot is recorded",
                     "The instance on duty before had it approved, or another client uses the same keys. No second one is "
                     "signed; the recorded one may have been published by who made it."},
    MissedReasonText{MissedReason::kNoPayload, "no_payload", "the block's payload did not come with it",
                     "From Gloas on. A node made the payload of a block and kept it, so it can't be signed and published here: "
                     "the block stands without a payload."},
    MissedReasonText{MissedReason::kNoVote, "no_vote", "there was no vote of ours to aggregate",
                     "Attestation data was not decided on before the slot was nearly over. The slot's attestations say why; "
                     "without a head to vote for there is no contribution either."},
    MissedReasonText{MissedReason::kNoAggregate, "no_aggregate", "no beacon node gave an aggregate or a contribution",
                     "The nodes have seen no vote of the committee that agrees with ours, or they are down or slow. The log "
                     "has what the last one said."},
    MissedReasonText{
        MissedReason::kNoHead, "no_head", "no beacon node named its head",
        "Nodes are down, behind, optimistic or slow, so there is no block for the sync committee's messages to name."},
    MissedReasonText{MissedReason::kNoPayloadStatus, "no_payload_status",
                     "no beacon node said whether the payload came in time",
                     "From Gloas on. There is a block, but nodes are down, slow or not synced, and the payload timeliness "
                     "committee's members said nothing."},
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
