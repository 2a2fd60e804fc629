#include "shared/validator/duty_metrics.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "shared/duties/possible_reasons.hpp"

namespace holdfast::validator {

using duties::DutyKind;
using duties::MissedReason;

namespace {

const std::vector<double> kSlotSeconds{0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1,  1.5, 2, 2.5,
                                       3,     3.5,  4,    4.5,  5,   6,   7,   8,   8.5, 9,    10, 11,  12};
const std::vector<double> kQuorumSeconds{0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 4};
const std::vector<double> kAggregateVotes{16, 32, 64, 128, 256, 512, 1024, 2048};
const std::vector<double> kContributionVotes{8, 16, 32, 64, 128};
const std::vector<double> kWei{1e15, 1e16, 1e17, 1e18, 1e19};

struct Published {
    DutyKind duty;
    const char* name;
    const char* help;
};
constexpr std::array kPublished{
    Published{DutyKind::kAttestation, "vc_published_attestations_total", "Attestations that a beacon node accepted"},
    Published{DutyKind::kAggregation, "vc_published_aggregate_attestations_total", "Aggregates that a beacon node accepted"},
    Published{DutyKind::kProposal, "vc_published_blocks_total", "Blocks that a beacon node accepted"},
    Published{DutyKind::kEnvelope, "vc_published_payload_envelopes_total",
              "Payloads of blocks of ours that a beacon node accepted"},
    Published{DutyKind::kSyncMessage, "vc_published_sync_committee_messages_total",
              "Sync committee messages that a beacon node accepted"},
    Published{DutyKind::kSyncContribution, "vc_published_sync_committee_contributions_total",
              "Sync committee contributions that a beacon node accepted"},
    Published{DutyKind::kPayloadAttestation, "vc_published_payload_attestations_total",
              "Payload attestations that a beacon node accepted"},
};
constexpr std::array kErrors{"attestation-consensus",
                             "attestation-publish",
                             "aggregate-attestation-produce",
                             "aggregate-attestation-publish",
                             "block-produce",
                             "block-publish",
                             "sync-committee-message-produce",
                             "sync-committee-message-publish",
                             "sync-committee-contribution-produce",
                             "sync-committee-contribution-publish",
                             "signature",
                             "other"};

double seconds(Duration duration) { return to_ms(duration) / 1000; }

// Vero's word for what went wrong.
std::string error_type(DutyKind duty, MissedReason reason) {
    if (reason == MissedReason::kSigningFailed || reason == MissedReason::kNoRandao) return "signature";
    const bool publish = reason == MissedReason::kPublishFailed;
    const std::string step = publish ? "-publish" : "-produce";
    switch (duty) {
        case DutyKind::kAttestation: {
            const bool undecided =
                reason == MissedReason::kTooFewNodes || reason == MissedReason::kNoData || reason == MissedReason::kNoAgreement;
            if (publish) return "attestation-publish";
            return undecided ? "attestation-consensus" : "other";
        }
        case DutyKind::kAggregation: return "aggregate-attestation" + step;
        case DutyKind::kProposal: return "block" + step;
        case DutyKind::kSyncMessage: return "sync-committee-message" + step;
        case DutyKind::kSyncContribution: return "sync-committee-contribution" + step;
        default: return "other";
    }
}

}  // namespace

DutyMetrics::DutyMetrics(Metrics& metrics)
    : metrics_{metrics},
      adopted_{metrics.counter("vc_adopted_attestations_total",
                               "Attestations of the instance before, published once more at a takeover")},
      consensus_failures_{
          metrics.counter("vc_attestation_consensus_failures_total", "Slots without a vote that enough nodes agreed on")},
      late_head_events_{metrics.counter("late_head_events_total", "Blocks announced only after the deadline or the decision")},
      consensus_{
          metrics.histogram("vc_attestation_consensus_time", "Seconds into the slot when the vote was decided", kSlotSeconds)},
      quorum_{metrics.histogram("sp_quorum_seconds", "From the decision to the quorum's first approval", kQuorumSeconds)} {
    for (const Published& one : kPublished) {
        const MetricLabels label{{"duty", std::string{to_string(one.duty)}}};
        duties_.try_emplace(
            one.duty,
            OfDuty{metrics.histogram("duty_start_time", "Seconds into the slot when the duty was begun", kSlotSeconds, label),
                   metrics.histogram("duty_submission_time", "Seconds into the slot when a node accepted what the duty made",
                                     kSlotSeconds, label),
                   metrics.counter(one.name, one.help)});
        // What never came up is shown as 0.
        for (const MissedReason reason : duties::possible_reasons(one.duty)) missed(one.duty, reason).add(0);
    }
    for (const char* type : kErrors) errors(type).add(0);
}

Counter DutyMetrics::missed(DutyKind duty, MissedReason reason) {
    return metrics_.counter("duty_missed_total", "Missed duties; docs/missed-duties.md has the reasons",
                            {{"duty", std::string{to_string(duty)}}, {"reason", std::string{duties::code_of(reason)}}});
}

Counter DutyMetrics::errors(const std::string& type) {
    return metrics_.counter("errors_total", "Slots in which duties were missed, in Vero's words", {{"error_type", type}});
}

MetricLabels DutyMetrics::host(std::size_t node) const {
    return {{"host", node < hosts_.size() ? hosts_[node] : std::to_string(node + 1)}};
}

void DutyMetrics::add_missed(DutyKind duty, const std::map<MissedReason, duties::MissedDuties>& missed_duties) {
    for (const auto& [reason, entry] : missed_duties) {
        missed(duty, reason).add(static_cast<double>(entry.count));
        errors(error_type(duty, reason)).add();
    }
}

void DutyMetrics::on_report(const duties::SlotReport& report) {
    // What is only decided is no duty of ours, missed or not.
    if (report.only_decided) return;
    const OfDuty& duty = duties_.at(DutyKind::kAttestation);
    (report.adopted ? adopted_ : duty.published).add(static_cast<double>(report.attested));
    late_head_events_.add(static_cast<double>(report.counters.late_events));
    add_missed(DutyKind::kAttestation, report.missed);
    if (report.adopted || report.caught_up) return;
    if (report.started) duty.started.observe(seconds(*report.started));
    if (report.posted) duty.submitted.observe(seconds(*report.posted));
    if (!report.vote) {
        consensus_failures_.add();
        return;
    }
    for (const std::size_t node : report.vote->agreeing) {
        metrics_.counter("checkpoint_confirmations_total", "Votes whose source and target the node had, too", host(node)).add();
    }
    if (report.decided) consensus_.observe(seconds(*report.decided));
    if (report.decided && report.approved) quorum_.observe(seconds(*report.approved - *report.decided));
}

void DutyMetrics::on_duty(const duties::DutyReport& report) {
    if (report.only_decided) return;
    const OfDuty& duty = duties_.at(report.kind);
    duty.published.add(static_cast<double>(report.done));
    add_missed(report.kind, report.missed);
    if (report.started) duty.started.observe(seconds(*report.started));
    if (report.posted) duty.submitted.observe(seconds(*report.posted));
    add_nodes(report);
}

void DutyMetrics::add_nodes(const duties::DutyReport& report) {
    for (const auto& [node, values] : report.of_nodes) {
        if (report.kind == DutyKind::kAggregation) {
            metrics_
                .histogram("beacon_node_aggregate_attestation_participant_count", "Votes in the node's aggregates",
                           kAggregateVotes, host(node))
                .observe(values.first);
        } else if (report.kind == DutyKind::kSyncContribution) {
            metrics_
                .histogram("beacon_node_sync_contribution_participant_count", "Votes in the node's contributions",
                           kContributionVotes, host(node))
                .observe(values.first);
        } else if (report.kind == DutyKind::kProposal) {
            metrics_
                .histogram("beacon_node_consensus_block_value", "What the node's block is worth by its rewards, in Wei", kWei,
                           host(node))
                .observe(values.first);
            metrics_
                .histogram("beacon_node_execution_payload_value", "What the payload of the node's block is worth, in Wei", kWei,
                           host(node))
                .observe(values.second);
        }
    }
}

}  // namespace holdfast::validator
