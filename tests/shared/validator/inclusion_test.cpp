// Goal: what became of our votes and blocks is told right, and "unknown" where it isn't known. Method: hand-made blocks of two
// forks for the book; the whole in virtual time over nodes that have these blocks.
#include "shared/validator/inclusion.hpp"

#include "tests/shared/validator/chain_blocks.hpp"
#include "tests/shared/validator/safety_fixture.hpp"

namespace holdfast::validator {
namespace {

using ::testing::HasSubstr;
using testing::make_block;
using testing::OnChain;

// 65 validators on 8 slots of 2 committees: the last committee of the epoch has 5 members, all others 4.
constexpr std::uint64_t kActive = 65;
constexpr std::uint64_t kCommittees = 16;

std::uint64_t committee_size(Slot slot, std::uint64_t index) {
    const std::uint64_t place = slot.value % 8 * 2 + index;
    return kActive * (place + 1) / kCommittees - kActive * place / kCommittees;
}

Root root_of(std::uint64_t number) { return FakeChain::root(0xB0, number); }

ethereum::AttestationData vote_for(Slot slot) {
    ethereum::AttestationData data;
    data.slot = slot;
    data.beacon_block_root = root_of(slot.value);
    data.target = {Epoch{slot.value / 8}, root_of(slot.value - slot.value % 8)};
    return data;
}

beacon::AttesterDuty duty(Slot slot, std::uint64_t validator, std::uint64_t committee, std::uint64_t place) {
    return {key_of(validator),
            ValidatorIndex{validator},
            slot,
            CommitteeIndex{committee},
            committee_size(slot, committee),
            2,
            place};
}

class InclusionBookTest : public ::testing::TestWithParam<ethereum::ForkName> {
protected:
    const ethereum::BlockTypes types{ethereum::make_block_types(GetParam(), ethereum::kMainnetPreset)};
    InclusionBook book{8};
    static constexpr Slot kSlot{86};  // of epoch 10; its committees are 12 and 13 of the epoch

