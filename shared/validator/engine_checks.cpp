#include "shared/validator/engine_checks.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace holdfast::validator {

namespace {

// The loop turns twice a second.
constexpr Duration kLoopSilenceMax = std::chrono::milliseconds{2500};
// As far as clocks of a network may be apart.
constexpr Duration kClocksApart = std::chrono::milliseconds{500};
constexpr std::size_t kAnnouncedMax = 8;
constexpr std::size_t kAnnouncedLately = 4;
// Events of later slots are nonsense.
constexpr std::uint64_t kSlotsAheadMax = 4;
// A block may be on its way to an event while a poll already shows it.
constexpr std::uint64_t kEventLagMax = 2;

std::string of(std::size_t count, std::size_t all) { return std::to_string(count) + " of " + std::to_string(all); }

std::string ms(Duration duration) { return std::to_string(std::llround(to_ms(duration))) + " ms"; }

// Other checks show these: once what they are about is well again, so are the duties.
bool shown_elsewhere(duties::MissedReason reason) {
    using duties::MissedReason;
    return reason == MissedReason::kNoQuorum || reason == MissedReason::kTooFewNodes || reason == MissedReason::kFenced;
}

bool failed(const duties::SlotReport& report) {
    if (report.only_decided) return report.gave_up && !shown_elsewhere(report.gave_up->reason);
    if (report.attested > 0) return false;
    return std::ranges::any_of(report.missed, [](const auto& entry) { return !shown_elsewhere(entry.first); });
}

}  // namespace

EngineChecks::EngineChecks(Parts parts) : parts_{parts} {
    last_event_.assign(parts_.nodes.size(), parts_.slots.slot_at(parts_.clock.now()));
}

void EngineChecks::on_head(std::size_t node, const beacon::HeadEvent& event, SteadyTime received) {
    const WallTime now = parts_.clock.now();
    if (event.slot <= last_event_[node] || event.slot > parts_.slots.slot_at(now) + kSlotsAheadMax) return;
    last_event_[node] = event.slot;
    if (!parts_.nodes.fit(node)) return;
    const auto older = std::ranges::find_if(announced_, [&event](const Announced& entry) { return entry.slot <= event.slot; });
    const bool known = older != announced_.end() && older->slot == event.slot;
    const auto entry = known ? older : announced_.insert(older, Announced{event.slot, {}});
    entry->received.push_back(received);
    if (announced_.size() > kAnnouncedMax) announced_.pop_back();
}

void EngineChecks::on_report(const duties::SlotReport& report) {
    if (report.adopted || report.caught_up) return;
    last_reports_.push_front(report);
    if (last_reports_.size() > 2) last_reports_.pop_back();
}

std::vector<HealthCheck> EngineChecks::all() const {
    return {check_nodes(), check_protectors(),  check_signer(), check_duties(),
            check_loop(),  check_last_duties(), check_clock(),  check_head_events()};
}

HealthCheck EngineChecks::check_nodes() const {
    const std::size_t fit = parts_.nodes.fit_count();
    return {"beacon_nodes", fit >= parts_.threshold,
            of(fit, parts_.nodes.size()) + " fit, " + std::to_string(parts_.threshold) + " needed"};
}

HealthCheck EngineChecks::check_protectors() const {
    const std::vector<protection::MemberStatus> members = parts_.quorum.members();
    const auto voting = static_cast<std::size_t>(std::ranges::count_if(members, &protection::MemberStatus::votes));
    return {"protectors", voting >= parts_.quorum.quorum(),
            of(voting, members.size()) + " vote, " + std::to_string(parts_.quorum.quorum()) + " needed"};
}

HealthCheck EngineChecks::check_signer() const {
    const std::size_t keys = parts_.door.key_count();
    return {"signer", keys > 0, std::to_string(keys) + " keys are loaded"};
}

