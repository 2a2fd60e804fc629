#include "shared/validator/validator_set.hpp"

#include <gtest/gtest.h>

namespace holdfast::validator {
namespace {

PublicKey key(std::uint8_t seed) {
    PublicKey k;
    k.bytes.fill(seed);
    return k;
}

TEST(ValidatorSet, KnowsActivePendingAndUnknownKeys) {
    ValidatorSet set{{key(3), key(1), key(2)}};
    EXPECT_FALSE(set.known());
    EXPECT_TRUE(set.apply({{ValidatorIndex{11}, key(1), "active_ongoing"}, {ValidatorIndex{12}, key(2), "pending_queued"}}));
    ASSERT_EQ(set.active().size(), 1U);
    EXPECT_EQ(set.active().at(key(1)), ValidatorIndex{11});
    EXPECT_EQ(set.unknown(), std::vector<PublicKey>{key(3)});
    EXPECT_EQ(describe(set), "1 active_ongoing, 1 pending_queued, 1 unknown");
}

TEST(ValidatorSet, PendingBecomesActiveAndExitedLeaves) {
    ValidatorSet set{{key(1), key(2)}};
    set.apply({{ValidatorIndex{11}, key(1), "active_ongoing"}, {ValidatorIndex{12}, key(2), "pending_queued"}});
    EXPECT_FALSE(set.apply({{ValidatorIndex{11}, key(1), "active_exiting"}, {ValidatorIndex{12}, key(2), "pending_queued"}}));
    EXPECT_TRUE(set.apply({{ValidatorIndex{11}, key(1), "exited_unslashed"}, {ValidatorIndex{12}, key(2), "active_ongoing"}}));
    ASSERT_EQ(set.active().size(), 1U);
    EXPECT_EQ(set.active().at(key(2)), ValidatorIndex{12});
}

TEST(ValidatorSet, IgnoresForeignKeys) {
    ValidatorSet set{{key(1)}};
    EXPECT_FALSE(set.apply({{ValidatorIndex{77}, key(7), "active_ongoing"}}));
    EXPECT_TRUE(set.active().empty());
}

}  // namespace
}  // namespace holdfast::validator
