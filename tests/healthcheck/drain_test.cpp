// When duty may be left.
#include "healthcheck/drain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::healthcheck {
namespace {

using testing::HasSubstr;

TEST(Drain, AtTheEndOfTheSlotsDuties) {
    Drain drain;
    const Drain::Step first = drain.step({Slot{10}, true, {}});
    EXPECT_EQ(first.last_slot, Slot{10});
    EXPECT_FALSE(first.done);
    EXPECT_THAT(first.sentence, HasSubstr("slot 10"));
    EXPECT_FALSE(drain.step({Slot{11}, true, {}}).done);
    const Drain::Step last = drain.step({Slot{11}, false, {}});
    EXPECT_TRUE(last.done);
    EXPECT_EQ(last.last_slot, Slot{10}) << "what was promised stays";
}

TEST(Drain, NothingUnderWay_AtOnce) { EXPECT_TRUE(Drain{}.step({Slot{10}, false, {}}).done); }

TEST(Drain, WaitsForAProposalOfThisAndTheNextSlot) {
    Drain drain;
    for (const std::uint64_t slot : {10U, 11U}) {
        const Drain::Step step = drain.step({Slot{slot}, false, Slot{11}});
        EXPECT_FALSE(step.last_slot);
        EXPECT_FALSE(step.done);
        EXPECT_THAT(step.sentence, HasSubstr("block proposal of ours in slot 11"));
    }
    EXPECT_TRUE(drain.step({Slot{12}, false, Slot{20}}).done);
}

TEST(Drain, ProposalsInEverySlot_AreNotWaitedForForEver) {
    Drain drain;
    for (const std::uint64_t slot : {10U, 11U, 12U, 13U}) EXPECT_FALSE(drain.step({Slot{slot}, false, Slot{slot}}).last_slot);
    EXPECT_FALSE(drain.step({Slot{14}, true, Slot{14}}).done) << "this slot's duties are still performed";
    EXPECT_TRUE(drain.step({Slot{14}, false, Slot{15}}).done);
}

TEST(Drain, AProposalFarAway_IsTheOthersBusiness) { EXPECT_TRUE(Drain{}.step({Slot{10}, false, Slot{12}}).done); }

}  // namespace
}  // namespace holdfast::healthcheck
