// Goal: the ledger decides in order, and its journal rows rebuild it exactly; broken rows are refused.
#include "protector/ledger.hpp"

#include <gtest/gtest.h>

#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protector {
namespace {

using namespace protection;

constexpr ChainTime kNow{Epoch{100}, Slot{3200}};

constexpr LedgerSettings kShared{Mode::kShared, false};

Asker asker(std::uint64_t generation = 0, std::string instance = "primary") {
    return {generation, std::move(instance), kNow, WallTime{std::chrono::seconds{1'700'000'000}}};
}

AttestationBatch votes(std::vector<PublicKey> asked, AttestationMark mark, std::uint64_t generation = 0) {
    return {std::move(asked), {mark}, nullptr, asker(generation)};
}

std::vector<Outcome> outcomes(const std::vector<Verdict>& verdicts) {
    std::vector<Outcome> result;
    for (const Verdict& verdict : verdicts) result.push_back(verdict.outcome);
    return result;
}

TEST(Ledger, SecondMessageOfAKeyInABatch_IsDecidedAfterTheFirst) {
    Ledger ledger{kShared};
    std::string journal;
    const AttestationBatch batch{{key(1), key(1), key(1)}, {vote(1, 2, 3), vote(1, 2, 4), vote(1, 2, 3)}, nullptr, asker()};
    EXPECT_EQ(outcomes(ledger.apply(batch, journal).verdicts),
              (std::vector{Outcome::kApproved, Outcome::kRefused, Outcome::kRepeated}));
}

TEST(Ledger, RefusedAndRepeated_LeaveNoTrace) {
    Ledger ledger{kShared};
    std::string journal;
    static_cast<void>(ledger.apply(votes(keys(2), vote(1, 2, 3)), journal));
    std::string more;
    static_cast<void>(ledger.apply(votes(keys(2), vote(1, 2, 3)), more));
    static_cast<void>(ledger.apply(votes(keys(2), vote(1, 2, 4)), more));
    static_cast<void>(ledger.apply(votes({key(9)}, vote(5, 4, 4)), more));
    EXPECT_TRUE(more.empty());
    EXPECT_EQ(ledger.find(key(9)), nullptr);
}

// Every kind of row, over several batches.
std::vector<std::string> some_rows(Ledger& ledger) {
    std::vector<std::string> rows(12);
    auto data = std::make_shared<const ethereum::AttestationData>(attestation_data(1, 2, 3));
    static_cast<void>(ledger.apply(AttestationBatch{keys(5), {vote(1, 2, 3)}, data, asker()}, rows[0]));
    static_cast<void>(ledger.apply(BlockBatch{keys(3, 4), {block(7, 1), block(8, 2), block(8, 3)}, asker()}, rows[1]));
    static_cast<void>(ledger.apply(votes(keys(9), vote(2, 3, 4)), rows[2]));
    static_cast<void>(ledger.apply(votes(keys(2, 20), AttestationMark{Epoch{1}, Epoch{2}, {}}), rows[3]));
    static_cast<void>(ledger.apply(HaltCommand{keys(3, 2), true}, rows[4]));
    static_cast<void>(ledger.apply(EnrolCommand{keys(2, 30)}, rows[5]));
    // Raises what is there in part: the source of one validator, the block of another, and an unknown one.
    ImportCommand import;
    import.entries.push_back({key(0), { vote(3, 3, 9), nullptr, block(9, 9), false, false }});
    import.entries.push_back({key(4), { vote(0, 1, 9), nullptr, block(6, 9), false, false }});
    import.entries.push_back({key(40), { vote(2, 3, 9), nullptr, {}, false, false }});
    static_cast<void>(ledger.apply(import, rows[6]));
    static_cast<void>(ledger.apply(HaltCommand{{key(2)}, false}, rows[7]));
    static_cast<void>(ledger.apply(votes(keys(9), vote(4, 5, 4)), rows[8]));
    static_cast<void>(ledger.apply(SeenCommand{"p2", {1, 7}}, rows[9]));
    static_cast<void>(ledger.apply(HaltCommand{{key(5)}, true}, rows[10]));
    static_cast<void>(ledger.apply(ImportCommand{{{key(5), {vote(9, 9, 9), nullptr, {}, false, false}}}}, rows[11]));
    return rows;
}

void expect_same(const Ledger& a, const Ledger& b) {
    EXPECT_TRUE(a == b);
    EXPECT_EQ(a.facts().seen.all(), b.facts().seen.all());
    ASSERT_EQ(a.validators().size(), b.validators().size());
    for (std::size_t i = 0; i < a.validators().size(); ++i) {
        const Validator& one = a.validators()[i];
        const Validator& other = b.validators()[i];
        EXPECT_EQ(one.key, other.key);
        EXPECT_EQ(one.record.attestation, other.record.attestation);
        EXPECT_EQ(one.record.block, other.record.block);
        EXPECT_EQ(one.record.halted, other.record.halted);
        EXPECT_EQ(one.record.enrolled, other.record.enrolled);
        ASSERT_EQ(one.record.data == nullptr, other.record.data == nullptr);
        if (one.record.data) {
            EXPECT_EQ(*one.record.data, *other.record.data);
        }
    }
}

TEST(Ledger, Replay_RebuildsIt) {
    Ledger ledger{kShared};
    Ledger replayed{kShared};
    for (const std::string& row : some_rows(ledger)) ASSERT_TRUE(replayed.replay(row));
    expect_same(ledger, replayed);
}

TEST(Ledger, ReplayOverNewerState_NeverGoesBack) {
    Ledger ledger{kShared};
    const auto rows = some_rows(ledger);
    Ledger again{kShared};
    for (const std::string& row : rows) ASSERT_TRUE(again.replay(row));
    for (const std::string& row : rows) ASSERT_TRUE(again.replay(row));
    expect_same(ledger, again);
}

TEST(Ledger, BrokenRows_AreRefused) {
    Ledger ledger{kShared};
    const std::string row = some_rows(ledger)[0];
    for (std::size_t size = 1; size < row.size(); ++size) {
        Ledger other{kShared};
        // Cut between two groups it is whole.
        const bool whole = size == 1 + 4 + 4 + 5 * 48;
        EXPECT_EQ(other.replay(std::string_view{row}.substr(0, size)).has_value(), whole) << size;
    }
    EXPECT_FALSE(Ledger{}.replay("x"));
}

TEST(Ledger, LowerGeneration_EveryKeyIsFenced_NothingRecorded) {
    Ledger ledger;
    std::string journal;
    EXPECT_TRUE(ledger.apply(AcquireCommand{7, "secondary", {}}, journal).promised);
    std::string more;
    const Applied applied = ledger.apply(votes(keys(2), vote(1, 2, 3), 6), more);
    EXPECT_EQ(outcomes(applied.verdicts), (std::vector{Outcome::kRefused, Outcome::kRefused}));
    EXPECT_EQ(applied.verdicts[0].reason, Reason::kFenced);
    EXPECT_EQ(applied.tenure.holder, "secondary");
    EXPECT_TRUE(more.empty());
    EXPECT_EQ(ledger.apply(votes(keys(1), vote(1, 2, 3), 0), more).verdicts[0].reason, Reason::kWrongMode);
}

// A generation that is learned from a request is as durable as a promise, even if nothing of the request is approved.
TEST(Ledger, HigherGeneration_IsLearnedAndSurvives) {
    Ledger ledger;
    std::string journal;
    static_cast<void>(ledger.apply(votes({key(1)}, vote(5, 4, 3), 8), journal));
    Ledger restarted;
    ASSERT_TRUE(restarted.replay(journal));
    EXPECT_EQ(restarted.facts().tenure.generation, 8U);
    EXPECT_EQ(restarted.facts().tenure.holder, "primary");
    std::string more;
    EXPECT_FALSE(restarted.apply(AcquireCommand{8, "secondary", {}}, more).promised);
    EXPECT_TRUE(restarted.apply(AcquireCommand{9, "secondary", {}}, more).promised);
}

TEST(Ledger, AcquireAgainByTheSame_PromisedWithoutATrace) {
    Ledger ledger;
    std::string journal;
    EXPECT_TRUE(ledger.apply(AcquireCommand{7, "secondary", {}}, journal).promised);
    std::string more;
    EXPECT_TRUE(ledger.apply(AcquireCommand{7, "secondary", {}}, more).promised);
    EXPECT_TRUE(more.empty());
}

TEST(Ledger, Halted_RefusedToEveryone_UntilLifted) {
    Ledger ledger{kShared};
    std::string journal;
    EXPECT_EQ(ledger.apply(HaltCommand{keys(2), true}, journal).changed, 2U);
    EXPECT_EQ(ledger.apply(HaltCommand{keys(3), true}, journal).changed, 1U);
    EXPECT_EQ(ledger.apply(votes(keys(1), vote(1, 2, 3)), journal).verdicts[0].reason, Reason::kHalted);
    EXPECT_EQ(ledger.apply(HaltCommand{keys(1), false}, journal).changed, 1U);
    EXPECT_TRUE(ledger.apply(votes(keys(1), vote(1, 2, 3)), journal).verdicts[0].yes());
}

TEST(Ledger, Import_OnlyRaises) {
    Ledger ledger{kShared};
    std::string journal;
    static_cast<void>(ledger.apply(votes(keys(1), vote(5, 10, 3)), journal));
    ImportCommand lower{{{key(0), {vote(4, 9, 1), nullptr, {}, false, false}}}};
    EXPECT_EQ(ledger.apply(lower, journal).changed, 1U);  // enrolled by it
    EXPECT_EQ(ledger.find(key(0))->record.attestation, vote(5, 10, 3));
    EXPECT_EQ(ledger.apply(lower, journal).changed, 0U);
    EXPECT_EQ(ledger.apply(votes(keys(1), vote(5, 10, 4)), journal).verdicts[0].reason, Reason::kOtherVoteForTarget);
}

TEST(Ledger, UnknownValidators_RefusedUntilEnrolled) {
    Ledger ledger{{Mode::kShared, true}};
    std::string journal;
    EXPECT_EQ(ledger.apply(votes(keys(1), vote(1, 2, 3)), journal).verdicts[0].reason, Reason::kUnknownValidator);
    EXPECT_EQ(ledger.apply(EnrolCommand{keys(1)}, journal).changed, 1U);
    EXPECT_TRUE(ledger.apply(votes(keys(1), vote(1, 2, 3)), journal).verdicts[0].yes());
}

TEST(Ledger, Rejoin_IsRebuiltFromItsRow) {
    RejoinPlan plan;
    plan.entries.push_back({key(1), {vote(9, 99, 1), nullptr, block(3199, 2), true, true}});
    plan.tenure = {7, "secondary", WallTime{std::chrono::seconds{1'700'000'000}}};
    plan.floor = {Epoch{101}, Slot{3234}};
    plan.position = {3, 0};
    Ledger ledger;
    std::string row;
    ledger.rejoin(plan, row);
    Ledger restarted;
    ASSERT_TRUE(restarted.replay(row));
    expect_same(ledger, restarted);
    EXPECT_EQ(restarted.facts().incarnation, 3U);
    std::string journal;
    EXPECT_EQ(restarted.apply(votes({key(2)}, vote(99, 101, 1), 7), journal).verdicts[0].reason, Reason::kBelowFloor);
}

TEST(Ledger, SeenPositions_AreWrittenOnlyBesideSomethingElse) {
    Ledger ledger{kShared};
    std::string alone;
    static_cast<void>(ledger.apply(SeenCommand{"p2", {1, 7}}, alone));
    EXPECT_TRUE(alone.empty());
    std::string journal;
    static_cast<void>(ledger.apply(votes(keys(1), vote(1, 2, 3)), journal));
    Ledger restarted{kShared};
    ASSERT_TRUE(restarted.replay(journal));
    EXPECT_EQ(restarted.facts().seen.of("p2"), (Position{1, 7}));
}

TEST(Ledger, RecordsForAnEpoch_GroupedByMessage) {
    Ledger ledger{kShared};
    std::string journal;
    auto data = std::make_shared<const ethereum::AttestationData>(attestation_data(1, 2, 3));
    static_cast<void>(ledger.apply(AttestationBatch{keys(3), {vote(1, 2, 3)}, data, asker()}, journal));
    static_cast<void>(ledger.apply(votes(keys(2, 3), vote(1, 2, 4)), journal));
    static_cast<void>(ledger.apply(votes(keys(1, 9), vote(1, 3, 4)), journal));
    const auto groups = ledger.records_for(Epoch{2});
    ASSERT_EQ(groups.size(), 2U);
    EXPECT_EQ(groups[0].keys, keys(3));
    EXPECT_EQ(*groups[0].data, *data);
    EXPECT_EQ(groups[1].mark, vote(1, 2, 4));
    EXPECT_EQ(groups[1].data, nullptr);
}

// An imported record of the very vote that we made for others: another client may have made it.
TEST(Ledger, RecordsForAnEpoch_WithoutDataStayApart) {
    Ledger ledger{kShared};
    std::string journal;
    auto data = std::make_shared<const ethereum::AttestationData>(attestation_data(1, 2, 3));
    static_cast<void>(ledger.apply(AttestationBatch{keys(1), {vote(1, 2, 3)}, data, asker()}, journal));
    static_cast<void>(ledger.apply(votes(keys(1, 9), vote(1, 2, 3)), journal));
    const auto groups = ledger.records_for(Epoch{2});
    ASSERT_EQ(groups.size(), 2U);
    EXPECT_NE(groups[0].data, nullptr);
    EXPECT_EQ(groups[1].data, nullptr);
    EXPECT_EQ(groups[1].keys, keys(1, 9));
}

TEST(Ledger, TakeChanged_EachOnceInOrder) {
    Ledger ledger{kShared};
    std::string journal;
    static_cast<void>(ledger.apply(votes({key(3), key(1), key(2)}, vote(1, 2, 3)), journal));
    static_cast<void>(ledger.apply(votes({key(2), key(3)}, vote(1, 3, 3)), journal));
    EXPECT_EQ(ledger.take_changed(), (std::vector<ValidatorId>{0, 1, 2}));
    EXPECT_TRUE(ledger.take_changed().empty());
}

}  // namespace
}  // namespace holdfast::protector
