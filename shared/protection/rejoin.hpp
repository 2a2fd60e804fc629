// How a protector that lost its disk comes back: it takes the highest of what enough other members know, and does not vote for
// anything at or below a floor, so that votes in flight when the disk died can't be voted again. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/protection/generation.hpp"
#include "shared/protection/position.hpp"
#include "shared/protection/verdict.hpp"

namespace holdfast::protection {

// What one member knows of everything.
struct MemberRecords {
    std::string node;
    bool rejoining{false};  // its own floor is still ahead of its clock: it doesn't count
    ChainTime now;          // by its clock
    Tenure tenure;
    Position seen_of_asker;  // the highest position it has seen of the one that asks
    std::uint64_t highest_target{0};
    std::uint64_t highest_slot{0};
    struct Entry {
        PublicKey key;
        ValidatorRecord record;
    };
    std::vector<Entry> entries;
};

struct RejoinPlan {
    std::vector<MemberRecords::Entry> entries;  // one a validator
    Tenure tenure;
    Floor floor;
    Position position;  // a new incarnation
};

// At least this many other members must answer: `members` - `quorum` + 1, so that one of them has voted for any message that
// had a quorum with the lost disk's vote.
[[nodiscard]] std::size_t rejoin_answers_needed(std::size_t members, std::size_t quorum);

// kUnavailable with a sentence: too few usable answers. kRefused: this clock differs from one of theirs by more than a slot, or
// the cluster cannot spare a member (1 of 1).
[[nodiscard]] Result<RejoinPlan> plan_rejoin(const std::vector<MemberRecords>& answers, std::size_t members, std::size_t quorum,
                                             ChainTime now, std::uint64_t slots_per_epoch);

// Merges upwards only: the highest source, target and slot of both; the signing root and data survive only where the merged
// mark is one of the two; a halt of either stays. Used by rejoin and by imports.
void merge_upwards(ValidatorRecord& into, const ValidatorRecord& from);

}  // namespace holdfast::protection
