// Goal: keys are approved with Q yeses of different members, given up when that is impossible, and a member counts once.
#include "shared/protection/quorum_tally.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protection {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<Verdict> say(std::vector<Outcome> outcomes, Reason reason = Reason::kOtherVoteForTarget) {
    std::vector<Verdict> verdicts;
    for (const Outcome outcome : outcomes) {
        verdicts.push_back({outcome, outcome == Outcome::kRefused ? reason : Reason::kNone, {}});
    }
    return verdicts;
}

std::string because(const Verdict& verdict) { return verdict.reason == Reason::kNone ? "" : "because"; }

constexpr Outcome kYes = Outcome::kApproved;
constexpr Outcome kAgain = Outcome::kRepeated;
constexpr Outcome kNo = Outcome::kRefused;
constexpr Outcome kMute = Outcome::kUnknown;

struct QuorumTallyTest : testing::Test {
    QuorumTally tally{{"p1", "p2", "p3", "p4"}, 3, 2};
};

TEST_F(QuorumTallyTest, ThirdYes_DecidesTheKey) {
    EXPECT_THAT(tally.on_answer(0, say({kYes, kYes})).approved, IsEmpty());
    EXPECT_THAT(tally.on_answer(1, say({kAgain, kNo})).approved, IsEmpty());
    const auto step = tally.on_answer(2, say({kYes, kYes}));
    EXPECT_THAT(step.approved, ElementsAre(0));
    EXPECT_THAT(step.hopeless, IsEmpty());
    EXPECT_FALSE(tally.decided());
    EXPECT_THAT(tally.on_answer(3, say({kNo, kYes})).approved, ElementsAre(1));
    EXPECT_TRUE(tally.decided());
}

TEST_F(QuorumTallyTest, SameMemberAgain_CountsOnce) {
    for (int i = 0; i < 5; ++i) EXPECT_THAT(tally.on_answer(0, say({kYes, kYes})).approved, IsEmpty());
    static_cast<void>(tally.on_answer(1, say({kYes, kYes})));
    EXPECT_FALSE(tally.decided());
}

TEST_F(QuorumTallyTest, UnknownVerdict_IsNoYes) {
    static_cast<void>(tally.on_answer(0, say({kMute, kYes})));
    static_cast<void>(tally.on_answer(1, say({kMute, kYes})));
    EXPECT_FALSE(tally.is_open(0));
    EXPECT_FALSE(tally.refused(0));
}

TEST_F(QuorumTallyTest, ProtectorsThatDoNotVoteNow_HaveNotRefused) {
    static_cast<void>(tally.on_answer(0, say({kNo, kYes}, Reason::kNotVoting)));
    static_cast<void>(tally.on_answer(1, say({kNo, kYes}, Reason::kNotVoting)));
    EXPECT_FALSE(tally.is_open(0));
    EXPECT_FALSE(tally.refused(0));
}

TEST_F(QuorumTallyTest, TwoFenced_KeyIsFenced) {
    const Tenure tenure{7, "secondary", {}};
    static_cast<void>(tally.on_answer(0, say({kNo, kNo}, Reason::kFenced), tenure));
    EXPECT_FALSE(tally.fenced(0));
    static_cast<void>(tally.on_answer(1, say({kNo, kNo}, Reason::kFenced), tenure));
    EXPECT_TRUE(tally.fenced(0));
    EXPECT_TRUE(tally.refused(0));
    EXPECT_THAT(tally.explain(0, because), HasSubstr("p1: fenced by generation 7, held by secondary since "));
}

TEST_F(QuorumTallyTest, OneFencedAndOneRefusal_IsRefusedOnly) {
    static_cast<void>(tally.on_answer(0, say({kNo, kNo}, Reason::kFenced)));
    static_cast<void>(tally.on_answer(1, say({kNo, kNo})));
    EXPECT_TRUE(tally.refused(0));
    EXPECT_FALSE(tally.fenced(0));
}

TEST_F(QuorumTallyTest, TheRecordOfTheFirstWhoNamedOne) {
    auto verdicts = say({kNo, kYes});
    static_cast<void>(tally.on_answer(0, verdicts));
    EXPECT_EQ(tally.record(0).index(), 0U);
    verdicts[0].record = vote(1, 2, 3);
    static_cast<void>(tally.on_answer(2, verdicts));
    EXPECT_EQ(std::get<AttestationMark>(tally.record(0)), vote(1, 2, 3));
    EXPECT_EQ(tally.record(1).index(), 0U);
}

TEST_F(QuorumTallyTest, TwoRefusals_KeyIsRefusedAtOnce) {
    static_cast<void>(tally.on_answer(0, say({kNo, kYes})));
    const auto step = tally.on_answer(1, say({kNo, kYes}));
    EXPECT_THAT(step.hopeless, ElementsAre(0));
    EXPECT_TRUE(tally.refused(0));
    EXPECT_FALSE(tally.is_open(0));
    EXPECT_TRUE(tally.is_open(1));
    EXPECT_EQ(tally.explain(0, because),
              "0 yes, 3 needed: p1: refused (because); p2: refused (because); p3: no answer yet; p4: no answer yet");
}

TEST_F(QuorumTallyTest, TwoFailures_NoQuorumButNotRefused) {
    static_cast<void>(tally.on_failure(0, "connection refused"));
    EXPECT_THAT(tally.on_failure(3, "timeout").hopeless, ElementsAre(0, 1));
    EXPECT_FALSE(tally.refused(0));
    EXPECT_THAT(tally.explain(1, because), HasSubstr("p1: connection refused"));
}

TEST_F(QuorumTallyTest, AnswerForOtherKeys_IsAFailure) {
    static_cast<void>(tally.on_answer(0, say({kYes})));
    static_cast<void>(tally.on_answer(1, say({kYes, kYes, kYes})));
    EXPECT_TRUE(tally.decided());
}

TEST(CheckQuorum, OnlySafeOnesPass) {
    for (std::size_t members = 0; members <= 7; ++members) {
        for (std::size_t quorum = 0; quorum <= 8; ++quorum) {
            const bool good = quorum >= 1 && quorum <= members && 2 * quorum > members;
            EXPECT_EQ(check_quorum(quorum, members).has_value(), good) << quorum << " of " << members;
        }
    }
    EXPECT_THAT(check_quorum(2, 4).error().message, HasSubstr("must be at least 3"));
}

TEST(CheckQuorum, RisksAreSaid) {
    EXPECT_EQ(quorum_warning(3, 4), "");
    EXPECT_EQ(quorum_warning(4, 5), "");
    EXPECT_THAT(quorum_warning(1, 1), HasSubstr("loses its memory"));
    EXPECT_THAT(quorum_warning(2, 3), HasSubstr("loses its memory"));
    EXPECT_THAT(quorum_warning(3, 5), HasSubstr("loses its memory"));
    EXPECT_THAT(quorum_warning(3, 3), HasSubstr("is down"));
}

}  // namespace
}  // namespace holdfast::protection