    // Block `number` lies in slot `number` on the main branch, with its parent one slot before.
    void add(std::uint64_t number, const std::vector<OnChain>& attestations = {}) {
        add_as(root_of(number), number, root_of(number - 1), attestations);
    }
    void add_as(const Root& root, std::uint64_t slot, const Root& parent, const std::vector<OnChain>& attestations) {
        book.on_block(root, make_block(types, GetParam(), Slot{slot}, parent, attestations));
    }
    // The rest of the branch, and its head.
    void fill(std::uint64_t first, std::uint64_t last) {
        for (std::uint64_t number = first; number <= last; ++number) add(number);
        book.on_head(0, root_of(last), Slot{last});
    }
    InclusionReport settled() {
        const auto reports = book.settle(kSlot + 11);
        EXPECT_EQ(reports.size(), 1U);
        return reports.empty() ? InclusionReport{} : reports[0];
    }
    // Both committees of kSlot together have 4 + 4 members.
    static OnChain both_committees(std::vector<std::uint64_t> voters) {
        return {vote_for(kSlot), {0, 1}, 8, std::move(voters)};
    }
};

TEST_P(InclusionBookTest, InTheNextBlock_CountedWithItsDistance) {
    book.expect(vote_for(kSlot), {duty(kSlot, 1, 0, 2), duty(kSlot, 2, 1, 3)});
    fill(80, 86);
    add(87, {both_committees({2})});
    add(88, {both_committees({2, 7})});
    fill(89, 96);
    const InclusionReport report = settled();
    EXPECT_EQ(report.published, 2U);
    EXPECT_EQ(report.included, (std::map<std::uint64_t, std::size_t>{{1, 1}, {2, 1}}));
    EXPECT_EQ(report.missed, 0U);
    EXPECT_EQ(report.head_right, 2U);
    EXPECT_EQ(report.target_right, 2U);
}

TEST_P(InclusionBookTest, NotSettledBeforeItsTime) {
    book.expect(vote_for(kSlot), {duty(kSlot, 1, 0, 2)});
    EXPECT_TRUE(book.settle(kSlot + 10).empty());
    EXPECT_EQ(book.settle(kSlot + 11).size(), 1U);
    EXPECT_FALSE(book.expects_anything());
}

TEST_P(InclusionBookTest, OthersVotesOnly_Missed) {
    book.expect(vote_for(kSlot), {duty(kSlot, 1, 0, 2)});
    fill(80, 86);
    ethereum::AttestationData other = vote_for(kSlot);
    other.beacon_block_root = root_of(85);
    add(87, {both_committees({1, 3, 6}), {other, {0}, 4, {2}}, {vote_for(kSlot), {1}, 4, {2}}});
    fill(88, 96);
    EXPECT_EQ(settled().missed, 1U);
}

TEST_P(InclusionBookTest, LaterThanAnEpoch_Missed) {
    book.expect(vote_for(kSlot), {duty(kSlot, 1, 0, 2)});
    fill(80, 94);
    add(95, {both_committees({2})});
    fill(96, 96);
    EXPECT_EQ(settled().missed, 1U);
}

TEST_P(InclusionBookTest, OnAnOrphanedBlock_CountsOnlyWhereItComesAgain) {
    book.expect(vote_for(kSlot), {duty(kSlot, 1, 0, 2)});
    fill(80, 86);
    add_as(root_of(1087), 87, root_of(86), {both_committees({2})});
    add_as(root_of(88), 88, root_of(86), {});
    add(89, {both_committees({2})});
    fill(90, 96);
    EXPECT_EQ(settled().included, (std::map<std::uint64_t, std::size_t>{{3, 1}}));
}

TEST_P(InclusionBookTest, WrongHeadAndTarget_AreTold) {
    ethereum::AttestationData data = vote_for(kSlot);
    data.beacon_block_root = root_of(85);
    data.target.root = root_of(79);
    book.expect(data, {duty(kSlot, 1, 0, 2)});
    fill(80, 86);
    add(87, {{data, {0}, 4, {2}}});
    fill(88, 96);
    const InclusionReport report = settled();
    EXPECT_EQ(report.included_count(), 1U);
    EXPECT_EQ(report.head_wrong, 1U);
    EXPECT_EQ(report.target_wrong, 1U);
}

TEST_P(InclusionBookTest, EmptySlotAtTheEpochsStart_TargetIsTheBlockBefore) {
    ethereum::AttestationData data = vote_for(kSlot);
    data.target.root = root_of(79);
    book.expect(data, {duty(kSlot, 1, 0, 2)});
    add(79);
    add_as(root_of(81), 81, root_of(79), {});
    fill(82, 86);
    add(87, {{data, {0}, 4, {2}}});
    fill(88, 96);
    EXPECT_EQ(settled().target_right, 1U);
}

TEST_P(InclusionBookTest, BlockThatIsMissing_ThenItIsUnknown) {
    book.expect(vote_for(kSlot), {duty(kSlot, 1, 0, 2), duty(kSlot, 2, 1, 3)});
    fill(80, 86);
    add(88, {both_committees({2})});
    fill(89, 96);
    EXPECT_EQ(book.missing_block(), root_of(87));
    const InclusionReport report = settled();
    EXPECT_EQ(report.included_count(), 1U);
    EXPECT_EQ(report.unknown, 1U);
    EXPECT_EQ(report.missed, 0U);
    EXPECT_EQ(report.head_right + report.head_wrong, 0U);
}

TEST_P(InclusionBookTest, CommitteesOfDifferentSizes_PlacesFollow) {
    constexpr Slot kLast{87};  // committees of 4 and 5 members
    const std::vector<beacon::AttesterDuty> ours{duty(kLast, 2, 0, 1)};
    ethereum::AttestationData data = vote_for(kLast);
    book.expect(data, ours);
    book.expect(data, {beacon::AttesterDuty{key_of(3), ValidatorIndex{3}, kLast, CommitteeIndex{1}, 5, 2, 4}});
    fill(80, 87);
    add(88, {{data, {0, 1}, 9, {8}}});
    fill(89, 97);
    const auto reports = book.settle(kLast + 11);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_EQ(reports[0].included_count(), 1U);
    EXPECT_EQ(reports[0].missed, 1U);
}

TEST_P(InclusionBookTest, OurBlock_InTheChainOrNot) {
    book.expect_block(Slot{86}, root_of(86));
    book.expect_block(Slot{87}, root_of(1087));
    fill(80, 98);
    const auto reports = book.settle(Slot{98});
    ASSERT_EQ(reports.size(), 2U);
    EXPECT_EQ(reports[0].blocks_in_chain, 1U);
    EXPECT_EQ(reports[1].blocks_orphaned, 1U);
}

TEST_P(InclusionBookTest, HeadOfMostNodes_IsTheChain) {
    book.expect_block(Slot{86}, root_of(86));
    fill(80, 96);
    add_as(root_of(1097), 97, root_of(85), {});
    book.on_head(1, root_of(1097), Slot{97});
    book.on_head(2, root_of(96), Slot{96});
    EXPECT_EQ(settled().blocks_in_chain, 1U);
}

TEST_P(InclusionBookTest, PublishedTwice_CountsOnce) {
    book.expect(vote_for(kSlot), {duty(kSlot, 1, 0, 2)});
    book.expect(vote_for(kSlot), {duty(kSlot, 1, 0, 2)});
    EXPECT_EQ(settled().published, 1U);
}

TEST_P(InclusionBookTest, OldBlocks_AreForgotten) {
    fill(10, 96);
    book.expect_block(Slot{90}, root_of(90));
    static_cast<void>(book.settle(Slot{96}));
    EXPECT_LE(book.blocks(), 24U);
    EXPECT_FALSE(book.missing_block());
}

TEST_P(InclusionBookTest, NothingExpected_NothingFetched) {
    book.on_head(0, root_of(96), Slot{96});
    EXPECT_FALSE(book.missing_block());
}

// A node that gives blocks that go round in circles.
TEST_P(InclusionBookTest, ParentThatIsNoOlder_EndsTheBranch) {
    book.expect_block(Slot{86}, root_of(86));
    add_as(root_of(1), 90, root_of(2), {});
    add_as(root_of(2), 90, root_of(1), {});
    book.on_head(0, root_of(1), Slot{90});
    EXPECT_FALSE(book.missing_block());
    EXPECT_EQ(settled().blocks_in_chain, 0U);
}

INSTANTIATE_TEST_SUITE_P(Forks, InclusionBookTest, ::testing::Values(ethereum::ForkName::kElectra, ethereum::ForkName::kGloas));

class InclusionCheckTest : public SafetyFixture {
protected:
    const ethereum::BlockTypes types{ethereum::make_block_types(ethereum::ForkName::kElectra, ethereum::kMainnetPreset)};
    std::vector<InclusionReport> of_slots;
    std::vector<InclusionReport> of_epochs;
    std::unique_ptr<InclusionCheck> check;

