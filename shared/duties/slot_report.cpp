#include "shared/duties/slot_report.hpp"

#include <cmath>

namespace holdfast::duties {

namespace {

std::string offset(Duration duration) {
    const long long ms = std::llround(to_ms(duration));
    return (ms < 0 ? "" : "+") + std::to_string(ms) + " ms";
}

std::string nodes(std::size_t count) { return std::to_string(count) + (count == 1 ? " node" : " nodes"); }

std::string how(const Decided& vote) {
    if (!vote.by_event) return "deadline, " + nodes(vote.confirmed_by) + " agree";
    if (vote.from_cache) return "event, checkpoints known";
    return "event, confirmed by " + nodes(vote.confirmed_by);
}

std::string what_became(const SlotReport& report) {
    if (report.only_decided) return std::to_string(report.due) + " due, only decided";
    const char* how = report.adopted ? " adopted" : report.caught_up ? " caught up" : " attested";
    return std::to_string(report.attested) + " of " + std::to_string(report.due) + how;
}

}  // namespace

void SlotReport::miss(MissedReason reason, std::size_t count, const std::string& detail) {
    if (count == 0) return;
    MissedDuties& entry = missed[reason];
    if (entry.count == 0) entry.detail = detail;
    entry.count += count;
}

std::size_t SlotReport::missed_count() const {
    std::size_t sum = 0;
    for (const auto& [reason, entry] : missed) sum += entry.count;
    return sum;
}

std::string describe(const SlotReport& report) {
    std::string line = "slot " + to_string(report.slot) + " (epoch " + to_string(report.epoch) + "): " + what_became(report);
    if (report.vote) {
        const ethereum::AttestationData& data = report.vote->data;
        line += ", block " + to_short_hex(data.beacon_block_root) + " source " + to_string(data.source.epoch) + " target " +
                to_string(data.target.epoch);
    }
    if (report.adopted) {
        // Neither a head event nor a decision of ours.
    } else if (report.head_event && report.head_node) {
        line += ", head event " + offset(*report.head_event) + " from node " + std::to_string(*report.head_node + 1);
    } else {
        line += ", no head event until " + offset(report.decided.value_or(report.deadline));
    }
    if (report.vote && report.decided) line += ", decided " + offset(*report.decided) + " (" + how(*report.vote) + ")";
    if (report.only_decided && report.gave_up) {
        line += ", no vote: " + std::string{code_of(report.gave_up->reason)} + " (" + report.gave_up->detail + ")";
    }
    if (report.approved) line += ", approved " + offset(*report.approved);
    if (report.posted) line += ", posted " + offset(*report.posted);
    for (const auto& [reason, entry] : report.missed) {
        line += "; missed " + std::to_string(entry.count) + ": " + std::string{code_of(reason)} + " (" + entry.detail + ")";
    }
    return line;
}

}  // namespace holdfast::duties
