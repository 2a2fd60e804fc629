#include "shared/validator/engine_metrics.hpp"

#include <array>
#include <map>
#include <string_view>

#include "shared/validator/engine.hpp"

namespace holdfast::validator {

namespace {

constexpr std::array kBuckets{0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0};

std::string number(double value) {
    std::string text = std::to_string(value);
    while (text.ends_with('0')) text.pop_back();
    if (text.ends_with('.')) text.pop_back();
    return text;
}

// A label's value, as the text format wants it.
std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '\\' || c == '"') result += '\\';
        result += c == '\n' ? ' ' : c;
    }
    return result + "\"";
}

class Histogram {
public:
    void observe(Duration duration) {
        const double seconds = to_ms(duration) / 1000;
        for (std::size_t i = 0; i < kBuckets.size(); ++i) {
            if (seconds <= kBuckets[i]) ++counts_[i];
        }
        ++count_;
        sum_ += seconds;
    }
    // `labels` without braces, may be empty.
    void render(const std::string& name, const std::string& labels, std::string& out) const {
        const std::string before = labels.empty() ? "" : labels + ",";
        const std::string alone = labels.empty() ? "" : "{" + labels + "}";
        for (std::size_t i = 0; i < kBuckets.size(); ++i) {
            out += name + "_bucket{" + before + "le=\"" + number(kBuckets[i]) + "\"} " + std::to_string(counts_[i]) + "\n";
        }
        out += name + "_bucket{" + before + "le=\"+Inf\"} " + std::to_string(count_) + "\n";
        out += name + "_sum" + alone + " " + number(sum_) + "\n" + name + "_count" + alone + " " + std::to_string(count_) + "\n";
    }

private:
    std::array<std::uint64_t, kBuckets.size()> counts_{};
    std::uint64_t count_{0};
    double sum_{0};
};

void head(const std::string& name, const std::string& type, const std::string& help, std::string& out) {
    out += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
}

void render_nodes(const Engine& engine, std::string& out) {
    const std::vector<beacon::NodeState> states = engine.node_states();
    head("beacon_node_fit", "gauge", "1 if the node takes part in decisions", out);
    for (const auto& s : states) out += "beacon_node_fit{node=" + quoted(s.url) + "} " + (s.fitness == beacon::Fitness::kFit ? "1\n" : "0\n");
    head("beacon_node_score", "gauge", "0 to 100", out);
    for (const auto& s : states) out += "beacon_node_score{node=" + quoted(s.url) + "} " + std::to_string(s.score) + "\n";
    head("beacon_node_head_slot", "gauge", "The slot of the node's head", out);
    for (const auto& s : states) out += "beacon_node_head_slot{node=" + quoted(s.url) + "} " + to_string(s.head_slot) + "\n";
}

void render_protectors(const Engine& engine, std::string& out) {
    const std::vector<protection::MemberStatus> members = engine.protectors();
    head("sp_node_reachable", "gauge", "1 if the protector answers", out);
    for (const auto& m : members) out += "sp_node_reachable{node=" + quoted(m.url) + "} " + (m.reachable ? "1\n" : "0\n");
    head("sp_node_latency_seconds", "gauge", "Of the protector's last answer", out);
    for (const auto& m : members) out += "sp_node_latency_seconds{node=" + quoted(m.url) + "} " + number(to_ms(m.last_latency) / 1000) + "\n";
    head("sp_decisions_total", "counter", "Verdicts of each protector, by key, and requests without a usable answer", out);
    for (const auto& m : members) {
        const std::string start = "sp_decisions_total{node=" + quoted(m.url) + ",result=";
        out += start + "\"approved\"} " + std::to_string(m.approved) + "\n";
        out += start + "\"refused\"} " + std::to_string(m.refused) + "\n";
        out += start + "\"failed\"} " + std::to_string(m.failed_requests) + "\n";
    }
}

