// Goal: a generation counts with Q promises, it is asked for above all that is known, and of two rivals one wins.
#include "shared/protection/acquisition.hpp"

#include <gtest/gtest.h>

namespace holdfast::protection {
namespace {

using State = Acquisition::State;

PromiseAnswer yes(std::uint64_t generation, std::uint64_t target = 0) {
    return {true, {generation, "me", {}}, Epoch{target}, Slot{target * 32}};
}
PromiseAnswer no(std::uint64_t in_force, const std::string& holder) { return {false, {in_force, holder, {}}, {}, {}}; }

struct AcquisitionTest : testing::Test {
    Acquisition machine{4, 3, "me"};
    void read(std::initializer_list<std::uint64_t> generations) {
        std::size_t member = 0;
        for (const std::uint64_t generation : generations) machine.on_tenure(member++, {generation, "other", {}});
    }
};

TEST_F(AcquisitionTest, AsksAboveTheHighestAndTakesThreePromises) {
    read({4, 6});
    EXPECT_EQ(machine.state(), State::kReading);
    machine.on_tenure(1, {6, "other", {}});
    EXPECT_EQ(machine.state(), State::kReading) << "a member counts once";
    machine.on_tenure(2, {5, "other", {}});
    EXPECT_EQ(machine.state(), State::kReady);
    EXPECT_EQ(machine.ask(), 7U);
    machine.on_answer(0, 7, yes(7, 10));
    machine.on_answer(0, 7, yes(7, 10));
    machine.on_answer(3, 7, yes(7, 12));
    EXPECT_EQ(machine.state(), State::kAsking) << "a member counts once";
    machine.on_answer(2, 7, yes(7, 11));
    ASSERT_EQ(machine.state(), State::kPromised);
    EXPECT_EQ(machine.promise(), (Promise{7, Epoch{12}, Slot{384}}));
}

TEST_F(AcquisitionTest, WhatWasNotReadComesWithTheRefusal) {
    read({0, 0, 0});
    EXPECT_EQ(machine.ask(), 1U);
    machine.on_answer(3, 1, no(8, "old"));
    EXPECT_TRUE(machine.contested());
    machine.on_failure(0, 1);
    EXPECT_EQ(machine.state(), State::kReady);
    EXPECT_EQ(machine.ask(), 9U);
    EXPECT_FALSE(machine.contested());
}

TEST_F(AcquisitionTest, AnswersToAnEarlierRoundDoNotCount) {
    EXPECT_EQ(machine.ask(), 1U);
    machine.give_up();
    EXPECT_EQ(machine.ask(), 2U);
    for (std::size_t member = 0; member < 4; ++member) {
        machine.on_answer(member, 1, yes(1));
        machine.on_failure(member, 1);
    }
    EXPECT_EQ(machine.state(), State::kAsking);
}

TEST_F(AcquisitionTest, ARivalWithItsQuorumHasWon) {
    read({3, 3, 3});
    EXPECT_EQ(machine.ask(), 4U);
    machine.on_answer(0, 4, no(4, "rival"));
    machine.on_answer(1, 4, no(4, "rival"));
    EXPECT_EQ(machine.state(), State::kReady) << "two of four are no quorum, and we can't have ours any more";
    machine.on_answer(2, 4, no(4, "rival"));
    EXPECT_EQ(machine.state(), State::kLost);
}

TEST_F(AcquisitionTest, SplitPromises_AreAskedAgainAbove) {
    EXPECT_EQ(machine.ask(), 1U);
    machine.on_answer(0, 1, yes(1));
    machine.on_answer(1, 1, yes(1));
    machine.on_answer(2, 1, no(1, "rival"));
    EXPECT_EQ(machine.state(), State::kAsking);
    machine.on_answer(3, 1, no(1, "rival"));
    EXPECT_EQ(machine.state(), State::kReady);
    EXPECT_EQ(machine.ask(), 2U);
}

TEST_F(AcquisitionTest, TheOneOnDutyBeforeUsIsNoRival) {
    read({5, 5, 5, 5});
    EXPECT_EQ(machine.ask(), 6U);
    machine.on_answer(0, 6, no(5, "other"));
    machine.on_answer(1, 6, no(5, "other"));
    EXPECT_EQ(machine.state(), State::kReady);
}

}  // namespace
}  // namespace holdfast::protection
