#include "shared/protection/generation.hpp"

#include <array>
#include <cstdio>
#include <ctime>

#include "shared/protection/rules.hpp"

namespace holdfast::protection {

Fence check_generation(const Tenure& tenure, Mode mode, std::uint64_t generation) {
    if ((generation == 0) != (mode == Mode::kShared)) return Fence::kWrongMode;
    if (generation < tenure.generation && in_force(Rule::kLowerGenerationFenced)) return Fence::kFenced;
    if (generation > tenure.generation && in_force(Rule::kHigherGenerationLearned)) return Fence::kLearned;
    return Fence::kCurrent;
}

bool may_acquire(const Tenure& tenure, Mode mode, std::uint64_t generation, std::string_view holder) {
    if (mode == Mode::kShared || generation == 0) return false;
    if (!in_force(Rule::kAcquireOnlyHigher)) return true;
    return generation > tenure.generation || (generation == tenure.generation && holder == tenure.holder);
}

std::optional<Tenure> fenced_by(const std::vector<KnownTenure>& members, std::size_t quorum, std::uint64_t generation) {
    if (generation == 0) return std::nullopt;
    std::size_t higher = 0;
    std::size_t voting = 0;
    std::size_t for_us = 0;
    Tenure highest;
    for (const KnownTenure& member : members) {
        const bool above = member.tenure.generation > generation;
        if (above) ++higher;
        if (member.votes) ++voting;
        if (member.votes && !above) ++for_us;
        if (above && member.tenure.generation > highest.generation) highest = member.tenure;
    }
    const bool blocked = higher > 0 && for_us < quorum && voting >= quorum;
    if (higher <= members.size() - quorum && !blocked) return std::nullopt;
    return highest;
}

std::string describe(const Tenure& tenure) {
    const std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(tenure.since.time_since_epoch()).count();
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> when{};
    std::strftime(when.data(), when.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return "generation " + std::to_string(tenure.generation) + ", held by " +
           (tenure.holder.empty() ? "nobody" : tenure.holder) + " since " + when.data();
}

}  // namespace holdfast::protection
