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

TEST(FencedBy, MoreMembersHigherThanAQuorumCanSpare) {
    const KnownTenure ours{{5, "primary", {}}, true};
    const KnownTenure higher{kSeven, true};
    EXPECT_FALSE(fenced_by({ours, ours, ours, ours}, 3, 5));
    EXPECT_FALSE(fenced_by({ours, ours, ours, higher}, 3, 5)) << "three are left";
    ASSERT_TRUE(fenced_by({ours, ours, higher, higher}, 3, 5));
    EXPECT_EQ(fenced_by({ours, ours, higher, higher}, 3, 5), kSeven);
    EXPECT_FALSE(fenced_by({higher, higher, higher, higher}, 3, 0)) << "shared mode";
}

// A rival reached one member and failed; another member is down. Nobody would ever get a quorum again.
TEST(FencedBy, AcquisitionThatFailedHalfWay_AndAMemberIsDown) {
    const KnownTenure ours{{5, "primary", {}}, true};
    const KnownTenure down{{5, "primary", {}}, false};
    const KnownTenure higher{kSeven, true};
    EXPECT_TRUE(fenced_by({ours, ours, down, higher}, 3, 5));
    EXPECT_FALSE(fenced_by({ours, down, down, higher}, 3, 5)) << "there is no quorum for anybody";
    EXPECT_FALSE(fenced_by({ours, ours, down, down}, 3, 5)) << "nobody has a higher one";
}

TEST(Tenure, SaysWhoHoldsItSinceWhen) {
    EXPECT_EQ(describe(kSeven), "generation 7, held by secondary since 2023-11-14T22:13:20Z");
}

}  // namespace
}  // namespace holdfast::protection
