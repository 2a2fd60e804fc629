#include "shared/validator/inclusion.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/log.hpp"

namespace holdfast::validator {

namespace {

std::string of(std::size_t count, std::size_t all) { return std::to_string(count) + " of " + std::to_string(all); }

}  // namespace

InclusionCheck::InclusionCheck(Clock& clock, beacon::BeaconNodes& nodes, const ethereum::SlotClock& slots, InclusionHooks hooks)
    : clock_{clock}, nodes_{nodes}, slots_{slots}, hooks_{std::move(hooks)}, book_{nodes.spec().slots_per_epoch()} {}

void InclusionCheck::expect(const ethereum::AttestationData& data, const std::vector<beacon::AttesterDuty>& duties) {
    book_.expect(data, duties);
}

// Once a slot, when its own duties are done.
Task<void> InclusionCheck::run() {
    const Duration slot_duration = nodes_.spec().slot_duration();
    for (;;) {
        const Slot slot = slots_.slot_at(clock_.now());
        co_await sleep_until(clock_, slots_.start_of(slot) + slot_duration * 3 / 4);
        co_await fetch_missing();
        settle(slots_.slot_at(clock_.now()));
        co_await sleep_until(clock_, slots_.start_of(slot + 1));
    }
}

Task<void> InclusionCheck::fetch_missing() {
    for (;;) {
        const std::optional<Root> root = book_.missing_block();
        if (!root) co_return;
        const Result<beacon::ChainBlock> block =
            co_await nodes_.block(to_hex(*root), clock_.steady() + nodes_.spec().slot_duration() / 4);
        if (!block) {
            // Again in the next slot: newer ones come before it.
            log_debug("block {} can't be had: {}", to_hex(*root), block.error().message);
            co_return;
        }
        book_.on_block(*root, block.value());
    }
}

void InclusionCheck::settle(Slot now) {
    for (const InclusionReport& report : book_.settle(now)) {
        const auto sum = epochs_.try_emplace(report.epoch).first;
        sum->second.epoch = report.epoch;
        sum->second.slot = nodes_.spec().first_slot(report.epoch);
        sum->second.add(report);
        if (hooks_.on_slot) hooks_.on_slot(report);
    }
    close_epochs(now);
}

void InclusionCheck::close_epochs(Slot now) {
    while (!epochs_.empty() && book_.settled(nodes_.spec().first_slot(epochs_.begin()->first + 1) - 1, now)) {
        last_epoch_ = epochs_.begin()->second;
        epochs_.erase(epochs_.begin());
        log_info("inclusion: {}", describe(*last_epoch_));
        if (hooks_.on_epoch) hooks_.on_epoch(*last_epoch_);
    }
}

std::string describe(const InclusionReport& report) {
    const std::size_t included = report.included_count();
    const auto next = report.included.find(1);
    const std::size_t in_next_slot = next == report.included.end() ? 0 : next->second;
    std::string text = "epoch " + to_string(report.epoch) + ": " + of(included, report.published) +
                       " attestations are in the chain, " + std::to_string(in_next_slot) +
                       " of them in the next slot; head right " + of(report.head_right, report.head_right + report.head_wrong) +
                       ", target right " + of(report.target_right, report.target_right + report.target_wrong);
    if (report.missed > 0) text += "; " + std::to_string(report.missed) + " were not included within an epoch";
    if (report.unknown > 0) text += "; of " + std::to_string(report.unknown) + " it is not known";
    const std::size_t blocks = report.blocks_in_chain + report.blocks_orphaned;
    if (blocks > 0) text += "; " + of(report.blocks_in_chain, blocks) + " blocks are in the chain";
    return text;
}

}  // namespace holdfast::validator
