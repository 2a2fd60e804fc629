// Sync committees in virtual time: who is due when, which block is named, and what is signed and sent.
#include "shared/duties/sync_committee_duty.hpp"

#include "tests/shared/duties/committee_fixture.hpp"

namespace holdfast::duties {
namespace {

using beacon::SyncContribution;
using beacon::SyncDuty;
using signing::MessageKind;
using signing::Urgency;
using ::testing::HasSubstr;

// Epochs of 4 slots, periods of 4 epochs, committees of 32: subcommittees of 8, in which every member aggregates.
class SyncCommitteeDutyTest : public CommitteeFixture {
protected:
    std::map<std::uint64_t, std::vector<SyncDuty>> committees;  // by first epoch
    std::vector<Epoch> asked_for;
    SyncOptions options;
    std::unique_ptr<SyncCommitteeDuty> duty;

    static SyncDuty member(std::uint64_t index, std::vector<std::uint64_t> positions) {
        return {key_of(index), ValidatorIndex{index}, std::move(positions)};
    }
    // Validators 0 and 1 sit in the first committee, 1 and 2 in the second.
    void begin(bool running = true) {
        spec_values["SLOTS_PER_EPOCH"] = "4";
        spec_values["EPOCHS_PER_SYNC_COMMITTEE_PERIOD"] = "4";
        spec_values["SYNC_COMMITTEE_SIZE"] = "32";
        committees[0] = {member(0, {0, 1}), member(1, {7, 30})};
        committees[4] = {member(1, {8}), member(2, {9})};
        connect_nodes(3);
        for (auto* fake : fakes) {
            fake->head = root_of(1000);
            fake->on_sync_duties = [this](Epoch epoch, const std::vector<ValidatorIndex>& indices) {
                asked_for.push_back(epoch);
                return duties_in(epoch, indices);
            };
            gives(fake, 3);
        }
        duty = std::make_unique<SyncCommitteeDuty>(
            parts(), [this]() -> const SyncMembers::Validators& { return validators; }, options, observer());
        if (running) spawn(duty->run());
        time.advance(100ms);
    }
    void TearDown() override {
        if (duty) spawn(duty->stop());
        CommitteeFixture::TearDown();
    }
    [[nodiscard]] Result<std::vector<SyncDuty>> duties_in(Epoch epoch, const std::vector<ValidatorIndex>& indices) const {
        std::vector<SyncDuty> result;
        const auto committee = committees.find(epoch.value / 4 * 4);
        if (committee == committees.end()) return failure(ErrorCode::kInvalidArgument, "an epoch too far");
        for (const SyncDuty& duty_of : committee->second) {
            if (std::ranges::find(indices, duty_of.validator_index) != indices.end()) result.push_back(duty_of);
        }
        return result;
    }
    void gives(beacon::testing::FakeBeaconNode* fake, std::size_t votes) {
        fake->on_sync_contribution = [this, votes](Slot slot, std::uint64_t subcommittee,
                                                   const Root& block) -> Result<SyncContribution> {
            return contribution(slot, subcommittee, block, votes);
        };
    }
    [[nodiscard]] SyncContribution contribution(Slot slot, std::uint64_t subcommittee, const Root& block,
                                                std::size_t votes) const {
        Object object = ethereum::schema::default_object(types().sync_contribution);
        ethereum::schema::put_uint(object, {"slot"}, slot.value);
        ethereum::schema::put_bytes(object, {"beacon_block_root"}, block.bytes);
        ethereum::schema::put_uint(object, {"subcommittee_index"}, subcommittee);
        ethereum::schema::put_uint(object, {"aggregation_bits"}, (1ULL << votes) - 1);
        return {std::move(object), votes};
    }
    [[nodiscard]] const ethereum::BlockTypes& types() const { return nodes->types()->of(nodes->spec().fork_at(Epoch{0}).name); }
    void announce(std::size_t node, std::uint64_t slot, const Root& block, bool optimistic = false) {
        duty->on_event(head_event(node, slot, block, optimistic));
    }
    void all_heads(const Root& root) {
        for (auto* fake : fakes) fake->head = root;
    }
    // validator -> block, of one body.
    static std::map<std::uint64_t, std::string> messages_in(const std::string& body, std::uint64_t slot) {
        std::map<std::uint64_t, std::string> result;
        for (const Json::Value& item : parse(body)) {
            EXPECT_EQ(item["slot"].asString(), std::to_string(slot));
            result[std::stoull(item["validator_index"].asString())] = item["beacon_block_root"].asString();
        }
        return result;
    }
    [[nodiscard]] const DutyReport* report_of(DutyKind kind, std::uint64_t slot) const {
        for (const DutyReport& report : reports) {
            if (report.kind == kind && report.slot.value == slot) return &report;
        }
        return nullptr;
    }
    static Task<void> wait_for(Notifier& notifier, Clock& clock, SteadyTime until) {
        co_await notifier.wait_until(clock, until);
    }
    void perform(std::uint64_t slot) {
        go_to(slot, 1ms);
        spawn(duty->perform(Slot{slot}));
        time.advance(1ms);
    }
};

// --- members ---

TEST_F(SyncCommitteeDutyTest, ThisPeriodAndTheNext_Known_AndSubscribed) {
    begin();
    EXPECT_EQ(asked_for, (std::vector<Epoch>{Epoch{0}, Epoch{4}}));
    EXPECT_TRUE(duty->known());
    EXPECT_EQ(duty->until(), Epoch{7});
    ASSERT_EQ(fakes[0]->sync_subscribed.size(), 1U);
    const auto& subscriptions = fakes[0]->sync_subscribed[0];
    ASSERT_EQ(subscriptions.size(), 2U);  // the next period's later
    EXPECT_EQ(subscriptions[1].validator_index, ValidatorIndex{1});
    EXPECT_EQ(subscriptions[1].positions, (std::vector<std::uint64_t>{7, 30}));
    EXPECT_EQ(subscriptions[1].until, Epoch{4});
}

TEST_F(SyncCommitteeDutyTest, SubscribedEachEpoch_AheadForTheNextPeriod) {
    begin();
    go_to(4, 11s);
    EXPECT_EQ(fakes[1]->sync_subscribed.size(), 2U);
    EXPECT_EQ(fakes[1]->sync_subscribed[1].size(), 2U);
    go_to(8, 11s);
    ASSERT_EQ(fakes[1]->sync_subscribed.size(), 3U);
    const auto& ahead = fakes[1]->sync_subscribed[2];
    ASSERT_EQ(ahead.size(), 4U);
    EXPECT_EQ(ahead[3].validator_index, ValidatorIndex{2});
    EXPECT_EQ(ahead[3].until, Epoch{8});
}

TEST_F(SyncCommitteeDutyTest, PeriodsLastSlot_IsTheNextCommittees) {
    begin();
    EXPECT_TRUE(duty->due_at(Slot{14}));
    committees[4] = {};
    committees[8] = {member(2, {0})};
    go_to(8, 0s);  // asked again after the epoch in which it was drawn
    EXPECT_TRUE(duty->due_at(Slot{14}));
    EXPECT_FALSE(duty->due_at(Slot{15}));
    EXPECT_EQ(duty->until(), Epoch{3});
    go_to(17, 0s);
    EXPECT_FALSE(duty->until());
    EXPECT_FALSE(duty->due_at(Slot{17}));
    EXPECT_TRUE(duty->due_at(Slot{31}));
}

TEST_F(SyncCommitteeDutyTest, NobodyAnswersAtFirst_AskedAgainAtOnce_SubscribedWhenKnown) {
    begin(false);
    for (auto* fake : fakes) fake->behaviour["sync_duties"].error = Error{ErrorCode::kUnavailable, "starting"};
    spawn(duty->run());
    time.advance(1s);
    EXPECT_FALSE(duty->known());
    EXPECT_FALSE(duty->until());
    for (auto* fake : fakes) fake->behaviour.clear();
    go_to(0, 8s);
    EXPECT_TRUE(duty->known());
    EXPECT_EQ(fakes[2]->sync_subscribed.size(), 1U);
}

TEST_F(SyncCommitteeDutyTest, NewValidator_AskedForToo) {
    begin();
    committees[0].push_back(member(5, {12}));
    validators.emplace(key_of(5), ValidatorIndex{5});
    duty->wake();
    time.advance(1s);
    perform(1);
    announce(0, 1, root_of(1));
    announce(1, 1, root_of(1));
    time.advance(100ms);
    ASSERT_EQ(fakes[0]->sync_messages.size(), 1U);
    EXPECT_TRUE(messages_in(*fakes[0]->sync_messages[0], 1).contains(5));
    EXPECT_EQ(fakes[0]->sync_subscribed.size(), 2U);
}

// --- messages ---

TEST_F(SyncCommitteeDutyTest, BlockAnnouncedByTheThreshold_AllMembersSendAtOnce_SignedInOneGo) {
    begin();
    perform(1);
    time.advance(300ms);
    announce(0, 1, root_of(1));
    time.advance(100ms);
    EXPECT_TRUE(fakes[0]->sync_messages.empty());
    announce(2, 1, root_of(1));
    time.advance(10ms);
    for (auto* fake : fakes) {
        ASSERT_EQ(fake->sync_messages.size(), 1U);
        const auto messages = messages_in(*fake->sync_messages[0], 1);
        EXPECT_EQ(messages, (std::map<std::uint64_t, std::string>{{0, to_hex(root_of(1))}, {1, to_hex(root_of(1))}}));
        EXPECT_EQ(fake->asked["block_root"], 0U);
    }
    const auto calls = door.of(MessageKind::kSyncCommitteeMessage);
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0].keys.size(), 2U);
    EXPECT_EQ(calls[0].urgency, Urgency::kAttestation);
    EXPECT_EQ(calls[0].message.object_root, root_of(1));
    EXPECT_EQ(calls[0].message.slot, Slot{1});
    EXPECT_TRUE(calls[0].message.object.empty());
    const Json::Value sent = parse(*fakes[0]->sync_messages[0]);
    const std::uint64_t who = std::stoull(sent[0]["validator_index"].asString());
    EXPECT_EQ(sent[0]["signature"].asString(), to_hex(signature(who, root_of(1), ethereum::kDomainSyncCommittee, 0)));
    const DutyReport* report = report_of(DutyKind::kSyncMessage, 1);
    ASSERT_NE(report, nullptr);
    EXPECT_EQ(report->due, 2U);
    EXPECT_EQ(report->done, 2U);
    EXPECT_EQ(report->deadline, 4s);
    EXPECT_THAT(report->what, HasSubstr("head of 2 of 3 nodes"));
    EXPECT_LT(*report->posted, 500ms);
}