void render_validators(const Engine& engine, std::string& out) {
    head("validator_status", "gauge", "Our keys by their state on the chain", out);
    for (const auto& [status, count] : engine.validators().by_status()) {
        out += "validator_status{status=" + quoted(status) + "} " + std::to_string(count) + "\n";
    }
    head("holdfast_healthy", "gauge", "1 if every check of /healthz is well", out);
    out += std::string{"holdfast_healthy "} + (engine.health().ok() ? "1\n" : "0\n");
}

}  // namespace

class EngineMetrics::Impl {
public:
    std::uint64_t published{0};
    std::uint64_t consensus_failures{0};
    std::uint64_t late_head_events{0};
    std::map<duties::MissedReason, std::uint64_t> missed;
    std::map<std::size_t, Histogram> head_event_time;  // by node
    Histogram started;
    Histogram submitted;
    Histogram consensus;
    Histogram quorum;

    void render(std::string& out) const {
        head("vc_published_attestations_total", "counter", "Attestations that a beacon node accepted", out);
        out += "vc_published_attestations_total " + std::to_string(published) + "\n";
        head("vc_attestation_consensus_failures_total", "counter", "Slots without a vote that enough nodes agreed on", out);
        out += "vc_attestation_consensus_failures_total " + std::to_string(consensus_failures) + "\n";
        head("late_head_events_total", "counter", "Blocks announced only after the deadline or the decision", out);
        out += "late_head_events_total " + std::to_string(late_head_events) + "\n";
        head("duty_missed_total", "counter", "Missed duties; the reasons are in docs/missed-duties.md", out);
        for (const auto& reason : duties::missed_reasons()) {
            const auto count = missed.find(reason.reason);
            out += "duty_missed_total{duty=\"attestation\",reason=" + quoted(reason.code) + "} " +
                   std::to_string(count == missed.end() ? 0 : count->second) + "\n";
        }
        head("head_event_time", "histogram", "Seconds into the slot of its first head event, by the node it came from", out);
        for (const auto& [node, times] : head_event_time) {
            times.render("head_event_time", "node=\"" + std::to_string(node + 1) + "\"", out);
        }
        head("duty_start_time", "histogram", "Seconds into the slot when the duty was begun", out);
        started.render("duty_start_time", "duty=\"attestation\"", out);
        head("duty_submission_time", "histogram", "Seconds into the slot when a node accepted the duty's messages", out);
        submitted.render("duty_submission_time", "duty=\"attestation\"", out);
        head("vc_attestation_consensus_time", "histogram", "Seconds into the slot when the vote was decided", out);
        consensus.render("vc_attestation_consensus_time", "", out);
        head("sp_quorum_seconds", "histogram", "From the decision to the first approval of the quorum", out);
        quorum.render("sp_quorum_seconds", "", out);
    }
};

EngineMetrics::EngineMetrics() : impl_{std::make_unique<Impl>()} {}
EngineMetrics::~EngineMetrics() = default;

void EngineMetrics::on_report(const duties::SlotReport& report) {
    impl_->published += report.attested;
    impl_->late_head_events += report.counters.late_events;
    if (!report.vote) ++impl_->consensus_failures;
    for (const auto& [reason, entry] : report.missed) impl_->missed[reason] += entry.count;
    if (report.head_event && report.head_node) impl_->head_event_time[*report.head_node].observe(*report.head_event);
    if (report.started) impl_->started.observe(*report.started);
    if (report.vote && report.decided) impl_->consensus.observe(*report.decided);
    if (report.approved && report.decided) impl_->quorum.observe(*report.approved - *report.decided);
    if (report.posted) impl_->submitted.observe(*report.posted);
}

std::string EngineMetrics::render(const Engine* engine) {
    std::string out;
    impl_->render(out);
    if (engine == nullptr) return out;
    render_nodes(*engine, out);
    render_protectors(*engine, out);
    render_validators(*engine, out);
    return out;
}

}  // namespace holdfast::validator
