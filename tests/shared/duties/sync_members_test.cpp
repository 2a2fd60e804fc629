// Who of ours sits in which sync committee.
#include "shared/duties/sync_members.hpp"

#include <gtest/gtest.h>

namespace holdfast::duties {
namespace {

PublicKey key_of(std::uint64_t index) {
    PublicKey key;
    key.bytes[0] = static_cast<std::uint8_t>(index + 1);
    return key;
}
beacon::SyncDuty duty(std::uint64_t index, std::vector<std::uint64_t> positions) {
    return {key_of(index), ValidatorIndex{index}, std::move(positions)};
}

class SyncMembersTest : public ::testing::Test {
protected:
    SyncMembers members{4, 32};  // periods of four epochs, subcommittees of 8
    SyncMembers::Validators ours{{key_of(0), ValidatorIndex{0}}, {key_of(1), ValidatorIndex{1}}};

    void put(std::uint64_t first, std::uint64_t when, std::vector<beacon::SyncDuty> duties) {
        ASSERT_TRUE(members.put(Epoch{first}, Epoch{when}, ours, std::move(duties)).has_value());
    }
};

TEST_F(SyncMembersTest, Periods) {
    EXPECT_EQ(members.first_of_period(Epoch{0}), Epoch{0});
    EXPECT_EQ(members.first_of_period(Epoch{7}), Epoch{4});
    EXPECT_EQ(members.next_period(Epoch{7}), Epoch{8});
    put(4, 5, {duty(0, {1})});
    EXPECT_TRUE(members.at(Epoch{3}).empty());
    EXPECT_EQ(members.at(Epoch{4}).size(), 1U);
    EXPECT_EQ(members.at(Epoch{7}).size(), 1U);
    EXPECT_TRUE(members.at(Epoch{8}).empty());
    EXPECT_TRUE(members.known(Epoch{5}));
    EXPECT_FALSE(members.known(Epoch{8}));
}

TEST_F(SyncMembersTest, SubcommitteesEachOnce) {
    put(0, 0, {duty(0, {31, 0, 7, 8, 9}), duty(1, {16})});
    EXPECT_EQ(members.subcommittees(members.at(Epoch{0})[0]), (std::vector<std::uint64_t>{0, 1, 3}));
    EXPECT_EQ(members.subcommittees(members.at(Epoch{0})[1]), (std::vector<std::uint64_t>{2}));
}

TEST_F(SyncMembersTest, ValidatorNamedOncePerPosition_OneMember) {
    put(0, 0, {duty(0, {9}), duty(0, {3}), duty(0, {9}), duty(1, {})});
    ASSERT_EQ(members.at(Epoch{0}).size(), 1U);
    EXPECT_EQ(members.at(Epoch{0})[0].positions, (std::vector<std::uint64_t>{3, 9}));
}

TEST_F(SyncMembersTest, WhatCannotBe_Refused) {
    put(0, 0, {duty(0, {1})});
    EXPECT_FALSE(members.put(Epoch{0}, Epoch{0}, ours, {duty(2, {1})}).has_value());
    EXPECT_FALSE(members.put(Epoch{0}, Epoch{0}, ours, {{key_of(0), ValidatorIndex{1}, {1}}}).has_value());
    EXPECT_FALSE(members.put(Epoch{0}, Epoch{0}, ours, {duty(0, {32})}).has_value());
    EXPECT_EQ(members.at(Epoch{0}).size(), 1U);
}

TEST_F(SyncMembersTest, Until_ThisPeriodOrTheNext) {
    EXPECT_FALSE(members.until(Epoch{5}));
    put(8, 5, {duty(0, {1})});
    EXPECT_FALSE(members.until(Epoch{5}));  // in the next only
    put(4, 5, {duty(0, {1})});
    EXPECT_EQ(members.until(Epoch{5}), Epoch{11});
    put(8, 5, {});
    EXPECT_EQ(members.until(Epoch{5}), Epoch{7});
}

TEST_F(SyncMembersTest, OtherValidators_AskedAgain) {
    put(4, 5, {});
    EXPECT_TRUE(members.settled(Epoch{4}, Epoch{5}, ours));
    EXPECT_FALSE(members.settled(Epoch{8}, Epoch{5}, ours));
    SyncMembers::Validators more = ours;
    more.emplace(key_of(2), ValidatorIndex{2});
    EXPECT_FALSE(members.settled(Epoch{4}, Epoch{5}, more));
}

// Epoch 4 draws the committee of epochs 8 to 11; another branch may draw another.
TEST_F(SyncMembersTest, AskedInTheEpochItWasDrawn_AskedOnceMoreLater) {
    put(8, 4, {});
    EXPECT_TRUE(members.settled(Epoch{8}, Epoch{4}, ours));
    EXPECT_FALSE(members.settled(Epoch{8}, Epoch{5}, ours));
    put(8, 5, {});
    EXPECT_TRUE(members.settled(Epoch{8}, Epoch{5}, ours));
    EXPECT_TRUE(members.settled(Epoch{8}, Epoch{8}, ours));
    put(0, 0, {});
    EXPECT_TRUE(members.settled(Epoch{0}, Epoch{2}, ours));
}

TEST_F(SyncMembersTest, ForgetsPastPeriods) {
    put(0, 3, {duty(0, {1})});
    put(4, 3, {duty(0, {1})});
    members.forget_before(Epoch{3});
    EXPECT_TRUE(members.known(Epoch{3}));
    members.forget_before(Epoch{4});
    EXPECT_FALSE(members.known(Epoch{3}));
    EXPECT_TRUE(members.known(Epoch{4}));
}

TEST_F(SyncMembersTest, ChainWithoutSyncCommittees_NobodyEver) {
    SyncMembers none{0, 32};
    EXPECT_TRUE(none.known(Epoch{9}));
    EXPECT_TRUE(none.at(Epoch{9}).empty());
    EXPECT_FALSE(none.until(Epoch{9}));
}

}  // namespace
}  // namespace holdfast::duties
