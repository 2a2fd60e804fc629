// Goal: a validator that is being slashed stops at the first sign, is halted for good once that is confirmed, and one node
// alone takes nobody off duty for long. Method: the rule with single signs, and the whole in virtual time.
#include "shared/validator/slashing_detection.hpp"

#include "tests/shared/validator/safety_fixture.hpp"

namespace holdfast::validator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const PublicKey kOne = key_of(0);
const PublicKey kTwo = key_of(1);

beacon::Validator with_status(std::uint64_t index, std::string status) {
    return {ValidatorIndex{index}, key_of(index), std::move(status)};
}

TEST(SlashingRule, EventOfOneNode_OnlySuspected) {
    SlashingRule rule{3, 2};
    const auto change = rule.on_event(0, {kOne}, Epoch{5});
    EXPECT_THAT(change.suspected, ElementsAre(kOne));
    EXPECT_THAT(change.confirmed, IsEmpty());
    EXPECT_THAT(rule.on_event(0, {kOne}, Epoch{5}).confirmed, IsEmpty()) << "the same node again";
}

TEST(SlashingRule, EventsOfTwoNodes_Confirmed) {
    SlashingRule rule{3, 3};
    rule.on_event(0, {kOne}, Epoch{5});
    EXPECT_THAT(rule.on_event(2, {kOne}, Epoch{5}).confirmed, ElementsAre(kOne));
    EXPECT_THAT(rule.on_event(1, {kOne}, Epoch{5}).suspected, IsEmpty());
}

TEST(SlashingRule, TheOnlyNode_IsBelieved) {
    SlashingRule rule{1, 1};
    EXPECT_THAT(rule.on_event(0, {kOne}, Epoch{5}).confirmed, ElementsAre(kOne));
}

TEST(SlashingRule, StatusAtThresholdNodes_Confirmed) {
    SlashingRule rule{3, 2};
    EXPECT_THAT(rule.on_status(0, {with_status(0, "active_slashed")}, Epoch{5}).suspected, ElementsAre(kOne));
    EXPECT_THAT(rule.on_status(1, {with_status(0, "active_ongoing")}, Epoch{5}).confirmed, IsEmpty());
    EXPECT_THAT(rule.on_status(2, {with_status(0, "exited_slashed")}, Epoch{5}).confirmed, ElementsAre(kOne));
}

TEST(SlashingRule, NotSharedForTwoEpochs_Dropped) {
    SlashingRule rule{3, 2};
    rule.on_event(0, {kOne, kTwo}, Epoch{5});
    for (const std::size_t node : {1U, 2U}) rule.on_status(node, {with_status(0, "active_ongoing")}, Epoch{5});
    EXPECT_THAT(rule.on_epoch(Epoch{6}).resumed, IsEmpty());
    EXPECT_THAT(rule.on_epoch(Epoch{7}).resumed, ElementsAre(kOne)) << "of the other nobody said so";
    EXPECT_THAT(rule.suspected(), ElementsAre(kTwo));
}

TEST(OnSlashing, Words) {
    EXPECT_EQ(parse_on_slashing("halt-all").value(), OnSlashing::kHaltAll);
    EXPECT_EQ(parse_on_slashing("halt-validator").value(), OnSlashing::kHaltValidator);
    EXPECT_EQ(parse_on_slashing("ignore").error().code, ErrorCode::kInvalidArgument);
}

class SlashingDetectionTest : public SafetyFixture {
protected:
    std::unique_ptr<SlashingDetection> detection;
    std::size_t changes{0};

    void begin(OnSlashing on_slashing = OnSlashing::kHaltValidator) {
        SlashingOptions options;
        options.on_slashing = on_slashing;
        options.threshold = 2;
        detection = std::make_unique<SlashingDetection>(
            clock, *nodes, quorum, slots, [] { return keys(); }, [this] { ++changes; }, options);
        look();
        group.spawn("slashings", detection->run());
        time.advance(1s);
    }
    // A lookup of our validators, of node 1.
    void look() {
        std::vector<beacon::Validator> validators;
        for (std::uint64_t i = 0; i < kKeys; ++i) {
            const auto status = says[0].statuses.find(i);
            validators.push_back(with_status(i, status == says[0].statuses.end() ? "active_ongoing" : status->second));
        }
        detection->on_validators(validators);
    }
    void event(std::size_t node, std::uint64_t index) {
        detection->on_event(node, {{ValidatorIndex{77}, ValidatorIndex{index}}});
    }
    [[nodiscard]] std::vector<std::uint64_t> stopped() const {
        std::vector<std::uint64_t> result;
        for (std::uint64_t i = 0; i < kKeys; ++i) {
            if (!detection->allows(key_of(i))) result.push_back(i);
        }
        return result;
    }
};

