#include "shared/validator/engine.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/log.hpp"

namespace holdfast::validator {

Engine::Engine(Executor executor, Clock& clock, beacon::BeaconNodes& nodes, signing::SigningDoor& door,
               protection::QuorumClient& quorum, EngineOptions options, duties::AttestationDuty::Observer observer)
    : executor_{std::move(executor)},
      clock_{clock},
      nodes_{nodes},
      door_{door},
      quorum_{quorum},
      options_{options},
      observer_{std::move(observer)},
      validators_{door.keys()},
      background_{executor_},
      slot_tasks_{executor_} {}

Task<Result<void>> Engine::start(SteadyTime deadline) {
    slots_.emplace(nodes_.spec(), nodes_.genesis().time);
    HOLDFAST_CO_TRY(check_fork());
    nodes_.start();
    co_await quorum_.refresh(clock_.steady() + options_.call_timeout);
    for (const protection::MemberStatus& member : quorum_.members()) {
        if (!member.votes()) log_warn("protector {} ({}): {}", member.name, member.url, member.detail);
    }
    const Result<void> found = co_await find_validators(deadline);
    HOLDFAST_CO_TRY(found);
    make_duties();
    co_return success();
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
    const Result<std::vector<beacon::Validator>> answer =
        co_await nodes_.validators(std::move(keys), clock_.steady() + options_.call_timeout);
    if (!answer) co_return answer.error();
    const std::string before = validators_.known() ? describe(validators_) : "";
    const bool changed = validators_.apply(answer.value());
    const std::string after = describe(validators_);
    if (after != before) {
        log_info("validators: {} keys: {}", validators_.keys().size(), after);
        for (const PublicKey& key : validators_.unknown()) log_warn("key {} is not known to the chain", to_hex(key));
    }
    if (changed && attester_duties_) attester_duties_->wake();
    co_return success();
}

void Engine::make_duties() {
    duties::AttesterDutiesOptions options;
    options.call_timeout = options_.call_timeout;
    options.refetch_min = nodes_.spec().slot_duration() / 4;
    attester_duties_ = std::make_unique<duties::AttesterDutiesService>(
        clock_, nodes_, *slots_, [this]() -> const duties::AttesterDutiesService::Validators& { return validators_.active(); },
        options);
    const auto observer = [this](const duties::SlotReport& report) { on_report(report); };
    attestation_ = std::make_unique<duties::AttestationDuty>(executor_, clock_, nodes_, *slots_, attester_duties_->book(),
                                                             door_, quorum_, options_.attestation, observer);
    takeover_ = std::make_unique<Takeover>(
        clock_, nodes_, *slots_, *attestation_, quorum_,
        [this]() -> const Takeover::Validators& { return validators_.active(); }, observer);
}

Task<Result<void>> Engine::take_over(SteadyTime deadline) {
    HOLDFAST_ASSERT(takeover_ != nullptr);
    const Result<void> begun = co_await takeover_->begin(deadline);
    HOLDFAST_CO_TRY(begun);
    background_.spawn("adoption", takeover_->publish());
    co_return success();
}

Task<void> Engine::run() {
    HOLDFAST_ASSERT(attestation_ != nullptr);
    state_ = State::kOnDuty;
    last_tick_ = clock_.steady();
    background_.spawn("events", follow_events());
    background_.spawn("attester duties", attester_duties_->run());
    background_.spawn("validators", watch_validators());
    background_.spawn("protectors", watch_quorum());
    quorum_.start_heartbeats([this] { return protection::Beat{state() == "on_duty", health().ok()}; });
    co_await loop_slots();
    state_ = State::kDraining;
    co_await slot_tasks_.join();
    quorum_.stop_heartbeats();
    background_.cancel();
    co_await background_.join();
    co_await attestation_->stop();
    co_await nodes_.stop();
}

void Engine::request_stop() {
    stop_requested_ = true;
    stop_.notify_all();
}

Task<void> Engine::loop_slots() {
    Slot slot = slots_->slot_at(clock_.now());
    for (;;) {
        const bool begun = co_await wait_for_slot(slot);
        if (!begun) co_return;
        last_tick_ = clock_.steady();
        begin_slot(slot);
        // Slots that were slept through are gone; a wall clock that is set back repeats none.
        slot = std::max(slot + 1, slots_->slot_at(clock_.now()));
    }
}

void Engine::begin_slot(Slot slot) {
    const std::optional<protection::Tenure> higher = quorum_.fenced_by();
    if (higher && !said_fenced_) log_error("off duty: fenced by {}; nothing is signed any more", describe(*higher));
    if (!higher && said_fenced_) log_info("on duty again");
    said_fenced_ = higher.has_value();
    if (!higher) slot_tasks_.spawn("attestations of slot " + to_string(slot), attestation_->perform(slot));
}

// False when asked to stop.
Task<bool> Engine::wait_for_slot(Slot slot) {
    const WallTime start = slots_->start_of(slot);
    while (!stop_requested_ && clock_.now() < start) {
        last_tick_ = clock_.steady();
        // In short pieces: the wall clock may be set meanwhile.
        const SteadyTime piece = clock_.steady() + std::chrono::seconds{1};
        co_await stop_.wait_until(clock_, std::min(piece, clock_.steady_at(start)));
    }
    co_return !stop_requested_;
}

Task<void> Engine::follow_events() {
    for (;;) {
        const beacon::NodeEventAt at = co_await nodes_.events().pop();
        attestation_->on_event(at);
        const auto* head = std::get_if<beacon::HeadEvent>(&at.event);
        if (head == nullptr || head->execution_optimistic || !nodes_.fit(at.node)) continue;
        const bool moved = attester_duties_->on_head(*head);
        if (moved) attestation_->drop_checkpoints();
    }
}

Task<void> Engine::watch_validators() {
    for (;;) {
        const ethereum::ChainSpec& spec = nodes_.spec();
        const Epoch next = spec.epoch_of(slots_->slot_at(clock_.now())) + 1;
        co_await sleep_until(clock_, slots_->start_of(spec.first_slot(next)));
        for (;;) {
            const Result<void> done = co_await refresh_validators();
            if (done) break;
            log_warn("our validators could not be looked up: {}", done.error().message);
            co_await sleep_for(clock_, spec.slot_duration());
        }
    }
}

Task<void> Engine::watch_quorum() {
    const Duration slot = nodes_.spec().slot_duration();
    for (;;) {
        const WallTime next = slots_->start_of(slots_->slot_at(clock_.now()) + 1);
        co_await sleep_until(clock_, next - slot / 2);
        co_await quorum_.refresh(clock_.steady() + slot / 3);
        // What the slot brings is urgent: by then every connection is open.
        co_await sleep_until(clock_, next - slot / 12);
        co_await quorum_.warm(clock_.steady() + slot / 12);
        co_await sleep_until(clock_, next);
    }
}

void Engine::on_report(const duties::SlotReport& report) {
    if (!report.adopted) last_report_ = report;
    if (observer_) observer_(report);
}

std::string Engine::state() const {
    if (state_ == State::kStarting) return "starting";
    if (state_ == State::kDraining) return "draining";
    return fenced() ? "fenced" : "on_duty";
}

HealthCheck Engine::check_nodes() const {
    const std::size_t fit = nodes_.fit_count();
    const std::size_t threshold = options_.attestation.threshold;
    return {"beacon_nodes", fit >= threshold,
            std::to_string(fit) + " of " + std::to_string(nodes_.size()) + " fit, " + std::to_string(threshold) + " needed"};
}

HealthCheck Engine::check_protectors() const {
    const std::vector<protection::MemberStatus> members = quorum_.members();
    const auto voting = static_cast<std::size_t>(std::ranges::count_if(members, &protection::MemberStatus::votes));
    return {"protectors", voting >= quorum_.quorum(),
            std::to_string(voting) + " of " + std::to_string(members.size()) + " vote, " + std::to_string(quorum_.quorum()) +
                " needed"};
}

HealthCheck Engine::check_generation() const {
    const std::optional<protection::Tenure> higher = quorum_.fenced_by();
    if (higher) return {"generation", false, "fenced by " + describe(*higher)};
    const std::uint64_t ours = quorum_.generation();
    return {"generation", true, ours == 0 ? "none" : "generation " + std::to_string(ours) + " is ours"};
}

Health Engine::health() const {
    Health health;
    health.state = state();
    health.generation = generation();
    health.checks = {check_nodes(), check_protectors(), check_generation()};
    if (!attester_duties_ || !slots_) return health;
    const Epoch epoch = nodes_.spec().epoch_of(slots_->slot_at(clock_.now()));
    const bool duties_known = validators_.active().empty() || attester_duties_->book().knows(epoch);
    health.checks.push_back(
        {"duties", duties_known,
         std::to_string(attester_duties_->book().count(epoch)) + " attester duties in epoch " + to_string(epoch)});
    const bool last_ok = !last_report_ || last_report_->missed_count() == 0;
    health.checks.push_back({"last_duties", last_ok, last_report_ ? duties::describe(*last_report_) : "none yet"});
    const Duration silence = last_tick_ ? clock_.steady() - *last_tick_ : Duration{};
    health.checks.push_back({"duty_loop", silence <= 2 * nodes_.spec().slot_duration(),
                             "last turn " + std::to_string(silence / std::chrono::milliseconds{1}) + " ms ago"});
    return health;
}

}  // namespace holdfast::validator