    void begin() {
        InclusionHooks hooks;
        hooks.on_slot = [this](const InclusionReport& report) { of_slots.push_back(report); };
        hooks.on_epoch = [this](const InclusionReport& report) { of_epochs.push_back(report); };
        check = std::make_unique<InclusionCheck>(clock, *nodes, slots, std::move(hooks));
        group.spawn("inclusion", check->run());
    }
    // Each node has a block in each of these slots; that after `vote` has one for our vote.
    void give_blocks(std::uint64_t first, std::uint64_t last, Slot vote) {
        for (std::uint64_t number = first; number <= last; ++number) {
            std::vector<OnChain> attestations;
            if (number == vote.value + 1) attestations.push_back({vote_for(vote), {0}, 4, {2}});
            for (Says& node : says) {
                node.blocks[to_hex(root_of(number))] =
                    make_block(types, ethereum::ForkName::kElectra, Slot{number}, root_of(number - 1), attestations);
            }
        }
    }
    void head(std::uint64_t number) {
        beacon::HeadEvent event;
        event.slot = Slot{number};
        event.block = root_of(number);
        for (std::size_t node = 0; node < says.size(); ++node) check->on_head(node, event);
    }
    [[nodiscard]] std::size_t asked() const { return says[0].blocks_asked + says[1].blocks_asked + says[2].blocks_asked; }
};

TEST_F(InclusionCheckTest, EpochIsSummedUp_EachBlockFetchedOnce) {
    begin();
    give_blocks(72, 110, Slot{82});
    check->expect(vote_for(Slot{82}), {duty(Slot{82}, 1, 0, 2), duty(Slot{82}, 2, 0, 3)});
    for (std::uint64_t slot = 81; slot < 102; ++slot) {
        go_to(slot);
        head(slot);
    }
    ASSERT_EQ(of_slots.size(), 1U);
    EXPECT_EQ(of_slots[0].included_count(), 1U);
    EXPECT_EQ(of_slots[0].missed, 1U);
    ASSERT_EQ(of_epochs.size(), 1U);
    EXPECT_EQ(of_epochs[0].epoch, Epoch{10});
    EXPECT_EQ(of_epochs[0].published, 2U);
    EXPECT_THAT(describe(of_epochs[0]), HasSubstr("epoch 10: 1 of 2 attestations are in the chain"));
    EXPECT_EQ(check->last_epoch()->included_count(), 1U);
    // From the epoch's first slot, 80, to the settled one's end.
    EXPECT_LE(asked(), 16U);
}

TEST_F(InclusionCheckTest, NodesWithoutBlocks_UnknownAndNoStorm) {
    begin();
    check->expect(vote_for(Slot{82}), {duty(Slot{82}, 1, 0, 2)});
    for (std::uint64_t slot = 81; slot < 102; ++slot) {
        go_to(slot);
        head(slot);
    }
    ASSERT_EQ(of_slots.size(), 1U);
    EXPECT_EQ(of_slots[0].unknown, 1U);
    EXPECT_LE(asked(), 3U * 14U);
}

}  // namespace
}  // namespace holdfast::validator
