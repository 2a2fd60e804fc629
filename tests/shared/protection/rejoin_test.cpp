// Goal: a member that lost its disk takes the highest of what enough others know, and a floor above all that may have been in
// flight. Method: answers of members, one rule a test.
#include "shared/protection/rejoin.hpp"

#include <gtest/gtest.h>

#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protection {
namespace {

constexpr ChainTime kNow{Epoch{20}, Slot{640}};
constexpr std::uint64_t kSlotsPerEpoch = 32;

MemberRecords answer(const std::string& node, std::optional<AttestationMark> last, std::uint64_t slot = 640) {
    MemberRecords records;
    records.node = node;
    records.now = {Epoch{slot / kSlotsPerEpoch}, Slot{slot}};
    records.seen_of_asker = {1, 40};
    if (last) {
        records.highest_target = last->target.value;
        records.entries.push_back({key(1), {last, nullptr, {}, false, false}});
    }
    return records;
}

Result<RejoinPlan> plan(const std::vector<MemberRecords>& answers) { return plan_rejoin(answers, 4, 3, kNow, kSlotsPerEpoch); }

TEST(Rejoin, TakesTheHighestOfAll) {
    MemberRecords second = answer("p3", vote(18, 20, 2));
    second.tenure = {7, "secondary", {}};
    second.entries[0].record.block = block(639, 5);
    second.entries[0].record.halted = true;
    const auto result = plan({answer("p2", vote(18, 19, 1)), second});
    ASSERT_TRUE(result) << result.error().message;
    ASSERT_EQ(result.value().entries.size(), 1U);
    const ValidatorRecord& record = result.value().entries[0].record;
    EXPECT_EQ(*record.attestation, vote(18, 20, 2));
    EXPECT_EQ(*record.block, block(639, 5));
    EXPECT_TRUE(record.halted);
    EXPECT_EQ(result.value().tenure.generation, 7U);
    EXPECT_EQ(result.value().position, (Position{2, 0}));
}

TEST(Rejoin, FloorIsAboveTheClockAndEverySeenTarget) {
    const auto by_clock = plan({answer("p2", {}), answer("p3", {})});
    EXPECT_EQ(by_clock.value().floor.target, Epoch{21});
    // 32 slots ahead is the latest block that any clock within its margin could have voted for.
    EXPECT_EQ(by_clock.value().floor.slot, Slot{640 + 2 + 32});
    const auto by_target = plan({answer("p2", vote(20, 21, 1)), answer("p3", {})});
    EXPECT_EQ(by_target.value().floor.target, Epoch{22});
}

// Some clock may already have been in the next epoch.
TEST(Rejoin, FloorAtAnEpochsEnd_CoversClocksThatAreASlotAhead) {
    const ChainTime end{Epoch{20}, Slot{671}};
    const auto result = plan_rejoin({answer("p2", {}, 671), answer("p3", {}, 671)}, 4, 3, end, kSlotsPerEpoch);
    EXPECT_EQ(result.value().floor.target, Epoch{22});
}

TEST(Rejoin, NeedsNMinusQPlusOneOthers) {
    EXPECT_EQ(rejoin_answers_needed(4, 3), 2U);
    EXPECT_EQ(rejoin_answers_needed(3, 2), 2U);
    const auto result = plan({answer("p2", {})});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
}

TEST(Rejoin, ThoseThatAreRejoiningDontCount) {
    MemberRecords rejoining = answer("p3", {});
    rejoining.rejoining = true;
    const auto result = plan({answer("p2", {}), rejoining});
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find("p3 rejoined lately"), std::string::npos);
}

TEST(Rejoin, ClockMoreThanASlotOff_Refused) {
    EXPECT_TRUE(plan({answer("p2", {}, 641), answer("p3", {}, 639)}));
    const auto result = plan({answer("p2", {}), answer("p3", {}, 642)});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kRefused);
    EXPECT_NE(result.error().message.find("clock of p3"), std::string::npos);
}

TEST(Rejoin, OneOfOne_HasNobodyToAsk) { EXPECT_FALSE(plan_rejoin({}, 1, 1, kNow, kSlotsPerEpoch)); }

struct MergeCase {
    const char* name;
    AttestationMark a, b, merged;
};
const AttestationMark kUnknownRoot{Epoch{5}, Epoch{10}, {}};
const MergeCase kMergeCases[] = {
    {"newer wins whole", vote(3, 8, 1), vote(5, 10, 2), vote(5, 10, 2)},
    {"same message", vote(5, 10, 1), vote(5, 10, 1), vote(5, 10, 1)},
    {"one surrounds the other", vote(5, 8, 1), vote(3, 10, 2), kUnknownRoot},
    {"two messages for one target", vote(5, 10, 1), vote(5, 10, 2), kUnknownRoot},
    {"two messages for one target, other source", vote(3, 10, 1), vote(5, 10, 2), kUnknownRoot},
};

TEST(MergeUpwards, Attestations_InEitherOrder) {
    for (const MergeCase& test : kMergeCases) {
        SCOPED_TRACE(test.name);
        ValidatorRecord ab{test.a, nullptr, {}, false, false};
        merge_upwards(ab, {test.b, nullptr, {}, false, false});
        EXPECT_EQ(*ab.attestation, test.merged);
        ValidatorRecord ba{test.b, nullptr, {}, false, false};
        merge_upwards(ba, {test.a, nullptr, {}, false, false});
        EXPECT_EQ(*ba.attestation, test.merged);
    }
}

TEST(MergeUpwards, Blocks) {
    ValidatorRecord record{{}, nullptr, block(5, 1), false, false};
    merge_upwards(record, {{}, nullptr, block(4, 2), false, false});
    EXPECT_EQ(*record.block, block(5, 1));
    merge_upwards(record, {{}, nullptr, block(6, 2), false, true});
    EXPECT_EQ(*record.block, block(6, 2));
    EXPECT_TRUE(record.enrolled);
    merge_upwards(record, {{}, nullptr, block(6, 3), false, false});
    EXPECT_TRUE(record.block->signing_root.is_zero());
}

TEST(MergeUpwards, DataStaysOnlyWithItsMessage) {
    const auto data = std::make_shared<const ethereum::AttestationData>(attestation_data(5, 8, 1));
    ValidatorRecord record{vote(5, 8, 1), data, {}, false, false};
    merge_upwards(record, {vote(3, 10, 2), nullptr, {}, false, false});
    EXPECT_EQ(record.data, nullptr);
}

}  // namespace
}  // namespace holdfast::protection
