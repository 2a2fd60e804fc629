// The engine's gate: how it opens and closes, and what protectors are told of it.
#include <algorithm>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/log.hpp"
#include "shared/validator/engine.hpp"

namespace holdfast::validator {

namespace {

// How long duties of this epoch wait at most for votes of the last one that they would shut out.
constexpr Duration kLastEpochFirst = std::chrono::seconds{2};

}  // namespace

Task<Result<void>> Engine::take_over(SteadyTime deadline) {
    HOLDFAST_ASSERT(takeover_ != nullptr);
    gate_.begin_opening();
    generation_before_ = generation();
    tell_protectors();
    background_.spawn("preparation of blocks", duties_->prepare_blocks());
    const Result<void> begun = co_await takeover_->begin(deadline);
    if (!begun && gate_.opening()) gate_.close();
    tell_protectors();
    HOLDFAST_CO_TRY(begun);
    co_await open_gate();
    if (gate_.closed()) co_return failure(ErrorCode::kCancelled, "told to stand down while going on duty");
    opening_.spawn("adoption", takeover_->publish());
    co_return success();
}

// Unless it was closed again meanwhile.
Task<void> Engine::open_gate() {
    duties::AttestationDuty& attestation = duties_->attestation();
    const bool wait = gate_.opening() && attestation.last_epoch_comes_first();
    if (wait) co_await attestation.catch_up_last_epoch(clock_.steady() + kLastEpochFirst);
    if (!gate_.opening()) co_return;
    gate_.open();
    tell_protectors();
    attestation.catch_up();
}

void Engine::stand_down() {
    gate_.close();
    tell_protectors();
}

void Engine::close_after(Slot last) {
    gate_.close_after(last);
    tell_protectors();
}

void Engine::reopen() {
    HOLDFAST_ASSERT(duties_ != nullptr);
    gate_.begin_opening();
    generation_before_ = 0;
    opening_.spawn("gate", open_gate());
}

bool Engine::idle() const {
    if (!duties_) return true;
    // The loop is about to begin this slot.
    const bool not_begun = state_ == State::kRunning && !stop_requested_ && !fenced() &&
                           gate_.open_for(slots_->slot_at(clock_.now())) &&
                           (!last_begun_ || *last_begun_ < slots_->slot_at(clock_.now()));
    return !not_begun && !gate_.opening() && opening_.size() == 0 && duties_->idle();
}

bool Engine::gate_open() const { return slots_ && !fenced() && gate_open_now(); }

// Whoever has fenced us or not.
bool Engine::gate_open_now() const {
    const Slot now = slots_->slot_at(clock_.now());
    // The duties of the last slot may be done before it is over.
    const bool drained = gate_.last() == now && idle();
    return gate_.open_for(now) && !drained;
}

// Whether the others have to take us for the one on duty. As soon as a generation is ours: nobody else must take it for vacant
// while the records of the one before are being read.
bool Engine::on_duty() const {
    const bool ours_already = gate_.opening() && generation() > generation_before_ && !fenced();
    return ours_already || gate_open();
}

void Engine::tell_protectors() {
    if (on_duty() == last_on_duty_) return;
    last_on_duty_ = !last_on_duty_;
    if (state_ != State::kStarting) quorum_.beat_now();
}

}  // namespace holdfast::validator
