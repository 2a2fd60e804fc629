#include "shared/duties/proposal_duty.hpp"

#include <gmock/gmock.h>

#include "shared/ethereum/signing_root.hpp"
#include "shared/ethereum/ssz.hpp"
#include "tests/shared/duties/duty_fixture.hpp"
#include "tests/shared/duties/test_blocks.hpp"

namespace holdfast::duties {
namespace {

using beacon::BlockRequest;
using beacon::ProducedBlock;
using ethereum::ForkName;
using ethereum::schema::Object;
using testing::address;
using testing::BlockPlan;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const PublicKey kKey = test_key(3);
constexpr Slot kSlot{7};        // of Fulu
constexpr Slot kGloasSlot{39};  // of Gloas
constexpr FakeBeaconNode::Behaviour kHang{{}, true, {}};

FakeBeaconNode::Behaviour after(Duration delay) { return {delay, false, {}}; }
FakeBeaconNode::Behaviour failing(ErrorCode code, std::string why) { return {{}, false, Error{code, std::move(why)}}; }

class ProposalDutyTest : public DutyFixture {
protected:
    ProposerSettings settings;
    std::vector<BlockPlan> plans{3};  // what each node gives
    std::vector<BlockRequest> requests;
    std::unique_ptr<ProposalDuty> duty;

    explicit ProposalDutyTest(const beacon::BeaconNodesOptions& options = {}) : DutyFixture({kKey}, options) {
        settings.otherwise.fee_recipient = address(0x11);
        settings.otherwise.graffiti = parse_graffiti("hello").value();
        for (std::size_t i = 0; i < fakes.size(); ++i) {
            fakes[i]->on_produce_block = [this, i](const BlockRequest& request) -> Result<ProducedBlock> {
                requests.push_back(request);
                BlockPlan plan = plans[i];
                plan.fork = request.fork;
                plan.slot = request.slot;
                if (plan.randao == Signature{}) plan.randao = request.randao_reveal;
                return make_block(plan, ethereum::kMainnetPreset);
            };
        }
        duty = std::make_unique<ProposalDuty>(
            parts(), settings, ProposalOptions{},
            [](Slot slot) -> std::optional<beacon::ProposerDuty> {
                if (slot == kSlot || slot == kGloasSlot) return beacon::ProposerDuty{kKey, ValidatorIndex{3}, slot};
                return std::nullopt;
            },
            [](const Root& block) -> std::optional<Slot> {
                return block == testing::root_of(0xAA) ? std::optional{Slot{6}} : std::nullopt;
            },
            observer);
    }

    ~ProposalDutyTest() override { end_tasks(); }