TEST_F(SyncCommitteeDutyTest, AttestationsOfTheSlotGoFirst_NotWaitedForLong) {
    std::vector<std::pair<Slot, SteadyTime>> waited;
    Notifier sent;
    options.attestations_first = [&](Slot slot, SteadyTime until) -> Task<void> {
        waited.emplace_back(slot, until);
        return wait_for(sent, clock, until);
    };
    begin();
    perform(1);
    for (const std::size_t node : {0U, 1U}) announce(node, 1, root_of(1));
    time.advance(10ms);
    ASSERT_EQ(waited.size(), 1U);
    EXPECT_EQ(waited[0].first, Slot{1});
    EXPECT_LE(waited[0].second - clock.steady(), 250ms);
    EXPECT_TRUE(fakes[0]->sync_messages.empty());
    EXPECT_FALSE(duty->idle()) << "they are to be sent";
    sent.notify_all();
    time.advance(10ms);
    EXPECT_EQ(fakes[0]->sync_messages.size(), 1U);
    perform(2);
    for (const std::size_t node : {0U, 1U}) announce(node, 2, root_of(2));
    time.advance(260ms);
    EXPECT_EQ(fakes[0]->sync_messages.size(), 2U);
}

TEST_F(SyncCommitteeDutyTest, GateCloses_WhileAttestationsAreWaitedFor_NothingIsSigned) {
    Notifier sent;
    options.attestations_first = [&](Slot, SteadyTime until) { return wait_for(sent, clock, until); };
    begin();
    perform(1);
    for (const std::size_t node : {0U, 1U}) announce(node, 1, root_of(1));
    time.advance(10ms);
    gate.close();
    sent.notify_all();
    time.advance(1s);
    EXPECT_TRUE(door.of(MessageKind::kSyncCommitteeMessage).empty());
    const DutyReport* report = report_of(DutyKind::kSyncMessage, 1);
    ASSERT_NE(report, nullptr);
    EXPECT_TRUE(report->only_decided);
}

