// Going on duty after another instance: a generation first, then exactly the votes that it had recorded, each once more; off
// duty as soon as another one is.
#include <gmock/gmock.h>

#include "shared/ethereum/signing_root.hpp"
#include "tests/shared/validator/engine_fixture.hpp"

namespace holdfast::validator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TakeoverTest : public EngineFixture {
protected:
    // What the predecessor had approved for the duties of `slot`: a head that no node of ours names.
    protection::AdoptedGroup voted(Slot slot, std::vector<std::uint64_t> validators) {
        ethereum::AttestationData data = chain.data(slot, chain.head_at(slot));
        data.beacon_block_root = other_head();
        const Domain domain =
            ethereum::domain_at(chain.spec, chain.genesis.validators_root, ethereum::kDomainBeaconAttester, data.target.epoch);
        protection::AdoptedGroup message;
        message.mark = {data.source.epoch, data.target.epoch, ethereum::attestation_signing_root(data, domain)};
        message.data = std::make_shared<const ethereum::AttestationData>(data);
        for (const std::uint64_t index : validators) message.keys.push_back(key_of(index));
        return message;
    }
    static Root other_head() { return FakeChain::root(0xEE, 1); }
    std::vector<std::uint64_t> validators_of(Slot slot) const {
        std::vector<std::uint64_t> result;
        for (std::uint64_t index = 0; index < kKeys; ++index) {
            if (chain.duty_slot(chain.spec.epoch_of(slot), index) == slot) result.push_back(index);
        }
        return result;
    }
    // Slot 16, the first of epoch 2, is under way when the engine starts.
    void start_in_slot_16() { time.advance(2500ms); }
    void has_recorded(protection::AdoptionPlan plan) {
        quorum.promise = protection::Promise{3, Epoch{2}, Slot{16}};
        quorum.recorded[Epoch{2}] = std::move(plan);
    }
    static std::vector<Root> heads_of(const FakeNode::Control& control, std::uint64_t validator) {
        std::vector<Root> heads;
        for (const FakeNode::Sent& sent : control.sent) {
            if (sent.validator.value == validator) heads.push_back(sent.block);
        }
        return heads;
    }
    std::size_t missed(duties::MissedReason reason) const {
        std::size_t count = 0;
        for (const duties::SlotReport& report : reports) {
            const auto found = report.missed.find(reason);
            if (found != report.missed.end()) count += found->second.count;
        }
        return count;
    }
};

TEST_F(TakeoverTest, NothingRecorded_DutiesBegin) {
    start_in_slot_16();
    begin();
    EXPECT_TRUE(start.on_duty);
    EXPECT_EQ(quorum.acquires, 1U);
    EXPECT_THAT(quorum.adoptions, IsEmpty()) << "the promise says that nothing is recorded for these epochs";
    go_to(24, 0s);
    expect_all_attested(2, 1, controls[0]);
}

TEST_F(TakeoverTest, RecordedVotes_ArePublishedOnceMoreAndNotVotedAnew) {
    start_in_slot_16();
    const std::vector<std::uint64_t> ours = validators_of(Slot{16});
    ASSERT_EQ(ours.size(), 2U);
    has_recorded({{voted(Slot{16}, ours)}, {}});
    begin();
    EXPECT_THAT(quorum.adoptions, ElementsAre(Epoch{2}));
    go_to(24, 0s);
    for (const std::uint64_t index : ours) {
        for (const Root& head : heads_of(controls[0], index)) EXPECT_EQ(head, other_head()) << "validator " << index;
        EXPECT_THAT(heads_of(controls[0], index), ::testing::SizeIs(1));
    }
    EXPECT_EQ(by_validator(controls[0]).size(), kKeys) << "the others vote as always";
    ASSERT_FALSE(reports.empty());
    EXPECT_TRUE(reports[0].adopted);
    EXPECT_EQ(reports[0].attested, 2U);
    EXPECT_NE(describe(reports[0]).find("slot 16 (epoch 2): 2 of 2 adopted, block 0xee"), std::string::npos)
        << describe(reports[0]);
}

