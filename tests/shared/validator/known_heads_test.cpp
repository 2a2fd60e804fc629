#include "shared/validator/known_heads.hpp"

#include <gtest/gtest.h>

namespace holdfast::validator {
namespace {

TEST(KnownHeads, AHeadThatOneNodeAloneNamesIsNotKnownWhereTwoAreNeeded) {
    KnownHeads heads;
    heads.add(0, Root{{1}}, Slot{5});
    heads.add(0, Root{{1}}, Slot{5});
    EXPECT_EQ(heads.slot(Root{{1}}, 1), Slot{5});
    EXPECT_FALSE(heads.slot(Root{{1}}, 2)) << "the same node again is no second one";
    heads.add(2, Root{{1}}, Slot{5});
    EXPECT_EQ(heads.slot(Root{{1}}, 2), Slot{5});
    EXPECT_FALSE(heads.slot(Root{{2}}, 1));
}

TEST(KnownHeads, TheOldestAreForgotten) {
    KnownHeads heads;
    for (std::uint8_t i = 0; i <= KnownHeads::kHeadsMax; ++i) heads.add(0, Root{{i, 1}}, Slot{i});
    EXPECT_FALSE(heads.slot(Root{{0, 1}}, 1));
    EXPECT_EQ(heads.slot(Root{{1, 1}}, 1), Slot{1});
}

}  // namespace
}  // namespace holdfast::validator
