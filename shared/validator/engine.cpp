#include "shared/validator/engine.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/log.hpp"

namespace holdfast::validator {

namespace {

constexpr Duration kTurn = std::chrono::milliseconds{500};
// For the heartbeat that says that we are off duty.
constexpr Duration kLastBeat = std::chrono::milliseconds{100};
constexpr std::size_t kRecentMax = 64;

}  // namespace

Engine::Engine(Executor executor, Clock& clock, beacon::BeaconNodes& nodes, signing::SigningDoor& door,
               protection::QuorumClient& quorum, EngineOptions options, EngineHooks hooks)
    : executor_{std::move(executor)},
      clock_{clock},
      nodes_{nodes},
      door_{door},
      quorum_{quorum},
      options_{options},
      hooks_{std::move(hooks)},
      validators_{door.keys()},
      background_{executor_},
      slot_tasks_{executor_},
      opening_{executor_} {}

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
    if (changed && duties_) duties_->on_validators_changed();
    co_return success();
}

void Engine::make_duties() {
    const duties::DutyParts parts{executor_, clock_, nodes_, *slots_, gate_, door_, quorum_, options_.attestation.threshold};
    const auto observer = [this](const duties::SlotReport& report) { on_report(report); };
    const EngineDutiesObservers observers{observer, [this](const duties::DutyReport& report) { on_duty_report(report); }};
    duties_ = std::make_unique<EngineDuties>(
        parts, validators_, options_.proposers,
        EngineDutiesOptions{options_.attestation, options_.proposal, options_.call_timeout}, observers);
    takeover_ = std::make_unique<Takeover>(
        clock_, nodes_, *slots_, duties_->attestation(), quorum_,
        [this]() -> const Takeover::Validators& { return validators_.active(); }, observer, options_.old_votes_max);
    checks_ = std::make_unique<EngineChecks>(EngineChecks::Parts{clock_, nodes_, *slots_, quorum_, door_, validators_,
                                                                 duties_->attester_duties(), options_.attestation.threshold});
}

Task<void> Engine::run() {
    HOLDFAST_ASSERT(duties_ != nullptr);
    state_ = State::kRunning;
    checks_->on_turn();
    background_.spawn("events", follow_events());
    duties_->follow(background_);
    background_.spawn("validators", watch_validators());
    background_.spawn("protectors", watch_quorum());
    quorum_.start_heartbeats([this] { return protection::Beat{on_duty(), !hooks_.well || hooks_.well()}; });
    co_await loop_slots();
    state_ = State::kDraining;
    co_await finish();
    quorum_.stop_heartbeats();
    background_.cancel();
    co_await background_.join();
    co_await nodes_.stop();
}

// What is under way is finished; a vote that would only be decided isn't waited for.
Task<void> Engine::finish() {
    if (duties_->idle() && !gate_open()) slot_tasks_.cancel();
    co_await slot_tasks_.join();
    co_await duties_->join();
    const bool was_on_duty = last_on_duty_;
    stand_down();
    opening_.cancel();
    co_await opening_.join();
    co_await duties_->stop();
    // So that nobody has to wait until we have been silent for long.
    if (was_on_duty) co_await sleep_for(clock_, kLastBeat);
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
        begin_slot(slot);
        turn();
        // Slots that were slept through are gone; a wall clock that is set back repeats none.
        slot = std::max(slot + 1, slots_->slot_at(clock_.now()));
    }
}

void Engine::turn() {
    checks_->on_turn();
    if (hooks_.on_turn) hooks_.on_turn();
    const std::optional<protection::Tenure> higher = quorum_.fenced_by();
    if (higher && !said_fenced_ && gate_open_now()) {
        log_error("off duty: fenced by {}; nothing is signed any more", describe(*higher));
    } else if (higher && !said_fenced_) {
        log_info("another instance is on duty: {}", describe(*higher));
    }
    said_fenced_ = higher.has_value();
    tell_protectors();
}

void Engine::begin_slot(Slot slot) {
    last_begun_ = slot;
    for (EngineDuties::SlotTask& duty : duties_->tasks_of(slot)) {
        slot_tasks_.spawn(std::move(duty.name), perform(std::move(duty.task)));
    }
}

Task<void> Engine::perform(Task<void> duty) {
    co_await std::move(duty);
    tell_protectors();
}

// False when asked to stop.
Task<bool> Engine::wait_for_slot(Slot slot) {
    const WallTime start = slots_->start_of(slot);
    while (!stop_requested_ && clock_.now() < start) {
        turn();
        // In short pieces: the wall clock may be set meanwhile.
        const SteadyTime piece = clock_.steady() + kTurn;
        co_await stop_.wait_until(clock_, std::min(piece, clock_.steady_at(start)));
    }
    co_return !stop_requested_;
}

Task<void> Engine::follow_events() {
    for (;;) {
        const beacon::NodeEventAt at = co_await nodes_.events().pop();
        duties_->on_event(at);
        const auto* head = std::get_if<beacon::HeadEvent>(&at.event);
        if (head != nullptr) checks_->on_head(at.node, *head, at.received);
    }
}

// Once an epoch, when its first block is out.
Task<void> Engine::watch_validators() {
    const ethereum::ChainSpec& spec = nodes_.spec();
    const auto quiet = [&](Epoch epoch) { return slots_->start_of(spec.first_slot(epoch)) + spec.slot_duration() * 3 / 4; };
    for (;;) {
        const WallTime now = clock_.now();
        const Epoch epoch = spec.epoch_of(slots_->slot_at(now));
        co_await sleep_until(clock_, quiet(now < quiet(epoch) ? epoch : epoch + 1));
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
    if (!report.adopted && !report.only_decided) last_report_ = report;
    checks_->on_report(report);
    remember(report);
    if (hooks_.on_report) hooks_.on_report(report);
}

void Engine::on_duty_report(const duties::DutyReport& report) {
    recent_duties_.push_front(report);
    if (recent_duties_.size() > kRecentMax) recent_duties_.pop_back();
    if (hooks_.on_duty) hooks_.on_duty(report);
}

void Engine::remember(const duties::SlotReport& report) {
    // What was only decided is over once it is caught up with.
    std::erase_if(recent_, [&report](const duties::SlotReport& old) {
        return report.caught_up && old.only_decided && old.slot == report.slot;
    });
    const auto place = std::ranges::find_if(recent_, [&report](const auto& old) { return old.slot <= report.slot; });
    recent_.insert(place, report);
    if (recent_.size() > kRecentMax) recent_.pop_back();
}

std::string Engine::state() const {
    if (state_ == State::kStarting) return "starting";
    if (state_ == State::kDraining) return "draining";
    if (fenced()) return "fenced";
    return gate_.closed() ? "standby" : "on_duty";
}

HealthCheck Engine::check_generation() const {
    const std::optional<protection::Tenure> higher = quorum_.fenced_by();
    if (higher) return {"generation", false, "fenced by " + describe(*higher)};
    const std::uint64_t ours = quorum_.generation();
    return {"generation", true, ours == 0 ? "none" : "generation " + std::to_string(ours) + " is ours"};
}

std::vector<HealthCheck> Engine::checks() const {
    if (!checks_) return {{"duties", false, "the engine has not started"}};
    return checks_->all();
}

Health Engine::health() const {
    Health health{state(), generation(), checks()};
    health.checks.push_back(check_generation());
    return health;
}

Upcoming Engine::upcoming() const { return duties_ ? duties_->upcoming() : Upcoming{}; }

}  // namespace holdfast::validator
