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
      cache_{options_.data_dir, options_.disk_threads},
      background_{executor_},
      slot_tasks_{executor_},
      opening_{executor_} {}

Task<void> Engine::run() {
    HOLDFAST_ASSERT(duties_ != nullptr);
    state_ = State::kRunning;
    checks_->on_turn();
    background_.spawn("events", follow_events());
    duties_->follow(background_);
    safety_->follow(background_);
    background_.spawn("validators", watch_validators());
    background_.spawn("protectors", watch_quorum());
    if (cache_.on()) background_.spawn("duties over a restart", keep_duties());
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
        safety_->on_event(at);
        const auto* head = std::get_if<beacon::HeadEvent>(&at.event);
        if (head != nullptr) checks_->on_head(at.node, *head, at.received);
        if (!hooks_.on_event) continue;
        std::optional<Duration> into_slot;
        if (head != nullptr) into_slot = clock_.now() - (clock_.steady() - at.received) - slots_->start_of(head->slot);
        hooks_.on_event(at, into_slot);
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
    if (report.block) safety_->inclusion().expect_block(report.slot, *report.block);
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
    std::vector<HealthCheck> all = checks_->all();
    std::ranges::move(safety_->checks(), std::back_inserter(all));
    return all;
}

Health Engine::health() const {
    Health health{state(), generation(), checks()};
    health.checks.push_back(check_generation());
    return health;
}

Upcoming Engine::upcoming() const { return duties_ ? duties_->upcoming() : Upcoming{}; }

}  // namespace holdfast::validator
