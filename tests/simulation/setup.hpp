// One simulated world: its cluster, its chain, and what may go wrong in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "shared/protection/generation.hpp"
#include "shared/protection/verdict.hpp"
#include "tests/simulation/events.hpp"

namespace holdfast::simulation {

// What a world is about.
enum class Story : std::uint8_t {
    kRivals,     // instances that propose what they like, in bad weather, with crashes, partitions and wrong clocks
    kLostDisks,  // ... and members that lose their disks and rejoin
    kBackups,    // ... and old backups that come back
    kLate,       // lost disks and requests that outlive the wait before a rejoin; one source for all (docs/quorum-model.md)
    kTakeovers,  // quiet weather: the one on duty is killed between approval and publication, another takes over
    kStories,
};
[[nodiscard]] std::string to_string(Story story);

struct Setup {
    std::uint64_t seed{0};
    Story story{Story::kRivals};
    std::size_t members{4};
    std::size_t quorum{3};
    protection::Mode mode{protection::Mode::kFenced};
    std::size_t instances{2};
    std::size_t validators{64};
    std::uint64_t slots_per_epoch{4};
    Time slot{4 * kSecond};
    Time request_life{0};  // how long an instance counts answers to one request
    Time rejoin_wait{0};   // between the start of a rejoining member and its first question
    std::uint64_t slots{40};

    [[nodiscard]] std::size_t operator_endpoint() const { return members + instances; }
    // Members that may be without memory at a time, so that those who rejoin find enough others.
    [[nodiscard]] std::size_t losses_at_once() const { return quorum - 1; }
    // Does a single memory that is gone unnoticed already break the quorum?
    [[nodiscard]] bool needs_every_memory() const { return 2 * quorum <= members + 1; }
};

// What `seed` says.
[[nodiscard]] Setup make_setup(std::uint64_t seed);
// With a story of one's choice.
[[nodiscard]] Setup make_setup(std::uint64_t seed, Story story);
[[nodiscard]] std::string describe(const Setup& setup);

inline constexpr std::uint64_t kFirstEpoch = 100;

// Where the chain is at `time` by a clock that is `offset` ahead.
[[nodiscard]] inline protection::ChainTime chain_at(const Setup& setup, Time time) {
    const auto slot = static_cast<std::uint64_t>(static_cast<Time>(kFirstEpoch * setup.slots_per_epoch) +
                                                 (time >= 0 ? time / setup.slot : -1 - (-time - 1) / setup.slot));
    return {Epoch{slot / setup.slots_per_epoch}, Slot{slot}};
}

}  // namespace holdfast::simulation