TEST_F(TakeoverTest, OnlySomeOfTheSlotRecorded_TheOthersVote) {
    start_in_slot_16();
    const std::vector<std::uint64_t> ours = validators_of(Slot{16});
    has_recorded({{voted(Slot{16}, {ours[0]})}, {}});
    begin();
    go_to(17, 0s);
    EXPECT_THAT(heads_of(controls[0], ours[0]), ElementsAre(other_head()));
    EXPECT_THAT(heads_of(controls[0], ours[1]), ElementsAre(chain.block(Slot{16})));
}

TEST_F(TakeoverTest, AVoteOfAnEarlierSlot_IsPublishedToo) {
    time.advance(2s + 2 * kSlotTime);
    has_recorded({{voted(Slot{16}, validators_of(Slot{16})), voted(Slot{17}, validators_of(Slot{17}))}, {}});
    begin();
    go_to(24, 0s);
    ASSERT_GE(reports.size(), 2U);
    EXPECT_EQ(reports[0].slot, Slot{17}) << "the newest first";
    EXPECT_EQ(reports[1].slot, Slot{16});
    EXPECT_EQ(by_validator(controls[0]).size(), kKeys);
}

TEST_F(TakeoverTest, ManyVotesOfOldSlots_AreNotSignedOnceMore) {
    options.old_votes_max = 0;
    time.advance(2s + 3 * kSlotTime);
    protection::AdoptionPlan plan;
    for (const std::uint64_t slot : {16U, 17U, 18U}) plan.adopt.push_back(voted(Slot{slot}, validators_of(Slot{slot})));
    has_recorded(std::move(plan));
    begin();
    go_to(24, 0s);
    ASSERT_GE(reports.size(), 2U);
    EXPECT_EQ(reports[0].slot, Slot{18});
    EXPECT_EQ(reports[1].slot, Slot{17});
    for (const std::uint64_t validator : validators_of(Slot{16})) {
        EXPECT_THAT(heads_of(controls[0], validator), IsEmpty()) << "it has voted";
    }
}

TEST_F(TakeoverTest, VotesOfTheLastEpoch_AreStillWorthPublishing) {
    quorum.promise = protection::Promise{3, Epoch{1}, Slot{8}};
    quorum.recorded[Epoch{1}] = {{voted(Slot{8}, {0, 1})}, {}};
    time.advance(3s);
    begin();
    EXPECT_THAT(quorum.adoptions, ElementsAre(Epoch{1}));
    go_to(24, 0s);
    EXPECT_EQ(by_validator(controls[0]).count(0), 2U) << "the old one, and that of this epoch";
}

// The protectors refuse a target below the recorded one.
TEST_F(TakeoverTest, AVoteOfTheLastEpoch_ComesBeforeTheSameValidatorsVoteInThisOne) {
    quorum.promise = protection::Promise{3, Epoch{1}, Slot{8}};
    const std::vector<std::uint64_t> now_due = validators_of(Slot{16});
    quorum.recorded[Epoch{1}] = {{voted(Slot{8}, now_due)}, {}};
    time.advance(2500ms);
    begin();
    go_to(17, 0s);
    ASSERT_EQ(quorum.requests.size(), 2U);
    EXPECT_EQ(quorum.requests[0].data.slot, Slot{8});
    EXPECT_EQ(quorum.requests[1].data.slot, Slot{16});
    for (const std::uint64_t index : now_due) {
        EXPECT_THAT(heads_of(controls[0], index), ElementsAre(other_head(), chain.block(Slot{16})));
    }
}

TEST_F(TakeoverTest, VotesOfOlderEpochs_AreNotRead) {
    quorum.promise = protection::Promise{3, Epoch{0}, Slot{1}};
    time.advance(3s);
    begin();
    EXPECT_THAT(quorum.adoptions, IsEmpty());
}

TEST_F(TakeoverTest, AVoteRecordedForAnotherSlotThanTheDuty_IsNotVotedAnew) {
    start_in_slot_16();
    const std::uint64_t validator = validators_of(Slot{17})[0];
    has_recorded({{voted(Slot{16}, {validator})}, {}});
    begin();
    go_to(24, 0s);
    EXPECT_THAT(heads_of(controls[0], validator), IsEmpty());
    EXPECT_EQ(missed(duties::MissedReason::kNotAdoptable), 1U);
}