TEST_F(SyncCommitteeDutyTest, EventsBeforeTheSlotIsBegun_Count) {
    begin();
    go_to(0, 11990ms);
    announce(0, 1, root_of(1));
    announce(1, 1, root_of(1));
    perform(1);
    EXPECT_EQ(fakes[0]->sync_messages.size(), 1U);
}

TEST_F(SyncCommitteeDutyTest, OptimisticUnfitAndOtherSlotsEvents_DoNotCount) {
    begin();
    perform(1);
    announce(0, 1, root_of(1));
    announce(1, 1, root_of(1), true);
    announce(1, 0, root_of(1));
    announce(1, 2, root_of(1));
    time.advance(100ms);
    EXPECT_TRUE(fakes[0]->sync_messages.empty());
    fakes[2]->sync.is_optimistic = true;
    time.advance(1100ms);
    ASSERT_EQ(nodes->fit_count(), 2U);
    announce(2, 1, root_of(1));
    time.advance(100ms);
    EXPECT_TRUE(fakes[0]->sync_messages.empty());
}

TEST_F(SyncCommitteeDutyTest, NoEvent_AtTheDeadlineTheHeadOfMost) {
    begin();
    all_heads(root_of(7));
    fakes[0]->head = root_of(8);
    perform(1);
    go_to(1, 3900ms);
    EXPECT_EQ(fakes[0]->asked["block_root"], 0U);
    go_to(1, 4100ms);
    ASSERT_EQ(fakes[0]->sync_messages.size(), 1U);
    EXPECT_EQ(messages_in(*fakes[0]->sync_messages[0], 1).at(0), to_hex(root_of(7)));
}

