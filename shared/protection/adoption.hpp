// What an instance that takes over must sign instead of its own view: for every validator whose predecessor may have got a
// quorum for this epoch, exactly the recorded message. Pure. Choosing wrongly can only cost the attestation, never safety: the
// adopted message needs its own quorum.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/protection/verdict.hpp"

namespace holdfast::protection {

// Validators of one protector that have the same last attestation.
struct RecordGroup {
    AttestationMark mark;
    std::shared_ptr<const ethereum::AttestationData> data;  // nothing if its client never sent it
    std::vector<PublicKey> keys;
};

struct AdoptedGroup {
    AttestationMark mark;
    std::shared_ptr<const ethereum::AttestationData> data;
    std::vector<PublicKey> keys;
};

struct AdoptionPlan {
    std::vector<AdoptedGroup> adopt;  // sign and publish exactly this
    std::vector<PublicKey> lost;      // recorded, but without data: cannot be published, must not be voted anew
};

// Read only members that have promised the successor's generation, after they did: another could still say yes to the
// predecessor afterwards. `answers`: what each such member that answered has recorded for one target epoch. Of several messages
// for one validator the one with most holders that can still reach a quorum of `members` wins; ties by signing root.
// kUnavailable with a sentence if fewer than `quorum` members have answered.
[[nodiscard]] Result<AdoptionPlan> plan_adoption(const std::vector<std::vector<RecordGroup>>& answers, std::size_t quorum,
                                                 std::size_t members);

// Validators of which `quorum` of the members have a record with data, whichever it is: so an instance of this cluster has
// asked for it. What was imported has no data. Sorted. An answer may name a validator twice; its member counts once.
[[nodiscard]] std::vector<PublicKey> keys_in_use(const std::vector<std::vector<RecordGroup>>& answers, std::size_t quorum);

}  // namespace holdfast::protection
