#include "tests/simulation/pair/world.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::simulation::pair {

namespace {

constexpr Time kLook = 100 * kMillisecond;
// Until everything that was broken has been noticed to be whole again, also by those that start anew.
constexpr Time kHealing = 45 * kSecond;
constexpr std::uint64_t kSlotsAfterwards = 3;
constexpr int kHandoverSecondsMax = 90;

}  // namespace

World::World(const PairSetup& setup, std::size_t trace_lines) : ground_{setup, trace_lines} {}

Outcome World::run() {
    begin();
    switch (ground_.setup.story) {
        case Story::kTroubles:
            next_trouble();
            run_slots(ground_.setup.slots);
            break;
        case Story::kOneKill: tell_one_kill(); break;
        case Story::kHandovers: tell_handovers(); break;
        case Story::kSameOutage: tell_same_outage(); break;
        case Story::kFlapping: tell_flapping(); break;
        case Story::kColdStart:
        case Story::kStories: tell_cold_start(); break;
    }
    heal();
    check_one_on_duty();
    return end();
}

void World::begin() {
    const bool cold = ground_.setup.story == Story::kColdStart;
    party(kSecondary).boot();
    if (cold) {
        after(ground_.base.random_time(3 * kSecond), [this] { party(kPrimary).boot(); });
    } else {
        party(kPrimary).boot();
    }
    look_for_ever();
    watch_slots(ground_.slot_at(0));
}

Outcome World::end() {
    Outcome outcome{ground_.watch.counts, ground_.watch.changes, ground_.base.oracle.failure(), ground_.trace.text()};
    outcome.counts.worlds = 1;
    return outcome;
}

void World::run_for(Time time) { ground_.base.events.run_until(ground_.now() + time, ground_.base.oracle.failed()); }
void World::run_slots(std::uint64_t slots) { run_for(static_cast<Time>(slots) * slot()); }
void World::run_to_slot(Time into_slot) { run_for(slot() - ground_.now() % slot() + into_slot); }

void World::look_for_ever() {
    ground_.watch.look();
    after(kLook, [this] { look_for_ever(); });
}

void World::watch_slots(Slot slot) {
    const Time end = ground_.start_of(slot + 1);
    ground_.base.events.at(end, [this, slot] {
        ground_.watch.on_slot_end(slot);
        watch_slots(slot + 1);
    });
}

void World::kill(std::size_t number, Time down_for) {
    ++ground_.watch.counts.kills;
    party(number).kill();
    after(down_for, [this, number] { party(number).boot(); });
}

void World::stop(std::size_t number, Time down_for) {
    party(number).request_stop();
    after(down_for, [this, number] { party(number).boot(); });
}

void World::freeze(std::size_t number, Time how_long) {
    party(number).freeze();
    after(how_long, [this, number] { party(number).thaw(); });
}

void World::crash_protectors(std::size_t count, Time how_long) {
    for (std::size_t i = 0; i < std::min(count, ground_.protectors.size()); ++i) {
        Protector& protector = ground_.protectors[random().below(ground_.protectors.size())];
        if (ground_.trace.on()) ground_.say("protector " + std::to_string(protector.member().number() + 1), "is gone");
        protector.crash();
        after(how_long, [this, &protector] {
            if (ground_.trace.on()) ground_.say("protector " + std::to_string(protector.member().number() + 1), "is back");
            protector.restart(ground_.now());
        });
    }
}

void World::alternate(const std::function<void(bool)>& set, Time bad_for, Time good_for, Time end) {
    if (ground_.now() >= end || healing_) return;
    set(false);
    after(bad_for, [this, set, bad_for, good_for, end] {
        set(true);
        after(good_for, [this, set, bad_for, good_for, end] { alternate(set, bad_for, good_for, end); });
    });
}

std::function<void(bool)> World::nodes_of(std::size_t number) {
    return [this, number](bool good) { truth(number).nodes_fit = good ? ground_.setup.nodes : 0; };
}

void World::heal() {
    if (failed()) return;
    healing_ = true;
    ground_.say("world", "heals");
    ground_.base.network.heal();
    for (Protector& protector : ground_.protectors) protector.restart(ground_.now());
    for (std::size_t number = 0; number < kBoth; ++number) {
        truth(number) = {};
        truth(number).nodes_fit = ground_.setup.nodes;
        party(number).thaw();
    }
    for (const Time end = ground_.now() + kHealing; ground_.now() < end && !failed();) {
        for (std::size_t number = 0; number < kBoth; ++number) {
            party(number).boot();
            if (party(number).paused()) party(number).command(healthcheck::Command::kResume);
        }
        run_for(kSecond);
    }
    run_slots(kSlotsAfterwards);
    // A failback may be due just now.
    for (int i = 0; i < kHandoverSecondsMax && (party(kPrimary).moving() || party(kSecondary).moving()); ++i) {
        run_for(kSecond);
        if (!party(kPrimary).moving() && !party(kSecondary).moving()) run_for(3 * kSecond);
    }
}

void World::check_one_on_duty() {
    if (failed()) return;
    const std::vector<std::size_t> who = ground_.watch.on_duty();
    if (who.size() != 1) ground_.fail("settled: " + std::to_string(who.size()) + " instances are on duty after healing");
    const Slot last = ground_.slot_at(ground_.now()) - 1;
    if (ground_.watch.missing(last, ground_.now()) > 0) ground_.fail("settled: duties are missed after healing");
    for (std::size_t number = 0; number < kBoth; ++number) {
        Party& one = party(number);
        const bool fine = std::ranges::find(who, number) != who.end() ? one.well() : one.ready();
        if (!fine) ground_.fail("settled: the " + party_name(number) + " is not ready after healing: " + one.says());
    }
}

}  // namespace holdfast::simulation::pair
