#include "tests/simulation/setup.hpp"

#include <array>

#include "shared/base/random.hpp"
#include "shared/protection/quorum_tally.hpp"

namespace holdfast::simulation {
namespace {

struct Cluster {
    std::size_t members;
    std::size_t quorum;
};
// Twice those that are used most and forgive least. 1 of 2 and 2 of 4 must not be accepted as clusters at all.
constexpr std::array<Cluster, 12> kClusters{
    {{3, 2}, {4, 3}, {1, 1}, {3, 2}, {2, 2}, {5, 3}, {4, 3}, {5, 4}, {3, 3}, {5, 3}, {2, 1}, {4, 2}}};

}  // namespace

std::string to_string(Story story) {
    switch (story) {
        case Story::kRivals: return "rivals";
        case Story::kLostDisks: return "lost disks";
        case Story::kBackups: return "backups";
        case Story::kLate: return "late requests";
        case Story::kTakeovers: return "takeovers";
        case Story::kStories: break;
    }
    return "?";
}

Setup make_setup(std::uint64_t seed) {
    return make_setup(seed, static_cast<Story>(seed % static_cast<std::uint64_t>(Story::kStories)));
}

Setup make_setup(std::uint64_t seed, Story story) {
    SeededRandom random{seed ^ 0x5EED};
    Setup setup;
    setup.seed = seed;
    setup.story = story;
    for (std::size_t i = random.below(kClusters.size());; i = (i + 1) % kClusters.size()) {
        setup.members = kClusters[i].members;
        setup.quorum = kClusters[i].quorum;
        if (protection::check_quorum(setup.quorum, setup.members)) break;
    }
    setup.instances = 2 + random.below(2);
    setup.validators = 48 + 16 * random.below(5);
    const bool shared =
        story == Story::kLate || (story != Story::kTakeovers && random.chance(story == Story::kLostDisks ? 50 : 25));
    setup.mode = shared ? protection::Mode::kShared : protection::Mode::kFenced;
    const bool late = story == Story::kLate;
    setup.request_life = late ? static_cast<Time>(setup.slots_per_epoch) * setup.slot : setup.slot;
    setup.rejoin_wait = late ? 0 : 2 * setup.slot;
    // A member that has lost its disk comes back after some 34 slots.
    const bool loses = late || story == Story::kLostDisks || story == Story::kBackups;
    setup.slots = 24 + random.below(24) + (loses ? 60 : 0);
    return setup;
}

std::string describe(const Setup& setup) {
    return "seed " + std::to_string(setup.seed) + " (" + to_string(setup.story) + ", " + std::to_string(setup.quorum) + " of " +
           std::to_string(setup.members) + ", " + (setup.mode == protection::Mode::kShared ? "shared" : "fenced") + ", " +
           std::to_string(setup.instances) + " instances)";
}

}  // namespace holdfast::simulation
