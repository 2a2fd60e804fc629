// The rules of one slot, scripted: 12 s slots, due at 4 s, three nodes, threshold two, slot 100 of epochs of 32 unless said
// otherwise.
#include "shared/duties/attestation_consensus.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace holdfast::duties {
namespace {

using namespace std::chrono_literals;
using ethereum::AttestationData;

constexpr Slot kSlot{100};
constexpr Epoch kEpoch{3};

Root root(std::uint8_t seed) {
    Root r;
    r.bytes.fill(seed);
    return r;
}

const Root kBlock = root(0xB1);
const Root kOther = root(0xB2);
const Root kOldHead = root(0xA0);

AttestationData data_for(const Root& block, std::uint8_t target_root = 0x22) {
    AttestationData data;
    data.slot = kSlot;
    data.beacon_block_root = block;
    data.source = {Epoch{2}, root(0x11)};
    data.target = {kEpoch, root(target_root)};
    return data;
}

beacon::HeadEvent head_of(const Root& block, Slot slot = kSlot) {
    beacon::HeadEvent event;
    event.slot = slot;
    event.block = block;
    return event;
}

class AttestationConsensusTest : public testing::Test {
protected:
    CheckpointCache cache{32};
    std::unique_ptr<AttestationConsensus> machine;
    std::vector<std::size_t> asked;
    std::vector<std::size_t> discarded;
    std::optional<Decided> decided;
    std::optional<GaveUp> gave_up;

    void SetUp() override { make(3, 2); }

    void make(std::size_t nodes, std::size_t threshold) {
        ConsensusSettings settings;
        settings.slot = kSlot;
        settings.epoch = kEpoch;
        settings.nodes = nodes;
        settings.threshold = threshold;
        settings.due = at(4s);
        settings.end = at(12s);
        set_waits(settings, 12s);
        machine = std::make_unique<AttestationConsensus>(settings, cache);
        fit(std::vector<bool>(nodes, true));
    }

    static SteadyTime at(Duration offset) { return SteadyTime{1000s} + offset; }

