// Fencing: which generation is in force at one protector, and what it says to requests that carry another. Pure. A generation
// is a number that only grows; an instance is on duty once Q protectors have promised it one. Safety never depends on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/time.hpp"

namespace holdfast::protection {

// The generation in force at a protector; 0: nobody has acquired one yet.
struct Tenure {
    std::uint64_t generation{0};
    std::string holder;  // the instance's name
    WallTime since;
    friend bool operator==(const Tenure&, const Tenure&) = default;
};

// How a whole cluster works: one instance on duty at a time, or many without fencing (generation 0, quorum only).
enum class Mode : std::uint8_t { kFenced = 0, kShared = 1 };

enum class Fence : std::uint8_t {
    kCurrent = 0,  // go on
    kLearned,      // higher than what is known: go on, and record it with the answer
    kFenced,       // lower: refused
    kWrongMode,    // 0 in a fenced cluster, or another one in a shared cluster: refused
};

// A request for verdicts that carries `generation`.
[[nodiscard]] Fence check_generation(const Tenure& in_force, Mode mode, std::uint64_t generation);

// May `holder` have `generation`? Yes if it is higher than the one in force, or the same for the same holder (a retry). Never
// in shared mode, never 0.
[[nodiscard]] bool may_acquire(const Tenure& in_force, Mode mode, std::uint64_t generation, std::string_view holder);

// What an instance knows of one protector.
struct KnownTenure {
    Tenure tenure;      // as it last said
    bool votes{false};  // it answers, and would vote
};
// The highest tenure, if an instance with `generation` can't get a quorum because of higher ones: more than N-Q members have
// one; or a part of them, after an acquisition that failed half-way, and among those that vote, though they would be a quorum,
// fewer than Q are left without. Never for generation 0.
[[nodiscard]] std::optional<Tenure> fenced_by(const std::vector<KnownTenure>& members, std::size_t quorum,
                                              std::uint64_t generation);

// "fenced by generation 7, held by secondary since 2026-11-21T07:00:00Z"
[[nodiscard]] std::string describe(const Tenure& tenure);

}  // namespace holdfast::protection
