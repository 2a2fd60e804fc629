// Goal: the rules of design section 1, each with the message that only it refuses. Method: tables.
#include "shared/protection/verdict.hpp"

#include <gtest/gtest.h>

#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protection {
namespace {

const VotingTerms kNow{{Epoch{20}, Slot{640}}, {}, false};

struct AttestationCase {
    const char* name;
    std::optional<AttestationMark> last;
    AttestationMark asked;
    Outcome outcome;
    Reason reason;
};

const AttestationCase kAttestationCases[] = {
    {"first", {}, vote(0, 0, 1), Outcome::kApproved, Reason::kNone},
    {"first, later", {}, vote(9, 10, 1), Outcome::kApproved, Reason::kNone},
    {"newer", vote(9, 10, 1), vote(10, 11, 2), Outcome::kApproved, Reason::kNone},
    {"newer, same source", vote(9, 10, 1), vote(9, 11, 2), Outcome::kApproved, Reason::kNone},
    {"newer, source is target", vote(9, 10, 1), vote(11, 11, 2), Outcome::kApproved, Reason::kNone},
    {"repeat", vote(9, 10, 1), vote(9, 10, 1), Outcome::kRepeated, Reason::kNone},
    {"repeat of genesis", vote(0, 0, 1), vote(0, 0, 1), Outcome::kRepeated, Reason::kNone},
    {"genesis, other root", vote(0, 0, 1), vote(0, 0, 2), Outcome::kRefused, Reason::kOtherVoteForTarget},
    {"double vote", vote(9, 10, 1), vote(9, 10, 2), Outcome::kRefused, Reason::kOtherVoteForTarget},
    {"same root, other source", vote(9, 10, 1), vote(8, 10, 1), Outcome::kRefused, Reason::kOtherVoteForTarget},
    {"same root, other target", vote(9, 10, 1), vote(9, 9, 1), Outcome::kRefused, Reason::kTargetBelowRecord},
    {"surrounded", vote(5, 10, 1), vote(6, 9, 2), Outcome::kRefused, Reason::kTargetBelowRecord},
    {"surrounding", vote(9, 10, 1), vote(8, 11, 2), Outcome::kRefused, Reason::kSourceBelowRecord},
    {"source after target", {}, vote(11, 10, 1), Outcome::kRefused, Reason::kSourceAfterTarget},
    {"one epoch ahead", {}, vote(20, 21, 1), Outcome::kApproved, Reason::kNone},
    {"two epochs ahead", {}, vote(20, 22, 1), Outcome::kRefused, Reason::kTargetInFuture},
    {"highest number", {}, vote(0, ~std::uint64_t{0}, 1), Outcome::kRefused, Reason::kTargetInFuture},
    {"repeat, though ahead of a clock set back", vote(30, 31, 1), vote(30, 31, 1), Outcome::kRepeated, Reason::kNone},
};

TEST(AttestationRules, EveryCase) {
    for (const AttestationCase& test : kAttestationCases) {
        SCOPED_TRACE(test.name);
        const ValidatorRecord record{test.last, nullptr, {}, false, false};
        const Verdict verdict = decide_attestation(record, test.asked, kNow);
        EXPECT_EQ(verdict.outcome, test.outcome);
        EXPECT_EQ(verdict.reason, test.reason);
        EXPECT_EQ(explain(verdict, test.asked).empty(), verdict.yes());
    }
}

TEST(AttestationRules, UnknownSigningRoot_NeverARepeat) {
    AttestationMark unknown{Epoch{9}, Epoch{10}, {}};
    const ValidatorRecord record{unknown, nullptr, {}, false, false};
    EXPECT_EQ(decide_attestation(record, unknown, kNow).outcome, Outcome::kRefused);
}

TEST(AttestationRules, Refusal_SentenceNamesTheRecord) {
    const ValidatorRecord record{vote(9, 10, 1), nullptr, {}, false, false};
    const AttestationMark asked = vote(9, 10, 2);
    const std::string sentence = explain(decide_attestation(record, asked, kNow), asked);
    EXPECT_EQ(sentence,
              "another vote is recorded for target epoch 10; recorded: source epoch 9, target epoch 10, signing root " +
                  to_hex(root(1)));
}

struct BlockCase {
    const char* name;
    std::optional<BlockMark> last;
    BlockMark asked;
    Outcome outcome;
    Reason reason;
};

const BlockCase kBlockCases[] = {
    {"first", {}, block(0, 1), Outcome::kApproved, Reason::kNone},
    {"newer", block(5, 1), block(6, 2), Outcome::kApproved, Reason::kNone},
    {"repeat", block(5, 1), block(5, 1), Outcome::kRepeated, Reason::kNone},
    {"other block", block(5, 1), block(5, 2), Outcome::kRefused, Reason::kOtherBlockForSlot},
    {"older", block(5, 1), block(4, 1), Outcome::kRefused, Reason::kSlotBelowRecord},
    {"32 slots ahead", {}, block(672, 1), Outcome::kApproved, Reason::kNone},
    {"33 slots ahead", {}, block(673, 1), Outcome::kRefused, Reason::kSlotInFuture},
};

TEST(BlockRules, EveryCase) {
    for (const BlockCase& test : kBlockCases) {
        SCOPED_TRACE(test.name);
        const ValidatorRecord record{{}, nullptr, test.last, false, false};
        const Verdict verdict = decide_block(record, test.asked, kNow);
        EXPECT_EQ(verdict.outcome, test.outcome);
        EXPECT_EQ(verdict.reason, test.reason);
        EXPECT_EQ(explain(verdict, test.asked).empty(), verdict.yes());
    }
}

TEST(BlockRules, UnknownSigningRoot_NeverARepeat) {
    const BlockMark unknown{Slot{5}, {}};
    EXPECT_EQ(decide_block({{}, nullptr, unknown, false, false}, unknown, kNow).outcome, Outcome::kRefused);
}

// Everything but a message newer than the floor is refused after a rejoin, repeats too.
TEST(Floor, AtOrBelow_Refused_AboveApproved) {
    const VotingTerms rejoined{{Epoch{20}, Slot{640}}, {Epoch{21}, Slot{674}}, false};
    const ValidatorRecord record{vote(20, 21, 1), nullptr, block(674, 1), false, false};
    EXPECT_EQ(decide_attestation(record, vote(20, 21, 1), rejoined).reason, Reason::kBelowFloor);
    EXPECT_EQ(decide_attestation({}, vote(20, 20, 1), rejoined).reason, Reason::kBelowFloor);
    EXPECT_EQ(decide_block(record, block(674, 1), rejoined).reason, Reason::kBelowFloor);
    const VotingTerms later{{Epoch{22}, Slot{704}}, {Epoch{21}, Slot{674}}, false};
    EXPECT_TRUE(decide_attestation(record, vote(21, 22, 2), later).yes());
    EXPECT_TRUE(decide_block(record, block(675, 2), later).yes());
}

TEST(Halt, RefusesEvenARepeat) {
    const ValidatorRecord record{vote(9, 10, 1), nullptr, block(5, 1), true, true};
    EXPECT_EQ(decide_attestation(record, vote(9, 10, 1), kNow).reason, Reason::kHalted);
    EXPECT_EQ(decide_block(record, block(6, 1), kNow).reason, Reason::kHalted);
    EXPECT_NE(explain(decide_block(record, block(6, 1), kNow), block(6, 1)).find("halted"), std::string::npos);
}

TEST(UnknownValidators, RefusedUntilEnrolledOrRecorded) {
    const VotingTerms strict{{Epoch{20}, Slot{640}}, {}, true};
    EXPECT_EQ(decide_attestation({}, vote(9, 10, 1), strict).reason, Reason::kUnknownValidator);
    EXPECT_EQ(decide_block({}, block(6, 1), strict).reason, Reason::kUnknownValidator);
    EXPECT_TRUE(decide_block({{}, nullptr, {}, false, true}, block(6, 1), strict).yes());
    EXPECT_TRUE(decide_block({vote(9, 10, 1), nullptr, {}, false, false}, block(6, 1), strict).yes());
}

TEST(Verdicts, NothingSaid_IsNoYes) {
    EXPECT_FALSE(Verdict{}.yes());
    EXPECT_EQ(parse_outcome("Approved"), Outcome::kUnknown);
    EXPECT_EQ(parse_outcome("approved"), Outcome::kApproved);
}

}  // namespace
}  // namespace holdfast::protection
