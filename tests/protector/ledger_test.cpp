// Goal: the ledger decides in order, and its journal rows rebuild it exactly; broken rows are refused.
#include "protector/ledger.hpp"

#include <gtest/gtest.h>

#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protector {
namespace {

using namespace protection;

constexpr ChainTime kNow{Epoch{100}, Slot{3200}};

AttestationBatch votes(std::vector<PublicKey> asked, AttestationMark mark) { return {std::move(asked), {mark}, nullptr, kNow}; }

std::vector<Outcome> outcomes(const std::vector<Verdict>& verdicts) {
    std::vector<Outcome> result;
    for (const Verdict& verdict : verdicts) result.push_back(verdict.outcome);
    return result;
}

TEST(Ledger, SecondMessageOfAKeyInABatch_IsDecidedAfterTheFirst) {
    Ledger ledger;
    std::string journal;
    const AttestationBatch batch{{key(1), key(1), key(1)}, {vote(1, 2, 3), vote(1, 2, 4), vote(1, 2, 3)}, nullptr, kNow};
    EXPECT_EQ(outcomes(ledger.decide(batch, journal)),
              (std::vector{Outcome::kApproved, Outcome::kRefused, Outcome::kRepeated}));
}

TEST(Ledger, RefusedAndRepeated_LeaveNoTrace) {
    Ledger ledger;
    std::string journal;
    static_cast<void>(ledger.decide(votes(keys(2), vote(1, 2, 3)), journal));
    std::string more;
    static_cast<void>(ledger.decide(votes(keys(2), vote(1, 2, 3)), more));
    static_cast<void>(ledger.decide(votes(keys(2), vote(1, 2, 4)), more));
    static_cast<void>(ledger.decide(votes({key(9)}, vote(5, 4, 4)), more));
    EXPECT_TRUE(more.empty());
    EXPECT_EQ(ledger.find(key(9)), nullptr);
}

// Every kind of row, over several batches.
std::vector<std::string> some_rows(Ledger& ledger) {
    std::vector<std::string> rows(4);
    auto data = std::make_shared<const ethereum::AttestationData>(attestation_data(1, 2, 3));
    static_cast<void>(ledger.decide(AttestationBatch{keys(5), {vote(1, 2, 3)}, data, kNow}, rows[0]));
    static_cast<void>(ledger.decide(BlockBatch{keys(3, 4), {block(7, 1), block(8, 2), block(8, 3)}, kNow}, rows[1]));
    static_cast<void>(ledger.decide(votes(keys(9), vote(2, 3, 4)), rows[2]));
    static_cast<void>(ledger.decide(votes(keys(2, 20), AttestationMark{Epoch{1}, Epoch{2}, {}}), rows[3]));
    return rows;
}

void expect_same(const Ledger& a, const Ledger& b) {
    ASSERT_EQ(a.validators().size(), b.validators().size());
    for (std::size_t i = 0; i < a.validators().size(); ++i) {
        const Validator& one = a.validators()[i];
        const Validator& other = b.validators()[i];
        EXPECT_EQ(one.key, other.key);
        EXPECT_EQ(one.record.attestation, other.record.attestation);
        EXPECT_EQ(one.record.block, other.record.block);
        ASSERT_EQ(one.record.data == nullptr, other.record.data == nullptr);
        if (one.record.data) {
            EXPECT_EQ(*one.record.data, *other.record.data);
        }
    }
}

TEST(Ledger, Replay_RebuildsIt) {
    Ledger ledger;
    Ledger replayed;
    for (const std::string& row : some_rows(ledger)) ASSERT_TRUE(replayed.replay(row));
    expect_same(ledger, replayed);
}

TEST(Ledger, ReplayOverNewerState_NeverGoesBack) {
    Ledger ledger;
    const auto rows = some_rows(ledger);
    Ledger again;
    for (const std::string& row : rows) ASSERT_TRUE(again.replay(row));
    for (const std::string& row : rows) ASSERT_TRUE(again.replay(row));
    expect_same(ledger, again);
}

TEST(Ledger, BrokenRows_AreRefused) {
    Ledger ledger;
    const std::string row = some_rows(ledger)[0];
    for (std::size_t size = 1; size < row.size(); ++size) {
        Ledger other;
        // Cut between two groups it is whole.
        const bool whole = size == 1 + 4 + 4 + 5 * 48;
        EXPECT_EQ(other.replay(std::string_view{row}.substr(0, size)).has_value(), whole) << size;
    }
    EXPECT_FALSE(Ledger{}.replay("x"));
}

TEST(Ledger, TakeChanged_EachOnceInOrder) {
    Ledger ledger;
    std::string journal;
    static_cast<void>(ledger.decide(votes({key(3), key(1), key(2)}, vote(1, 2, 3)), journal));
    static_cast<void>(ledger.decide(votes({key(2), key(3)}, vote(1, 3, 3)), journal));
    EXPECT_EQ(ledger.take_changed(), (std::vector<ValidatorId>{0, 1, 2}));
    EXPECT_TRUE(ledger.take_changed().empty());
}

}  // namespace
}  // namespace holdfast::protector
