// Which duties are right when nodes differ: the rule, and what is held after a check.
#include "shared/duties/duty_cross_check.hpp"

#include "tests/shared/duties/duty_fixture.hpp"

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

TEST(DutyCrossCheck, OfTheSameDutiesThoseWithADependentRoot) {
    EXPECT_EQ(judge_duties({{0, root(1), {}}, {1, root(1), root(7)}, {2, root(1), root(8)}}, {}).use, 1U);
    EXPECT_EQ(judge_duties({{0, root(1), {}}, {1, root(2), root(7)}, {2, root(1), {}}}, {}).use, 0U) << "most decide";
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

class CrossCheckTest : public DutyFixture {
protected:
    std::unordered_map<PublicKey, ValidatorIndex> validators{{test_key(1), ValidatorIndex{1}}};
    std::function<const std::unordered_map<PublicKey, ValidatorIndex>&()> active{
        [this]() -> const std::unordered_map<PublicKey, ValidatorIndex>& { return validators; }};
    AttesterDutiesService attesters{parts(), active, {}};
    DutyOutlook proposers{parts(), active, {}};
    DutyCrossCheck check{parts(), attesters, proposers, active, 1s};

    CrossCheckTest() : DutyFixture({test_key(1)}) { group.spawn("check", check.run()); }
    ~CrossCheckTest() override { end_tasks(); }

    static beacon::ProposerDuties duties(std::uint64_t index, std::optional<Root> dependent_root) {
        return {Epoch{0}, {{test_key(1), ValidatorIndex{index}, Slot{8}}}, dependent_root};
    }
    void nodes_say(const std::vector<beacon::ProposerDuties>& all) {
        for (std::size_t i = 0; i < fakes.size(); ++i) fakes[i]->on_proposer_duties = [one = all[i]](Epoch) { return one; };
    }
};

TEST_F(CrossCheckTest, WhatMostNodesSayOfProposersIsUsed) {
    ASSERT_TRUE(proposers.put(duties(2, root(7)), false));
    nodes_say({duties(2, root(7)), duties(1, root(7)), duties(1, root(7))});
    time.advance(kSlotTime);
    EXPECT_EQ(proposers.all(Epoch{0}).duties.at(0).validator_index, ValidatorIndex{1});
    EXPECT_EQ(check.proposers().replaced, 1U);
}

// A node with version 1 of the call was asked first, others were away.
TEST_F(CrossCheckTest, ADependentRootThatWasMissingIsTaken) {
    ASSERT_TRUE(proposers.put(duties(1, std::nullopt), false));
    nodes_say({duties(1, std::nullopt), duties(1, root(7)), duties(1, root(7))});
    time.advance(kSlotTime);
    EXPECT_EQ(proposers.all(Epoch{0}).dependent_root, root(7));
    EXPECT_EQ(check.proposers().same, 1U);
    EXPECT_EQ(check.proposers().different, 0U) << "the duties are the same";
}

TEST_F(CrossCheckTest, ADependentRootThatIsKnownStays) {
    ASSERT_TRUE(proposers.put(duties(1, root(7)), false));
    const std::uint64_t version = proposers.version(Epoch{0});
    nodes_say({duties(1, std::nullopt), duties(1, std::nullopt), duties(1, root(8))});
    time.advance(2 * kSlotTime);
    EXPECT_EQ(check.proposers().same, 1U);
    EXPECT_EQ(proposers.version(Epoch{0}), version);
}

}  // namespace
}  // namespace holdfast::duties