TEST_F(SyncCommitteeDutyTest, OneNodeOnItsOwnBlock_DoesNotDecide) {
    begin();
    all_heads(root_of(7));
    perform(1);
    announce(0, 1, root_of(666));
    go_to(1, 3900ms);
    EXPECT_TRUE(fakes[0]->sync_messages.empty());
    go_to(1, 4100ms);
    ASSERT_EQ(fakes[0]->sync_messages.size(), 1U);
    EXPECT_EQ(messages_in(*fakes[0]->sync_messages[0], 1).at(0), to_hex(root_of(7)));
}

TEST_F(SyncCommitteeDutyTest, HangingNodes_WaitedForAMoment) {
    begin();
    fakes[1]->behaviour["block_root"].hang = true;
    fakes[2]->behaviour["block_root"].hang = true;
    all_heads(root_of(7));
    perform(1);
    go_to(1, 4900ms);
    EXPECT_TRUE(fakes[0]->sync_messages.empty());
    go_to(1, 5200ms);
    EXPECT_EQ(fakes[0]->sync_messages.size(), 1U);
}

TEST_F(SyncCommitteeDutyTest, EventWhileNodesAreAsked_Counts) {
    begin();
    all_heads(root_of(7));
    fakes[1]->behaviour["block_root"].hang = true;
    fakes[2]->behaviour["block_root"].hang = true;
    perform(1);
    go_to(1, 4300ms);
    announce(1, 1, root_of(9));
    announce(2, 1, root_of(9));
    go_to(1, 4400ms);
    ASSERT_EQ(fakes[0]->sync_messages.size(), 1U);
    EXPECT_EQ(messages_in(*fakes[0]->sync_messages[0], 1).at(0), to_hex(root_of(9)));
}

TEST_F(SyncCommitteeDutyTest, NobodySays_AskedAgain_ThenMissed) {
    begin();
    for (auto* fake : fakes) fake->behaviour["block_root"].error = Error{ErrorCode::kNotFound, "no"};
    perform(1);
    go_to(1, 5s);
    EXPECT_GT(fakes[0]->asked["block_root"], 1U);
    go_to(2, 0s);
    const DutyReport* report = report_of(DutyKind::kSyncMessage, 1);
    ASSERT_NE(report, nullptr);
    EXPECT_EQ(report->missed.at(MissedReason::kNoHead).count, 2U);
    report = report_of(DutyKind::kSyncContribution, 1);
    ASSERT_NE(report, nullptr);
    EXPECT_EQ(report->missed.at(MissedReason::kNoVote).count, report->due);
}

