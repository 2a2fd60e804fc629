// Which block the sync committee's messages name, and what is said of a payload: the pure rules, table by table.
#include "shared/duties/head_majority.hpp"

#include <gtest/gtest.h>

#include "shared/duties/payload_majority.hpp"

namespace holdfast::duties {
namespace {

Root block(std::uint8_t number) {
    Root root;
    root.bytes.fill(number);
    return root;
}
const Root kOld = block(1);
const Root kNew = block(2);
const Root kOther = block(3);

HeadMajority of_three(std::size_t threshold = 2) {
    HeadMajority heads{3, threshold};
    heads.set_fit({true, true, true});
    return heads;
}

TEST(HeadMajority, OneOfThreeAnnounced_NotEnough) {
    HeadMajority heads = of_three();
    heads.announced(0, kNew);
    EXPECT_FALSE(heads.announced_by_enough());
    heads.announced(0, kNew);  // once more by the same node
    EXPECT_FALSE(heads.announced_by_enough());
    heads.announced(2, kOther);
    EXPECT_FALSE(heads.announced_by_enough());
}

TEST(HeadMajority, ThresholdAnnounced_Enough) {
    HeadMajority heads = of_three();
    heads.announced(0, kOther);
    heads.announced(1, kNew);
    heads.announced(2, kNew);
    EXPECT_EQ(heads.announced_by_enough(), kNew);
}

TEST(HeadMajority, AnnouncedByUnfitNodes_DoesNotCount) {
    HeadMajority heads = of_three();
    heads.announced(0, kNew);
    heads.announced(1, kNew);
    heads.set_fit({true, false, true});
    EXPECT_FALSE(heads.announced_by_enough());
    heads.set_fit({true, true, true});
    EXPECT_EQ(heads.announced_by_enough(), kNew);
}

TEST(HeadMajority, FewerNodesFitThanTheThreshold_TheyAreEnough) {
    HeadMajority heads = of_three(3);
    heads.set_fit({false, true, false});
    EXPECT_FALSE(heads.announced_by_enough());
    heads.announced(1, kNew);
    EXPECT_EQ(heads.announced_by_enough(), kNew);
}

TEST(HeadMajority, NobodyFit_Nothing) {
    HeadMajority heads{3, 2};
    heads.announced(0, kNew);
    heads.told(1, kNew);
    EXPECT_FALSE(heads.announced_by_enough());
    EXPECT_FALSE(heads.certain());
    EXPECT_FALSE(heads.most());
}

TEST(HeadMajority, NodeWithAnotherBlockLater_TheLastCounts) {
    HeadMajority heads = of_three();
    heads.announced(0, kOther);
    heads.announced(1, kNew);
    heads.announced(0, kNew);
    EXPECT_EQ(heads.announced_by_enough(), kNew);
}

TEST(HeadMajority, TwoOfThreeSayTheSame_CertainBeforeTheThird) {
    HeadMajority heads = of_three();
    heads.told(0, kOld);
    EXPECT_FALSE(heads.certain());
    heads.told(2, kOld);
    EXPECT_EQ(heads.certain(), kOld);
}

TEST(HeadMajority, TheThirdCouldDecide_NotCertain) {
    HeadMajority heads = of_three();
    heads.told(0, kOld);
    heads.told(1, kNew);
    EXPECT_FALSE(heads.certain());
    heads.told(2, kNew);
    EXPECT_EQ(heads.certain(), kNew);
}

TEST(HeadMajority, TheFourthCouldDrawLevel_NotCertain) {
    HeadMajority heads{4, 2};
    heads.set_fit({true, true, true, true});
    heads.told(0, kOld);
    heads.told(1, kOld);
    heads.announced(2, kNew);
    EXPECT_FALSE(heads.certain());
    heads.announced(3, kNew);
    EXPECT_EQ(heads.certain(), kNew);
}

TEST(HeadMajority, TheRestFailed_WhatThereIsIsCertain) {
    HeadMajority heads = of_three();
    heads.failed(0);
    heads.failed(1);
    EXPECT_FALSE(heads.certain());
    heads.told(2, kOld);
    EXPECT_EQ(heads.certain(), kOld);
}

TEST(HeadMajority, AnnouncedBeatsAskedOfTheSameNode) {
    HeadMajority heads = of_three();
    heads.announced(0, kNew);
    heads.told(0, kOld);  // asked before it saw the block, answered after
    heads.told(1, kNew);
    EXPECT_EQ(heads.certain(), kNew);
}

TEST(HeadMajority, Tie_ABlockOfThisSlotFirst) {
    HeadMajority heads{2, 2};
    heads.set_fit({true, true});
    heads.told(0, kOld);
    heads.announced(1, kNew);
    EXPECT_EQ(heads.most(), kNew);
    EXPECT_EQ(heads.certain(), kNew);
}

TEST(HeadMajority, Tie_ElseTheFirstNode) {
    HeadMajority heads{4, 2};
    heads.set_fit({true, true, true, true});
    heads.told(3, kOld);
    heads.told(1, kOther);
    heads.told(2, kOld);
    heads.told(0, kOther);
    EXPECT_EQ(heads.most(), kOther);
}

TEST(HeadMajority, NodesThatDoNotExist_Ignored) {
    HeadMajority heads = of_three();
    heads.announced(3, kNew);
    heads.told(9, kNew);
    heads.failed(7);
    EXPECT_FALSE(heads.most());
}

ethereum::PayloadAttestationData payload(const Root& root, bool present, bool blobs) { return {root, Slot{5}, present, blobs}; }

TEST(PayloadMajority, MostNodesDecide) {
    PayloadMajority majority;
    EXPECT_FALSE(majority.most());
    EXPECT_FALSE(majority.certain(0));
    majority.said(payload(kNew, true, true));
    EXPECT_FALSE(majority.certain(2));
    majority.said(payload(kNew, false, false));
    EXPECT_FALSE(majority.certain(1));
    majority.said(payload(kNew, false, false));
    EXPECT_EQ(majority.certain(0), payload(kNew, false, false));
    EXPECT_EQ(majority.count(payload(kNew, false, false)), 2U);
}

TEST(PayloadMajority, TwoOfThree_CertainBeforeTheThird) {
    PayloadMajority majority;
    majority.said(payload(kNew, true, false));
    majority.said(payload(kNew, true, false));
    EXPECT_EQ(majority.certain(1), payload(kNew, true, false));
}

TEST(PayloadMajority, Tie_WhatIsThere) {
    PayloadMajority majority;
    majority.said(payload(kNew, false, false));
    majority.said(payload(kNew, true, false));
    EXPECT_EQ(majority.most(), payload(kNew, true, false));
    majority.said(payload(kNew, true, true));
    EXPECT_EQ(majority.most(), payload(kNew, true, true));
    PayloadMajority blocks;
    blocks.said(payload(kOther, true, true));
    blocks.said(payload(kOld, true, true));
    EXPECT_EQ(blocks.most(), payload(kOld, true, true));
}

}  // namespace
}  // namespace holdfast::duties
