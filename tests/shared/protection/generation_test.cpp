// Goal: fencing as in design section 1, "Generations". Method: each case that only one rule decides.
#include "shared/protection/generation.hpp"

#include <gtest/gtest.h>

namespace holdfast::protection {
namespace {

const Tenure kSeven{7, "secondary", WallTime{std::chrono::seconds{1'700'000'000}}};

TEST(Fence, LowerIsFenced_HigherIsLearned_EqualGoesOn) {
    EXPECT_EQ(check_generation(kSeven, Mode::kFenced, 6), Fence::kFenced);
    EXPECT_EQ(check_generation(kSeven, Mode::kFenced, 7), Fence::kCurrent);
    EXPECT_EQ(check_generation(kSeven, Mode::kFenced, 8), Fence::kLearned);
}

TEST(Fence, GenerationZeroBelongsToSharedClusters) {
    EXPECT_EQ(check_generation({}, Mode::kFenced, 0), Fence::kWrongMode);
    EXPECT_EQ(check_generation({}, Mode::kShared, 1), Fence::kWrongMode);
    EXPECT_EQ(check_generation({}, Mode::kShared, 0), Fence::kCurrent);
}

TEST(Acquire, OnlyHigher_OrTheSameHolderAgain) {
    EXPECT_TRUE(may_acquire({}, Mode::kFenced, 1, "primary"));
    EXPECT_TRUE(may_acquire(kSeven, Mode::kFenced, 8, "primary"));
    EXPECT_TRUE(may_acquire(kSeven, Mode::kFenced, 7, "secondary"));
    EXPECT_FALSE(may_acquire(kSeven, Mode::kFenced, 7, "primary"));
    EXPECT_FALSE(may_acquire(kSeven, Mode::kFenced, 6, "secondary"));
    EXPECT_FALSE(may_acquire({}, Mode::kFenced, 0, "primary"));
    EXPECT_FALSE(may_acquire({}, Mode::kShared, 1, "primary"));
}

TEST(Tenure, SaysWhoHoldsItSinceWhen) {
    EXPECT_EQ(describe(kSeven), "generation 7, held by secondary since 2023-11-14T22:13:20Z");
}

}  // namespace
}  // namespace holdfast::protection
