// Goal: a successor signs what its predecessor may have signed. Method: answers of members, one situation a test.
#include "shared/protection/adoption.hpp"

#include <gtest/gtest.h>

#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protection {
namespace {

RecordGroup group(std::uint64_t message, std::vector<PublicKey> of, bool with_data = true) {
    RecordGroup group{vote(9, 10, message), nullptr, std::move(of)};
    if (with_data) group.data = std::make_shared<const ethereum::AttestationData>(attestation_data(9, 10, message));
    return group;
}

AdoptionPlan plan(const std::vector<std::vector<RecordGroup>>& answers) {
    auto result = plan_adoption(answers, 3, 4);
    EXPECT_TRUE(result) << result.error().message;
    return result ? result.value() : AdoptionPlan{};
}

TEST(Adoption, OneHolderOfThoseReadIsEnough) {
    const AdoptionPlan adopted = plan({{group(1, keys(2))}, {}, {}});
    ASSERT_EQ(adopted.adopt.size(), 1U);
    EXPECT_EQ(adopted.adopt[0].mark, vote(9, 10, 1));
    EXPECT_EQ(adopted.adopt[0].data->beacon_block_root, root(1));
    EXPECT_EQ(adopted.adopt[0].keys.size(), 2U);
    EXPECT_TRUE(adopted.lost.empty());
}

TEST(Adoption, NothingRecorded_NothingToAdopt) { EXPECT_TRUE(plan({{}, {}, {}}).adopt.empty()); }

TEST(Adoption, FewerThanAQuorumAnswered_NoPlan) {
    const auto result = plan_adoption({{}, {}}, 3, 4);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
    EXPECT_NE(result.error().message.find("only 2 of 4"), std::string::npos);
}

TEST(Adoption, OfTwoMessagesTheOneWithMoreHolders) {
    const AdoptionPlan adopted = plan({{group(1, keys(1))}, {group(2, keys(1))}, {group(2, keys(1))}});
    ASSERT_EQ(adopted.adopt.size(), 1U);
    EXPECT_EQ(adopted.adopt[0].mark, vote(9, 10, 2));
}

// Two of four hold the other message: no message can get three any more.
TEST(Adoption, NoMessageCanReachAQuorum_Lost) {
    const AdoptionPlan adopted = plan({{group(1, keys(1))}, {group(2, keys(1))}, {group(1, keys(1))}, {group(2, keys(1))}});
    EXPECT_TRUE(adopted.adopt.empty());
    EXPECT_EQ(adopted.lost, keys(1));
}

TEST(Adoption, EachValidatorForItself) {
    const AdoptionPlan adopted =
        plan({{group(1, {key(0)}), group(2, {key(1)})}, {group(1, {key(0), key(1)})}, {group(1, {key(1)})}});
    ASSERT_EQ(adopted.adopt.size(), 1U);
    EXPECT_EQ(adopted.adopt[0].keys.size(), 2U);
}

TEST(Adoption, DataFromWhicheverMemberHasIt) {
    const AdoptionPlan adopted = plan({{group(1, keys(1), false)}, {group(1, keys(1), true)}, {}});
    ASSERT_EQ(adopted.adopt.size(), 1U);
    EXPECT_TRUE(adopted.adopt[0].data);
}

TEST(Adoption, WithoutDataOrSigningRoot_Lost) {
    EXPECT_EQ(plan({{group(1, keys(1), false)}, {}, {}}).lost, keys(1));
    RecordGroup unknown = group(1, keys(1));
    unknown.mark.signing_root = Root{};
    EXPECT_EQ(plan({{unknown}, {}, {}}).lost, keys(1));
}

TEST(KeysInUse, AQuorumHasARecord) {
    const std::vector<std::vector<RecordGroup>> answers{{group(1, keys(2))}, {group(1, keys(2))}, {group(1, keys(1))}, {}};
    EXPECT_EQ(keys_in_use(answers, 2), keys(2));
    EXPECT_EQ(keys_in_use(answers, 3), keys(1));
}

// A vote that was cut short: two members have it, two still have the one before.
TEST(KeysInUse, DifferentRecords_AddUp) {
    const std::vector<std::vector<RecordGroup>> answers{
        {group(2, keys(1))}, {group(2, keys(1))}, {group(1, keys(1))}, {group(1, keys(1))}};
    EXPECT_EQ(keys_in_use(answers, 3), keys(1));
}

TEST(KeysInUse, MemberCountsOnce) {
    EXPECT_TRUE(keys_in_use({{group(1, keys(1)), group(2, keys(1))}, {group(2, keys(1))}, {}}, 3).empty());
}

// Imported from another client: it may have signed that, and may still be running.
TEST(KeysInUse, WithoutData_NotOfThisCluster) {
    EXPECT_TRUE(keys_in_use({{group(1, keys(1), false)}, {group(1, keys(1), false)}, {group(1, keys(1))}}, 2).empty());
}

}  // namespace
}  // namespace holdfast::protection
