#include "shared/duties/proposer_preparation.hpp"

#include <gmock/gmock.h>
#include <json/json.h>

#include "shared/ethereum/signing_root.hpp"
#include "shared/ethereum/ssz.hpp"
#include "tests/shared/duties/duty_fixture.hpp"
#include "tests/shared/duties/test_blocks.hpp"

namespace holdfast::duties {
namespace {

using testing::address;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::root_of;
using ::testing::SizeIs;
using Proposals = ProposerPreparation::Proposals;

const PublicKey kFirst = test_key(1);
const PublicKey kSecond = test_key(2);
constexpr Duration kEpochTime = 32 * kSlotTime;

Json::Value parse(const std::string& text) {
    Json::Value value;
    const std::unique_ptr<Json::CharReader> reader{Json::CharReaderBuilder{}.newCharReader()};
    std::string errors;
    EXPECT_TRUE(reader->parse(text.data(), text.data() + text.size(), &value, &errors)) << errors;
    return value;
}

class ProposerPreparationTest : public DutyFixture {
protected:
    ProposerSettings settings;
    ProposerPreparation::Validators validators{{kFirst, ValidatorIndex{1}}, {kSecond, ValidatorIndex{34}}};
    std::map<Epoch, Proposals> proposals;
    std::unique_ptr<ProposerPreparation> preparation;
    PreparationOptions options;

    ProposerPreparationTest() : DutyFixture({kFirst, kSecond}) {
        settings.otherwise.fee_recipient = address(0x11);
        settings.by_key[kSecond].fee_recipient = address(0x22);
    }

    ~ProposerPreparationTest() override { end_tasks(); }

    void begin(Slot slot = Slot{0}) {
        go_to(slot, 1s);
        preparation = std::make_unique<ProposerPreparation>(
            parts(), settings, [this]() -> const ProposerPreparation::Validators& { return validators; },
            [this](Epoch epoch) { return proposals[epoch]; }, options);
        group.spawn("preparation", preparation->run());
        time.advance(7s);  // its next turn is within the next 12 s
    }
    [[nodiscard]] std::vector<Json::Value> registered() const {
        std::vector<Json::Value> all;
        for (const auto& body : fakes[0]->registered) {
            for (const Json::Value& one : parse(*body)) all.push_back(one);
        }
        return all;
    }
    [[nodiscard]] std::vector<Json::Value> preferences() const {
        std::vector<Json::Value> all;
        for (const auto& [body, fork] : fakes[0]->preferences) {
            EXPECT_EQ(fork, ethereum::ForkName::kGloas);
            for (const Json::Value& one : parse(*body)) all.push_back(one);
        }
        return all;
    }
    static beacon::ProposerDuty proposal(const PublicKey& key, std::uint64_t slot) {
        return {key, ValidatorIndex{key == kFirst ? 1U : 34U}, Slot{slot}};
    }
};

TEST_F(ProposerPreparationTest, FeeRecipientsToAllNodes_AtTheStartAndOnceAnEpoch_AlsoOnStandby) {
    gate.close();
    begin();
    for (const FakeBeaconNode* fake : fakes) {
        ASSERT_THAT(fake->prepared, SizeIs(1));
        ASSERT_THAT(fake->prepared[0], SizeIs(2));
        EXPECT_EQ(fake->prepared[0][0].validator_index, ValidatorIndex{1});
        EXPECT_EQ(fake->prepared[0][0].fee_recipient, address(0x11));
        EXPECT_EQ(fake->prepared[0][1].validator_index, ValidatorIndex{34});
        EXPECT_EQ(fake->prepared[0][1].fee_recipient, address(0x22));
    }
    EXPECT_EQ(preparation->counters().prepared, 2U);
    go_to(Slot{32}, 5s);
    EXPECT_THAT(fakes[0]->prepared, SizeIs(1)) << "not in the first half of the epoch's first slot";
    go_to(Slot{32}, 7s);
    EXPECT_THAT(fakes[0]->prepared, SizeIs(2));
}

TEST_F(ProposerPreparationTest, FeeRecipientsAgainWhenValidatorsComeOrGo) {
    begin();
    validators.erase(kFirst);
    time.advance(2 * kSlotTime);
    ASSERT_THAT(fakes[0]->prepared, SizeIs(2));
    EXPECT_THAT(fakes[0]->prepared[1], SizeIs(1));
    time.advance(2 * kSlotTime);
    EXPECT_THAT(fakes[0]->prepared, SizeIs(2));
}

TEST_F(ProposerPreparationTest, FeeRecipientsAgainInTheNextSlotIfNoNodeTookThem) {
    all_nodes("prepare_proposers", {{}, false, Error{ErrorCode::kUnavailable, "connection refused"}});
    begin();
    EXPECT_EQ(preparation->counters().failures, 1U);
    all_nodes("prepare_proposers", {});
    time.advance(2 * kSlotTime);
    EXPECT_THAT(fakes[0]->prepared, SizeIs(1));
}

// Five validators, two in a request.
class PreparationPartsTest : public ProposerPreparationTest {
protected:
    using Part = std::vector<std::uint64_t>;  // indices

