#include "shared/duties/duty_report.hpp"

#include <cmath>

#include "shared/base/assert.hpp"

namespace holdfast::duties {

namespace {

std::string offset(Duration duration) {
    const long long ms = std::llround(to_ms(duration));
    return (ms < 0 ? "" : "+") + std::to_string(ms) + " ms";
}

void append_time(std::string& line, const char* what, const std::optional<Duration>& when) {
    if (when) line += std::string{", "} + what + " " + offset(*when);
}

}  // namespace

std::string_view to_string(DutyKind kind) {
    switch (kind) {
        case DutyKind::kAttestation: return "attestation";
        case DutyKind::kAggregation: return "attestation-aggregation";
        case DutyKind::kProposal: return "block-proposal";
        case DutyKind::kEnvelope: return "execution-payload-envelope";
        case DutyKind::kSyncMessage: return "sync-committee-message";
        case DutyKind::kSyncContribution: return "sync-committee-contribution";
        case DutyKind::kPayloadAttestation: return "payload-attestation";
    }
    HOLDFAST_ASSERT(false && "a duty without a name");
    return {};
}

void DutyReport::miss(MissedReason reason, std::size_t count, const std::string& detail) {
    if (count == 0) return;
    MissedDuties& entry = missed[reason];
    if (entry.count == 0) entry.detail = detail;
    entry.count += count;
}

std::size_t DutyReport::missed_count() const {
    std::size_t sum = 0;
    for (const auto& [reason, entry] : missed) sum += entry.count;
    return sum;
}

std::string describe(const DutyReport& report) {
    std::string line = "slot " + to_string(report.slot) + " (epoch " + to_string(report.epoch) +
                       "): " + std::string{to_string(report.kind)} + " ";
    if (report.only_decided) {
        line += std::to_string(report.due) + " due, only decided";
    } else {
        line += std::to_string(report.done) + " of " + std::to_string(report.due);
    }
    if (!report.what.empty()) line += ", " + report.what;
    append_time(line, "decided", report.decided);
    append_time(line, "approved", report.approved);
    append_time(line, "posted", report.posted);
    for (const auto& [reason, entry] : report.missed) {
        line += "; missed " + std::to_string(entry.count) + ": " + std::string{code_of(reason)} + " (" + entry.detail + ")";
    }
    return line;
}

}  // namespace holdfast::duties
