#include "shared/duties/block_choice.hpp"

#include <gmock/gmock.h>

#include "tests/shared/duties/test_blocks.hpp"

namespace holdfast::duties {
namespace {

using beacon::ProducedBlock;
using ethereum::ForkName;
using ethereum::schema::put_bytes;
using testing::address;
using testing::BlockPlan;
using ::testing::HasSubstr;
using testing::make_block;
using testing::root_of;

class BlockChoiceTest : public ::testing::Test {
protected:
    BlockPlan plan;
    BlockExpectation expected;

    BlockChoiceTest() {
        plan.randao.bytes.fill(0x42);
        expected.slot = plan.slot;
        expected.fork = plan.fork;
        expected.proposer = plan.proposer;
        expected.randao_reveal = plan.randao;
        expected.fee_recipient = plan.payee;
        expected.known_head = [](const Root& block) -> std::optional<Slot> {
            if (block == root_of(0xAA)) return Slot{6};
            if (block == root_of(0xA9)) return Slot{5};
            return std::nullopt;
        };
    }
    void use_gloas() { plan.fork = expected.fork = ForkName::kGloas; }
    BlockFault fault() const { return judge_block(make_block(plan), expected).fault; }

    // Which node's block is taken of those that `plans` gives to nodes 0, 1, ...
    std::size_t taken(const std::vector<BlockPlan>& plans) const {
        BlockChoice choice{expected};
        choice.on_asked(plans.size());
        for (std::size_t i = 0; i < plans.size(); ++i) choice.on_block(i, make_block(plans[i]));
        const auto best = choice.take_best();
        return best ? best->node : plans.size();
    }
};

TEST_F(BlockChoiceTest, RightBlock_NothingWrong) {
    for (const ForkName fork : {ForkName::kElectra, ForkName::kFulu, ForkName::kGloas}) {
        plan.fork = expected.fork = fork;
        const BlockVerdict verdict = judge_block(make_block(plan), expected);
        EXPECT_EQ(verdict.fault, BlockFault::kNone) << verdict.detail;
    }
}

TEST_F(BlockChoiceTest, OtherSlotProposerRandaoOrFork_Wrong) {
    const BlockPlan right = plan;
    plan.slot = Slot{8};
    EXPECT_EQ(fault(), BlockFault::kWrong);
    plan = right;
    plan.proposer = ValidatorIndex{4};
    EXPECT_EQ(fault(), BlockFault::kWrong);
    plan = right;
    plan.randao.bytes[0] = 0;
    EXPECT_EQ(fault(), BlockFault::kWrong);
    plan = right;
    plan.fork = ForkName::kElectra;
    EXPECT_EQ(fault(), BlockFault::kWrong);
}

TEST_F(BlockChoiceTest, Builders_OnlyIfUsed) {
    plan.blinded = true;
    plan.payee = address(0x99);  // it pays the builder
    EXPECT_EQ(fault(), BlockFault::kWrong);
    expected.use_builder = true;
    EXPECT_EQ(fault(), BlockFault::kNone);
}

TEST_F(BlockChoiceTest, ForeignPayee_NamesBoth_UnlessNoneIsSet) {
    plan.payee = address(0x99);
    const BlockVerdict verdict = judge_block(make_block(plan), expected);
    EXPECT_EQ(verdict.fault, BlockFault::kForeignPayee);
    EXPECT_THAT(verdict.detail, HasSubstr(to_hex(address(0x99))));
    EXPECT_THAT(verdict.detail, HasSubstr(to_hex(address(0x11))));
    expected.fee_recipient.reset();
    EXPECT_EQ(fault(), BlockFault::kNone);
}

TEST_F(BlockChoiceTest, ParentThatNoNodeAnnounced_SecondChoice) {
    plan.parent = root_of(0x01);
    EXPECT_EQ(fault(), BlockFault::kUnknownParent);
    expected.known_head = nullptr;
    EXPECT_EQ(fault(), BlockFault::kNone);
}

TEST_F(BlockChoiceTest, Gloas_BuildersBidMustPayUs) {
    use_gloas();
    plan.builder_index = 5;
    plan.with_contents = false;
    EXPECT_EQ(fault(), BlockFault::kNone);
    plan.payee = address(0x99);
    EXPECT_EQ(fault(), BlockFault::kForeignPayee);
}

TEST_F(BlockChoiceTest, Gloas_OwnPayloadMustPayUsAndBeTheOneOfTheBlock) {
    use_gloas();
    const auto broken = [this](std::initializer_list<std::string_view> path, ethereum::schema::View value) {
        ProducedBlock block = make_block(plan);
        put_bytes(block.object, path, value);
        return judge_block(block, expected).fault;
    };
    const auto in_envelope = "execution_payload_envelope";
    EXPECT_EQ(broken({in_envelope, "beacon_block_root"}, root_of(1).bytes), BlockFault::kWrong);
    EXPECT_EQ(broken({in_envelope, "parent_beacon_block_root"}, root_of(1).bytes), BlockFault::kWrong);
    EXPECT_EQ(broken({in_envelope, "payload", "block_hash"}, root_of(1).bytes), BlockFault::kWrong);
    EXPECT_EQ(broken({in_envelope, "builder_index"}, std::vector<std::uint8_t>(8, 1)), BlockFault::kWrong);
    EXPECT_EQ(broken({in_envelope, "payload", "fee_recipient"}, address(0x99).bytes), BlockFault::kForeignPayee);
    plan.builder_index = 5;
    EXPECT_EQ(fault(), BlockFault::kWrong) << "a builder's bid and a payload of the node's own";
}

TEST_F(BlockChoiceTest, Gloas_RequestsThatTheBidDoesNotPromise_Wrong) {
    use_gloas();
    ProducedBlock block = make_block(plan);
    put_bytes(block.object, {"block", "body", "signed_execution_payload_bid", "message", "execution_requests_root"},
              root_of(1).bytes);
    const Root root = hash_tree_root(*block.block().type, block.block().bytes);
    put_bytes(block.object, {"execution_payload_envelope", "beacon_block_root"}, root.bytes);
    const BlockVerdict verdict = judge_block(block, expected);
    EXPECT_EQ(verdict.fault, BlockFault::kWrong);
    EXPECT_THAT(verdict.detail, HasSubstr("requests"));
}

TEST_F(BlockChoiceTest, Gloas_PayloadThatTheNodeKept_SecondChoice) {
    use_gloas();
    plan.with_contents = false;
    EXPECT_EQ(fault(), BlockFault::kNoPayload);
}

TEST_F(BlockChoiceTest, MostValuableWins_TheFirstNodeOfEquals) {
    BlockPlan poor = plan;
    BlockPlan rich = plan;
    rich.payload_gwei = 5;
    EXPECT_EQ(taken({poor, rich, poor}), 1U);
    EXPECT_EQ(taken({poor, poor}), 0U);
    rich.payload_gwei = 0;
    rich.consensus_gwei = 11;
    EXPECT_EQ(taken({poor, rich}), 1U);
}

TEST_F(BlockChoiceTest, BuilderWeighedWithTheBoostFactor) {
    expected.use_builder = true;
    BlockPlan own = plan;
    own.payload_gwei = 100;
    BlockPlan builders = plan;
    builders.blinded = true;
    builders.payload_gwei = 110;
    expected.builder_boost_factor = 100;
    EXPECT_EQ(taken({own, builders}), 1U);
    expected.builder_boost_factor = 90;  // 99
    EXPECT_EQ(taken({own, builders}), 0U);
    builders.payload_gwei = 112;  // 100.8
    EXPECT_EQ(taken({own, builders}), 1U);
    expected.builder_boost_factor = 0;
    EXPECT_EQ(taken({own, builders}), 0U);
    EXPECT_EQ(taken({builders}), 0U) << "nothing else is there";
    builders.payload_gwei = 0;
    expected.builder_boost_factor = kBuilderAlways;
    EXPECT_EQ(taken({own, builders}), 1U);
}

TEST_F(BlockChoiceTest, HugeValuesDoNotWrap) {
    expected.use_builder = true;
    expected.builder_boost_factor = kBuilderAlways - 1;
    plan.blinded = true;
    ProducedBlock huge = make_block(plan);
    huge.payload_value = ~beacon::Wei{0};
    huge.consensus_value = ~beacon::Wei{0};
    EXPECT_EQ(value_of(huge), ~beacon::Wei{0});
    BlockChoice choice{expected};
    choice.on_asked(2);
    choice.on_block(0, make_block(plan));
    choice.on_block(1, huge);
    EXPECT_EQ(choice.take_best()->node, 1U);
}

TEST_F(BlockChoiceTest, WhateverItsValue_FaultsAndOldParentsComeLater) {
    BlockPlan older = plan;
    older.parent = root_of(0xA9);
    older.consensus_gwei = 1000;
    BlockPlan unknown = plan;
    unknown.parent = root_of(1);
    unknown.consensus_gwei = 2000;
    BlockPlan foreign = plan;
    foreign.payee = address(0x99);
    foreign.consensus_gwei = 3000;
    EXPECT_EQ(taken({foreign, unknown, older, plan}), 3U);
    EXPECT_EQ(taken({foreign, unknown, older}), 2U);
    EXPECT_EQ(taken({foreign, unknown}), 1U);
    EXPECT_EQ(taken({foreign}), 0U) << "nothing else is there";
}

TEST_F(BlockChoiceTest, Gloas_BidsAreWorthWhatTheyPay_OwnPayloadOnATie) {
    use_gloas();
    expected.use_builder = true;
    BlockPlan bid = plan;
    bid.builder_index = 5;
    bid.with_contents = false;
    EXPECT_EQ(taken({bid, plan}), 1U);
    bid.bid_gwei = 7;
    EXPECT_EQ(taken({plan, bid}), 1U);
    EXPECT_EQ(value_of(make_block(bid)), 17 * testing::kGwei);
    expected.use_builder = false;
    EXPECT_EQ(taken({plan, bid}), 0U);
    EXPECT_EQ(taken({bid}), 0U) << "nothing else is there";
}

TEST_F(BlockChoiceTest, DecidedWhenAllAnswered_OrAfterTheDeadlineWithAny) {
    BlockChoice choice{expected};
    choice.on_asked(3);
    EXPECT_FALSE(choice.decided(false));
    EXPECT_FALSE(choice.decided(true));
    choice.on_failure(0, failure(ErrorCode::kTimeout, "no answer in time"));
    BlockPlan wrong = plan;
    wrong.slot = Slot{9};
    EXPECT_EQ(choice.on_block(1, make_block(wrong)).fault, BlockFault::kWrong);
    EXPECT_FALSE(choice.decided(true));
    choice.on_block(2, make_block(plan));
    EXPECT_TRUE(choice.decided(false));
    EXPECT_EQ(choice.take_best()->node, 2U);
    EXPECT_FALSE(choice.take_best());
    EXPECT_EQ(choice.why_not(), "node 1: no answer in time; node 2: the slot is 9, expected 7");
}

TEST_F(BlockChoiceTest, AfterTheDeadlineTheFirstToCome) {
    BlockChoice choice{expected};
    choice.on_asked(2);
    choice.on_block(1, make_block(plan));
    EXPECT_FALSE(choice.decided(false));
    EXPECT_TRUE(choice.decided(true));
}

}  // namespace
}  // namespace holdfast::duties
