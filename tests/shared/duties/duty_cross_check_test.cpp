// Which duties are right when nodes differ: the rule.
#include "shared/duties/duty_cross_check.hpp"

#include <gtest/gtest.h>

namespace holdfast::duties {
namespace {

Root root(std::uint8_t number) {
    Root result;
    result.bytes.fill(number);
    return result;
}

TEST(DutyCrossCheck, AllTheSame) {
    const DutyVerdict verdict = judge_duties({{0, root(1), {}}, {2, root(1), {}}}, {});
    EXPECT_FALSE(verdict.differ);
    EXPECT_EQ(verdict.use, 0U);
}

TEST(DutyCrossCheck, MostDecide) {
    const DutyVerdict verdict = judge_duties({{0, root(1), {}}, {1, root(2), {}}, {2, root(2), {}}}, {});
    EXPECT_TRUE(verdict.differ);
    EXPECT_EQ(verdict.use, 1U);
}

TEST(DutyCrossCheck, OneEach_TheBlockThatHeadsNameDecides) {
    const std::vector<GivenDuties> given{{0, root(1), root(7)}, {1, root(2), root(8)}};
    EXPECT_EQ(judge_duties(given, root(8)).use, 1U);
    EXPECT_EQ(judge_duties(given, root(7)).use, 0U);
    EXPECT_FALSE(judge_duties(given, root(9)).use);
    EXPECT_FALSE(judge_duties(given, {}).use);
    EXPECT_FALSE(judge_duties({{0, root(1), {}}, {1, root(2), {}}}, root(8)).use) << "v1 of the call names none";
}

TEST(DutyCrossCheck, TheOrderOfDutiesIsNoDifference_AnythingElseIs) {
    beacon::AttesterDuties one{Epoch{1}, {}, {}};
    one.duties.push_back({{}, ValidatorIndex{1}, Slot{8}, CommitteeIndex{0}, 4, 2, 1});
    one.duties.push_back({{}, ValidatorIndex{2}, Slot{9}, CommitteeIndex{1}, 4, 2, 0});
    beacon::AttesterDuties other = one;
    std::swap(other.duties[0], other.duties[1]);
    EXPECT_EQ(fingerprint(one), fingerprint(other));
    other.duties[0].validator_committee_index = 3;
    EXPECT_NE(fingerprint(one), fingerprint(other));
    beacon::ProposerDuties proposers{Epoch{1}, {{{}, ValidatorIndex{1}, Slot{8}}, {{}, ValidatorIndex{2}, Slot{9}}}, {}};
    beacon::ProposerDuties swapped{Epoch{1}, {{{}, ValidatorIndex{2}, Slot{8}}, {{}, ValidatorIndex{1}, Slot{9}}}, {}};
    EXPECT_NE(fingerprint(proposers), fingerprint(swapped));
}

}  // namespace
}  // namespace holdfast::duties
