// The stories with one thing in them, and what must be true of each.
#include <algorithm>

#include "tests/simulation/pair/world.hpp"

namespace holdfast::simulation::pair {

using healthcheck::Command;

namespace {

// From the start until both are ready.
constexpr Time kWarmUp = 20 * kSecond;
constexpr Time kHour = 3600 * kSecond;
// The other one has drained, is polled or looked at, acquires, reads, opens its gate.
constexpr Time kGapMax = 1100 * kMillisecond;
// Signatures of what was decided and approved before an outage.
constexpr Time kUnderWay = 1500 * kMillisecond;

}  // namespace

std::uint64_t moves_allowed(const healthcheck::FailoverTimes& times, Time time) {
    std::uint64_t moves = 0;
    Time delay = time_of(times.failback_after);
    bool first = true;
    for (Time at = 0; at < time;) {
        ++moves;  // a takeover, at once
        if (!first) delay = std::min(2 * delay, time_of(times.failback_after_max));
        first = false;
        at += delay;
        if (at < time) ++moves;  // a failback, as early as it may be
    }
    return moves;
}

void World::check_nothing_missed(Slot from, std::uint64_t slots_late, bool blocks) {
    const Slot now = ground_.slot_at(ground_.now());
    for (Slot slot = from; slot + slots_late < now && !failed(); slot = slot + 1) {
        if (ground_.watch.missing(slot, ground_.start_of(slot + 1 + slots_late)) > 0) {
            ground_.fail("missed: attestations of slot " + to_string(slot) + " are late by more than " +
                         std::to_string(slots_late) + " slots, or never came");
        }
        if (blocks && ground_.watch.block_missing(slot)) ground_.fail("missed: the block of slot " + to_string(slot));
    }
}

void World::check_handed_over(Time gap_max) {
    const Time gap = ground_.watch.longest_gap();
    if (gap > gap_max) ground_.fail("handover: nobody was on duty for " + std::to_string(gap / kMillisecond) + " ms");
}

void World::tell_one_kill() {
    run_for(kWarmUp);
    const Slot from = ground_.slot_at(ground_.now()) + 1;
    run_slots(1 + random().below(ground_.setup.base.slots_per_epoch));
    run_to_slot(ground_.base.random_time(slot()));
    kill(kPrimary, ground_.base.random_time(40 * kSecond));
    run_slots(ground_.setup.slots / 2);
    check_nothing_missed(from, 1, false);
}

void World::tell_handovers() {
    run_for(kWarmUp);
    const Slot from = ground_.slot_at(ground_.now()) + 1;
    for (std::uint64_t passed = 0; passed < ground_.setup.slots && !failed(); passed += 4) {
        run_to_slot(ground_.base.random_time(slot()));
        hand_over();
        run_for(std::max(3 * slot(), 20 * kSecond));
    }
    check_nothing_missed(from, 0, true);
    check_handed_over(kGapMax);
}

// Whichever way there is now, if both are there.
void World::hand_over() {
    const bool primary_on_duty = party(kPrimary).on_duty();
    const std::size_t from = primary_on_duty ? kPrimary : kSecondary;
    if (!party(1 - from).ready()) return;
    const Time down_for = 3 * kSecond + ground_.base.random_time(8 * kSecond);
    switch (random().below(3)) {
        case 0: return stop(from, down_for);
        case 1: return party(kPrimary).command(primary_on_duty ? Command::kFailover : Command::kFailback);
        default: return party(kSecondary).command(primary_on_duty ? Command::kFailover : Command::kFailback);
    }
}

void World::tell_same_outage() {
    run_for(kWarmUp);
    run_slots(2);
    run_to_slot(ground_.base.random_time(slot()));
    const std::uint64_t kind = random().below(3);
    const Time duration = 10 * kSecond + ground_.base.random_time(110 * kSecond);
    const Time begins = ground_.now() + kSecond;
    const Time ends = begins + duration;
    const auto lose = [this, kind, begins, ends](std::size_t number) {
        const Time at = begins - ground_.base.random_time(kSecond);
        ground_.base.events.at(at, [this, kind, number] {
            ground_.say(party_name(number), "the outage begins");
            if (kind == 0) truth(number).nodes_fit = 0;
            if (kind == 1) truth(number).signer = false;
            for (std::size_t i = 0; kind == 2 && i < ground_.protectors.size(); ++i) {
                ground_.base.network.cut(ground_.endpoint(number), i, true);
            }
        });
        ground_.base.events.at(ends + ground_.base.random_time(kSecond / 2), [this, number] {
            ground_.say(party_name(number), "the outage is over");
            truth(number).nodes_fit = ground_.setup.nodes;
            truth(number).signer = true;
            for (std::size_t i = 0; i < ground_.protectors.size(); ++i)
                ground_.base.network.cut(ground_.endpoint(number), i, false);
        });
    };
    const std::uint64_t generations = ground_.watch.counts.generations;
    lose(kPrimary);
    lose(kSecondary);
    run_for(begins + 8 * kSecond - ground_.now());
    constexpr std::array kChecks{"beacon_nodes", "signer", "protectors"};
    for (std::size_t number = 0; number < kBoth && !failed(); ++number) {
        const std::string says = party(number).says();
        if (says.find(kChecks[kind]) == std::string::npos) {
            ground_.fail("outage: the " + party_name(number) + " does not say why it can't perform: " + says);
        }
    }
    run_for(ends - ground_.now());
    if (failed()) return;
    if (ground_.watch.counts.generations != generations) ground_.fail("outage: duty was taken into the outage");
    if (ground_.watch.signed_in(begins + kUnderWay, ends)) ground_.fail("outage: something was signed in it");
    run_for(kSecond / 2 + slot());
    if (!failed() && ground_.watch.on_duty().size() != 1) ground_.fail("outage: not exactly one has resumed within a slot");
    const Slot next = ground_.slot_at(ground_.now()) + 1;
    run_to_slot(0);
    run_slots(3);
    check_nothing_missed(next, 0, false);
}

void World::tell_flapping() {
    run_for(kWarmUp);
    const std::uint64_t before = ground_.watch.counts.generations;
    const Time end = ground_.now() + kHour;
    alternate(nodes_of(kPrimary), ground_.setup.bad_for, ground_.setup.good_for, end);
    run_for(kHour);
    const std::uint64_t moves = ground_.watch.counts.generations - before;
    const std::uint64_t allowed = moves_allowed(ground_.setup.times, kHour);
    if (moves > allowed) {
        ground_.fail("flapping: duty has moved " + std::to_string(moves) + " times in an hour, " + std::to_string(allowed) +
                     " are allowed");
    }
}

void World::tell_cold_start() {
    run_slots(10);
    if (failed()) return;
    const bool fine = party(kPrimary).on_duty() && ground_.watch.counts.generations == 1;
    if (!fine) ground_.fail("start: the primary should have gone on duty first, and nobody else");
}

}  // namespace holdfast::simulation::pair
