// Aggregation in virtual time: which aggregate is taken, when, what is refused, what is signed and sent, and by whom.
#include "shared/duties/aggregation_duty.hpp"

#include "shared/ethereum/containers.hpp"
#include "tests/shared/duties/committee_fixture.hpp"

namespace holdfast::duties {
namespace {

using beacon::Aggregate;
using ethereum::ForkName;
using ethereum::schema::assemble;
using ::testing::HasSubstr;

constexpr std::uint64_t kLength = 16;  // of a committee; all its members aggregate

class AggregationDutyTest : public CommitteeFixture {
protected:
    std::optional<DutyBook> book;
    std::unique_ptr<SelectionProofs> proofs;
    std::unique_ptr<AggregationDuty> duty;
    std::optional<ethereum::AttestationData> vote;

    // Two validators in committee 0 of slot 1, one in committee 3.
    void begin() {
        connect_nodes(3);
        book.emplace(32);
        beacon::AttesterDuties duties{Epoch{0}, {}, {}};
        for (std::uint64_t i = 0; i < 3; ++i) {
            const CommitteeIndex committee{i < 2 ? 0U : 3U};
            duties.duties.push_back({key_of(i), ValidatorIndex{i}, Slot{1}, committee, kLength, 4, i});
        }
        ASSERT_TRUE(book->put(std::move(duties), validators).has_value());
        proofs = std::make_unique<SelectionProofs>(parts(), *book);
        spawn(proofs->run());
        vote = data(1);
        AggregationDuty::VoteOf vote_of = [this](Slot slot) {
            return vote && vote->slot == slot ? vote : std::optional<ethereum::AttestationData>{};
        };
        duty = std::make_unique<AggregationDuty>(parts(), *book, *proofs, std::move(vote_of), observer());
        for (auto* fake : fakes) gives(fake, 4);
        go_to(1, 1ms);
        ASSERT_TRUE(proofs->complete(Slot{1}));
        door.calls.clear();
        spawn(duty->perform(Slot{1}));
    }
    void TearDown() override {
        if (duty) spawn(duty->stop());
        CommitteeFixture::TearDown();
    }

