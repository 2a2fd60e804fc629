#include "shared/validator/engine_metrics.hpp"

#include "shared/validator/engine.hpp"

namespace holdfast::validator {

namespace {

const std::vector<double> kSeconds{0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12};
// A protector in the same rack answers within a millisecond, one on another continent within 300.
const std::vector<double> kLatencySeconds{0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2};
const MetricLabels kAttestation{{"duty", "attestation"}};

double seconds(Duration duration) { return to_ms(duration) / 1000; }

}  // namespace

EngineMetrics::EngineMetrics(Metrics& metrics)
    : metrics_{metrics},
      published_{metrics.counter("vc_published_attestations_total", "Attestations that a beacon node accepted")},
      adopted_{metrics.counter("vc_adopted_attestations_total",
                               "Attestations of the instance before, published once more at a takeover")},
      consensus_failures_{
          metrics.counter("vc_attestation_consensus_failures_total", "Slots without a vote that enough nodes agreed on")},
      late_head_events_{metrics.counter("late_head_events_total", "Blocks announced only after the deadline or the decision")},
      started_{metrics.histogram("duty_start_time", "Seconds into the slot when the duty was begun", kSeconds, kAttestation)},
      submitted_{metrics.histogram("duty_submission_time", "Seconds into the slot when a node accepted the duty's messages",
                                   kSeconds, kAttestation)},
      consensus_{
          metrics.histogram("vc_attestation_consensus_time", "Seconds into the slot when the vote was decided", kSeconds)},
      quorum_{metrics.histogram("sp_quorum_seconds", "From the decision to the quorum's first approval", kSeconds)} {
    // A reason that never came up is shown as 0.
    for (const duties::MissedReasonText& text : duties::missed_reasons()) missed(text.reason).add(0);
}

Counter EngineMetrics::missed(duties::MissedReason reason) {
    return metrics_.counter("duty_missed_total", "Missed duties; docs/missed-duties.md has the reasons",
                            {{"duty", "attestation"}, {"reason", std::string{duties::code_of(reason)}}});
}

void EngineMetrics::on_report(const duties::SlotReport& report) {
    // What is only decided is no duty of ours, missed or not.
    if (report.only_decided) return;
    (report.adopted ? adopted_ : published_).add(static_cast<double>(report.attested));
    late_head_events_.add(static_cast<double>(report.counters.late_events));
    for (const auto& [reason, entry] : report.missed) missed(reason).add(static_cast<double>(entry.count));
    if (report.adopted || report.caught_up) return;
    if (report.started) started_.observe(seconds(*report.started));
    if (report.posted) submitted_.observe(seconds(*report.posted));
    if (report.head_event && report.head_node) {
        const MetricLabels node{{"node", std::to_string(*report.head_node + 1)}};
        metrics_.histogram("head_event_time", "Seconds into the slot of its first head event", kSeconds, node)
            .observe(seconds(*report.head_event));
    }
    if (!report.vote) {
        consensus_failures_.add();
        return;
    }
    if (report.decided) consensus_.observe(seconds(*report.decided));
    if (report.decided && report.approved) quorum_.observe(seconds(*report.approved - *report.decided));
}

void EngineMetrics::on_protector_latency(const std::string& member, Duration latency) {
    metrics_
        .histogram("sp_member_answer_seconds", "From a request for verdicts to the protector's answer", kLatencySeconds,
                   {{"member", member}})
        .observe(seconds(latency));
}

void EngineMetrics::read(const Engine& engine) {
    read_nodes(engine);
    read_protectors(engine);
    for (const auto& [status, count] : engine.validators().by_status()) {
        metrics_.gauge("validator_status", "Our keys by their state on the chain", {{"status", status}})
            .set(static_cast<double>(count));
    }
    metrics_.gauge("holdfast_healthy", "1 if every check of /healthz is well").set(engine.health().ok() ? 1 : 0);
}

void EngineMetrics::read_nodes(const Engine& engine) {
    for (const beacon::NodeState& state : engine.node_states()) {
        const MetricLabels node{{"node", state.url}};
        metrics_.gauge("beacon_node_fit", "1 if the node takes part in decisions", node)
            .set(state.fitness == beacon::Fitness::kFit ? 1 : 0);
        metrics_.gauge("beacon_node_score", "0 to 100", node).set(state.score);
        metrics_.gauge("beacon_node_head_slot", "The slot of the node's head", node)
            .set(static_cast<double>(state.head_slot.value));
    }
}

void EngineMetrics::read_protectors(const Engine& engine) {
    for (const protection::MemberStatus& member : engine.protectors()) {
        const MetricLabels labels{{"member", member.name}};
        metrics_.gauge("sp_member_reachable", "1 if the protector answers", labels).set(member.reachable ? 1 : 0);
        metrics_.gauge("sp_member_votes", "1 if the protector answers and votes", labels).set(member.votes() ? 1 : 0);
        metrics_.gauge("sp_member_latency_seconds", "Of the protector's last answer", labels).set(seconds(member.last_latency));
        metrics_.gauge("sp_member_generation", "In force at the protector, as it last said", labels)
            .set(static_cast<double>(member.tenure.generation));
        count(member.name, "approved", member.approved);
        count(member.name, "refused", member.refused);
        count(member.name, "fenced", member.fenced);
        count(member.name, "failed", member.failed_requests);
    }
    metrics_.gauge("sp_generation", "Ours; 0 before the first, or where the cluster works without")
        .set(static_cast<double>(engine.generation()));
    metrics_.gauge("sp_fenced", "1 while another instance holds a higher generation").set(engine.fenced() ? 1 : 0);
}

void EngineMetrics::count(const std::string& member, const std::string& result, std::uint64_t total) {
    const Counter counter =
        metrics_.counter("sp_member_verdicts_total", "Verdicts of each protector by key, and requests without a usable answer",
                         {{"member", member}, {"result", result}});
    counter.add(static_cast<double>(total) - counter.value());
}

}  // namespace holdfast::validator
