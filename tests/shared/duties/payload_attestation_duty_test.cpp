// The payload timeliness committee in virtual time: who is due, what is said, and when nothing is.
#include "shared/duties/payload_attestation_duty.hpp"

#include "tests/shared/duties/committee_fixture.hpp"

namespace holdfast::duties {
namespace {

using ethereum::PayloadAttestationData;
using signing::MessageKind;

// Epochs of 4 slots; Gloas from epoch 2 on. Validator i sits in the committee of the i-th slot of each epoch; 4 and 0 together.
class PayloadAttestationDutyTest : public CommitteeFixture {
protected:
    std::unique_ptr<PayloadAttestationDuty> duty;
    std::vector<Epoch> asked_for;
    Root dependent_root = root_of(500);
    std::uint64_t turn{0};
    bool fork_scheduled{true};

    void begin(std::uint64_t from_slot = 8) {
        spec_values["SLOTS_PER_EPOCH"] = "4";
        spec_values["FULU_FORK_EPOCH"] = "0";
        spec_values["FULU_FORK_VERSION"] = "0x70000042";
        if (fork_scheduled) spec_values["GLOAS_FORK_EPOCH"] = "2";
        spec_values["GLOAS_FORK_VERSION"] = "0x80000042";
        connect_nodes(5);
        for (auto* fake : fakes) {
            fake->on_ptc_duties = [this](Epoch epoch, const std::vector<ValidatorIndex>& indices) -> Result<beacon::PtcDuties> {
                asked_for.push_back(epoch);
                beacon::PtcDuties duties{epoch, dependent_root, {}};
                for (const ValidatorIndex index : indices) {
                    duties.duties.push_back({key_of(index.value), index, Slot{epoch.value * 4 + (index.value + turn) % 4}});
                }
                return duties;
            };
            says(fake, true);
        }
        duty = std::make_unique<PayloadAttestationDuty>(
            parts(), [this]() -> const PayloadAttestationDuty::Validators& { return validators; }, observer());
        spawn(duty->run());
        go_to(from_slot, 1ms);
    }
    void TearDown() override {
        if (duty) spawn(duty->stop());
        CommitteeFixture::TearDown();
    }
    static PayloadAttestationData data(Slot slot, bool present) { return {root_of(slot.value), slot, present, true}; }
    static void says(beacon::testing::FakeBeaconNode* fake, bool present) {
        fake->on_payload_attestation_data = [present](Slot slot) -> Result<PayloadAttestationData> {
            return data(slot, present);
        };
    }
    void perform(std::uint64_t slot) {
        go_to(slot, 2ms);
        spawn(duty->perform(Slot{slot}));
    }
    struct Sent {
        std::set<std::uint64_t> who;
        std::set<bool> present;
    };
    [[nodiscard]] Sent sent(std::size_t node = 0) const {
        Sent result;
        for (const auto& [body, fork] : fakes[node]->payload_attestations) {
            EXPECT_EQ(fork, ethereum::ForkName::kGloas);
            for (const Json::Value& item : parse(*body)) {
                result.who.insert(std::stoull(item["validator_index"].asString()));
                result.present.insert(item["data"]["payload_present"].asBool());
            }
        }
        return result;
    }
};

TEST_F(PayloadAttestationDutyTest, DutiesFromOneEpochBeforeTheForkOn) {
    begin(3);
    EXPECT_TRUE(asked_for.empty());
    go_to(4, 11s);
    EXPECT_EQ(asked_for, (std::vector<Epoch>{Epoch{2}}));
    EXPECT_EQ(duty->members_at(Slot{8}).size(), 2U);
    EXPECT_TRUE(duty->members_at(Slot{4}).empty());
    go_to(8, 11s);
    EXPECT_EQ(asked_for, (std::vector<Epoch>{Epoch{2}, Epoch{3}}));
    EXPECT_EQ(duty->members_at(Slot{15}).size(), 1U);
}

TEST_F(PayloadAttestationDutyTest, WhatMostNodesSay_OfAllMembers_SignedInOneGo) {
    begin();
    says(fakes[0], false);
    perform(8);
    go_to(8, 8900ms);
    EXPECT_EQ(fakes[1]->asked["payload_attestation_data"], 0U);
    go_to(8, 9100ms);
    for (std::size_t node = 0; node < 3; ++node) {
        EXPECT_EQ(sent(node).who, (std::set<std::uint64_t>{0, 4}));
        EXPECT_EQ(sent(node).present, (std::set<bool>{true}));
    }
    ASSERT_EQ(door.calls.size(), 1U);
    EXPECT_EQ(door.calls[0].message.kind, MessageKind::kPayloadAttestation);
    EXPECT_EQ(door.calls[0].urgency, signing::Urgency::kAttestation);
    const Root root = ethereum::ssz::hash_tree_root(data(Slot{8}, true));
    const Json::Value first = parse(*fakes[0]->payload_attestations[0].first)[0];
    EXPECT_EQ(first["signature"].asString(),
              to_hex(signature(std::stoull(first["validator_index"].asString()), root, ethereum::kDomainPtcAttester, 2)));
    EXPECT_EQ(first["data"]["beacon_block_root"].asString(), to_hex(root_of(8)));
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_EQ(reports[0].kind, DutyKind::kPayloadAttestation);
    EXPECT_EQ(reports[0].due, 2U);
    EXPECT_EQ(reports[0].done, 2U);
}

TEST_F(PayloadAttestationDutyTest, MostSayThatItIsMissing) {
    begin();
    says(fakes[0], false);
    says(fakes[2], false);
    perform(9);
    go_to(9, 9100ms);
    EXPECT_EQ(sent().present, (std::set<bool>{false}));
    EXPECT_EQ(sent().who, (std::set<std::uint64_t>{1}));
}

TEST_F(PayloadAttestationDutyTest, HangingNode_WaitedForAMoment) {
    begin();
    says(fakes[0], false);
    fakes[2]->behaviour["payload_attestation_data"].hang = true;
    perform(9);
    go_to(9, 9900ms);
    EXPECT_TRUE(sent().who.empty());
    go_to(9, 10100ms);
    EXPECT_EQ(sent().present, (std::set<bool>{true}));
}

TEST_F(PayloadAttestationDutyTest, NoBlock_NothingSaid_NothingMissed) {
    begin();
    for (auto* fake : fakes) fake->on_payload_attestation_data = nullptr;  // 404
    perform(8);
    go_to(9, 0s);
    EXPECT_EQ(fakes[0]->asked["payload_attestation_data"], 1U);
    EXPECT_TRUE(sent().who.empty());
    EXPECT_TRUE(door.calls.empty());
    EXPECT_TRUE(reports.empty());
}

TEST_F(PayloadAttestationDutyTest, BlockAnnounced_ButNobodySays_Missed) {
    begin();
    for (auto* fake : fakes) fake->on_payload_attestation_data = nullptr;
    duty->on_event(head_event(1, 8, root_of(8)));
    perform(8);
    go_to(9, 0s);
    EXPECT_GT(fakes[0]->asked["payload_attestation_data"], 1U);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_EQ(reports[0].missed[MissedReason::kNoPayloadStatus].count, 2U);
}

TEST_F(PayloadAttestationDutyTest, NodesThatFail_AreNoSignOfAnEmptySlot) {
    begin();
    for (auto* fake : fakes) fake->behaviour["payload_attestation_data"].error = Error{ErrorCode::kUnavailable, "restarting"};
    perform(8);
    go_to(8, 9200ms);
    fakes[1]->behaviour.clear();
    go_to(8, 10900ms);
    EXPECT_EQ(sent(1).who, (std::set<std::uint64_t>{0, 4}));
}

TEST_F(PayloadAttestationDutyTest, AnotherSlotsAnswer_IsNotUsed) {
    begin();
    for (std::size_t node = 0; node < 2; ++node) {
        fakes[node]->on_payload_attestation_data = [](Slot slot) -> Result<PayloadAttestationData> {
            return data(slot - 1, false);
        };
    }
    perform(8);
    go_to(8, 9500ms);
    EXPECT_EQ(sent().present, (std::set<bool>{true}));
}

TEST_F(PayloadAttestationDutyTest, BeforeTheFork_Nothing) {
    begin(7);
    perform(7);
    go_to(8, 0s);
    EXPECT_EQ(fakes[0]->asked["payload_attestation_data"], 0U);
    EXPECT_TRUE(reports.empty());
}

TEST_F(PayloadAttestationDutyTest, ChainWithoutTheFork_Nothing) {
    fork_scheduled = false;
    begin();
    duty->on_event(head_event(1, 8, root_of(8)));
    perform(8);
    go_to(9, 0s);
    EXPECT_TRUE(asked_for.empty());
    EXPECT_EQ(fakes[0]->asked["payload_attestation_data"], 0U);
}

TEST_F(PayloadAttestationDutyTest, HeadOnAnotherBranch_DutiesAskedForAgain) {
    begin();
    time.advance(100ms);
    ASSERT_EQ(duty->members_at(Slot{9}).size(), 1U);
    EXPECT_EQ(duty->members_at(Slot{9})[0].validator_index, ValidatorIndex{1});
    const auto asked = [this] { return std::ranges::count(asked_for, Epoch{2}); };
    ASSERT_EQ(asked(), 1);
    beacon::HeadEvent head;
    head.slot = Slot{8};
    head.previous_duty_dependent_root = dependent_root;
    duty->on_event({0, clock.steady(), head});
    time.advance(4s);
    EXPECT_EQ(asked(), 1);
    turn = 1;
    dependent_root = root_of(501);
    head.previous_duty_dependent_root = dependent_root;
    duty->on_event({0, clock.steady(), head});
    time.advance(100ms);
    EXPECT_EQ(asked(), 2);
    EXPECT_EQ(duty->members_at(Slot{9})[0].validator_index, ValidatorIndex{0});
    // A node on a branch of its own: no more than one question in a quarter of a slot.
    head.previous_duty_dependent_root = root_of(666);
    for (int i = 0; i < 29; ++i) {
        duty->on_event({0, clock.steady(), head});
        time.advance(100ms);
    }
    EXPECT_EQ(asked(), 3);
}

// What can't be asked for again must not keep the loop busy: neither an epoch that is over, nor nobody's duties.
TEST_F(PayloadAttestationDutyTest, StaleDutiesThatNobodyGives_TheLoopGoesOn) {
    begin();
    go_to(11, 11900ms);
    for (auto* fake : fakes) fake->behaviour["ptc_duties"].error = Error{ErrorCode::kUnavailable, "restarting"};
    beacon::HeadEvent head;
    head.slot = Slot{11};
    head.previous_duty_dependent_root = root_of(666);
    duty->on_event({0, clock.steady(), head});
    go_to(12, 6s);
    head.slot = Slot{12};
    duty->on_event({0, clock.steady(), head});
    validators.clear();
    go_to(14, 0s);
    EXPECT_EQ(duty->members_at(Slot{14}).size(), 1U);
}

TEST_F(PayloadAttestationDutyTest, DutiesThatCannotBe_NotTaken) {
    begin(3);
    for (auto* fake : fakes) {
        fake->on_ptc_duties = [this](Epoch epoch, const std::vector<ValidatorIndex>&) -> Result<beacon::PtcDuties> {
            asked_for.push_back(epoch);
            return beacon::PtcDuties{epoch, dependent_root, {{key_of(77), ValidatorIndex{77}, Slot{epoch.value * 4}}}};
        };
    }
    go_to(9, 0s);
    EXPECT_FALSE(asked_for.empty());
    EXPECT_TRUE(duty->members_at(Slot{8}).empty());
}

TEST_F(PayloadAttestationDutyTest, GateClosed_NothingSignedOrSent) {
    begin();
    gate.close();
    perform(8);
    go_to(9, 0s);
    EXPECT_TRUE(door.calls.empty());
    EXPECT_TRUE(sent().who.empty());
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_TRUE(reports[0].only_decided);
}

TEST_F(PayloadAttestationDutyTest, GateOpensInTime_SaidThen) {
    begin();
    gate.close();
    perform(8);
    go_to(8, 10s);
    gate.open();
    go_to(8, 10200ms);
    EXPECT_EQ(sent().who.size(), 2U);
}

TEST_F(PayloadAttestationDutyTest, KeyMissing_TheOtherSpeaks) {
    begin();
    door.missing.insert(key_of(4));
    perform(8);
    go_to(9, 0s);
    EXPECT_EQ(sent().who, (std::set<std::uint64_t>{0}));
    EXPECT_EQ(reports.at(0).missed[MissedReason::kSigningFailed].count, 1U);
}

TEST_F(PayloadAttestationDutyTest, NobodyTakesIt_Missed) {
    begin();
    for (auto* fake : fakes) fake->behaviour["publish_payload_attestations"].error = Error{ErrorCode::kRefused, "no"};
    perform(8);
    go_to(9, 0s);
    EXPECT_EQ(reports.at(0).missed[MissedReason::kPublishFailed].count, 2U);
}

TEST_F(PayloadAttestationDutyTest, NotIdleWhileSigning) {
    begin();
    door.delay = 100ms;
    perform(8);
    go_to(8, 9050ms);
    EXPECT_FALSE(duty->idle());
    go_to(8, 9200ms);
    EXPECT_TRUE(duty->idle());
}

}  // namespace
}  // namespace holdfast::duties
