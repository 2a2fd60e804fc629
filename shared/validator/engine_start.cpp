// How the engine comes to know its validators, at the start and later, and what it keeps of that over a restart.
#include <algorithm>
#include <utility>

#include "shared/base/log.hpp"
#include "shared/validator/engine.hpp"

// GCC 12 mistakes the frames of some coroutines for memory of another allocator.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace holdfast::validator {

Task<Result<void>> Engine::start(SteadyTime deadline) {
    slots_.emplace(nodes_.spec(), nodes_.genesis().time);
    HOLDFAST_CO_TRY(check_fork());
    nodes_.start();
    co_await quorum_.refresh(clock_.steady() + options_.call_timeout);
    for (const protection::MemberStatus& member : quorum_.members()) {
        if (!member.votes()) log_warn("protector {} ({}): {}", member.name, member.url, member.detail);
    }
    make_safety();
    std::optional<KeptDuties> kept = co_await load_kept();
    if (!kept) {
        const Result<void> found = co_await find_validators(deadline);
        HOLDFAST_CO_TRY(found);
    }
    co_await safety_->begin(std::min(deadline, clock_.steady() + options_.read_records));
    make_duties();
    if (kept) duties_->restore(std::move(*kept));
    co_return success();
}

// What an earlier run knew, if it is of any use now.
Task<std::optional<KeptDuties>> Engine::load_kept() {
    std::vector<PublicKey> keys = validators_.keys();
    std::optional<KeptDuties> kept = co_await cache_.load(nodes_.genesis().validators_root, std::move(keys));
    if (!kept || !kept->has(current_epoch())) co_return std::nullopt;
    validators_.apply(kept->validators);
    validators_kept_ = true;
    log_info("validators and duties of epoch {} are known from the run before: {}", current_epoch().value,
             describe(validators_));
    co_return kept;
}

Result<void> Engine::check_fork() const {
    const Epoch epoch = nodes_.spec().epoch_of(slots_->slot_at(clock_.now()));
    const ethereum::ForkName fork = nodes_.spec().fork_at(epoch).name;
    if (fork >= ethereum::ForkName::kElectra) return success();
    return failure(ErrorCode::kInvalidArgument, "the chain is at fork " + std::string{ethereum::to_string(fork)} +
                                                    ", attestations are supported from electra on");
}

Task<Result<void>> Engine::find_validators(SteadyTime deadline) {
    for (;;) {
        const Result<void> found = co_await refresh_validators();
        if (found || clock_.steady() + options_.retry >= deadline) co_return found;
        log_warn("our validators could not be looked up yet: {}", found.error().message);
        co_await sleep_for(clock_, options_.retry);
    }
}

Task<Result<void>> Engine::refresh_validators() {
    std::vector<PublicKey> keys = validators_.keys();
    const Result<std::vector<beacon::Validator>> answer = co_await nodes_.validators(std::move(keys), options_.call_timeout);
    if (!answer) co_return answer.error();
    safety_->on_validators(answer.value());
    const std::string before = validators_.known() ? describe(validators_) : "";
    if (validators_.apply(answer.value()) && duties_) duties_->on_validators_changed();
    const std::string after = describe(validators_);
    if (after != before) {
        log_info("validators: {} keys: {}", validators_.keys().size(), after);
        for (const PublicKey& key : validators_.unknown()) log_warn("key {} is not known to the chain", to_hex(key));
    }
    co_return success();
}

duties::DutyParts Engine::parts() {
    return {executor_, clock_, nodes_, *slots_, gate_, door_, quorum_, options_.attestation.threshold};
}

void Engine::make_safety() {
    InclusionHooks inclusion;
    inclusion.on_slot = hooks_.on_inclusion;
    EngineSafetyOptions options = options_.safety;
    options.doppelganger.threshold = options_.attestation.threshold;
    options.slashing.threshold = options_.attestation.threshold;
    safety_ = std::make_unique<EngineSafety>(
        parts(), validators_, [this] { on_validators_changed(); }, options, std::move(inclusion));
    validators_.hold_back([this](const PublicKey& key) { return safety_->allows(key); });
}

// Others of them may sign than before.
void Engine::on_validators_changed() {
    if (validators_.look_again() && duties_) duties_->on_validators_changed();
}

void Engine::make_duties() {
    const auto observer = [this](const duties::SlotReport& report) { on_report(report); };
    const EngineDutiesObservers observers{observer, [this](const duties::DutyReport& report) { on_duty_report(report); }};
    duties_ = std::make_unique<EngineDuties>(
        parts(), validators_, options_.proposers,
        EngineDutiesOptions{options_.attestation, options_.proposal, options_.call_timeout}, observers);
    duties_->attestation().tell_of_published(
        [this](const ethereum::AttestationData& data, const std::vector<beacon::AttesterDuty>& duties) {
            safety_->inclusion().expect(data, duties);
        });
    takeover_ = std::make_unique<Takeover>(
        clock_, nodes_, *slots_, duties_->attestation(), quorum_,
        [this]() -> const Takeover::Validators& { return validators_.active(); }, observer, options_.old_votes_max);
    checks_ = std::make_unique<EngineChecks>(EngineChecks::Parts{clock_, nodes_, *slots_, quorum_, door_, validators_,
                                                                 duties_->attester_duties(), options_.attestation.threshold});
}

// Once an epoch, when its first block is out.
Task<void> Engine::watch_validators() {
    const ethereum::ChainSpec& spec = nodes_.spec();
    const auto quiet = [&](Epoch epoch) { return slots_->start_of(spec.first_slot(epoch)) + spec.slot_duration() * 3 / 4; };
    for (;;) {
        const WallTime now = clock_.now();
        const Epoch epoch = current_epoch();
        const bool at_once = std::exchange(validators_kept_, false);
        if (!at_once) co_await sleep_until(clock_, quiet(now < quiet(epoch) ? epoch : epoch + 1));
        for (;;) {
            const Result<void> done = co_await refresh_validators();
            if (done) break;
            log_warn("our validators could not be looked up: {}", done.error().message);
            co_await sleep_for(clock_, spec.slot_duration());
        }
    }
}

// At the end of each slot in which something has changed.
Task<void> Engine::keep_duties() {
    std::string written;
    for (;;) {
        const WallTime next = slots_->start_of(slots_->slot_at(clock_.now()) + 1);
        co_await sleep_until(clock_, next - nodes_.spec().slot_duration() / 8);
        std::string state = duties_->fingerprint() + describe(validators_);
        if (validators_.known() && state != written) {
            KeptDuties duties = duties_->kept();
            duties.chain = nodes_.genesis().validators_root;
            duties.validators = validators_.on_chain();
            std::vector<PublicKey> keys = validators_.keys();
            co_await cache_.store(std::move(duties), std::move(keys));
            written = std::move(state);
        }
        co_await sleep_until(clock_, next);
    }
}

}  // namespace holdfast::validator
