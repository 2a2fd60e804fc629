#include "shared/protection/rejoin.hpp"

#include <algorithm>
#include <unordered_map>

#include "shared/protection/rules.hpp"

namespace holdfast::protection {

namespace {

// Clocks of the members that were right to vote may differ by a slot each.
constexpr std::uint64_t kClockMarginSlots = 2;

std::uint64_t difference(Slot a, Slot b) { return a > b ? a - b : b - a; }

void merge_attestation(ValidatorRecord& into, const ValidatorRecord& from) {
    if (!from.attestation) return;
    if (!into.attestation) {
        into.attestation = from.attestation;
        into.data = from.data;
        return;
    }
    const AttestationMark a = *into.attestation;
    const AttestationMark b = *from.attestation;
    if (a == b) {
        if (!into.data) into.data = from.data;
        return;
    }
    AttestationMark merged{std::max(a.source, b.source), std::max(a.target, b.target), {}};
    const auto is = [&merged](const AttestationMark& mark) {
        return mark.source == merged.source && mark.target == merged.target;
    };
    // Of two messages for one target neither may be repeated.
    std::shared_ptr<const ethereum::AttestationData> data;
    if (a.target != b.target && is(a)) {
        merged.signing_root = a.signing_root;
        data = into.data;
    } else if (a.target != b.target && is(b)) {
        merged.signing_root = b.signing_root;
        data = from.data;
    }
    into.attestation = merged;
    into.data = std::move(data);
}

void merge_block(ValidatorRecord& into, const ValidatorRecord& from) {
    if (!from.block) return;
    if (!into.block || from.block->slot > into.block->slot) {
        into.block = from.block;
    } else if (from.block->slot == into.block->slot && from.block->signing_root != into.block->signing_root) {
        into.block->signing_root = Root{};
    }
}

Result<std::vector<const MemberRecords*>> usable_answers(const std::vector<MemberRecords>& answers, std::size_t members,
                                                         std::size_t quorum, ChainTime now) {
    std::vector<const MemberRecords*> usable;
    std::string left_out;
    for (const MemberRecords& answer : answers) {
        if (answer.rejoining && in_force(Rule::kRejoinIgnoresRejoining)) {
            left_out += (left_out.empty() ? "" : ", ") + answer.node;
            continue;
        }
        if (difference(answer.now.slot, now.slot) > 1 && in_force(Rule::kRejoinChecksClock)) {
            return failure(ErrorCode::kRefused, "the clock of " + answer.node + " is at slot " + to_string(answer.now.slot) +
                                                    ", this one at slot " + to_string(now.slot) +
                                                    ": set the clocks right, then rejoin");
        }
        usable.push_back(&answer);
    }
    const std::size_t needed = in_force(Rule::kRejoinReadsEnough) ? rejoin_answers_needed(members, quorum) : 1;
    if (usable.size() >= needed) return usable;
    std::string sentence = "only " + std::to_string(usable.size()) + " of the " + std::to_string(needed) +
                           " other members that are needed have said what they know";
    if (!left_out.empty()) sentence += " (" + left_out + " rejoined lately and doesn't count yet)";
    return failure(ErrorCode::kUnavailable, std::move(sentence));
}

std::vector<MemberRecords::Entry> merge_entries(const std::vector<const MemberRecords*>& answers) {
    std::vector<MemberRecords::Entry> merged;
    std::unordered_map<PublicKey, std::size_t> places;
    for (const MemberRecords* answer : answers) {
        for (const MemberRecords::Entry& entry : answer->entries) {
            const auto [place, is_new] = places.try_emplace(entry.key, merged.size());
            if (is_new) {
                merged.push_back(entry);
            } else if (in_force(Rule::kRejoinTakesHighest)) {
                merge_upwards(merged[place->second].record, entry.record);
            }
        }
    }
    return merged;
}

Floor make_floor(const std::vector<const MemberRecords*>& answers, ChainTime now, std::uint64_t slots_per_epoch) {
    std::uint64_t slot = now.slot.value;
    std::uint64_t target = 0;
    std::uint64_t block_slot = 0;
    for (const MemberRecords* answer : answers) {
        slot = std::max(slot, answer->now.slot.value);
        target = std::max(target, answer->highest_target);
        block_slot = std::max(block_slot, answer->highest_slot);
    }
    slot += kClockMarginSlots;
    return {Epoch{std::max(slot / slots_per_epoch, target) + 1}, Slot{std::max(slot + kBlockSlotsAheadMax, block_slot)}};
}

}  // namespace

std::size_t rejoin_answers_needed(std::size_t members, std::size_t quorum) { return members - quorum + 1; }

Result<RejoinPlan> plan_rejoin(const std::vector<MemberRecords>& answers, std::size_t members, std::size_t quorum,
                               ChainTime now, std::uint64_t slots_per_epoch) {
    if (members == 1) {
        return failure(ErrorCode::kRefused,
                       "a cluster of one member has nobody to rejoin from: import an EIP-3076 file into a "
                       "new database (--init), made after the last signature");
    }
    HOLDFAST_TRY(const auto usable, usable_answers(answers, members, quorum, now));
    RejoinPlan plan;
    plan.entries = merge_entries(usable);
    plan.floor = make_floor(usable, now, slots_per_epoch);
    std::uint64_t incarnation = 1;
    for (const MemberRecords& answer : answers) {
        if (answer.tenure.generation > plan.tenure.generation) plan.tenure = answer.tenure;
        incarnation = std::max(incarnation, answer.seen_of_asker.incarnation);
    }
    plan.position = {incarnation + 1, 0};
    return plan;
}

void merge_upwards(ValidatorRecord& into, const ValidatorRecord& from) {
    merge_attestation(into, from);
    merge_block(into, from);
    into.halted = into.halted || from.halted;
    into.enrolled = into.enrolled || from.enrolled;
}

}  // namespace holdfast::protection
