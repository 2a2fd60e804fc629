#include "tests/simulation/pair/scenes.hpp"

#include <algorithm>
#include <array>

namespace holdfast::simulation::pair {

using healthcheck::Command;

namespace {

constexpr Time kWarmUp = 20 * kSecond;
constexpr Time kMinute = 60 * kSecond;
// From a death that is refused at once, of a primary that nobody calls well any more, to the secondary's generation: one poll,
// one look, one acquisition.
constexpr Time kRefusedToDuty = 750 * kMillisecond;
// A drain that takes a poll's interval is seen by the secondary. Then: one close poll, one acquisition.
constexpr Time kSeenDraining = 600 * kMillisecond;
constexpr Time kDrainedToDuty = 300 * kMillisecond;

void begin(World& world) {
    world.begin();
    world.run_for(kWarmUp);
    world.run_to_slot(world.ground().base.random_time(world.ground().setup.base.slot));
}

std::uint64_t moves(World& world) { return world.ground().watch.counts.generations; }

void expect(World& world, bool holds, const std::string& what) {
    if (!holds && !world.failed()) world.ground().fail(what);
}

void expect_on_duty(World& world, std::size_t number) {
    const std::vector<std::size_t> who = world.ground().watch.on_duty();
    expect(world, who.size() == 1 && who[0] == number,
           "scene: the " + party_name(number) + " should be on duty; " + party_name(kPrimary) + ": " +
               world.party(kPrimary).says() + "; " + party_name(kSecondary) + ": " + world.party(kSecondary).says());
}

void expect_no_move(World& world, std::uint64_t before) { expect(world, moves(world) == before, "scene: duty has moved"); }

void cut_pair(World& world, bool is_cut) {
    Ground& ground = world.ground();
    ground.base.network.cut(ground.endpoint(kPrimary), ground.endpoint(kSecondary), is_cut);
}

// A primary without nodes is relieved.
void nodes_gone(World& world) {
    begin(world);
    world.truth(kPrimary).nodes_fit = 0;
    world.run_for(kMinute);
    expect_on_duty(world, kSecondary);
}

// Only the link between the two is broken.
void pair_link_cut(World& world) {
    begin(world);
    const std::uint64_t before = moves(world);
    cut_pair(world, true);
    world.run_for(kMinute);
    expect_no_move(world, before);
    cut_pair(world, false);
    world.run_for(kMinute);
    expect_on_duty(world, kPrimary);
}

// Every second sample is bad: that is no failure.
void blips(World& world) {
    begin(world);
    const std::uint64_t before = moves(world);
    const Time sample = time_of(world.ground().setup.times.sample_interval);
    world.alternate([&world](bool good) { world.truth(kPrimary).nodes_fit = good ? 3 : 1; }, sample, sample,
                    world.ground().now() + kMinute);
    world.run_for(kMinute);
    expect_no_move(world, before);
}

// Three of four samples are bad: that is one.
void mostly_bad(World& world) {
    begin(world);
    const Time sample = time_of(world.ground().setup.times.sample_interval);
    world.alternate(world.nodes_of(kPrimary), 3 * sample, sample, world.ground().now() + kMinute);
    world.run_for(kMinute);
    expect_on_duty(world, kSecondary);
}

// A clock that is a slot behind shows by itself in a part of each slot only: that is no health that comes and goes.
void clock_set_back(World& world) {
    begin(world);
    world.truth(kPrimary).clock_ahead = -world.ground().setup.base.slot - 300 * kMillisecond;
    world.run_for(world.ground().watch.bound());
    expect_on_duty(world, kSecondary);
    world.run_for(kMinute);
    expect_on_duty(world, kSecondary);
    const bool well = world.party(kPrimary).ready();
    expect(world, !well, "scene: it calls itself ready with such a clock");
}

// It falls ill and dies: one refused connection is enough then.
void ill_then_dead(World& world) {
    world.ground().setup.dead_hosts_refuse = true;
    begin(world);
    world.truth(kPrimary).nodes_fit = 0;
    while (world.party(kPrimary).well() && !world.failed()) world.run_for(10 * kMillisecond);
    world.run_for(50 * kMillisecond);
    const std::uint64_t before = moves(world);
    world.kill(kPrimary, kMinute);
    world.run_for(kRefusedToDuty);
    expect(world, moves(world) == before + 1, "scene: a death that is refused at once was not noticed at once");
}

// A zombie: it comes back fenced, and becomes standby by itself.
void frozen(World& world) {
    begin(world);
    const Time how_long = 5 * kSecond + world.ground().base.random_time(55 * kSecond);
    world.freeze(kPrimary, how_long);
    world.run_for(how_long + 10 * kSecond);
    expect_on_duty(world, kSecondary);
    expect(world, world.party(kPrimary).ready(), "scene: the zombie is not ready: " + world.party(kPrimary).says());
}

// A primary that drains is polled closely, and relieved at the first poll that finds it drained.
void relieved(World& world) {
    begin(world);
    world.run_to_slot(50 * kMillisecond);  // its duties come first
    const Time before = world.ground().now();
    world.party(kPrimary).command(Command::kFailover);
    while (!world.party(kPrimary).drained() && !world.failed()) world.run_for(10 * kMillisecond);
    const bool seen_draining = world.ground().now() - before > kSeenDraining;
    world.run_for(5 * kSecond);
    expect_on_duty(world, kSecondary);
    const Time gap = world.ground().watch.last_gap();
    expect(world, !seen_draining || gap <= kDrainedToDuty,
           "scene: a drained primary was relieved after " + std::to_string(gap / kMillisecond) + " ms");
}

// The operator has moved duty: it stays where it is.
void held(World& world) {
    begin(world);
    world.party(kPrimary).command(Command::kFailover);
    world.run_for(kMinute);
    expect_on_duty(world, kSecondary);
    const std::uint64_t before = moves(world);
    world.run_for(20 * kMinute);
    expect_no_move(world, before);
    world.party(kPrimary).command(Command::kFailback);
    world.run_for(kMinute);
    expect_on_duty(world, kPrimary);
}

// A failback as the policy says, and not earlier.
void failback(World& world) {
    begin(world);
    world.kill(kPrimary, 5 * kSecond);
    world.run_for(4 * kMinute);
    expect_on_duty(world, kSecondary);
    world.run_for(3 * kMinute);
    expect_on_duty(world, kPrimary);
}

// The one that is to take duty dies at the wrong moment.
void unanswered_handover(World& world) {
    begin(world);
    world.party(kPrimary).command(Command::kFailover);
    while (!world.party(kPrimary).drained() && !world.failed()) world.run_for(10 * kMillisecond);
    world.kill(kSecondary, 10 * kMinute);
    world.run_for(2 * kMinute);
    expect_on_duty(world, kPrimary);
}

void paused(World& world) {
    begin(world);
    world.party(kSecondary).command(Command::kPause);
    world.run_for(kSecond);
    const std::uint64_t before = moves(world);
    world.kill(kPrimary, 10 * kMinute);
    world.run_for(kMinute);
    expect_no_move(world, before);
    world.party(kSecondary).command(Command::kResume);
    world.run_for(kMinute);
    expect_on_duty(world, kSecondary);
}

// A primary that comes back sees that somebody is on duty.
void restarted(World& world) {
    begin(world);
    world.kill(kPrimary, 10 * kSecond);
    world.run_for(kMinute);
    expect_on_duty(world, kSecondary);
}

// The one on duty fails while the primary is on standby.
void secondary_fails(World& world) {
    begin(world);
    world.party(kPrimary).command(Command::kFailover);
    world.run_for(kMinute);
    expect_on_duty(world, kSecondary);
    world.truth(kSecondary).nodes_fit = 0;
    world.run_for(kMinute);
    expect_on_duty(world, kPrimary);
    world.truth(kSecondary).nodes_fit = world.ground().setup.nodes;
}

// Nobody could take it: so it isn't given away.
void nobody_ready(World& world) {
    begin(world);
    world.truth(kSecondary).nodes_fit = 0;
    world.run_for(10 * kSecond);
    const std::uint64_t before = moves(world);
    world.party(kPrimary).command(Command::kFailover);
    world.run_for(10 * kSecond);
    expect_no_move(world, before);
    expect_on_duty(world, kPrimary);
}

// Force takes it at once, whoever has it; and there is no automatic failback.
void forced(World& world) {
    begin(world);
    world.party(kSecondary).command(Command::kForceFailover);
    world.run_for(2 * kSecond);
    expect_on_duty(world, kSecondary);
    world.run_for(20 * kMinute);
    expect_on_duty(world, kSecondary);
    world.party(kPrimary).command(Command::kForceFailback);
    world.run_for(2 * kSecond);
    expect_on_duty(world, kPrimary);
}

// An acquisition that got a part of the protectors leaves the one on duty without a quorum.
void half_acquired(World& world) {
    Ground& ground = world.ground();
    if (ground.setup.base.quorum == ground.setup.base.members || ground.setup.base.members < 3) return;
    begin(world);
    const std::size_t down = ground.setup.base.members - ground.setup.base.quorum;
    ground.protectors[0].acquire(9, party_name(kSecondary), wall_of(ground.now()), {}, [](const ReplyPtr&) {});
    for (std::size_t i = 0; i < down; ++i) ground.protectors[1 + i].crash();
    world.run_for(2 * kMinute);
    expect(world,
           ground.watch.on_duty().size() == 1 && ground.watch.missing(ground.slot_at(ground.now()) - 1, ground.now()) == 0,
           "scene: nobody gets a quorum");
}

// Supply of all that both need ends, and comes back.
void both_out(World& world) {
    begin(world);
    const std::uint64_t before = moves(world);
    world.truth(kPrimary).nodes_fit = world.truth(kSecondary).nodes_fit = 0;
    world.run_for(2 * kMinute);
    expect_no_move(world, before);
    for (const std::size_t number : {kPrimary, kSecondary}) {
        const std::string says = world.party(number).says();
        expect(world, says.find("0 of 3 fit") != std::string::npos, "scene: it doesn't say why: " + says);
        world.truth(number).nodes_fit = world.ground().setup.nodes;
    }
    world.run_slots(1);
    expect_on_duty(world, kPrimary);
    expect_no_move(world, before);
}

constexpr std::array kScenes{
    Scene{"nodes gone", nodes_gone},
    Scene{"pair link cut", pair_link_cut},
    Scene{"blips", blips},
    Scene{"mostly bad", mostly_bad},
    Scene{"clock set back", clock_set_back},
    Scene{"ill, then dead", ill_then_dead},
    Scene{"frozen", frozen},
    Scene{"relieved", relieved},
    Scene{"held", held},
    Scene{"failback", failback},
    Scene{"unanswered handover", unanswered_handover},
    Scene{"paused", paused},
    Scene{"restarted", restarted},
    Scene{"secondary fails", secondary_fails},
    Scene{"nobody ready", nobody_ready},
    Scene{"forced", forced},
    Scene{"half acquired", half_acquired},
    Scene{"both out", both_out},
};

}  // namespace

std::span<const Scene> scenes() { return kScenes; }

const Scene& scene(std::string_view name) {
    const auto found = std::ranges::find_if(kScenes, [&](const Scene& one) { return one.name == name; });
    return found == kScenes.end() ? kScenes.front() : *found;
}

Outcome play(const Scene& scene, std::uint64_t seed, std::size_t trace_lines) {
    World world{make_pair_setup(seed, scene.story), trace_lines};
    scene.play(world);
    world.heal();
    world.check_one_on_duty();
    return world.end();
}

}  // namespace holdfast::simulation::pair