    void perform(Slot slot) { group.spawn("a proposal", duty->perform(slot)); }
    // From the slot's start to its end.
    void perform_whole(Slot slot) {
        go_to(slot);
        perform(slot);
        time.advance(kSlotTime);
    }
    [[nodiscard]] const DutyReport* report_of(DutyKind kind) const {
        for (const DutyReport& report : reports) {
            if (report.kind == kind) return &report;
        }
        return nullptr;
    }
    [[nodiscard]] const DutyReport& report() const {
        const DutyReport* found = report_of(DutyKind::kProposal);
        static const DutyReport kNothing;
        EXPECT_NE(found, nullptr) << "no report";
        return found != nullptr ? *found : kNothing;
    }
    void expect_missed(MissedReason reason, const std::string& sentence) const {
        EXPECT_EQ(report().done, 0U);
        ASSERT_THAT(report().missed, SizeIs(1)) << describe(report());
        EXPECT_EQ(report().missed.begin()->first, reason) << describe(report());
        EXPECT_THAT(report().missed.begin()->second.detail, HasSubstr(sentence));
        for (const FakeBeaconNode* fake : fakes) EXPECT_THAT(fake->published_blocks, SizeIs(0));
    }
    // The signing root of what was published, of this value.
    [[nodiscard]] Root published_root(const ethereum::schema::Part& block, Slot slot) const {
        return ethereum::compute_signing_root(hash_tree_root(*block.type, block.bytes),
                                              domain(ethereum::kDomainBeaconProposer, spec.epoch_of(slot)));
    }
};

TEST_F(ProposalDutyTest, MostValuableBlockOfAllNodes_ApprovedSignedAndPublishedToAll) {
    plans[1].consensus_gwei = 20;
    perform_whole(kSlot);
    ASSERT_THAT(requests, SizeIs(3));
    EXPECT_EQ(requests[0].slot, kSlot);
    EXPECT_EQ(requests[0].fork, ForkName::kFulu);
    EXPECT_EQ(requests[0].graffiti, parse_graffiti("hello").value());
    EXPECT_EQ(requests[0].builder_boost_factor, 0U) << "builders are not used";
    EXPECT_EQ(report().done, 1U) << describe(report());
    EXPECT_THAT(report().what, HasSubstr("from node 2 worth"));
    EXPECT_THAT(report().of_nodes, SizeIs(3));
    EXPECT_EQ(report().deadline, spec.attestation_due(kSlot));
    ASSERT_THAT(quorum.block_requests, SizeIs(1));
    for (const FakeBeaconNode* fake : fakes) {
        ASSERT_THAT(fake->published_blocks, SizeIs(1));
        const beacon::SignedBlock& sent = *fake->published_blocks[0];
        EXPECT_EQ(sent.fork, ForkName::kFulu);
        EXPECT_FALSE(sent.blinded);
        ASSERT_TRUE(Object::make(nodes->types()->of(ForkName::kFulu).signed_block_contents, sent.object.bytes));
        const Root root = published_root(sent.object.find({"signed_block", "message"}), kSlot);
        EXPECT_EQ(quorum.block_requests[0].signing_root, root);
        EXPECT_EQ(sent.object.find({"signed_block", "signature"}).as_bytes<Signature>(), FakeDoor::signature(kKey, root));
        EXPECT_EQ(sent.object.find({"blobs"}).bytes.size(), 131'072U);
    }
    EXPECT_FALSE(duty->due_at(kSlot));
    EXPECT_TRUE(duty->idle());
}

TEST_F(ProposalDutyTest, NodeThatHangs_DecidedAtTwoSeconds) {
    fakes[2]->behaviour["produce_block"] = kHang;
    go_to(kSlot);
    perform(kSlot);
    time.advance(1900ms);
    EXPECT_THAT(reports, SizeIs(0));
    EXPECT_TRUE(duty->due_at(kSlot));
    EXPECT_FALSE(duty->idle());
    time.advance(200ms);
    EXPECT_EQ(report().done, 1U);
    EXPECT_EQ(report().decided, Duration{2000400us});
}

TEST_F(ProposalDutyTest, NobodyInTime_TheFirstToCome) {
    all_nodes("produce_block", after(5s));
    fakes[1]->behaviour["produce_block"] = after(3s);
    perform_whole(kSlot);
    EXPECT_THAT(report().what, HasSubstr("from node 2 "));
    EXPECT_EQ(report().decided, Duration{3s});
}

TEST_F(ProposalDutyTest, RandaoIsSignedAheadAndOnce_AlsoWithTheGateClosed) {
    gate.close();
    group.spawn("randao", duty->prepare(kSlot));
    time.advance(1s);
    ASSERT_THAT(door.signed_messages, SizeIs(1));
    const signing::Message& message = door.signed_messages[0];
    EXPECT_EQ(message.kind, signing::MessageKind::kRandaoReveal);
    EXPECT_EQ(message.domain, domain(ethereum::kDomainRandao, Epoch{0}));
    EXPECT_EQ(message.object_root, ethereum::ssz::hash_tree_root(Epoch{0}));
    gate.open();
    perform_whole(kSlot);
    EXPECT_THAT(door.signed_messages, SizeIs(1));
    EXPECT_EQ(requests.at(0).randao_reveal,
              FakeDoor::signature(kKey, ethereum::compute_signing_root(message.object_root, message.domain)));
}

TEST_F(ProposalDutyTest, NoneOfOursProposes_NothingHappens) {
    perform_whole(Slot{8});
    EXPECT_THAT(requests, SizeIs(0));
    EXPECT_THAT(reports, SizeIs(0));
    EXPECT_FALSE(duty->due_at(Slot{8}));
}

TEST_F(ProposalDutyTest, PerformedOnce) {
    perform_whole(kSlot);
    perform(kSlot);
    time.advance(1s);
    EXPECT_THAT(requests, SizeIs(3));
    EXPECT_THAT(reports, SizeIs(1));
}

TEST_F(ProposalDutyTest, GateClosed_NothingIsAskedFor) {
    gate.close();
    perform_whole(kSlot);
    EXPECT_EQ(asked("produce_block"), 0U);
    EXPECT_TRUE(report().only_decided);
    EXPECT_EQ(report().missed_count(), 0U);
}

TEST_F(ProposalDutyTest, GateOpensWithinTheSlot_ProposedStill) {
    gate.close();
    go_to(kSlot);
    perform(kSlot);
    time.advance(4s);
    EXPECT_TRUE(duty->idle());
    gate.open();
    time.advance(1s);
    EXPECT_EQ(report().done, 1U);
    EXPECT_THAT(fakes[0]->published_blocks, SizeIs(1));
}

TEST_F(ProposalDutyTest, GateClosesBeforeItIsSigned_NotSigned) {
    quorum.on_request = [this] { gate.close(); };
    perform_whole(kSlot);
    EXPECT_TRUE(report().only_decided);
    EXPECT_THAT(door.made, SizeIs(0));
    EXPECT_THAT(fakes[0]->published_blocks, SizeIs(0));
}

TEST_F(ProposalDutyTest, Fenced_Missed) {
    quorum.fence_at_next_request = protection::Tenure{};
    perform_whole(kSlot);
    expect_missed(MissedReason::kFenced, "fenced by");
}

TEST_F(ProposalDutyTest, QuorumAwayForAMoment_AskedAgain) {
    quorum.late.insert(kKey);
    perform_whole(kSlot);
    EXPECT_EQ(report().done, 1U);
    ASSERT_THAT(quorum.block_requests, SizeIs(2));
    EXPECT_EQ(quorum.block_requests[0].signing_root, quorum.block_requests[1].signing_root);
}

TEST_F(ProposalDutyTest, NoQuorumUntilTheSlotsEnd_Missed) {
    quorum.available = false;
    perform_whole(kSlot);
    expect_missed(MissedReason::kNoQuorum, "protector 2: connection refused");
}

TEST_F(ProposalDutyTest, Refused_Missed) {
    quorum.refused.insert(kKey);
    perform_whole(kSlot);
    expect_missed(MissedReason::kRefused, "halted");
    EXPECT_THAT(quorum.block_requests, SizeIs(1)) << "asking again can't help";
}

TEST_F(ProposalDutyTest, AnotherBlockOfTheSlotIsRecorded_AReasonOfItsOwn) {
    quorum.recorded_block = protection::BlockMark{kSlot, testing::root_of(9)};
    perform_whole(kSlot);
    expect_missed(MissedReason::kAlreadyRecorded, "conflicts");
}

TEST_F(ProposalDutyTest, BlockOfALaterSlotIsRecorded_Refused) {
    quorum.recorded_block = protection::BlockMark{kSlot + 1, testing::root_of(9)};
    perform_whole(kSlot);
    expect_missed(MissedReason::kRefused, "conflicts");
}

TEST_F(ProposalDutyTest, NoRandao_Missed) {
    door.missing.insert(kKey);
    perform_whole(kSlot);
    expect_missed(MissedReason::kNoRandao, "no such key");
    EXPECT_EQ(asked("produce_block"), 0U);
}

TEST_F(ProposalDutyTest, KeyGoneBeforeTheBlockIsSigned_Missed) {
    quorum.on_request = [this] { door.missing.insert(kKey); };
    perform_whole(kSlot);
    expect_missed(MissedReason::kSigningFailed, "not loaded");
}

TEST_F(ProposalDutyTest, NobodyGivesABlock_AskedAgainUntilTheSlotsEnd) {
    all_nodes("produce_block", failing(ErrorCode::kMalformed, "500"));
    go_to(kSlot);
    perform(kSlot);
    time.advance(2s);
    const std::size_t times = asked("produce_block");
    EXPECT_GE(times, 12U);
    time.advance(10s);
    expect_missed(MissedReason::kNoBlock, "node 1: http://node1 produce_block: 500");
}

TEST_F(ProposalDutyTest, NodeThatWasBusy_GivesItsBlockAMomentLater) {
    all_nodes("produce_block", failing(ErrorCode::kUnavailable, "503"));
    go_to(kSlot);
    perform(kSlot);
    time.advance(600ms);
    all_nodes("produce_block", {});
    time.advance(1s);
    EXPECT_EQ(report().done, 1U) << describe(report());
}

TEST_F(ProposalDutyTest, WrongBlocksAreNeverSigned) {
    for (BlockPlan& plan : plans) plan.proposer = ValidatorIndex{4};
    perform_whole(kSlot);
    expect_missed(MissedReason::kNoBlock, "the proposer is 4, expected 3");
    EXPECT_THAT(quorum.block_requests, SizeIs(0));
}

TEST_F(ProposalDutyTest, NodesThatHaveNoBlock_StayFitForOtherDuties) {
    all_nodes("produce_block", failing(ErrorCode::kUnavailable, "500"));
    go_to(kSlot);
    perform(kSlot);
    for (int i = 0; i < 100; ++i) {
        time.advance(100ms);
        ASSERT_EQ(nodes->fit_count(), 3U) << i;
    }
    EXPECT_GE(asked("produce_block"), 60U);
}

TEST_F(ProposalDutyTest, NodesThatGiveWrongBlocks_StayFitForOtherDuties) {
    for (BlockPlan& plan : plans) plan.proposer = ValidatorIndex{4};
    go_to(kSlot);
    perform(kSlot);
    for (int i = 0; i < 100; ++i) {
        time.advance(100ms);
        ASSERT_EQ(nodes->fit_count(), 3U) << i;
    }
}

TEST_F(ProposalDutyTest, ForeignPayee_NotTaken_CostsTheNodeItsScore) {
    plans[0].payee = address(0x99);
    plans[0].consensus_gwei = 100;
    go_to(kSlot);
    perform(kSlot);
    time.advance(10ms);
    EXPECT_THAT(report().what, HasSubstr("from node 2 "));
    EXPECT_LT(nodes->states()[0].score, nodes->states()[1].score);
}

TEST_F(ProposalDutyTest, OnlyForeignPayees_UsedAndSaid) {
    for (BlockPlan& plan : plans) plan.payee = address(0x99);
    perform_whole(kSlot);
    EXPECT_EQ(report().done, 1U);
    EXPECT_THAT(report().what, HasSubstr("though it pays " + to_hex(address(0x99))));
}

TEST_F(ProposalDutyTest, NoNodeTakesTheBlock_PublishedAgain) {
    all_nodes("publish_block", failing(ErrorCode::kUnavailable, "connection refused"));
    go_to(kSlot);
    perform(kSlot);
    time.advance(3s);
    all_nodes("publish_block", {});
    time.advance(3s);
    EXPECT_EQ(report().done, 1U) << describe(report());
    EXPECT_THAT(quorum.block_requests, SizeIs(1));
    EXPECT_THAT(door.made, SizeIs(1)) << "signed once";
}

TEST_F(ProposalDutyTest, NoNodeTakesTheBlockAtAll_Missed) {
    all_nodes("publish_block", failing(ErrorCode::kUnavailable, "connection refused"));
    perform_whole(kSlot);
    expect_missed(MissedReason::kPublishFailed, "connection refused");
    EXPECT_TRUE(duty->due_at(kSlot));
}

TEST_F(ProposalDutyTest, BegunAfterItsSlot_TooLate) {
    go_to(kSlot + 1);
    perform(kSlot);
    time.advance(1s);
    expect_missed(MissedReason::kTooLate, "12000");
    EXPECT_EQ(asked("produce_block"), 0U);
}

TEST_F(ProposalDutyTest, BuildersBlock_PublishedBlinded) {
    settings.use_builder = true;
    plans[2].blinded = true;
    plans[2].payload_gwei = 1000;
    perform_whole(kSlot);
    EXPECT_EQ(requests.at(0).builder_boost_factor, 90U);
    EXPECT_THAT(report().what, HasSubstr("(a builder's)"));
    ASSERT_THAT(fakes[0]->published_blocks, SizeIs(1));
    EXPECT_TRUE(fakes[0]->published_blocks[0]->blinded);
    const Object& sent = fakes[0]->published_blocks[0]->object;
    EXPECT_TRUE(Object::make(nodes->types()->of(ForkName::kFulu).signed_blinded_block, sent.bytes));
}

TEST_F(ProposalDutyTest, Gloas_PayloadFollowsTheBlock) {
    perform_whole(kGloasSlot);
    const ethereum::BlockTypes& types = nodes->types()->of(ForkName::kGloas);
    ASSERT_THAT(fakes[1]->published_blocks, SizeIs(1));
    const Object& block = fakes[1]->published_blocks[0]->object;
    EXPECT_TRUE(Object::make(types.signed_block, block.bytes)) << "bare: the payload goes its own way";
    ASSERT_THAT(fakes[1]->published_envelopes, SizeIs(1));
    const Object& sent = fakes[1]->published_envelopes[0]->object;
    ASSERT_TRUE(Object::make(types.signed_envelope_contents, sent.bytes));
    const auto envelope = sent.find({"signed_execution_payload_envelope", "message"});
    EXPECT_EQ(ethereum::schema::find(*envelope.type, envelope.bytes, {"beacon_block_root"}).as_bytes<Root>(),
              hash_tree_root(*block.find({"message"}).type, block.find({"message"}).bytes));
    const Root root = ethereum::compute_signing_root(hash_tree_root(*envelope.type, envelope.bytes),
                                                     domain(ethereum::kDomainBeaconBuilder, Epoch{1}));
    EXPECT_EQ(sent.find({"signed_execution_payload_envelope", "signature"}).as_bytes<Signature>(),
              FakeDoor::signature(kKey, root));
    EXPECT_EQ(sent.find({"blobs"}).bytes.size(), 131'072U);
    const DutyReport* of_payload = report_of(DutyKind::kEnvelope);
    ASSERT_NE(of_payload, nullptr);
    EXPECT_EQ(of_payload->done, 1U) << describe(*of_payload);
    EXPECT_EQ(of_payload->deadline, spec.payload_due(kGloasSlot));
}

TEST_F(ProposalDutyTest, Gloas_BuildersBid_NoPayloadOfOurs) {
    settings.use_builder = true;
    for (BlockPlan& plan : plans) plan.builder_index = 5;
    for (BlockPlan& plan : plans) plan.with_contents = false;
    perform_whole(kGloasSlot);
    EXPECT_EQ(report().done, 1U);
    EXPECT_EQ(report_of(DutyKind::kEnvelope), nullptr);
}

TEST_F(ProposalDutyTest, Gloas_NodeKeptThePayload_ItsDutyIsMissed) {
    for (BlockPlan& plan : plans) plan.with_contents = false;
    perform_whole(kGloasSlot);
    EXPECT_EQ(report().done, 1U);
    const DutyReport* of_payload = report_of(DutyKind::kEnvelope);
    ASSERT_NE(of_payload, nullptr);
    EXPECT_TRUE(of_payload->missed.contains(MissedReason::kNoPayload));
}

TEST_F(ProposalDutyTest, Gloas_NodesThatDoNotHaveTheBlockYet_PayloadSentAgain) {
    all_nodes("publish_envelope", failing(ErrorCode::kMalformed, "400 unknown block"));
    go_to(kGloasSlot);
    perform(kGloasSlot);
    time.advance(400ms);
    all_nodes("publish_envelope", {});
    time.advance(400ms);
    EXPECT_THAT(fakes[0]->published_envelopes, SizeIs(1));
    const DutyReport* of_payload = report_of(DutyKind::kEnvelope);
    ASSERT_NE(of_payload, nullptr);
    EXPECT_EQ(of_payload->done, 1U) << describe(*of_payload);
}

// A node that lies takes anything; the others don't have the block yet.
TEST_F(ProposalDutyTest, Gloas_OnlyOneNodeTakesThePayload_SentAgainToTheOthers) {
    for (const std::size_t i : {1U, 2U}) {
        fakes[i]->behaviour["publish_envelope"] = failing(ErrorCode::kRefused, "400 unknown block");
    }
    go_to(kGloasSlot);
    perform(kGloasSlot);
    time.advance(400ms);
    EXPECT_FALSE(duty->idle());
    EXPECT_EQ(report_of(DutyKind::kEnvelope), nullptr);
    all_nodes("publish_envelope", {});
    time.advance(400ms);
    for (FakeBeaconNode* fake : fakes) EXPECT_THAT(fake->published_envelopes, SizeIs(1));
    EXPECT_EQ(fakes[0]->asked["publish_envelope"], 1U) << "not again to who has it";
    const DutyReport* of_payload = report_of(DutyKind::kEnvelope);
    ASSERT_NE(of_payload, nullptr);
    EXPECT_EQ(of_payload->done, 1U);
    EXPECT_THAT(describe(*of_payload), HasSubstr("taken by 3 of 3 nodes"));
    ASSERT_TRUE(of_payload->posted);
    EXPECT_LT(*of_payload->posted, 100ms) << "when the first one took it";
    EXPECT_TRUE(duty->idle());
}

TEST_F(ProposalDutyTest, Gloas_NodesThatNeverTakeThePayload_AFewAttemptsAndItIsSaid) {
    for (const std::size_t i : {1U, 2U}) {
        fakes[i]->behaviour["publish_envelope"] = failing(ErrorCode::kRefused, "400 unknown block");
    }
    perform_whole(kGloasSlot);
    EXPECT_EQ(fakes[1]->asked["publish_envelope"], 4U);
    EXPECT_EQ(fakes[2]->asked["publish_envelope"], 4U);
    const DutyReport* of_payload = report_of(DutyKind::kEnvelope);
    ASSERT_NE(of_payload, nullptr);
    EXPECT_EQ(of_payload->done, 1U);
    EXPECT_THAT(describe(*of_payload), HasSubstr("taken by 1 of 3 nodes"));
}

TEST_F(ProposalDutyTest, Gloas_NobodyTakesThePayload_ItsDutyIsMissed) {
    all_nodes("publish_envelope", failing(ErrorCode::kUnavailable, "connection refused"));
    perform_whole(kGloasSlot);
    EXPECT_EQ(report().done, 1U);
    const DutyReport* of_payload = report_of(DutyKind::kEnvelope);
    ASSERT_NE(of_payload, nullptr);
    EXPECT_TRUE(of_payload->missed.contains(MissedReason::kPublishFailed)) << describe(*of_payload);
}

TEST_F(ProposalDutyTest, Gloas_BlockNotPublished_NoPayloadEither) {
    all_nodes("publish_block", failing(ErrorCode::kUnavailable, "connection refused"));
    perform_whole(kGloasSlot);
    EXPECT_EQ(asked("publish_envelope"), 0U);
    EXPECT_EQ(report_of(DutyKind::kEnvelope), nullptr);
}

beacon::BeaconNodesOptions second_node_proposes() {
    beacon::BeaconNodesOptions options;
    options.proposal_nodes = {1};
    return options;
}

class ProposalNodesTest : public ProposalDutyTest {
protected:
    ProposalNodesTest() : ProposalDutyTest(second_node_proposes()) {}
};

TEST_F(ProposalNodesTest, OnlyTheseAreAsked_PublishedToAll) {
    perform_whole(kSlot);
    EXPECT_EQ(fakes[1]->asked["produce_block"], 1U);
    EXPECT_EQ(asked("produce_block"), 1U);
    for (const FakeBeaconNode* fake : fakes) EXPECT_THAT(fake->published_blocks, SizeIs(1));
}

TEST_F(ProposalNodesTest, NoneOfTheseIsFit_AllOthersAreAsked) {
    fakes[1]->behaviour["syncing"] = failing(ErrorCode::kUnavailable, "connection refused");
    perform_whole(kSlot);
    EXPECT_EQ(report().done, 1U) << describe(report());
    EXPECT_EQ(fakes[1]->asked["produce_block"], 0U);
}

}  // namespace
}  // namespace holdfast::duties
