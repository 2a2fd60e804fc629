#include "shared/duties/duty_book.hpp"

#include <gtest/gtest.h>

namespace holdfast::duties {
namespace {

using beacon::AttesterDuties;
using beacon::AttesterDuty;

PublicKey key(std::uint8_t seed) {
    PublicKey k;
    k.bytes.fill(seed);
    return k;
}
Root root(std::uint8_t seed) {
    Root r;
    r.bytes.fill(seed);
    return r;
}

AttesterDuty duty(std::uint8_t seed, std::uint64_t slot) {
    return {key(seed), ValidatorIndex{seed}, Slot{slot}, CommitteeIndex{1}, 4, 2, 3};
}

class DutyBookTest : public testing::Test {
protected:
    DutyBook book{8};
    std::unordered_map<PublicKey, ValidatorIndex> ours{{key(1), ValidatorIndex{1}}, {key(2), ValidatorIndex{2}}};

    Result<void> put(std::uint64_t epoch, std::vector<AttesterDuty> duties, std::uint8_t dependent = 0xD0) {
        return book.put({Epoch{epoch}, root(dependent), std::move(duties)}, ours);
    }
};

TEST_F(DutyBookTest, GivesTheDutiesOfASlot) {
    ASSERT_TRUE(put(2, {duty(1, 16), duty(2, 23)}));
    ASSERT_EQ(book.at(Slot{23}).size(), 1U);
    EXPECT_EQ(book.at(Slot{23})[0].validator_index, ValidatorIndex{2});
    EXPECT_TRUE(book.at(Slot{17}).empty());
    EXPECT_TRUE(book.knows(Epoch{2}));
    EXPECT_FALSE(book.knows(Epoch{3}));
}

TEST_F(DutyBookTest, RefusesImpossibleDutiesAndKeepsWhatItKnew) {
    ASSERT_TRUE(put(2, {duty(1, 16)}));
    EXPECT_FALSE(put(2, {duty(1, 24)})) << "slot of the next epoch";
    EXPECT_FALSE(put(2, {duty(1, 15)})) << "slot of the epoch before";
    EXPECT_FALSE(put(2, {duty(3, 17)})) << "key not ours";
    EXPECT_FALSE(put(2, {duty(1, 17), duty(1, 18)})) << "validator twice";
    AttesterDuty other_index = duty(1, 17);
    other_index.validator_index = ValidatorIndex{9};
    EXPECT_FALSE(put(2, {other_index}));
    AttesterDuty place = duty(1, 17);
    place.validator_committee_index = 4;
    EXPECT_FALSE(put(2, {place}));
    AttesterDuty committee = duty(1, 17);
    committee.committee_index = CommitteeIndex{2};
    EXPECT_FALSE(put(2, {committee}));
    EXPECT_EQ(book.at(Slot{16}).size(), 1U);
}

TEST_F(DutyBookTest, DependentRootsOfAHeadSayWhichEpochsAreStale) {
    ASSERT_TRUE(put(2, {duty(1, 16)}, 0xD2));
    ASSERT_TRUE(put(3, {duty(1, 24)}, 0xD3));
    beacon::HeadEvent event{Slot{17}, root(0xBB), root(0xD2), root(0xD3), false};
    EXPECT_TRUE(book.stale_after(event).empty());
    event.previous_duty_dependent_root = root(0xEE);
    EXPECT_EQ(book.stale_after(event), std::vector<Epoch>{Epoch{2}});
    event.current_duty_dependent_root = root(0xEF);
    EXPECT_EQ(book.stale_after(event), (std::vector<Epoch>{Epoch{2}, Epoch{3}}));
    event.previous_duty_dependent_root = Root{};
    event.current_duty_dependent_root = Root{};
    EXPECT_TRUE(book.stale_after(event).empty()) << "a node that does not say";
    // In the next epoch the same block is the previous one's.
    EXPECT_TRUE(book.stale_after({Slot{24}, root(0xBB), root(0xD3), root(0xFF), false}).empty());
}

TEST_F(DutyBookTest, KnowsWhenAValidatorWasNotAskedFor) {
    ASSERT_TRUE(put(2, {}));
    EXPECT_TRUE(book.asked_for_all(Epoch{2}, ours));
    ours.emplace(key(3), ValidatorIndex{3});
    EXPECT_FALSE(book.asked_for_all(Epoch{2}, ours));
    EXPECT_FALSE(book.asked_for_all(Epoch{3}, ours));
}

TEST_F(DutyBookTest, ForgetsOldEpochs) {
    ASSERT_TRUE(put(2, {duty(1, 16)}));
    ASSERT_TRUE(put(3, {duty(1, 24)}));
    book.forget_before(Epoch{3});
    EXPECT_FALSE(book.knows(Epoch{2}));
    EXPECT_TRUE(book.knows(Epoch{3}));
}

}  // namespace
}  // namespace holdfast::duties
