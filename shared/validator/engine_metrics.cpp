#include "shared/validator/engine_metrics.hpp"

#include <algorithm>

#include "shared/base/program.hpp"
#include "shared/validator/engine.hpp"

namespace holdfast::validator {

namespace {

const std::vector<double> kSlotSeconds{0.25, 0.5,  0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.25,
                                       3.5,  3.75, 4,    5, 6,    7,   8,    9, 10,   11,  12,   24};
// A protector in the same rack answers within a millisecond, one on another continent within 300.
const std::vector<double> kLatencySeconds{0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2};
constexpr std::uint64_t kDistanceMax = 4;  // from there on they are one

double seconds(Duration duration) { return to_ms(duration) / 1000; }

std::string event_type(const beacon::NodeEvent& event) {
    struct Name {
        std::string operator()(const beacon::HeadEvent&) const { return "HeadEvent"; }
        std::string operator()(const beacon::ReorgEvent&) const { return "ChainReorgEvent"; }
        std::string operator()(const beacon::SlashingEvent&) const { return "SlashingEvent"; }
        std::string operator()(const beacon::PayloadAvailableEvent&) const { return "PayloadAvailableEvent"; }
    };
    return std::visit(Name{}, event);
}

// Vero's names, and for what it doesn't sign names like them.
std::string message_type(const std::optional<signing::MessageKind>& kind) {
    using enum signing::MessageKind;
    if (!kind) return "SlashableMessage";
    switch (*kind) {
        case kRandaoReveal: return "RandaoRevealSignableMessage";
        case kSelectionProof: return "AggregationSlotSignableMessage";
        case kAggregateAndProof: return "AggregateAndProofV2SignableMessage";
        case kSyncCommitteeMessage: return "SyncCommitteeMessageSignableMessage";
        case kSyncSelectionProof: return "SyncCommitteeSelectionProofSignableMessage";
        case kContributionAndProof: return "SyncCommitteeContributionAndProofSignableMessage";
        case kValidatorRegistration: return "ValidatorRegistrationSignableMessage";
        case kVoluntaryExit: return "VoluntaryExitSignableMessage";
        case kPayloadAttestation: return "PayloadAttestationSignableMessage";
        case kExecutionPayloadEnvelope: return "ExecutionPayloadEnvelopeSignableMessage";
        case kProposerPreferences: return "ProposerPreferencesSignableMessage";
    }
    return "other";
}

}  // namespace

std::string host_of(const std::string& url) {
    const std::size_t scheme = url.find("://");
    const std::size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
    const std::string authority = url.substr(begin, url.find('/', begin) - begin);
    return authority.substr(authority.rfind('@') + 1);
}

EngineMetrics::EngineMetrics(Metrics& metrics) : metrics_{metrics}, duties_{metrics} {
    // The dashboards of Vero join their figures with this one.
    metrics
        .gauge("vero_info", "1; for dashboards that were made for Vero",
               {{"commit", "holdfast"}, {"version", std::string{version()}}})
        .set(1);
    metrics.gauge("holdfast_info", "1, with the version", {{"version", std::string{version()}}}).set(1);
}

void EngineMetrics::use_nodes(const std::vector<std::string>& urls) {
    hosts_.clear();
    for (const std::string& url : urls) hosts_.push_back(host_of(url));
    last_head_.assign(hosts_.size(), Slot{});
    duties_.use_hosts(hosts_);
}

void EngineMetrics::on_report(const duties::SlotReport& report) { duties_.on_report(report); }

void EngineMetrics::on_duty(const duties::DutyReport& report) { duties_.on_duty(report); }

void EngineMetrics::on_event(const beacon::NodeEventAt& at, const std::optional<Duration>& into_slot) {
    if (at.node >= hosts_.size()) return;
    const std::string& host = hosts_[at.node];
    metrics_
        .counter("vc_processed_beacon_node_events_total", "Events that a node has sent",
                 {{"host", host}, {"event_type", event_type(at.event)}})
        .add();
    const auto* head = std::get_if<beacon::HeadEvent>(&at.event);
    // The first of the slot: it may come again when more is known of the block.
    if (head == nullptr || !into_slot || head->slot <= last_head_[at.node]) return;
    last_head_[at.node] = head->slot;
    metrics_
        .histogram("head_event_time", "Seconds into the slot when the node announced its block", kSlotSeconds, {{"host", host}})
        .observe(seconds(*into_slot));
}

void EngineMetrics::on_inclusion(const InclusionReport& report) {
    const auto add = [this](const char* name, const char* help, const MetricLabels& labels, std::size_t count) {
        metrics_.counter(name, help, labels).add(static_cast<double>(count));
    };
    for (std::uint64_t distance = 1; distance <= kDistanceMax; ++distance) {
        std::size_t count = 0;
        for (const auto& [of, found] : report.included) {
            if (std::min(of, kDistanceMax) == distance) count += found;
        }
        add("vc_included_attestations_total", "Attestations of ours found in a block so many slots later; 4: or more",
            {{"distance", std::to_string(distance)}}, count);
    }
    const char* kNotFound = "Published attestations that no block of the chain has, or of which that can't be told";
    add("vc_not_included_attestations_total", kNotFound, {{"result", "missed"}}, report.missed);
    add("vc_not_included_attestations_total", kNotFound, {{"result", "unknown"}}, report.unknown);
    const char* kRight = "Included attestations of ours by whether the chain agrees with them";
    add("vc_attestation_votes_total", kRight, {{"vote", "head"}, {"right", "true"}}, report.head_right);
    add("vc_attestation_votes_total", kRight, {{"vote", "head"}, {"right", "false"}}, report.head_wrong);
    add("vc_attestation_votes_total", kRight, {{"vote", "target"}, {"right", "true"}}, report.target_right);
    add("vc_attestation_votes_total", kRight, {{"vote", "target"}, {"right", "false"}}, report.target_wrong);
    const char* kBlocks = "Published blocks of ours by whether the chain has them";
    add("vc_included_blocks_total", kBlocks, {{"result", "in_chain"}}, report.blocks_in_chain);
    add("vc_included_blocks_total", kBlocks, {{"result", "orphaned"}}, report.blocks_orphaned);
}

void EngineMetrics::on_protector_latency(const std::string& member, Duration latency) {
    metrics_
        .histogram("sp_member_answer_seconds", "From a request for verdicts to the protector's answer", kLatencySeconds,
                   {{"member", member}})
        .observe(seconds(latency));
}

void EngineMetrics::on_signed(const std::optional<signing::MessageKind>& kind, std::size_t count) {
    metrics_
        .counter("signed_messages_total", "Signatures made, by what was signed",
                 {{"signable_message_type", message_type(kind)}})
        .add(static_cast<double>(count));
}

void EngineMetrics::read(const Engine& engine) {
    read_nodes(engine);
    read_protectors(engine);
    read_duties(engine);
    for (const auto& [status, count] : engine.validators().by_status()) {
        metrics_.gauge("validator_status", "Our keys by their state on the chain", {{"status", status}})
            .set(static_cast<double>(count));
    }
    metrics_.gauge("validators_held_back", "Active validators of ours that sign nothing: doppelgangers, slashings")
        .set(static_cast<double>(engine.validators().held_back()));
    metrics_.gauge("holdfast_healthy", "1 if every check of /healthz is well").set(engine.health().ok() ? 1 : 0);
}

void EngineMetrics::read_duties(const Engine& engine) {
    const EngineSafety* safety = engine.safety();
    const bool slashed = safety != nullptr && !safety->slashing().slashed().empty();
    metrics_.gauge("slashing_detected", "1 if a validator of ours has been slashed").set(slashed ? 1 : 0);
    const EngineDuties* duties = engine.duties();
    if (duties == nullptr) return;
    const auto checked = [this](const char* what, const duties::CrossCheckCounters& counters) {
        const char* kHelp = "Comparisons of what the nodes say of our duties";
        raise("duty_cross_checks_total", kHelp, {{"duties", what}, {"result", "same"}}, counters.same);
        raise("duty_cross_checks_total", kHelp, {{"duties", what}, {"result", "different"}}, counters.different);
    };
    checked("attester", duties->cross_check().attesters());
    checked("proposer", duties->cross_check().proposers());
    const duties::PreparationCounters& prepared = duties->preparation().counters();
    metrics_.gauge("vc_prepared_proposers", "Validators whose fee recipient the nodes were told of, the last time")
        .set(static_cast<double>(prepared.prepared));
    raise("vc_builder_registrations_total", "Registrations with builders that a node accepted", {}, prepared.registrations);
    raise("vc_proposer_preferences_total", "Proposer preferences that a node accepted", {}, prepared.preferences);
}

void EngineMetrics::read_nodes(const Engine& engine) {
    for (const beacon::NodeState& state : engine.node_states()) {
        const std::string host = host_of(state.url);
        const MetricLabels node{{"host", host}};
        metrics_.gauge("beacon_node_fit", "1 if the node takes part in decisions", node)
            .set(state.fitness == beacon::Fitness::kFit ? 1 : 0);
        metrics_.gauge("beacon_node_score", "0 to 100", node).set(state.score);
        metrics_.gauge("beacon_node_head_slot", "The slot of the node's head", node)
            .set(static_cast<double>(state.head_slot.value));
        if (state.version.empty()) continue;
        const auto version = [&](const std::string& text) {
            return metrics_.gauge("beacon_node_version", "1 for the node's version, 0 for those it had before",
                                  {{"host", host}, {"version", text}});
        };
        std::string& known = versions_[host];
        if (!known.empty() && known != state.version) version(known).set(0);
        known = state.version;
        version(known).set(1);
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
    raise("sp_member_verdicts_total", "Verdicts of each protector by key, and requests without a usable answer",
          {{"member", member}, {"result", result}}, total);
}

// To a sum that is kept elsewhere.
void EngineMetrics::raise(const std::string& name, const std::string& help, const MetricLabels& labels, std::uint64_t total) {
    const Counter counter = metrics_.counter(name, help, labels);
    counter.add(static_cast<double>(total) - counter.value());
}

}  // namespace holdfast::validator