    PreparationPartsTest() {
        options.preparations_per_request = 2;
        validators.clear();
        for (std::uint8_t i = 1; i <= 5; ++i) validators[test_key(i)] = ValidatorIndex{i};
    }
    [[nodiscard]] std::vector<Part> parts_sent(std::size_t node = 0) const {
        std::vector<Part> all;
        for (const auto& request : fakes[node]->prepared) {
            Part part;
            for (const beacon::ProposerPreparation& one : request) part.push_back(one.validator_index.value);
            all.push_back(part);
        }
        return all;
    }
    void nobody_takes(std::uint64_t index) {
        for (FakeBeaconNode* fake : fakes) {
            fake->on_prepare_proposers = [index](const std::vector<beacon::ProposerPreparation>& part) -> Result<void> {
                if (part.at(0).validator_index != ValidatorIndex{index}) return success();
                return failure(ErrorCode::kUnavailable, "connection refused");
            };
        }
    }
};

TEST_F(PreparationPartsTest, AllAreToldInParts) {
    begin();
    for (std::size_t node = 0; node < 3; ++node) {
        EXPECT_THAT(parts_sent(node), ElementsAre(Part{1, 2}, Part{3, 4}, Part{5}));
    }
    EXPECT_EQ(preparation->counters().prepared, 5U);
    time.advance(2 * kSlotTime);
    EXPECT_EQ(fakes[0]->asked["prepare_proposers"], 3U);
}

TEST_F(PreparationPartsTest, WhoProposesSoonestFirst) {
    const auto proposal_of = [](std::uint64_t index, std::uint64_t slot) {
        return beacon::ProposerDuty{test_key(static_cast<std::uint8_t>(index)), ValidatorIndex{index}, Slot{slot}};
    };
    proposals[Epoch{0}] = {{proposal_of(1, 3), proposal_of(4, 11), proposal_of(3, 30)}, std::nullopt};
    proposals[Epoch{1}] = {{proposal_of(5, 40)}, std::nullopt};
    begin(Slot{10});
    EXPECT_THAT(parts_sent(), ElementsAre(Part{4, 3}, Part{5, 1}, Part{2})) << "slot 3 is over";
}

TEST_F(PreparationPartsTest, EachPartHasADeadlineOfItsOwn) {
    all_nodes("prepare_proposers", {6s, false, {}});
    begin();
    time.advance(15s);
    EXPECT_THAT(parts_sent(), SizeIs(3)) << "more than 10 s in all";
    EXPECT_EQ(preparation->counters().failures, 0U);
}

TEST_F(PreparationPartsTest, OnlyThePartThatNoNodeTookIsSentAgain_InTheNextSlot) {
    nobody_takes(3);
    begin();
    EXPECT_THAT(parts_sent(), ElementsAre(Part{1, 2}, Part{5}));
    EXPECT_EQ(preparation->counters().prepared, 3U);
    EXPECT_EQ(preparation->counters().failures, 1U);
    EXPECT_EQ(fakes[0]->asked["prepare_proposers"], 3U) << "not in this slot";
    nobody_takes(99);
    time.advance(kSlotTime);
    EXPECT_THAT(parts_sent(), ElementsAre(Part{1, 2}, Part{5}, Part{3, 4}));
    EXPECT_EQ(preparation->counters().prepared, 5U);
    time.advance(2 * kSlotTime);
    EXPECT_EQ(fakes[0]->asked["prepare_proposers"], 4U);
}

// Two that time out take the time of a slot: the third is the first of the next turn.
TEST_F(PreparationPartsTest, PartsThatFailDoNotKeepOthersFromBeingSent) {
    all_nodes("prepare_proposers", {{}, true, {}});
    begin();
    time.advance(20s);
    EXPECT_EQ(fakes[0]->asked["prepare_proposers"], 2U);
    all_nodes("prepare_proposers", {});
    time.advance(5s);
    EXPECT_THAT(parts_sent(), ElementsAre(Part{5}, Part{1, 2}, Part{3, 4}));
}

TEST_F(PreparationPartsTest, AllAgainInTheNextEpoch_WhateverIsLeft) {
    nobody_takes(3);
    begin(Slot{30});
    nobody_takes(99);
    validators.erase(test_key(5));
    time.advance(kSlotTime);
    EXPECT_THAT(parts_sent(), ElementsAre(Part{1, 2}, Part{5}, Part{1, 2}, Part{3, 4})) << "others than before";
    go_to(Slot{32}, 7s);
    EXPECT_THAT(parts_sent(), SizeIs(6));
    EXPECT_EQ(preparation->counters().prepared, 4U);
}

TEST_F(ProposerPreparationTest, NobodyToBePaid_NothingIsSaid) {
    settings = {};
    begin();
    EXPECT_THAT(fakes[0]->prepared, IsEmpty());
}

TEST_F(ProposerPreparationTest, WithoutABuilder_NobodyIsRegistered) {
    begin();
    time.advance(kEpochTime);
    EXPECT_THAT(fakes[0]->registered, IsEmpty());
    EXPECT_THAT(door.signed_messages, IsEmpty());
}

TEST_F(ProposerPreparationTest, Registrations_EachOnceAnEpochInItsSlot) {
    settings.use_builder = true;
    settings.by_key[kSecond].gas_limit = 45'000'000;
    begin();
    EXPECT_THAT(registered(), IsEmpty()) << "index 1 in slot 1, 34 in slot 2";
    time.advance(kSlotTime);
    ASSERT_THAT(registered(), SizeIs(1));
    EXPECT_EQ(registered()[0]["message"]["pubkey"].asString(), to_hex(kFirst));
    EXPECT_EQ(registered()[0]["message"]["gas_limit"].asString(), "60000000");
    time.advance(kSlotTime);
    ASSERT_THAT(registered(), SizeIs(2));
    const Json::Value second = registered()[1];
    EXPECT_EQ(second["message"]["fee_recipient"].asString(), to_hex(address(0x22)));
    EXPECT_EQ(second["message"]["gas_limit"].asString(), "45000000");
    time.advance(20 * kSlotTime);
    EXPECT_THAT(registered(), SizeIs(2));
    EXPECT_EQ(preparation->counters().registrations, 2U);
}

TEST_F(ProposerPreparationTest, RegistrationIsSignedForTheGenesisForkOfAnyChain) {
    settings.use_builder = true;
    begin();
    time.advance(kSlotTime);
    ASSERT_THAT(door.signed_messages, SizeIs(1));
    const signing::Message& message = door.signed_messages[0];
    EXPECT_EQ(message.domain, ethereum::compute_domain(ethereum::kDomainApplicationBuilder,
                                                       beacon::testing::chain_genesis().fork_version, Root{}));
    const auto sent = ethereum::ssz::deserialize<ethereum::ValidatorRegistration>(message.object);
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent.value().pubkey, kFirst);
    EXPECT_EQ(sent.value().timestamp, 1'700'000'000U + 18);
    ASSERT_THAT(registered(), SizeIs(1));
    EXPECT_EQ(registered()[0]["signature"].asString(),
              to_hex(FakeDoor::signature(kFirst, ethereum::compute_signing_root(message.object_root, message.domain))));
}

TEST_F(ProposerPreparationTest, RegistrationIsSignedOnce_AnewOnlyForAnotherWish) {
    settings.use_builder = true;
    validators.erase(kSecond);
    begin();
    time.advance(kSlotTime);
    EXPECT_THAT(door.signed_messages, SizeIs(1));
    validators[kFirst] = ValidatorIndex{5};  // its turn comes once more
    time.advance(4 * kSlotTime);
    EXPECT_THAT(registered(), SizeIs(2));
    EXPECT_THAT(door.signed_messages, SizeIs(1));
    validators[kFirst] = ValidatorIndex{9};
    settings.otherwise.gas_limit = 1'000'000;
    time.advance(4 * kSlotTime);
    EXPECT_THAT(registered(), SizeIs(3));
    EXPECT_THAT(door.signed_messages, SizeIs(2));
}

TEST_F(ProposerPreparationTest, OnStandby_NothingIsSigned) {
    gate.close();
    settings.use_builder = true;
    proposals[Epoch{1}] = {{proposal(kFirst, 40)}, root_of(0xD1)};
    begin();
    time.advance(kEpochTime);
    EXPECT_THAT(door.signed_messages, IsEmpty());
    EXPECT_THAT(fakes[0]->registered, IsEmpty());
    EXPECT_THAT(fakes[0]->preferences, IsEmpty());
}

TEST_F(ProposerPreparationTest, Preferences_FromOneEpochBeforeGloas_InTheDomainOfTheProposal) {
    proposals[Epoch{0}] = {{proposal(kSecond, 20)}, root_of(0xD0)};
    proposals[Epoch{1}] = {{proposal(kFirst, 40), proposal(kSecond, 50)}, root_of(0xD1)};
    begin();
    ASSERT_THAT(preferences(), SizeIs(2)) << "none for a slot of Fulu";
    const Json::Value second = preferences()[1]["message"];
    EXPECT_EQ(second["proposal_slot"].asString(), "50");
    EXPECT_EQ(second["validator_index"].asString(), "34");
    EXPECT_EQ(second["fee_recipient"].asString(), to_hex(address(0x22)));
    EXPECT_EQ(second["target_gas_limit"].asString(), "60000000");
    EXPECT_EQ(second["dependent_root"].asString(), to_hex(root_of(0xD1)));
    ASSERT_THAT(door.signed_messages, SizeIs(2));
    EXPECT_EQ(door.signed_messages[0].domain, domain(ethereum::kDomainProposerPreferences, Epoch{1}));
    EXPECT_EQ(preparation->counters().preferences, 2U);
    time.advance(kEpochTime);
    EXPECT_THAT(preferences(), SizeIs(2)) << "once for each slot";
}

TEST_F(ProposerPreparationTest, Preferences_OnlyForSlotsToCome_WhereTheDependentRootIsKnown) {
    proposals[Epoch{1}] = {{proposal(kFirst, 33), proposal(kSecond, 50)}, std::nullopt};
    begin(Slot{40});
    EXPECT_THAT(preferences(), IsEmpty());
    proposals[Epoch{1}].dependent_root = root_of(0xD1);
    time.advance(kSlotTime);
    ASSERT_THAT(preferences(), SizeIs(1));
    EXPECT_EQ(preferences()[0]["message"]["proposal_slot"].asString(), "50");
}

TEST_F(ProposerPreparationTest, Preferences_AgainOnAnotherBranch) {
    proposals[Epoch{1}] = {{proposal(kFirst, 50)}, root_of(0xD1)};
    begin(Slot{40});
    proposals[Epoch{1}].dependent_root = root_of(0xD2);
    time.advance(kSlotTime);
    EXPECT_THAT(preferences(), SizeIs(2));
}

TEST_F(ProposerPreparationTest, Preferences_ThatNoNodeTakes_AFewAttempts) {
    proposals[Epoch{1}] = {{proposal(kFirst, 60)}, root_of(0xD1)};
    all_nodes("publish_preferences", {{}, false, Error{ErrorCode::kRefused, "400"}});
    begin(Slot{40});
    time.advance(10 * kSlotTime);
    EXPECT_EQ(fakes[0]->asked["publish_preferences"], 3U);
    EXPECT_EQ(preparation->counters().preferences, 0U);
}

TEST_F(ProposerPreparationTest, Gloas_NoRegistrations_FeeRecipientsOnlyThroughItsFirstEpoch) {
    settings.use_builder = true;
    begin(Slot{32});
    time.advance(kEpochTime + kSlotTime);
    EXPECT_THAT(fakes[0]->registered, IsEmpty());
    EXPECT_THAT(fakes[0]->prepared, SizeIs(1));
}

}  // namespace
}  // namespace holdfast::duties