TEST_F(SyncCommitteeDutyTest, LastSlotOfAPeriod_TheNextCommitteeSigns_InTheSlotsEpoch) {
    begin();
    perform(15);
    announce(0, 15, root_of(15));
    announce(1, 15, root_of(15));
    time.advance(100ms);
    ASSERT_EQ(fakes[0]->sync_messages.size(), 1U);
    const auto messages = messages_in(*fakes[0]->sync_messages[0], 15);
    EXPECT_TRUE(messages.contains(2));
    EXPECT_FALSE(messages.contains(0));
    EXPECT_EQ(signing_root(root_of(15), ethereum::kDomainSyncCommittee, 3),
              ethereum::compute_signing_root(root_of(15), door.of(MessageKind::kSyncCommitteeMessage)[0].message.domain));
}

TEST_F(SyncCommitteeDutyTest, NoMember_NodesAreLeftAlone) {
    begin();
    committees.clear();
    committees[0] = committees[4] = {};
    validators.emplace(key_of(6), ValidatorIndex{6});
    duty->wake();
    time.advance(1s);
    perform(1);
    go_to(2, 0s);
    EXPECT_EQ(fakes[0]->asked["block_root"], 0U);
    EXPECT_TRUE(reports.empty());
    EXPECT_TRUE(door.calls.empty());
}

TEST_F(SyncCommitteeDutyTest, KeyMissing_TheOthersSend) {
    begin();
    door.missing.insert(key_of(0));
    perform(1);
    announce(0, 1, root_of(1));
    announce(1, 1, root_of(1));
    time.advance(100ms);
    const DutyReport* report = report_of(DutyKind::kSyncMessage, 1);
    ASSERT_NE(report, nullptr);
    EXPECT_EQ(report->done, 1U);
    EXPECT_EQ(report->missed.at(MissedReason::kSigningFailed).count, 1U);
}

TEST_F(SyncCommitteeDutyTest, NobodyTakesThem_Missed) {
    begin();
    for (auto* fake : fakes) fake->behaviour["publish_sync_messages"].error = Error{ErrorCode::kRefused, "no"};
    perform(1);
    announce(0, 1, root_of(1));
    announce(1, 1, root_of(1));
    time.advance(100ms);
    const DutyReport* report = report_of(DutyKind::kSyncMessage, 1);
    ASSERT_NE(report, nullptr);
    EXPECT_EQ(report->missed.at(MissedReason::kPublishFailed).count, 2U);
}

// --- the gate ---

TEST_F(SyncCommitteeDutyTest, GateClosed_OnlySelectionProofsAreSigned_NothingIsSent) {
    begin();
    gate.close();
    perform(1);
    announce(0, 1, root_of(1));
    announce(1, 1, root_of(1));
    go_to(2, 0s);
    for (const RecordingDoor::Call& call : door.calls) EXPECT_EQ(call.message.kind, MessageKind::kSyncSelectionProof);
    EXPECT_FALSE(door.calls.empty());
    for (auto* fake : fakes) {
        EXPECT_TRUE(fake->sync_messages.empty());
        EXPECT_TRUE(fake->contributions.empty());
        EXPECT_EQ(fake->asked["sync_contribution"], 0U);
        EXPECT_FALSE(fake->sync_subscribed.empty());
    }
    ASSERT_EQ(reports.size(), 2U);
    for (const DutyReport& report : reports) {
        EXPECT_TRUE(report.only_decided);
        EXPECT_EQ(report.missed_count(), 0U);
    }
}

TEST_F(SyncCommitteeDutyTest, GateOpensInTheSlot_MessagesAndContributionsAreSent) {
    begin();
    gate.close();
    perform(1);
    announce(0, 1, root_of(1));
    announce(1, 1, root_of(1));
    go_to(1, 9s);
    gate.open();
    go_to(1, 10500ms);
    EXPECT_EQ(fakes[0]->sync_messages.size(), 1U);
    EXPECT_EQ(fakes[0]->contributions.size(), 1U);
}

