#include "healthcheck/drain.hpp"

namespace holdfast::healthcheck {

namespace {

// Somebody who proposes in every slot would wait for ever.
constexpr std::uint64_t kProposalSlotsMax = 4;

}  // namespace

Drain::Step Drain::step(const DrainView& view) {
    if (!first_slot_) first_slot_ = view.slot;
    const bool near =
        view.next_proposal && *view.next_proposal <= view.slot + 1 && view.slot < *first_slot_ + kProposalSlotsMax;
    if (!last_slot_ && near && in_force(FailoverRule::kDrainWaitsForProposal)) {
        return {{}, false, "waiting for the block proposal of ours in slot " + to_string(*view.next_proposal)};
    }
    if (!last_slot_) last_slot_ = view.slot;
    if (view.duties_under_way && in_force(FailoverRule::kDrainWaitsForDuties)) {
        return {last_slot_, false, "finishing the duties of slot " + to_string(*last_slot_)};
    }
    return {last_slot_, true, "drained after slot " + to_string(*last_slot_)};
}

}  // namespace holdfast::healthcheck
