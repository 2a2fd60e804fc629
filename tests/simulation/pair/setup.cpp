#include "tests/simulation/pair/setup.hpp"

#include <array>

#include "shared/base/random.hpp"

namespace holdfast::simulation::pair {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct Cluster {
    std::size_t members;
    std::size_t quorum;
};
constexpr std::array<Cluster, 6> kClusters{{{4, 3}, {4, 3}, {3, 2}, {4, 3}, {5, 3}, {1, 1}}};

void choose_cluster(PairSetup& setup, SeededRandom& random) {
    const Cluster cluster = kClusters[random.below(kClusters.size())];
    setup.base.members = cluster.members;
    setup.base.quorum = cluster.quorum;
    setup.base.instances = kBoth;
    setup.base.validators = 16;
    setup.base.slots_per_epoch = 8;
    setup.base.slot = random.chance(50) ? 12 * kSecond : 4 * kSecond;
    setup.base.request_life = setup.base.slot;
}

// Short delays, so that failbacks happen among the troubles too.
void choose_failback(PairSetup& setup, SeededRandom& random) {
    setup.automatic_failback = random.chance(75);
    if (random.chance(30)) return;
    setup.times.failback_after = random.chance(50) ? seconds{5} : seconds{30};
    setup.times.failback_after_max = minutes{2};
}

void choose_alternation(PairSetup& setup, SeededRandom& random) {
    constexpr std::array<Time, 8> kPeriods{250 * kMillisecond, 600 * kMillisecond, 1500 * kMillisecond, 5 * kSecond,
                                           20 * kSecond,       90 * kSecond,       400 * kSecond,       900 * kSecond};
    setup.bad_for = kPeriods[random.below(kPeriods.size())];
    setup.good_for = kPeriods[random.below(kPeriods.size())];
}

}  // namespace

std::string to_string(Story story) {
    switch (story) {
        case Story::kTroubles: return "troubles";
        case Story::kOneKill: return "one kill";
        case Story::kHandovers: return "handovers";
        case Story::kSameOutage: return "same outage";
        case Story::kFlapping: return "flapping";
        case Story::kColdStart: return "cold start";
        case Story::kStories: break;
    }
    return "?";
}

std::string party_name(std::size_t party) { return party == kPrimary ? "primary" : "secondary"; }

// Most worlds are in trouble; few last an hour.
PairSetup make_pair_setup(std::uint64_t seed) {
    constexpr std::array<Story, 20> kMix{
        Story::kTroubles,   Story::kOneKill,  Story::kTroubles,  Story::kHandovers, Story::kTroubles,
        Story::kSameOutage, Story::kTroubles, Story::kColdStart, Story::kTroubles,  Story::kOneKill,
        Story::kTroubles,   Story::kTroubles, Story::kHandovers, Story::kTroubles,  Story::kSameOutage,
        Story::kTroubles,   Story::kOneKill,  Story::kTroubles,  Story::kFlapping,  Story::kTroubles,
    };
    return make_pair_setup(seed, kMix[seed % kMix.size()]);
}

PairSetup make_pair_setup(std::uint64_t seed, Story story) {
    SeededRandom random{seed ^ 0x9A1B};
    PairSetup setup;
    setup.story = story;
    setup.base.seed = seed;
    setup.base.story = simulation::Story::kTakeovers;
    choose_cluster(setup, random);
    setup.start_up = kSecond + static_cast<Time>(random.below(5)) * kSecond;
    setup.dead_hosts_refuse = random.chance(70);
    setup.slots = 24 + random.below(40);
    if (story == Story::kTroubles || story == Story::kHandovers) choose_failback(setup, random);
    if (story == Story::kTroubles) setup.slots += 60;
    if (story == Story::kFlapping) {
        choose_alternation(setup, random);
        setup.base.slot = 12 * kSecond;
        setup.slots = 300;
    }
    return setup;
}

std::string describe(const PairSetup& setup) {
    std::string text = "seed " + std::to_string(setup.base.seed) + " (" + to_string(setup.story) + ", " +
                       std::to_string(setup.base.quorum) + " of " + std::to_string(setup.base.members) + ", slots of " +
                       std::to_string(setup.base.slot / kSecond) + " s";
    if (setup.story == Story::kFlapping) {
        text += ", " + std::to_string(setup.bad_for / kMillisecond) + " ms bad, " +
                std::to_string(setup.good_for / kMillisecond) + " ms good";
    }
    return text + ")";
}

}  // namespace holdfast::simulation::pair
