// Goal: sizes of committees that no node tells are found from what is known of others, and never guessed. Method: the formula
// of the specification as a model, with random numbers of validators.
#include "shared/validator/committee_sizes.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "shared/base/random.hpp"

namespace holdfast::validator {
namespace {

std::uint64_t size_of(std::uint64_t active, std::uint64_t committees, std::uint64_t place) {
    return active * (place + 1) / committees - active * place / committees;
}

std::vector<std::uint64_t> all_up_to(std::uint64_t count) {
    std::vector<std::uint64_t> result(count);
    std::iota(result.begin(), result.end(), 0U);
    return result;
}

TEST(CommitteeSizes, NothingKnown_NothingTold) {
    const CommitteeSizes sizes{32, 64};
    EXPECT_FALSE(sizes.sum(0, all_up_to(3)));
    EXPECT_EQ(sizes.sum(0, {}), 0U);
}

TEST(CommitteeSizes, ManyOfOurs_TellAllOthers) {
    constexpr std::uint64_t kActive = 1'013'579;
    CommitteeSizes sizes{32, 64};
    for (std::uint64_t place = 0; place < 2048; place += 3) {
        const std::vector<std::uint64_t> one{place % 64};
        sizes.learn(place / 64, one, size_of(kActive, 2048, place));
    }
    for (std::uint64_t place = 0; place < 2048; ++place) {
        const std::vector<std::uint64_t> one{place % 64};
        EXPECT_EQ(sizes.sum(place / 64, one), size_of(kActive, 2048, place));
    }
}

// Whatever is said is true, whatever isn't certain isn't said.
TEST(CommitteeSizes, FewFacts_NeverWrong) {
    SeededRandom random{7};
    for (int round = 0; round < 200; ++round) {
        const std::uint64_t per_slot = 1 + random.below(8);
        const std::uint64_t committees = per_slot * 8;
        const std::uint64_t active = committees + random.below(2000);
        CommitteeSizes sizes{8, per_slot};
        for (int fact = 0; fact < 4; ++fact) {
            const std::uint64_t slot = random.below(8);
            const std::vector<std::uint64_t> indices = all_up_to(1 + random.below(per_slot));
            std::uint64_t members = 0;
            for (const std::uint64_t index : indices) members += size_of(active, committees, slot * per_slot + index);
            sizes.learn(slot, indices, members);
        }
        for (std::uint64_t place = 0; place < committees; ++place) {
            const std::vector<std::uint64_t> one{place % per_slot};
            const auto told = sizes.sum(place / per_slot, one);
            if (told) {
                EXPECT_EQ(*told, size_of(active, committees, place));
            }
        }
    }
}

TEST(CommitteeSizes, Nonsense_IsIgnored) {
    CommitteeSizes sizes{8, 2};
    const std::vector<std::uint64_t> first{0};
    sizes.learn(0, first, 5);
    sizes.learn(0, first, 500);
    sizes.learn(0, first, ~0ULL);
    EXPECT_EQ(sizes.sum(0, first), 5U);
}

}  // namespace
}  // namespace holdfast::validator