TEST_F(SlashingDetectionTest, EventOfOneNode_StopsAtOnceAndHaltsNobody) {
    begin();
    event(1, 2);
    EXPECT_THAT(stopped(), ElementsAre(2));
    EXPECT_EQ(changes, 1U);
    time.advance(30s);
    EXPECT_THAT(quorum.halted, IsEmpty());
    EXPECT_FALSE(detection->check().ok);
    EXPECT_FALSE(detection->check().moves_duty);
}

TEST_F(SlashingDetectionTest, FalseAlarm_GoesOnAfterTwoEpochs) {
    begin();
    event(1, 2);
    go_to_epoch(12);
    time.advance(10s);
    EXPECT_THAT(stopped(), IsEmpty());
    EXPECT_THAT(quorum.halted, IsEmpty());
    EXPECT_TRUE(detection->check().ok);
}

TEST_F(SlashingDetectionTest, ChainAgrees_HaltedAtTheQuorum) {
    begin();
    event(1, 2);
    time.advance(15s);
    says[0].statuses[2] = says[1].statuses[2] = "active_slashed";
    time.advance(5s);
    EXPECT_THAT(quorum.halted, ElementsAre(key_of(2)));
    EXPECT_THAT(detection->slashed(), ElementsAre(key_of(2)));
    EXPECT_THAT(stopped(), ElementsAre(2));
    go_to_epoch(14);
    EXPECT_THAT(stopped(), ElementsAre(2));
    EXPECT_EQ(quorum.halt_requests, 1U);
}

TEST_F(SlashingDetectionTest, NoQuorum_HaltIsTriedUntilThereIsOne) {
    begin();
    quorum.available = false;
    event(0, 2);
    event(1, 2);
    time.advance(20s);
    EXPECT_THAT(quorum.halted, IsEmpty());
    EXPECT_THAT(detection->check().detail, HasSubstr("still to be halted"));
    quorum.available = true;
    time.advance(5s);
    EXPECT_THAT(quorum.halted, ElementsAre(key_of(2)));
}

TEST_F(SlashingDetectionTest, StatusOfALookup_IsASign) {
    begin();
    says[0].statuses[3] = says[2].statuses[3] = "active_slashed";
    look();
    EXPECT_THAT(stopped(), ElementsAre(3));
    time.advance(5s);
    EXPECT_THAT(quorum.halted, ElementsAre(key_of(3)));
}

TEST_F(SlashingDetectionTest, OthersSlashed_NothingOfOurs) {
    begin();
    event(0, 99);
    EXPECT_THAT(stopped(), IsEmpty());
    EXPECT_EQ(changes, 0U);
}

TEST_F(SlashingDetectionTest, HaltAll_StopsAndHaltsEverything) {
    begin(OnSlashing::kHaltAll);
    event(0, 2);
    EXPECT_EQ(stopped().size(), kKeys);
    EXPECT_THAT(quorum.halted, IsEmpty());
    event(1, 2);
    time.advance(5s);
    EXPECT_EQ(quorum.halted.size(), kKeys);
}

TEST_F(SlashingDetectionTest, HaltAll_FalseAlarmGoesOn) {
    begin(OnSlashing::kHaltAll);
    event(0, 2);
    go_to_epoch(12);
    time.advance(10s);
    EXPECT_THAT(stopped(), IsEmpty());
}

// An operator who has lifted the halt of the others must not find them halted again at the next start.
TEST_F(SlashingDetectionTest, SlashedBeforeTheStart_StopsThatOneOnly) {
    for (Says& node : says) node.statuses[1] = "active_slashed";
    begin(OnSlashing::kHaltAll);
    time.advance(5s);
    EXPECT_THAT(stopped(), ElementsAre(1));
    EXPECT_THAT(quorum.halted, ElementsAre(key_of(1)));
    EXPECT_TRUE(detection->check().ok);
    EXPECT_THAT(detection->check().detail, HasSubstr("before this start"));
}

}  // namespace
}  // namespace holdfast::validator