TEST_F(SyncCommitteeDutyTest, GateClosesWhileSigning_WhatIsSignedIsSent_AndIdleSaysSo) {
    begin();
    perform(1);
    EXPECT_TRUE(duty->idle());
    door.delay = 100ms;
    announce(0, 1, root_of(1));
    announce(1, 1, root_of(1));
    time.advance(50ms);
    EXPECT_FALSE(duty->idle());
    gate.close();
    time.advance(100ms);
    EXPECT_EQ(fakes[0]->sync_messages.size(), 1U);
    EXPECT_TRUE(duty->idle());
}

// --- contributions ---

TEST_F(SyncCommitteeDutyTest, FullestContributionPerSubcommittee_SignedByEachAggregator_SentTogether) {
    begin();
    gives(fakes[1], 5);
    perform(1);
    announce(0, 1, root_of(1));
    announce(1, 1, root_of(1));
    go_to(1, 7900ms);
    EXPECT_EQ(fakes[0]->asked["sync_contribution"], 0U);
    go_to(1, 9500ms);
    for (auto* fake : fakes) {
        EXPECT_EQ(fake->asked["sync_contribution"], 2U);
        ASSERT_EQ(fake->contributions.size(), 1U);
    }
    const std::vector<Object> sent = objects(*fakes[0]->contributions[0], types().signed_contribution_and_proof);
    // Validator 0 sits twice in subcommittee 0; validator 1 in 0 and in 3.
    std::set<std::pair<std::uint64_t, std::uint64_t>> who;
    for (const Object& object : sent) {
        const std::uint64_t validator = object.find({"message", "aggregator_index"}).as_uint();
        const std::uint64_t subcommittee = object.find({"message", "contribution", "subcommittee_index"}).as_uint();
        who.emplace(validator, subcommittee);
        EXPECT_EQ(object.find({"message", "contribution", "aggregation_bits"}).bytes.front(), 31U);
        EXPECT_EQ(object.find({"message", "contribution", "beacon_block_root"}).as_bytes<Root>(), root_of(1));
        const ethereum::SyncAggregatorSelectionData selection{Slot{1}, subcommittee};
        EXPECT_EQ(
            object.find({"message", "selection_proof"}).as_bytes<Signature>(),
            signature(validator, ethereum::ssz::hash_tree_root(selection), ethereum::kDomainSyncCommitteeSelectionProof, 0));
        const ethereum::schema::Part message = object.find({"message"});
        EXPECT_EQ(object.find({"signature"}).as_bytes<Signature>(),
                  signature(validator, ethereum::schema::hash_tree_root(*message.type, message.bytes),
                            ethereum::kDomainContributionAndProof, 0));
    }
    EXPECT_EQ(sent.size(), 3U);
    EXPECT_EQ(who, (std::set<std::pair<std::uint64_t, std::uint64_t>>{{0, 0}, {1, 0}, {1, 3}}));
    for (const RecordingDoor::Call& call : door.of(MessageKind::kContributionAndProof)) {
        EXPECT_EQ(call.urgency, Urgency::kAggregation);
    }
    const DutyReport* report = report_of(DutyKind::kSyncContribution, 1);
    ASSERT_NE(report, nullptr);
    EXPECT_EQ(report->due, 3U);
    EXPECT_EQ(report->done, 3U);
    EXPECT_EQ(report->what, "2 subcommittees with 10 of 16 votes");
    EXPECT_EQ(report->of_nodes.size(), 3U);
}

TEST_F(SyncCommitteeDutyTest, SelectionProofs_OneCallForASubcommittee_SignedInTheSlotBefore) {
    begin();
    perform(1);
    const auto first = door.of(MessageKind::kSyncSelectionProof);
    ASSERT_EQ(first.size(), 2U);  // subcommittees 0 and 3
    EXPECT_EQ(first[0].keys.size(), 2U);
    EXPECT_EQ(first[1].keys.size(), 1U);
    EXPECT_EQ(first[0].urgency, Urgency::kSoon);
    announce(0, 1, root_of(1));
    announce(1, 1, root_of(1));
    go_to(1, 11900ms);
    EXPECT_EQ(door.of(MessageKind::kSyncSelectionProof).size(), 4U);
    perform(2);
    EXPECT_EQ(door.of(MessageKind::kSyncSelectionProof).size(), 4U);
    EXPECT_EQ(door.of(MessageKind::kSyncSelectionProof)[3].message.slot, Slot{2});
}

