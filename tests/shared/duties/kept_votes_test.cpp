// Votes that wait for the gate: which stay, which go, in which order.
#include "shared/duties/kept_votes.hpp"

#include <gtest/gtest.h>

#include "shared/duties/gate.hpp"

namespace holdfast::duties {
namespace {

constexpr std::uint64_t kSlots = 8;

KeptVote vote(std::uint64_t slot, std::initializer_list<std::uint64_t> validators = {1}) {
    KeptVote result;
    result.report.slot = Slot{slot};
    result.report.epoch = Epoch{slot / kSlots};
    for (const std::uint64_t index : validators) {
        beacon::AttesterDuty duty;
        duty.validator_index = ValidatorIndex{index};
        duty.slot = Slot{slot};
        result.duties.push_back(duty);
    }
    return result;
}

std::vector<std::uint64_t> slots_of(const std::vector<KeptVote>& votes) {
    std::vector<std::uint64_t> slots;
    for (const KeptVote& kept : votes) slots.push_back(kept.report.slot.value);
    return slots;
}

TEST(KeptVotes, NewestFirst) {
    KeptVotes kept{kSlots};
    for (const std::uint64_t slot : {17U, 16U, 19U, 18U}) kept.keep(vote(slot));
    EXPECT_EQ(slots_of(kept.take_all()), (std::vector<std::uint64_t>{19, 18, 17, 16}));
    EXPECT_TRUE(kept.empty());
}

TEST(KeptVotes, ThisEpochAndTheLastSlotBeforeItStay) {
    KeptVotes kept{kSlots};
    for (std::uint64_t slot = 14; slot < 27; ++slot) kept.keep(vote(slot));
    kept.forget_before(Slot{26});
    EXPECT_EQ(slots_of(kept.take_all()), (std::vector<std::uint64_t>{26, 25, 24, 23}));
    kept.keep(vote(0));
    kept.forget_before(Slot{3});
    EXPECT_FALSE(kept.empty());
}

TEST(KeptVotes, OfTheLastEpoch) {
    KeptVotes kept{kSlots};
    kept.keep(vote(24));
    EXPECT_EQ(kept.of_last_epoch(Epoch{3}), nullptr);
    kept.keep(vote(23));
    ASSERT_NE(kept.of_last_epoch(Epoch{3}), nullptr);
    EXPECT_EQ(kept.take(Slot{23}).report.slot, Slot{23});
    EXPECT_EQ(kept.of_last_epoch(Epoch{3}), nullptr);
    EXPECT_FALSE(kept.empty());
}

TEST(KeptVotes, ASecondOneForASlotAddsItsDuties) {
    KeptVotes kept{kSlots};
    kept.keep(vote(17, {1, 2}));
    kept.keep(vote(17, {3}));
    EXPECT_EQ(kept.take(Slot{17}).duties.size(), 3U);
}

TEST(Gate, OpenUpToASlot) {
    Gate gate;
    EXPECT_FALSE(gate.open_for(Slot{1}));
    gate.close_after(Slot{5});
    EXPECT_FALSE(gate.open_for(Slot{1})) << "it was never open";
    gate.begin_opening();
    EXPECT_FALSE(gate.open_for(Slot{1}));
    EXPECT_FALSE(gate.closed());
    gate.open();
    gate.close_after(Slot{5});
    EXPECT_TRUE(gate.open_for(Slot{5}));
    EXPECT_FALSE(gate.open_for(Slot{6}));
    gate.open();
    EXPECT_TRUE(gate.open_for(Slot{6}));
    gate.close();
    EXPECT_FALSE(gate.open_for(Slot{5}));
}

}  // namespace
}  // namespace holdfast::duties