    void take(const Actions& actions) {
        for (const Action& action : actions) {
            if (const auto* a = std::get_if<AskData>(&action)) asked.push_back(a->node);
            if (const auto* d = std::get_if<Discarded>(&action)) discarded.push_back(d->node);
            if (const auto* d = std::get_if<Decided>(&action)) decided = *d;
            if (const auto* g = std::get_if<GaveUp>(&action)) gave_up = *g;
        }
    }
    void fit(const std::vector<bool>& which, Duration when = 0s) { take(machine->set_fit(at(when), which)); }
    void head(Duration when, std::size_t node, const Root& block) { take(machine->on_head(at(when), node, head_of(block))); }
    void answer(Duration when, std::size_t node, const AttestationData& data) { take(machine->on_data(at(when), node, data)); }
    void fail(Duration when, std::size_t node) {
        take(machine->on_data(at(when), node, failure(ErrorCode::kUnavailable, "down")));
    }
    void time(Duration when) { take(machine->on_time(at(when))); }
    std::vector<std::size_t> take_asked() {
        std::ranges::sort(asked);
        return std::exchange(asked, {});
    }
    using Nodes = std::vector<std::size_t>;
};

TEST_F(AttestationConsensusTest, EventDataAndCheckpointsOfTwoNodesDecide) {
    head(300ms, 0, kBlock);
    EXPECT_EQ(take_asked(), Nodes{0});
    answer(305ms, 0, data_for(kBlock));
    EXPECT_FALSE(decided);
    head(360ms, 1, kBlock);
    EXPECT_EQ(take_asked(), Nodes{1});
    answer(365ms, 1, data_for(kBlock));
    ASSERT_TRUE(decided);
    EXPECT_TRUE(decided->by_event);
    EXPECT_FALSE(decided->from_cache);
    EXPECT_EQ(decided->confirmed_by, 2U);
    EXPECT_EQ(decided->data, data_for(kBlock));
    EXPECT_TRUE(machine->finished());
    EXPECT_FALSE(machine->next_time());
}

TEST_F(AttestationConsensusTest, WithCheckpointsConfirmedInThisEpochOneNodesDataSuffices) {
    cache.confirm(data_for(kOldHead));
    head(300ms, 2, kBlock);
    answer(305ms, 2, data_for(kBlock));
    EXPECT_FALSE(decided) << "only one node has announced the block";
    head(306ms, 0, kBlock);
    ASSERT_TRUE(decided);
    EXPECT_TRUE(decided->from_cache);
    EXPECT_EQ(decided->node, 2U);
}

TEST_F(AttestationConsensusTest, CheckpointsOtherThanTheConfirmedNeedTheThreshold) {
    cache.confirm(data_for(kOldHead, 0x33));
    head(300ms, 2, kBlock);
    answer(305ms, 2, data_for(kBlock));
    EXPECT_FALSE(decided);
}

TEST_F(AttestationConsensusTest, DecisionConfirmsTheCheckpointsForTheEpoch) {
    time(4s);
    for (std::size_t node : {0U, 1U}) answer(4010ms, node, data_for(kOldHead));
    ASSERT_TRUE(decided);
    EXPECT_TRUE(cache.confirms(data_for(kBlock)));
}

TEST_F(AttestationConsensusTest, OneNodeOnABranchOfItsOwnDoesNotDecideForAll) {
    cache.confirm(data_for(kOldHead));
    head(300ms, 0, kOther);
    answer(301ms, 0, data_for(kOther));
    head(302ms, 1, kBlock);
    answer(303ms, 1, data_for(kBlock));
    EXPECT_FALSE(decided) << "one against one";
    head(304ms, 2, kBlock);
    ASSERT_TRUE(decided);
    EXPECT_EQ(decided->data.beacon_block_root, kBlock);
}

TEST_F(AttestationConsensusTest, EventsOfOneNodeDecideWhenTheOthersHadTheirTime) {
    cache.confirm(data_for(kOldHead));
    head(300ms, 0, kBlock);
    answer(305ms, 0, data_for(kBlock));
    EXPECT_EQ(machine->next_time(), at(550ms));
    time(549ms);
    EXPECT_FALSE(decided);
    time(550ms);
    ASSERT_TRUE(decided);
    EXPECT_TRUE(decided->by_event);
}

TEST_F(AttestationConsensusTest, TheOnlyFitNodeIsNotMadeToWaitForOthers) {
    cache.confirm(data_for(kOldHead));
    fit({true, false, false});
    head(300ms, 0, kBlock);
    answer(305ms, 0, data_for(kBlock));
    EXPECT_TRUE(decided);
}

// The lesson of a client that took the majority at once: with nodes that see the block 60 ms apart it voted for the old head.
TEST_F(AttestationConsensusTest, NodesSixtyMillisecondsApartNeverLeadToTheOldHead) {
    cache.confirm(data_for(kOldHead));
    for (std::size_t first = 0; first < 3; ++first) {
        make(3, 2);
        asked.clear();
        decided.reset();
        head(300ms, first, kBlock);
        // Only the node that has the block may be asked: the others would give, and freeze, the old head.
        EXPECT_EQ(take_asked(), Nodes{first});
        time(330ms);
        time(359ms);
        EXPECT_TRUE(take_asked().empty());
        answer(359ms, first, data_for(kBlock));
        head(360ms, (first + 1) % 3, kBlock);
        ASSERT_TRUE(decided);
        EXPECT_EQ(decided->data.beacon_block_root, kBlock);
    }
}

TEST_F(AttestationConsensusTest, NoNodeIsAskedBeforeItsBlockOrTheDeadline) {
    for (Duration t = 0ms; t < 4s; t += 10ms) time(t);
    EXPECT_TRUE(take_asked().empty());
    EXPECT_EQ(machine->next_time(), at(4s));
    time(4s);
    EXPECT_EQ(take_asked(), (Nodes{0, 1, 2}));
}

// A node that froze an earlier answer announces the block and still gives the old head.
TEST_F(AttestationConsensusTest, FrozenAnswerOfTheAnnouncerIsNotTaken) {
    cache.confirm(data_for(kOldHead));
    head(300ms, 0, kBlock);
    answer(305ms, 0, data_for(kOldHead));
    EXPECT_FALSE(decided);
    head(360ms, 1, kBlock);
    answer(370ms, 1, data_for(kBlock));
    ASSERT_TRUE(decided);
    EXPECT_EQ(decided->data.beacon_block_root, kBlock);
    EXPECT_EQ(decided->node, 1U);
}

TEST_F(AttestationConsensusTest, AnnouncerWithOldDataIsAskedAgainAfterAPause) {
    cache.confirm(data_for(kOldHead));
    head(300ms, 0, kBlock);
    take_asked();
    answer(305ms, 0, data_for(kOldHead));
    EXPECT_TRUE(take_asked().empty());
    time(330ms);
    EXPECT_TRUE(take_asked().empty());
    ASSERT_EQ(machine->next_time(), at(335ms));
    time(335ms);
    EXPECT_EQ(take_asked(), Nodes{0});
}

TEST_F(AttestationConsensusTest, WithoutDataInHalfASecondItFallsToTheDeadline) {
    head(300ms, 0, kBlock);
    take_asked();
    time(550ms);
    ASSERT_EQ(machine->next_time(), at(800ms));
    time(800ms);
    head(810ms, 1, kBlock);
    EXPECT_TRUE(take_asked().empty()) << "the event path is over";
    EXPECT_EQ(machine->next_time(), at(4s));
    time(4s);
    EXPECT_EQ(take_asked(), (Nodes{1, 2})) << "node 1 still owes its answer";
    answer(4005ms, 1, data_for(kBlock));
    answer(4006ms, 2, data_for(kBlock));
    ASSERT_TRUE(decided);
    EXPECT_FALSE(decided->by_event);
}

TEST_F(AttestationConsensusTest, WithoutConfirmationInASecondItFallsToTheDeadline) {
    head(300ms, 0, kBlock);
    answer(310ms, 0, data_for(kBlock));
    time(550ms);
    ASSERT_EQ(machine->next_time(), at(1300ms));
    time(1300ms);
    EXPECT_FALSE(decided);
    EXPECT_EQ(machine->next_time(), at(4s));
}

TEST_F(AttestationConsensusTest, EventsOnlyFromOneNode) {
    head(300ms, 0, kBlock);
    answer(310ms, 0, data_for(kBlock));
    time(1300ms);
    time(4s);
    answer(4010ms, 1, data_for(kBlock));
    ASSERT_TRUE(decided) << "the first node's answer is known already";
    EXPECT_EQ(decided->data.beacon_block_root, kBlock);
    EXPECT_EQ(decided->confirmed_by, 2U);
}

TEST_F(AttestationConsensusTest, BlockMissingTheThresholdDecidesAtTheDeadline) {
    time(4s);
    take_asked();
    answer(4010ms, 0, data_for(kOldHead));
    EXPECT_FALSE(decided);
    answer(4020ms, 2, data_for(kOldHead));
    ASSERT_TRUE(decided);
    EXPECT_FALSE(decided->by_event);
    EXPECT_EQ(decided->data.beacon_block_root, kOldHead);
}

TEST_F(AttestationConsensusTest, MinorityOnAWrongHeadAtTheDeadline) {
    time(4s);
    answer(4001ms, 0, data_for(kOther));
    answer(4002ms, 1, data_for(kBlock));
    EXPECT_FALSE(decided);
    answer(4003ms, 2, data_for(kBlock));
    ASSERT_TRUE(decided);
    EXPECT_EQ(decided->data.beacon_block_root, kBlock);
}

TEST_F(AttestationConsensusTest, MinorityWithOtherCheckpointsIsNotConfirmed) {
    head(300ms, 0, kBlock);
    answer(310ms, 0, data_for(kBlock, 0x99));
    head(320ms, 1, kBlock);
    answer(330ms, 1, data_for(kBlock));
    EXPECT_FALSE(decided);
    head(340ms, 2, kBlock);
    answer(350ms, 2, data_for(kBlock));
    ASSERT_TRUE(decided);
    EXPECT_EQ(decided->data.target.root, root(0x22));
}

TEST_F(AttestationConsensusTest, AllSlowStillDecides) {
    time(4s);
    EXPECT_EQ(take_asked(), (Nodes{0, 1, 2}));
    time(6s);
    EXPECT_TRUE(take_asked().empty()) << "questions under way are not asked twice";
    answer(6900ms, 0, data_for(kBlock));
    answer(6950ms, 1, data_for(kBlock));
    EXPECT_TRUE(decided);
}

TEST_F(AttestationConsensusTest, OneHangingCostsNothing) {
    time(4s);
    answer(4005ms, 1, data_for(kBlock));
    answer(4006ms, 2, data_for(kBlock));
    ASSERT_TRUE(decided);
    EXPECT_EQ(decided->confirmed_by, 2U);
}

TEST_F(AttestationConsensusTest, DisagreeingNodesAreAskedAgainUntilTheyAgree) {
    time(4s);
    take_asked();
    answer(4005ms, 0, data_for(kOldHead));
    answer(4006ms, 1, data_for(kBlock));
    fail(4007ms, 2);
    EXPECT_TRUE(take_asked().empty());
    time(4034ms);
    EXPECT_TRUE(take_asked().empty()) << "rounds are at least 30 ms apart";
    time(4040ms);
    EXPECT_EQ(take_asked(), (Nodes{0, 1, 2}));
    answer(4045ms, 0, data_for(kBlock));
    EXPECT_TRUE(decided);
}

TEST_F(AttestationConsensusTest, BlockLateTheEventDuringTheRoundsHasItsNodeAskedAtOnce) {
    time(4s);
    answer(4005ms, 0, data_for(kOldHead));
    answer(4006ms, 1, data_for(kOther));
    take_asked();
    head(4010ms, 1, kBlock);
    EXPECT_EQ(take_asked(), Nodes{1});
    EXPECT_EQ(machine->counters().late_events, 1U);
    answer(4012ms, 1, data_for(kBlock));
    EXPECT_FALSE(decided) << "in the rounds only the threshold decides";
    head(4020ms, 0, kBlock);
    answer(4022ms, 0, data_for(kBlock));
    ASSERT_TRUE(decided);
    EXPECT_EQ(decided->data.beacon_block_root, kBlock);
}

TEST_F(AttestationConsensusTest, NoAgreementUntilTheEndOfTheSlot) {
    time(4s);
    for (Duration t = 4001ms; t < 12s; t += 600ms) {
        answer(t, 0, data_for(root(1)));
        answer(t, 1, data_for(root(2)));
        answer(t, 2, data_for(root(3)));
        time(t + 550ms);
    }
    time(12s);
    ASSERT_TRUE(gave_up);
    EXPECT_EQ(gave_up->reason, MissedReason::kNoAgreement);
    EXPECT_FALSE(decided);
}

TEST_F(AttestationConsensusTest, TooFewFitNodes) {
    fit({true, false, false});
    time(4s);
    EXPECT_EQ(take_asked(), Nodes{0});
    answer(4010ms, 0, data_for(kBlock));
    time(12s);
    ASSERT_TRUE(gave_up);
    EXPECT_EQ(gave_up->reason, MissedReason::kTooFewNodes);
}

TEST_F(AttestationConsensusTest, NodesThatGiveNothing) {
    time(4s);
    fail(4010ms, 0);
    time(12s);
    ASSERT_TRUE(gave_up);
    EXPECT_EQ(gave_up->reason, MissedReason::kNoData);
}

TEST_F(AttestationConsensusTest, ANodeThatBecomesFitInTheSlotCounts) {
    fit({true, false, false});
    time(4s);
    take_asked();
    answer(4010ms, 0, data_for(kBlock));
    fit({true, true, false}, 5s);
    EXPECT_EQ(take_asked(), (Nodes{0, 1}));
    answer(5010ms, 1, data_for(kBlock));
    EXPECT_TRUE(decided);
}

TEST_F(AttestationConsensusTest, AnswersOfNodesLeftOutDoNotCount) {
    time(4s);
    answer(4010ms, 0, data_for(kBlock));
    fit({false, true, true}, 4011ms);
    answer(4012ms, 1, data_for(kBlock));
    EXPECT_FALSE(decided);
    answer(4013ms, 2, data_for(kBlock));
    EXPECT_TRUE(decided);
}

TEST_F(AttestationConsensusTest, DuplicateEventsAskOnce) {
    head(300ms, 0, kBlock);
    head(301ms, 0, kBlock);
    head(302ms, 0, kBlock);
    EXPECT_EQ(take_asked(), Nodes{0});
    EXPECT_EQ(machine->counters().late_events, 0U);
}

TEST_F(AttestationConsensusTest, OptimisticForeignSlotAndUnfitEventsAreIgnored) {
    cache.confirm(data_for(kOldHead));
    beacon::HeadEvent optimistic = head_of(kBlock);
    optimistic.execution_optimistic = true;
    take(machine->on_head(at(300ms), 0, optimistic));
    take(machine->on_head(at(301ms), 0, head_of(kBlock, kSlot - 1)));
    take(machine->on_head(at(302ms), 0, head_of(kBlock, kSlot + 1)));
    fit({true, true, false}, 303ms);
    head(304ms, 2, kBlock);
    EXPECT_TRUE(take_asked().empty());
    EXPECT_FALSE(machine->first_event());
    EXPECT_EQ(machine->counters().optimistic_events, 1U);
    EXPECT_EQ(machine->counters().unfit_events, 1U);
}

struct ImpossibleCase {
    const char* name;
    void (*change)(AttestationData&);
};

class ImpossibleData : public AttestationConsensusTest, public testing::WithParamInterface<ImpossibleCase> {};

// With a threshold of one a single wrong answer would be signed.
TEST_P(ImpossibleData, IsDiscardedAndTheNodeReported) {
    make(1, 1);
    AttestationData data = data_for(kBlock);
    GetParam().change(data);
    cache.confirm(data);
    head(300ms, 0, kBlock);
    answer(310ms, 0, data);
    EXPECT_FALSE(decided);
    EXPECT_EQ(discarded, Nodes{0});
    time(4s);
    answer(4010ms, 0, data);
    EXPECT_FALSE(decided);
}

INSTANTIATE_TEST_SUITE_P(
    AttestationConsensus, ImpossibleData,
    testing::Values(ImpossibleCase{"FutureTarget", [](AttestationData& d) { d.target.epoch = kEpoch + 1; }},
                    ImpossibleCase{"OldTarget", [](AttestationData& d) { d.target.epoch = kEpoch - 1; }},
                    ImpossibleCase{"SourceAboveTarget", [](AttestationData& d) { d.source.epoch = kEpoch + 1; }},
                    ImpossibleCase{"SourceOfThisEpoch", [](AttestationData& d) { d.source.epoch = kEpoch; }},
                    ImpossibleCase{"OtherSlot", [](AttestationData& d) { d.slot = kSlot - 1; }},
                    ImpossibleCase{"IndexBeforeGloas", [](AttestationData& d) { d.index = CommitteeIndex{1}; }},
                    ImpossibleCase{"NoBlock", [](AttestationData& d) { d.beacon_block_root = Root{}; }}),
    [](const auto& tested) { return std::string{tested.param.name}; });

TEST_F(AttestationConsensusTest, TwoBlocksForASlotTheOneThatMoreNodesAnnouncedWinsOnceItsDataIsThere) {
    cache.confirm(data_for(kOldHead));
    head(300ms, 0, kBlock);
    head(310ms, 1, kOther);
    head(315ms, 2, kOther);
    EXPECT_EQ(take_asked(), (Nodes{0, 1, 2}));
    answer(318ms, 0, data_for(kBlock));
    EXPECT_FALSE(decided);
    answer(320ms, 1, data_for(kOther));
    ASSERT_TRUE(decided);
    EXPECT_EQ(decided->data.beacon_block_root, kOther);
}

TEST_F(AttestationConsensusTest, TwoBlocksForASlotAnnouncedByAsManyTheFirstWinsAfterTheMoment) {
    cache.confirm(data_for(kOldHead));
    head(300ms, 0, kBlock);
    head(310ms, 1, kOther);
    answer(320ms, 0, data_for(kBlock));
    answer(320ms, 1, data_for(kOther));
    EXPECT_FALSE(decided);
    time(550ms);
    ASSERT_TRUE(decided);
    EXPECT_EQ(decided->data.beacon_block_root, kBlock);
}

TEST_F(AttestationConsensusTest, AnotherBlockAfterTheDecisionChangesNothing) {
    cache.confirm(data_for(kOldHead));
    head(300ms, 0, kBlock);
    answer(310ms, 0, data_for(kBlock));
    take_asked();
    time(550ms);
    ASSERT_TRUE(decided);
    head(600ms, 1, kOther);
    EXPECT_TRUE(take_asked().empty());
    EXPECT_EQ(machine->counters().other_blocks_late, 1U);
    head(610ms, 2, kBlock);
    EXPECT_EQ(machine->counters().other_blocks_late, 1U);
}

// A node's data counts for a block only if this node announced it: another's announcement says nothing of its checkpoints.
TEST_F(AttestationConsensusTest, DataWithABlockThatTheNodeDidNotAnnounceIsNotTakenByEvent) {
    cache.confirm(data_for(kOldHead));
    head(300ms, 0, kBlock);
    head(301ms, 1, kOther);
    answer(310ms, 1, data_for(kBlock));
    EXPECT_FALSE(decided);
}

TEST(CheckpointCache, ReorganisationOverTheEpochEdgeDropsIt) {
    struct Case {
        std::uint64_t slot;
        std::uint64_t depth;
        bool dropped;
    };
    for (const Case& c : {Case{100, 2, false}, Case{100, 3, false}, Case{100, 4, true}, Case{97, 1, true}, Case{96, 1, true},
                          Case{97, 5, true}, Case{96, 0, false}, Case{2, 40, true}}) {
        CheckpointCache cache{32};
        cache.confirm(data_for(kBlock));  // epoch 3 begins at slot 96
        EXPECT_EQ(cache.on_reorg({Slot{c.slot}, c.depth}), c.dropped) << c.slot << " depth " << c.depth;
        EXPECT_EQ(cache.confirms(data_for(kBlock)), !c.dropped);
    }
}

TEST(ConsensusWaits, ScaleWithTheSlotAndHaveAFloor) {
    ConsensusSettings settings;
    set_waits(settings, 12s);
    EXPECT_EQ(settings.data_wait, 500ms);
    EXPECT_EQ(settings.confirmation_wait, 1s);
    set_waits(settings, 2s);
    EXPECT_EQ(settings.data_wait, 250ms);
    EXPECT_EQ(settings.confirmation_wait, 500ms);
}

}  // namespace
}  // namespace holdfast::duties