TEST_F(SyncCommitteeDutyTest, FullContribution_TheOthersAreNotWaitedFor) {
    begin();
    gives(fakes[2], 8);
    fakes[0]->behaviour["sync_contribution"].hang = true;
    fakes[1]->behaviour["sync_contribution"].hang = true;
    perform(1);
    announce(0, 1, root_of(1));
    announce(1, 1, root_of(1));
    go_to(1, 8100ms);
    EXPECT_EQ(fakes[0]->contributions.size(), 1U);
}

class WrongContribution : public SyncCommitteeDutyTest, public ::testing::WithParamInterface<int> {
protected:
    [[nodiscard]] SyncContribution wrong(Slot slot, std::uint64_t subcommittee, const Root& block) const {
        switch (GetParam()) {
            case 0: return contribution(slot + 1, subcommittee, block, 8);
            case 1: return contribution(slot, (subcommittee + 1) % 4, block, 8);
            case 2: return contribution(slot, subcommittee, root_of(666), 8);
            default: return contribution(slot, subcommittee, block, 0);
        }
    }
};

TEST_P(WrongContribution, IsNotSigned) {
    begin();
    fakes[2]->behaviour["sync_contribution"].delay = 200ms;
    for (std::size_t node = 0; node < 2; ++node) {
        fakes[node]->on_sync_contribution = [this](Slot slot, std::uint64_t subcommittee,
                                                   const Root& block) -> Result<SyncContribution> {
            return wrong(slot, subcommittee, block);
        };
    }
    perform(1);
    announce(0, 1, root_of(1));
    announce(1, 1, root_of(1));
    go_to(1, 9500ms);
    ASSERT_EQ(fakes[0]->contributions.size(), 1U);
    const std::vector<Object> sent = objects(*fakes[0]->contributions[0], types().signed_contribution_and_proof);
    EXPECT_EQ(sent.size(), 3U);
    for (const Object& object : sent) {
        EXPECT_EQ(object.find({"message", "contribution", "aggregation_bits"}).bytes.front(), 7U);
    }
    EXPECT_EQ(report_of(DutyKind::kSyncContribution, 1)->of_nodes.size(), 1U);
}
INSTANTIATE_TEST_SUITE_P(All, WrongContribution, ::testing::Range(0, 4));

TEST_F(SyncCommitteeDutyTest, NoContribution_Missed) {
    begin();
    for (auto* fake : fakes) fake->on_sync_contribution = nullptr;
    perform(1);
    announce(0, 1, root_of(1));
    announce(1, 1, root_of(1));
    go_to(2, 0s);
    const DutyReport* report = report_of(DutyKind::kSyncContribution, 1);
    ASSERT_NE(report, nullptr);
    EXPECT_EQ(report->missed.at(MissedReason::kNoAggregate).count, 3U);
    EXPECT_EQ(nodes->fit_count(), 3U);
}

TEST_F(SyncCommitteeDutyTest, Gloas_DeadlinesOfTheFork) {
    spec_values["FULU_FORK_EPOCH"] = spec_values["GLOAS_FORK_EPOCH"] = "0";
    spec_values["FULU_FORK_VERSION"] = "0x70000042";
    spec_values["GLOAS_FORK_VERSION"] = "0x80000042";
    begin();
    perform(1);
    go_to(1, 2900ms);
    EXPECT_TRUE(fakes[0]->sync_messages.empty());
    go_to(1, 3100ms);
    EXPECT_EQ(fakes[0]->sync_messages.size(), 1U);
    EXPECT_EQ(fakes[0]->asked["sync_contribution"], 0U);
    go_to(1, 7200ms);
    EXPECT_EQ(fakes[0]->contributions.size(), 1U);
}

TEST_F(SyncCommitteeDutyTest, AfterTheSlot_TooLate) {
    begin();
    go_to(1, 11500ms);
    spawn(duty->perform(Slot{1}));
    go_to(1, 11900ms);
    ASSERT_EQ(reports.size(), 2U);
    for (DutyReport& report : reports) EXPECT_EQ(report.missed[MissedReason::kTooLate].count, report.due);
}

}  // namespace
}  // namespace holdfast::duties