TEST_F(TakeoverTest, LostVotes_AreNotVotedAnewAndReported) {
    start_in_slot_16();
    protection::AdoptedGroup forged = voted(Slot{16}, {validators_of(Slot{16})[0]});
    forged.mark.signing_root = FakeChain::root(1, 2);
    const std::uint64_t lost = validators_of(Slot{16})[1];
    has_recorded({{forged}, {key_of(lost), key_of(200)}});
    begin();
    go_to(17, 0s);
    EXPECT_TRUE(by_validator(controls[0]).empty());
    EXPECT_EQ(missed(duties::MissedReason::kNotAdoptable), 2U);
}

TEST_F(TakeoverTest, ReadingWaitsForTheQuorum) {
    start_in_slot_16();
    has_recorded({{voted(Slot{16}, validators_of(Slot{16}))}, {}});
    quorum.available = false;
    begin();
    time.advance(1s);
    EXPECT_FALSE(start.on_duty);
    EXPECT_EQ(engine->health().state, "starting");
    quorum.available = true;
    time.advance(1s);
    EXPECT_TRUE(start.on_duty);
    go_to(17, 0s);
    EXPECT_EQ(by_validator(controls[0]).size(), 2U);
}

TEST_F(TakeoverTest, AnotherInstanceWon_IsSaid) {
    quorum.promise = failure(ErrorCode::kRefused, "another instance went on duty");
    begin();
    EXPECT_FALSE(start.on_duty);
    EXPECT_EQ(start.error, "another instance went on duty");
    EXPECT_EQ(quorum.acquires, 1U) << "no fight for the generation";
}

TEST_F(TakeoverTest, Fenced_NothingIsSignedAndHealthSaysWhy) {
    begin();
    go_to(17, 6s);
    EXPECT_TRUE(engine->health().ok());
    ASSERT_TRUE(quorum.beat);
    EXPECT_TRUE(quorum.beat().on_duty);
    const std::size_t made = door->made.size();
    const std::size_t requests = quorum.requests.size();
    quorum.fence = protection::Tenure{7, "secondary", WallTime{1'800'000'000s}};
    go_to(21, 0s);
    EXPECT_EQ(door->made.size(), made);
    EXPECT_EQ(quorum.requests.size(), requests) << "nobody is asked in vain";
    const Health health = engine->health();
    EXPECT_EQ(health.state, "fenced");
    EXPECT_FALSE(health.ok());
    for (const HealthCheck& check : health.checks) {
        if (check.name != "generation") continue;
        EXPECT_FALSE(check.ok);
        EXPECT_EQ(check.detail, "fenced by generation 7, held by secondary since 2027-01-15T08:00:00Z");
    }
    EXPECT_FALSE(quorum.beat().on_duty);
}

TEST_F(TakeoverTest, FencedByTheAnswerToARequest_IsTheReasonOfTheMisses) {
    begin();
    chain.missing_blocks = {17};
    go_to(17, 1s);
    quorum.fence_at_next_request = protection::Tenure{7, "secondary", {}};
    go_to(18, 0s);
    EXPECT_EQ(missed(duties::MissedReason::kFenced), 2U);
}

Task<void> take_over(Engine& engine, Clock& clock, Result<void>& result) {
    result = co_await engine.take_over(clock.steady() + 10s);
}

TEST_F(TakeoverTest, TakingOverAtRunTime) {
    begin();
    quorum.fence = protection::Tenure{7, "secondary", {}};
    go_to(18, 2s);
    quorum.promise = protection::Promise{8, Epoch{2}, Slot{18}};
    quorum.recorded[Epoch{2}] = {{voted(Slot{17}, validators_of(Slot{17}))}, {}};
    Result<void> result = failure(ErrorCode::kInternal, "not ended");
    group->spawn("take over", take_over(*engine, clock, result));
    go_to(20, 0s);
    EXPECT_TRUE(result) << result.error().message;
    EXPECT_EQ(engine->health().state, "on_duty");
    for (const std::uint64_t index : validators_of(Slot{17})) {
        EXPECT_THAT(heads_of(controls[0], index), ElementsAre(other_head()));
    }
    EXPECT_EQ(by_validator(controls[0]).size(), 8U) << "slots 16 and 18 are caught up with";
}

TEST_F(TakeoverTest, ConnectionsAreWarmedBeforeEachSlot) {
    begin();
    go_to(20, 0s);
    EXPECT_EQ(quorum.warmed, 5U);
    EXPECT_GE(quorum.refreshes, 4U);
}

}  // namespace
}  // namespace holdfast::validator
