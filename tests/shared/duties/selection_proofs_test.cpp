// Who aggregates, by the specification's definition; and proofs signed ahead: in which order, how urgently, and when not.
#include "shared/duties/selection_proofs.hpp"

#include "shared/ethereum/ssz.hpp"
#include "tests/shared/duties/committee_fixture.hpp"

namespace holdfast::duties {
namespace {

using signing::MessageKind;
using signing::Urgency;

Signature filled(std::uint8_t byte) {
    Signature signature;
    signature.bytes.fill(byte);
    return signature;
}

// bytes_to_uint64(sha256(signature)[0:8]), computed elsewhere: 9251468512758311214 for zeros, 15010667366611956363 for ones,
// 6463443705522100576 for twos, 17683284495771055368 for 0, 1, .. 95, 4453607881410897358 for 0xff.
TEST(IsAggregator, AsTheSpecificationSays) {
    Signature counting;
    for (std::size_t i = 0; i < 96; ++i) counting.bytes[i] = static_cast<std::uint8_t>(i);
    EXPECT_TRUE(is_aggregator(filled(0), 16, 16));   // modulo 1
    EXPECT_TRUE(is_aggregator(filled(0), 31, 16));   // still 1
    EXPECT_TRUE(is_aggregator(filled(0), 47, 16));   // 2
    EXPECT_TRUE(is_aggregator(filled(0), 48, 16));   // 3
    EXPECT_FALSE(is_aggregator(filled(0), 64, 16));  // 4
    EXPECT_FALSE(is_aggregator(filled(1), 32, 16));
    EXPECT_TRUE(is_aggregator(filled(1), 9 * 16, 16));
    EXPECT_TRUE(is_aggregator(filled(1), 31 * 16 + 15, 16));
    EXPECT_TRUE(is_aggregator(filled(2), 256, 16));
    EXPECT_FALSE(is_aggregator(filled(2), 7 * 16, 16));
    EXPECT_TRUE(is_aggregator(counting, 9 * 16, 16));
    EXPECT_FALSE(is_aggregator(counting, 7 * 16, 16));
    EXPECT_FALSE(is_aggregator(filled(0xff), 64, 16));
    EXPECT_TRUE(is_aggregator(filled(0xff), 0, 16));  // no committee is that small
    EXPECT_TRUE(is_aggregator(filled(1), 2, 1) == is_aggregator(filled(1), 32, 16));
}

TEST(IsAggregator, SyncCommittee_OneInEightOfMainnets) {
    EXPECT_TRUE(is_sync_aggregator(filled(2), 512));
    EXPECT_TRUE(is_sync_aggregator(filled(12), 512));
    EXPECT_FALSE(is_sync_aggregator(filled(0), 512));
    EXPECT_FALSE(is_sync_aggregator(filled(1), 512));
    EXPECT_FALSE(is_sync_aggregator(filled(0xff), 512));
    // The minimal preset's, max(1, 32 / 4 / 16).
    EXPECT_TRUE(is_sync_aggregator(filled(0), 32));
    EXPECT_TRUE(is_sync_aggregator(filled(1), 32));
}

class SelectionProofsTest : public CommitteeFixture {
protected:
    std::optional<DutyBook> book;
    std::unique_ptr<SelectionProofs> proofs;
    std::vector<Slot> completed;

