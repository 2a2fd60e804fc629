#include "shared/duties/performing.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "shared/base/log.hpp"

// GCC 12 mistakes the frames of some coroutines for memory of another allocator.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace holdfast::duties {

namespace {

constexpr Duration kAnswerWaitMin = std::chrono::milliseconds{250};
constexpr Duration kAskAgainMin = std::chrono::milliseconds{50};
constexpr Duration kGateStep = std::chrono::milliseconds{20};

}  // namespace

Duration answer_wait(const DutyParts& parts) {
    return std::max<Duration>(kAnswerWaitMin, parts.nodes.spec().slot_duration() / 12);
}

Duration ask_again(const DutyParts& parts) { return std::max<Duration>(kAskAgainMin, parts.nodes.spec().slot_duration() / 48); }

SteadyTime last_moment(const DutyParts& parts, Slot slot) {
    const Duration slot_duration = parts.nodes.spec().slot_duration();
    return parts.start_of(slot) + slot_duration - slot_duration / 12;
}

Duration since_start_of(const DutyParts& parts, Slot slot) { return parts.clock.now() - parts.slots.start_of(slot); }

Task<bool> wait_to_perform(const DutyParts& parts, Slot slot, SteadyTime end) {
    while (!parts.may_perform(slot)) {
        if (parts.clock.steady() >= end) co_return false;
        co_await sleep_until(parts.clock, std::min(end, parts.clock.steady() + kGateStep));
    }
    co_return true;
}

Task<SignedAll> sign_with_all(signing::SigningDoor& door, signing::Message message, std::vector<PublicKey> keys,
                              signing::Urgency urgency) {
    SignedAll all;
    Result<std::vector<signing::SignedKey>> together = co_await door.sign(message, keys, urgency);
    if (together) {
        all.made = std::move(together).value();
        if (all.made.size() < keys.size()) all.why_not = "the signer left a key out";
        co_return all;
    }
    all.why_not = together.error().message;
    if (keys.size() < 2) co_return all;
    for (const PublicKey& key : keys) {
        std::vector<PublicKey> one{key};
        Result<std::vector<signing::SignedKey>> alone = co_await door.sign(message, std::move(one), urgency);
        if (alone && !alone.value().empty()) {
            all.made.push_back(alone.value().front());
        } else if (!alone) {
            all.why_not = alone.error().message;
        }
    }
    if (all.made.size() == keys.size()) all.why_not.clear();
    co_return all;
}

void SideBySide::add(std::string name, Task<void> task) {
    ++state_->open;
    group_.spawn(std::move(name), run(state_, std::move(task)));
}

Task<void> SideBySide::join() {
    const auto state = state_;
    while (state->open > 0) co_await state->changed.wait();
}

Task<void> SideBySide::run(std::shared_ptr<State> state, Task<void> task) {
    co_await std::move(task);
    --state->open;
    state->changed.notify_all();
}

DutyReport begin_report(const DutyParts& parts, DutyKind kind, Slot slot, Duration deadline) {
    DutyReport report;
    report.kind = kind;
    report.slot = slot;
    report.epoch = parts.epoch_of(slot);
    report.deadline = deadline;
    report.started = since_start_of(parts, slot);
    return report;
}

std::string begun_late(const DutyReport& report) {
    return "begun " + std::to_string(std::llround(to_ms(report.started.value_or(Duration::zero())))) + " ms into the slot";
}

void leave_to_others(DutyReport& report, std::size_t count) {
    if (count > 0 && count == report.due) {
        report.only_decided = true;
    } else {
        report.due -= count;
    }
}

void finish_report(const DutyReport& report, const DutyObserver& observer) {
    if (report.due == 0) return;
    if (report.only_decided) {
        log_debug("{}", describe(report));
    } else if (report.missed_count() == 0) {
        log_info("{}", describe(report));
    } else {
        log_warn("{}", describe(report));
    }
    if (observer) observer(report);
}

}  // namespace holdfast::duties
