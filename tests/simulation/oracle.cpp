#include "tests/simulation/oracle.hpp"

#include <algorithm>

namespace holdfast::simulation {

using protection::AttestationMark;
using protection::Outcome;

void Counts::add(const Counts& other) {
    worlds += other.worlds;
    decisions += other.decisions;
    approvals += other.approvals;
    crashes += other.crashes;
    lost_disks += other.lost_disks;
    rejoined += other.rejoined;
    backups_restored += other.backups_restored;
    backups_noticed += other.backups_noticed;
    generations += other.generations;
    adopted += other.adopted;
    published_again += other.published_again;
}

Oracle::Oracle(const Setup& setup) : setup_{setup}, validators_(setup.validators), generation_at_(setup.members, 0) {}

void Oracle::fail(const std::string& what) {
    if (!failed_) failure_ = what;
    failed_ = true;
}

void Oracle::on_verdict(std::size_t member, const Ballot& ballot, const protection::Verdict& verdict, std::uint64_t generation,
                        const protection::ChainTime& clock) {
    ++counts.decisions;
    if (!verdict.yes()) return;
    std::uint64_t& known = generation_at_[member];
    if (generation < known) fail("fence: a member that knew a higher generation said yes to a lower one");
    known = std::max(known, generation);
    if (verdict.outcome != Outcome::kApproved) return;
    if (ballot.is_block) {
        if (ballot.block.slot > clock.slot + protection::kBlockSlotsAheadMax) fail("verdict: a block from the future");
        return;
    }
    const AttestationMark& mark = ballot.attestation;
    if (mark.target > clock.epoch + protection::kTargetEpochsAheadMax) fail("verdict: an attestation from the future");
    if (mark.source > mark.target) fail("verdict: the source is after the target");
}

void Oracle::on_tenure(std::size_t member, const protection::Tenure& tenure) {
    if (tenure.generation < generation_at_[member]) fail("fence: a member forgot a generation");
    generation_at_[member] = std::max(generation_at_[member], tenure.generation);
}

void Oracle::on_memory_lost(std::size_t member) {
    generation_at_[member] = 0;
    memory_was_lost_ = true;
}

void Oracle::on_approved(ValidatorNumber validator, const Ballot& ballot, std::size_t yes, std::uint64_t generation,
                         Time begun) {
    ++counts.approvals;
    if (yes < setup_.quorum) fail("quorum: approved with " + std::to_string(yes) + " yeses");
    const History& history = validators_[validator];
    if (history.halted_at >= 0 && begun > history.halted_at) fail("halt: a halted validator was approved");
    check_fence(generation, begun);
    check_conflicts(validator, ballot);
}

void Oracle::check_fence(std::uint64_t generation, Time begun) {
    const auto higher = promises_.upper_bound(generation);
    if (higher != promises_.end() && higher->second.when < begun) {
        fail("fence: generation " + std::to_string(generation) + " got a new quorum after " + std::to_string(higher->first) +
             " had been promised");
    }
}

void Oracle::check_conflicts(ValidatorNumber validator, const Ballot& ballot) {
    History& history = validators_[validator];
    if (ballot.is_block) {
        const auto [place, is_new] = history.blocks.try_emplace(ballot.block.slot, ballot);
        if (!is_new && place->second != ballot) fail("safety: two blocks for slot " + to_string(ballot.block.slot));
        return;
    }
    const AttestationMark& mark = ballot.attestation;
    for (const Ballot& other : history.attestations) {
        if (other == ballot) return;
        const AttestationMark& was = other.attestation;
        if (was.target == mark.target) fail("safety: two attestations for target " + to_string(mark.target));
        const bool surrounds =
            (mark.source < was.source && was.target < mark.target) || (was.source < mark.source && mark.target < was.target);
        if (surrounds) fail("safety: a surround vote");
    }
    history.attestations.push_back(ballot);
}

void Oracle::on_published(ValidatorNumber validator, const Ballot& ballot) {
    History& history = validators_[validator];
    if (published(validator, ballot)) {
        ++counts.published_again;
        return;
    }
    history.published.push_back(ballot);
}

void Oracle::on_promise(const std::string& holder, std::uint64_t generation, Time now) {
    ++counts.generations;
    const auto [place, is_new] = promises_.try_emplace(generation, PromiseHeld{holder, now});
    if (!is_new && place->second.holder != holder) fail("fence: one generation was promised to two instances");
}

void Oracle::on_halted_everywhere(ValidatorNumber validator, Time now) {
    History& history = validators_[validator];
    if (history.halted_at < 0) history.halted_at = now;
}

void Oracle::on_rejoin(std::size_t usable_answers, std::uint64_t clock_difference) {
    ++counts.rejoined;
    if (usable_answers < setup_.members - setup_.quorum + 1) fail("rejoin: too few members that know everything were read");
    if (clock_difference > 1) fail("rejoin: clocks differ by " + std::to_string(clock_difference) + " slots");
}

const Ballot* Oracle::approved(ValidatorNumber validator, Epoch target) const {
    const auto& all = validators_[validator].attestations;
    const auto found = std::ranges::find_if(all, [target](const Ballot& b) { return b.attestation.target == target; });
    return found == all.end() ? nullptr : &*found;
}

bool Oracle::published(ValidatorNumber validator, const Ballot& ballot) const {
    return std::ranges::find(validators_[validator].published, ballot) != validators_[validator].published.end();
}

}  // namespace holdfast::simulation