    void begin(std::uint64_t count) {
        spec_values["SLOTS_PER_EPOCH"] = "8";
        connect_nodes(count);
        book.emplace(8);
        proofs = std::make_unique<SelectionProofs>(parts(), *book, [this](Slot slot) { completed.push_back(slot); });
    }
    // Validator i attests in slot i % 8 of the epoch, `turn` slots later.
    void put(std::uint64_t epoch, std::uint64_t turn = 0) {
        beacon::AttesterDuties duties{Epoch{epoch}, root_of(epoch), {}};
        for (std::uint64_t i = 0; i < validators.size(); ++i) {
            duties.duties.push_back(
                {key_of(i), ValidatorIndex{i}, Slot{epoch * 8 + (i + turn) % 8}, CommitteeIndex{0}, 16, 1, i % 16});
        }
        ASSERT_TRUE(book->put(std::move(duties), validators).has_value());
        proofs->wake();
    }
    void run() { spawn(proofs->run()); }
    [[nodiscard]] std::vector<std::uint64_t> slots_signed() const {
        std::vector<std::uint64_t> result;
        for (const RecordingDoor::Call& call : door.calls) result.push_back(call.message.slot.value);
        return result;
    }
};

TEST_F(SelectionProofsTest, NearestSlotFirst_OneCallForASlot) {
    begin(16);
    put(0);
    put(1);
    run();
    go_to(0, 11s);
    EXPECT_EQ(slots_signed(), (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
    EXPECT_EQ(completed.size(), 16U);
    for (const RecordingDoor::Call& call : door.calls) {
        EXPECT_EQ(call.message.kind, MessageKind::kSelectionProof);
        EXPECT_EQ(call.keys.size(), 2U);
        EXPECT_EQ(call.urgency, call.message.slot.value <= 1 ? Urgency::kSoon : Urgency::kAhead);
        EXPECT_EQ(call.message.object_root, ethereum::ssz::hash_tree_root(call.message.slot));
        EXPECT_EQ(call.message.object, ethereum::ssz::serialize(call.message.slot));
    }
    EXPECT_EQ(proofs->proof(Slot{9}, key_of(1)),
              signature(1, ethereum::ssz::hash_tree_root(Slot{9}), ethereum::kDomainSelectionProof, 1));
    EXPECT_FALSE(proofs->proof(Slot{9}, key_of(2)));
    EXPECT_TRUE(proofs->complete(Slot{9}));
    EXPECT_FALSE(proofs->complete(Slot{16}));  // an epoch that is not known
}

TEST_F(SelectionProofsTest, EpochsFirstThird_OnlyThisSlotAndTheNext) {
    begin(8);
    put(0);
    run();
    time.advance(1s);
    EXPECT_EQ(slots_signed(), (std::vector<std::uint64_t>{0, 1}));
    go_to(0, 3900ms);
    EXPECT_EQ(door.calls.size(), 2U);
    go_to(0, 4500ms);
    EXPECT_EQ(door.calls.size(), 8U);
    // Again at the next epoch's start, whatever came into the book before.
    go_to(7, 11900ms);
    put(1);
    put(2);
    go_to(8, 3900ms);
    EXPECT_FALSE(proofs->complete(Slot{20}));
    for (std::size_t i = 8; i < door.calls.size(); ++i) {
        const bool new_epoch = door.calls[i].when >= clock.steady_at(slots->start_of(Slot{8}));
        if (new_epoch && door.calls[i].when < clock.steady_at(slots->start_of(Slot{8}) + 4s)) {
            EXPECT_LE(door.calls[i].message.slot, Slot{9});
        }
    }
    go_to(8, 5s);
    EXPECT_TRUE(proofs->complete(Slot{20}));
}

TEST_F(SelectionProofsTest, ManyKeys_InBatchesWithRests) {
    begin(8 * 200);
    door.delay = 10ms;
    put(0);
    run();
    go_to(0, 6s);
    EXPECT_EQ(completed.size(), 8U);
    std::map<std::uint64_t, std::size_t> signed_in;
    for (std::size_t i = 0; i < door.calls.size(); ++i) {
        const RecordingDoor::Call& call = door.calls[i];
        EXPECT_LE(call.keys.size(), 64U);
        signed_in[call.message.slot.value] += call.keys.size();
        const bool rests = i > 0 && door.calls[i - 1].message.slot > Slot{1};
        if (rests) {
            EXPECT_GE(call.when - door.calls[i - 1].when, 2 * door.delay);
        }
    }
    for (const auto& [slot, count] : signed_in) EXPECT_EQ(count, 200U) << "slot " << slot;
}

TEST_F(SelectionProofsTest, MovedDuties_OldProofsDropped) {
    begin(8);
    put(0);
    run();
    go_to(1, 1s);
    ASSERT_TRUE(proofs->proof(Slot{5}, key_of(5)));
    const std::size_t before = door.calls.size();
    put(0, 1);
    EXPECT_FALSE(proofs->complete(Slot{5}));
    go_to(1, 2s);
    EXPECT_FALSE(proofs->proof(Slot{5}, key_of(5)));
    EXPECT_TRUE(proofs->proof(Slot{5}, key_of(4)));
    EXPECT_TRUE(proofs->proof(Slot{6}, key_of(5)));
    EXPECT_EQ(door.calls.size(), before + 7);  // slots 1 to 7: what is past is not signed
    // The same duties once more cost nothing.
    put(0, 1);
    go_to(1, 3s);
    EXPECT_EQ(door.calls.size(), before + 7);
}

TEST_F(SelectionProofsTest, SoonerDutiesAppear_TheyGoFirst) {
    begin(8 * 100);
    put(1);
    door.delay = 500ms;
    go_to(0, 5s);
    run();
    time.advance(600ms);
    put(0);
    const std::size_t before = door.calls.size();
    time.advance(3s);
    ASSERT_GT(door.calls.size(), before + 1);
    EXPECT_EQ(door.calls[before].message.slot, Slot{0});
    EXPECT_EQ(door.calls[before].urgency, Urgency::kSoon);
}

TEST_F(SelectionProofsTest, OneKeyMissing_TheOthersAreSigned_AndItIsTriedAgainNextSlot) {
    begin(16);
    put(0);
    door.missing.insert(key_of(3));
    run();
    go_to(0, 6s);
    EXPECT_TRUE(proofs->proof(Slot{3}, key_of(11)));
    EXPECT_FALSE(proofs->complete(Slot{3}));
    EXPECT_TRUE(proofs->complete(Slot{4}));
    const std::size_t tried = door.calls.size();
    go_to(0, 11s);
    EXPECT_EQ(door.calls.size(), tried);
    door.missing.clear();
    go_to(1, 1s);
    EXPECT_TRUE(proofs->complete(Slot{3}));
    EXPECT_EQ(std::ranges::count(completed, Slot{3}), 1);
}

TEST_F(SelectionProofsTest, GateClosed_SignedAllTheSame) {
    begin(8);
    gate.close();
    put(0);
    run();
    go_to(0, 6s);
    EXPECT_TRUE(proofs->complete(Slot{7}));
}

TEST_F(SelectionProofsTest, Aggregates_ByTheCommitteesLength) {
    begin(8);
    put(0);
    run();
    go_to(0, 6s);
    beacon::AttesterDuty duty = book->at(Slot{2}).front();
    EXPECT_TRUE(proofs->aggregates(duty));
    std::size_t chosen = 0;
    constexpr std::uint64_t kCommittees = 64;
    for (std::uint64_t modulo = 1; modulo <= kCommittees; ++modulo) {
        duty.committee_length = modulo * 16;
        const bool expected = is_aggregator(*proofs->proof(Slot{2}, duty.key), duty.committee_length, 16);
        EXPECT_EQ(proofs->aggregates(duty), expected);
        chosen += expected ? 1 : 0;
    }
    EXPECT_LT(chosen, kCommittees / 2);
    duty.slot = Slot{3};
    duty.committee_length = 16;
    EXPECT_FALSE(proofs->aggregates(duty));
}

}  // namespace
}  // namespace holdfast::duties