HealthCheck EngineChecks::check_duties() const {
    if (parts_.validators.active().empty()) return {"duties", true, "no key of ours is an active validator"};
    const ethereum::ChainSpec& spec = parts_.nodes.spec();
    const Slot slot = parts_.slots.slot_at(parts_.clock.now());
    const Epoch epoch = spec.epoch_of(slot);
    if (!parts_.duties.complete(epoch)) {
        return {"duties", false, "the attester duties of epoch " + to_string(epoch) + " are not known"};
    }
    const bool second_half = slot.value - spec.first_slot(epoch).value >= spec.slots_per_epoch() / 2;
    if (second_half && !parts_.duties.complete(epoch + 1)) {
        return {"duties", false, "the attester duties of epoch " + to_string(epoch + 1) + " are not known yet"};
    }
    return {"duties", true,
            std::to_string(parts_.duties.book().count(epoch)) + " attester duties in epoch " + to_string(epoch)};
}

HealthCheck EngineChecks::check_loop() const {
    if (!last_turn_) return {"duty_loop", false, "it has not begun"};
    const Duration silence = parts_.clock.steady() - *last_turn_;
    return {"duty_loop", silence <= kLoopSilenceMax, "last turn " + ms(silence) + " ago"};
}

HealthCheck EngineChecks::check_last_duties() const {
    if (last_reports_.empty()) return {"last_duties", true, "none yet"};
    const bool bad = last_reports_.size() == 2 && std::ranges::all_of(last_reports_, failed);
    return {"last_duties", !bad, describe(last_reports_.front())};
}

// Fit nodes whose head lies ahead of our clock by more than clocks may be apart.
std::size_t EngineChecks::count_ahead() const {
    const Slot latest = parts_.slots.slot_at(parts_.clock.now() + kClocksApart);
    const std::vector<beacon::NodeState> states = parts_.nodes.states();
    return static_cast<std::size_t>(std::ranges::count_if(states, [latest](const beacon::NodeState& state) {
        return state.fitness == beacon::Fitness::kFit && state.head_slot > latest;
    }));
}

// When more than half of the fit nodes had announced a slot's block, from the slot's start by the clock as it is set now.
// Newest slot first.
std::vector<Duration> EngineChecks::offsets() const {
    const std::size_t half = parts_.nodes.fit_count() / 2;
    const WallTime now = parts_.clock.now();
    const SteadyTime steady = parts_.clock.steady();
    std::vector<Duration> result;
    for (const Announced& entry : announced_) {
        if (entry.received.size() > half)
            result.push_back(now - (steady - entry.received[half]) - parts_.slots.start_of(entry.slot));
    }
    return result;
}

// A clock that is behind shows at once: blocks came before their slot, which no node with a right clock accepts. Heads ahead of
// it show that in a part of each slot only, so a block that was early counts until several more have come: a check that
// changes twice a slot would never be bad for long enough to be acted on. A clock that is ahead looks like late blocks, so only
// half a slot or more, over several slots, is called a wrong clock. Without blocks nothing is seen at all.
HealthCheck EngineChecks::check_clock() const {
    const std::size_t fit = parts_.nodes.fit_count();
    const std::size_t ahead = count_ahead();
    if (ahead * 2 > fit) {
        return {"clock", false, "the heads of " + of(ahead, fit) + " fit nodes lie ahead of this machine's clock"};
    }
    const std::vector<Duration> came = offsets();
    if (came.empty()) return {"clock", true, "no block was seen yet"};
    const auto lately = static_cast<std::ptrdiff_t>(std::min(came.size(), kAnnouncedLately));
    const Duration first = *std::min_element(came.begin(), came.begin() + lately);
    if (first < -kClocksApart) {
        return {"clock", false, "a block came " + ms(-first) + " before its slot by this machine's clock: it is behind"};
    }
    const Duration earliest = std::ranges::min(came);
    if (came.size() == kAnnouncedMax && earliest > parts_.nodes.spec().slot_duration() / 2) {
        return {"clock", false,
                "no block came earlier than " + ms(earliest) +
                    " into its slot by this machine's clock: it is ahead, or every block is late"};
    }
    return {"clock", true, "the last block came " + ms(came.front()) + " into its slot"};
}

HealthCheck EngineChecks::check_head_events() const {
    std::size_t fit = 0;
    std::size_t heard = 0;
    for (const beacon::NodeState& state : parts_.nodes.states()) {
        if (state.fitness != beacon::Fitness::kFit) continue;
        ++fit;
        if (state.head_slot.value <= last_event_[state.index].value + kEventLagMax) ++heard;
    }
    return {"head_events", heard * 2 > fit, "head events come from " + of(heard, fit) + " fit nodes"};
}

}  // namespace holdfast::validator