    [[nodiscard]] static ethereum::AttestationData data(std::uint64_t slot) {
        ethereum::AttestationData result;
        result.slot = Slot{slot};
        result.beacon_block_root = root_of(slot);
        result.target = {Epoch{slot / 32}, root_of(100)};
        return result;
    }
    [[nodiscard]] const ethereum::BlockTypes& types() const { return nodes->types()->of(fork()); }
    [[nodiscard]] ForkName fork() const { return nodes->spec().fork_at(Epoch{0}).name; }
    [[nodiscard]] Aggregate aggregate(const ethereum::AttestationData& of, CommitteeIndex committee, std::size_t votes,
                                      std::size_t length = kLength) const {
        const std::vector<std::uint8_t> bits = bit_list(length, votes);
        std::vector<std::uint8_t> committees(nodes->types()->preset().committees_per_slot_max / 8);
        committees[committee.value / 8] = ethereum::ssz::with_bit(committees[committee.value / 8], committee.value % 8);
        const ethereum::ssz::Bytes voted = ethereum::ssz::serialize(of);
        Signature signature;
        signature.bytes.fill(static_cast<std::uint8_t>(votes));
        return {fork(), assemble(types().attestation, {bits, voted, signature.bytes, committees}), votes};
    }
    // Right aggregates with so many votes.
    void gives(beacon::testing::FakeBeaconNode* fake, std::size_t votes) {
        fake->on_aggregate = [this, votes](Slot slot, CommitteeIndex committee, const Root&) -> Result<Aggregate> {
            return aggregate(data(slot.value), committee, votes);
        };
    }
    struct Sent {
        std::uint64_t aggregator{0};
        std::uint8_t votes{0};
        Signature signature;
        Root root;  // of the message
    };
    [[nodiscard]] std::vector<Sent> sent(std::size_t node = 0) const {
        std::vector<Sent> result;
        for (const auto& [body, of_fork] : fakes[node]->aggregates) {
            EXPECT_EQ(of_fork, fork());
            for (const Object& object : objects(*body, types().signed_aggregate_and_proof)) {
                const ethereum::schema::Part message = object.find({"message"});
                result.push_back({object.find({"message", "aggregator_index"}).as_uint(),
                                  object.find({"message", "aggregate", "signature"}).bytes.front(),
                                  object.find({"signature"}).as_bytes<Signature>(),
                                  ethereum::schema::hash_tree_root(*message.type, message.bytes)});
            }
        }
        return result;
    }
};

TEST_F(AggregationDutyTest, FullestOfAllNodes_SignedByEachAggregator_SentTogetherToAll) {
    begin();
    gives(fakes[1], 9);
    go_to(1, 7900ms);
    EXPECT_EQ(fakes[0]->asked["aggregate"], 0U);  // not before the deadline
    EXPECT_TRUE(duty->idle());
    go_to(1, 9s);
    for (std::size_t node = 0; node < 3; ++node) {
        EXPECT_EQ(fakes[node]->asked["aggregate"], 2U);  // one for each committee
        EXPECT_EQ(fakes[node]->asked["publish_aggregates"], 1U);
        const std::vector<Sent> all = sent(node);
        ASSERT_EQ(all.size(), 3U);
        std::set<std::uint64_t> who;
        for (const Sent& one : all) {
            EXPECT_EQ(one.votes, 9);
            EXPECT_EQ(one.signature, signature(one.aggregator, one.root, ethereum::kDomainAggregateAndProof, 0));
            who.insert(one.aggregator);
        }
        EXPECT_EQ(who, (std::set<std::uint64_t>{0, 1, 2}));
    }
    for (const RecordingDoor::Call& call : door.calls) EXPECT_EQ(call.urgency, signing::Urgency::kAggregation);
    ASSERT_EQ(reports.size(), 1U);
    const DutyReport& report = reports.front();
    EXPECT_EQ(report.kind, DutyKind::kAggregation);
    EXPECT_EQ(report.due, 3U);
    EXPECT_EQ(report.done, 3U);
    EXPECT_EQ(report.missed_count(), 0U);
    EXPECT_EQ(report.what, "2 committees with 18 of 32 votes");
    EXPECT_EQ(report.of_nodes.size(), 3U);
    ASSERT_TRUE(report.posted);
    EXPECT_LT(*report.posted, 8100ms);
    EXPECT_TRUE(duty->idle());
}

TEST_F(AggregationDutyTest, SelectionProofAndAggregateAreInTheMessage) {
    begin();
    go_to(1, 9s);
    ASSERT_EQ(fakes[0]->aggregates.size(), 1U);
    const std::vector<Object> all = objects(*fakes[0]->aggregates[0].first, types().signed_aggregate_and_proof);
    for (const Object& object : all) {
        const std::uint64_t who = object.find({"message", "aggregator_index"}).as_uint();
        EXPECT_EQ(object.find({"message", "selection_proof"}).as_bytes<Signature>(), proofs->proof(Slot{1}, key_of(who)));
        const ethereum::schema::View given = object.find({"message", "aggregate"}).bytes;
        const Aggregate expected = aggregate(data(1), CommitteeIndex{who < 2 ? 0U : 3U}, 4);
        EXPECT_TRUE(std::ranges::equal(given, expected.object.bytes));
    }
    for (const RecordingDoor::Call& call : door.calls) {
        const ethereum::schema::TypePtr type = types().aggregate_and_proof;
        EXPECT_EQ(call.message.object_root, ethereum::schema::hash_tree_root(*type, call.message.object));
    }
}

TEST_F(AggregationDutyTest, FullAggregate_TheOthersAreNotWaitedFor) {
    begin();
    gives(fakes[0], kLength);
    fakes[1]->behaviour["aggregate"].hang = true;
    fakes[2]->behaviour["aggregate"].hang = true;
    go_to(1, 8100ms);
    EXPECT_EQ(sent().size(), 3U);
}

TEST_F(AggregationDutyTest, HangingNode_WaitedForATwelfthOfTheSlot) {
    begin();
    fakes[1]->behaviour["aggregate"].hang = true;
    fakes[2]->behaviour["aggregate"].delay = 700ms;
    gives(fakes[2], 8);
    go_to(1, 8950ms);
    EXPECT_TRUE(sent().empty());
    go_to(1, 9050ms);
    ASSERT_EQ(sent().size(), 3U);
    EXPECT_EQ(sent()[0].votes, 8);
}

TEST_F(AggregationDutyTest, NothingAtFirst_AskedAgain) {
    begin();
    for (auto* fake : fakes) fake->behaviour["aggregate"].error = Error{ErrorCode::kNotFound, "nothing yet"};
    go_to(1, 8800ms);
    EXPECT_GT(fakes[0]->asked["aggregate"], 2U);
    fakes[2]->behaviour.clear();
    go_to(1, 9300ms);
    EXPECT_EQ(sent().size(), 3U);
    EXPECT_EQ(reports.at(0).done, 3U);
    EXPECT_EQ(nodes->fit_count(), 3U);
}

TEST_F(AggregationDutyTest, ShortSlots_AskedAgainMoreOften) {
    spec_values["SLOT_DURATION_MS"] = "2000";
    begin();
    for (auto* fake : fakes) fake->behaviour["aggregate"].error = Error{ErrorCode::kNotFound, "nothing yet"};
    go_to(1, 1700ms);
    EXPECT_GT(fakes[0]->asked["aggregate"], 6U);
    for (auto* fake : fakes) fake->behaviour.clear();
    go_to(1, 1800ms);
    EXPECT_EQ(sent().size(), 3U);
}

TEST_F(AggregationDutyTest, NothingAtAll_MissedBeforeTheSlotEnds) {
    begin();
    for (auto* fake : fakes) fake->behaviour["aggregate"].error = Error{ErrorCode::kNotFound, "nothing yet"};
    go_to(2, 0s);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_EQ(reports[0].missed[MissedReason::kNoAggregate].count, 3U);
    EXPECT_THAT(reports[0].missed[MissedReason::kNoAggregate].detail, HasSubstr("nothing yet"));
    EXPECT_TRUE(door.calls.empty());
}

// Each fuller than the right one, and wrong.
class WrongAggregate : public AggregationDutyTest, public ::testing::WithParamInterface<int> {
protected:
    [[nodiscard]] Aggregate wrong(CommitteeIndex committee) const {
        Aggregate given = aggregate(data(1), committee, 9);
        switch (GetParam()) {
            case 0: return aggregate(data(2), committee, 9);
            case 1: return aggregate(data(1), committee + 1, 9);
            case 2: return aggregate(data(1), committee, 9, kLength + 1);
            case 3: return aggregate(data(1), committee, 9, kLength - 1);
            case 4: ethereum::schema::put_uint(given.object, {"data", "target", "epoch"}, 7); return given;
            case 5:
                ethereum::schema::put_bytes(given.object, {"committee_bits"}, std::vector<std::uint8_t>(8, 0xff));
                return given;
            case 6: given.fork = ForkName::kGloas; return given;
            default:
                given.object = aggregate(data(1), committee, 0).object;
                given.votes = 0;
                return given;
        }
    }
};

TEST_P(WrongAggregate, IsNotSigned) {
    begin();
    gives(fakes[2], 2);
    fakes[2]->behaviour["aggregate"].delay = 200ms;
    for (std::size_t node = 0; node < 2; ++node) {
        fakes[node]->on_aggregate = [this](Slot, CommitteeIndex committee, const Root&) -> Result<Aggregate> {
            return wrong(committee);
        };
    }
    go_to(1, 9500ms);
    ASSERT_EQ(sent().size(), 3U);
    for (const Sent& one : sent()) EXPECT_EQ(one.votes, 2);
    EXPECT_EQ(reports.at(0).of_nodes.size(), 1U);
}
INSTANTIATE_TEST_SUITE_P(All, WrongAggregate, ::testing::Range(0, 8));

TEST_F(AggregationDutyTest, TheVotesDataRootIsAskedFor) {
    begin();
    std::set<Root> asked;
    fakes[0]->on_aggregate = [&](Slot slot, CommitteeIndex committee, const Root& root) -> Result<Aggregate> {
        asked.insert(root);
        return aggregate(data(slot.value), committee, 1);
    };
    go_to(1, 9s);
    EXPECT_EQ(asked, (std::set<Root>{ethereum::ssz::hash_tree_root(data(1))}));
}

TEST_F(AggregationDutyTest, VoteComesLate_WaitedFor) {
    begin();
    vote.reset();
    go_to(1, 9s);
    EXPECT_EQ(fakes[0]->asked["aggregate"], 0U);
    vote = data(1);
    go_to(1, 9500ms);
    EXPECT_EQ(sent().size(), 3U);
}

TEST_F(AggregationDutyTest, NoVote_Missed) {
    begin();
    vote.reset();
    go_to(2, 0s);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_EQ(reports[0].missed[MissedReason::kNoVote].count, 3U);
}

TEST_F(AggregationDutyTest, GateClosed_NothingAskedSignedOrSent) {
    begin();
    gate.close();
    go_to(2, 0s);
    EXPECT_EQ(fakes[0]->asked["aggregate"], 0U);
    EXPECT_TRUE(door.calls.empty());
    EXPECT_TRUE(sent().empty());
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_TRUE(reports[0].only_decided);
    EXPECT_EQ(reports[0].missed_count(), 0U);
}

TEST_F(AggregationDutyTest, Fenced_NothingSigned) {
    begin();
    quorum.fence.emplace();
    go_to(2, 0s);
    EXPECT_TRUE(door.calls.empty());
    EXPECT_TRUE(sent().empty());
}

TEST_F(AggregationDutyTest, GateOpensInTheSlot_PerformedThen) {
    begin();
    gate.close();
    go_to(1, 9500ms);
    gate.open();
    go_to(1, 10s);
    EXPECT_EQ(sent().size(), 3U);
    EXPECT_EQ(reports.at(0).done, 3U);
    EXPECT_FALSE(reports[0].only_decided);
}

TEST_F(AggregationDutyTest, GateClosesWhileNodesAreAsked_NothingSigned_NothingMissed) {
    begin();
    for (auto* fake : fakes) fake->behaviour["aggregate"].delay = 500ms;
    go_to(1, 8200ms);
    EXPECT_TRUE(duty->idle());
    gate.close();
    go_to(1, 10s);
    EXPECT_TRUE(door.calls.empty());
    EXPECT_TRUE(sent().empty());
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_TRUE(reports[0].only_decided);
    EXPECT_EQ(reports[0].missed_count(), 0U);
}

TEST_F(AggregationDutyTest, GateClosesWhileSigning_WhatIsSignedIsSent) {
    begin();
    door.delay = 100ms;
    go_to(1, 8050ms);
    EXPECT_EQ(door.calls.size(), 3U);  // side by side
    EXPECT_FALSE(duty->idle());
    gate.close();
    go_to(1, 9s);
    EXPECT_EQ(sent().size(), 3U);
    EXPECT_TRUE(duty->idle());
}

TEST_F(AggregationDutyTest, KeyMissing_TheOthersAggregate) {
    begin();
    door.missing.insert(key_of(1));
    go_to(1, 9s);
    EXPECT_EQ(sent().size(), 2U);
    EXPECT_EQ(reports.at(0).done, 2U);
    EXPECT_EQ(reports[0].missed[MissedReason::kSigningFailed].count, 1U);
}

TEST_F(AggregationDutyTest, NobodyTakesThem_Missed) {
    begin();
    for (auto* fake : fakes) fake->behaviour["publish_aggregates"].error = Error{ErrorCode::kRefused, "no thanks"};
    go_to(1, 9s);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_EQ(reports[0].done, 0U);
    EXPECT_EQ(reports[0].missed[MissedReason::kPublishFailed].count, 3U);
}

TEST_F(AggregationDutyTest, NoAggregator_NothingAsked) {
    begin();
    go_to(2, 1s);
    const std::size_t asked = fakes[0]->asked["aggregate"];
    reports.clear();
    spawn(duty->perform(Slot{2}));
    go_to(3, 0s);
    EXPECT_EQ(fakes[0]->asked["aggregate"], asked);
    EXPECT_TRUE(reports.empty());
}

TEST_F(AggregationDutyTest, SlotOnce) {
    begin();
    spawn(duty->perform(Slot{1}));
    go_to(2, 0s);
    EXPECT_EQ(reports.size(), 1U);
    EXPECT_EQ(sent().size(), 3U);
}

TEST_F(AggregationDutyTest, AfterTheSlot_TooLate) {
    begin();
    AggregationDuty late{parts(), *book, *proofs, [this](Slot) { return vote; }, observer()};
    go_to(1, 11500ms);
    reports.clear();
    spawn(late.perform(Slot{1}));
    go_to(1, 11800ms);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_EQ(reports[0].missed[MissedReason::kTooLate].count, 3U);
    spawn(late.stop());
    time.advance(1ms);
}

// Its containers are encoded as Electra's are, but merkleised in another way.
TEST_F(AggregationDutyTest, Gloas_AnotherRootAndAnotherDeadline) {
    spec_values["FULU_FORK_EPOCH"] = spec_values["GLOAS_FORK_EPOCH"] = "0";
    spec_values["FULU_FORK_VERSION"] = "0x70000042";
    spec_values["GLOAS_FORK_VERSION"] = "0x80000042";
    begin();
    ASSERT_EQ(fork(), ForkName::kGloas);
    go_to(1, 5900ms);
    EXPECT_EQ(fakes[0]->asked["aggregate"], 0U);
    go_to(1, 6500ms);
    ASSERT_EQ(sent().size(), 3U);
    for (const Sent& one : sent()) {
        EXPECT_EQ(one.signature, signature(one.aggregator, one.root, ethereum::kDomainAggregateAndProof, 0));
    }
    const ethereum::schema::TypePtr before = nodes->types()->of(ForkName::kElectra).aggregate_and_proof;
    for (const RecordingDoor::Call& call : door.calls) {
        EXPECT_NE(call.message.object_root, ethereum::schema::hash_tree_root(*before, call.message.object));
    }
}

}  // namespace
}  // namespace holdfast::duties
