// What is concluded from heartbeats.
#include "healthcheck/sight.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::healthcheck {
namespace {

using namespace std::chrono_literals;
using protection::Heard;
using protection::Tenure;
using testing::HasSubstr;

using Answers = std::vector<std::vector<Heard>>;

const FailoverTimes kTimes;
const Tenure kOthers{7, "secondary", {}};
const Tenure kOurs{7, "primary", {}};

Heard heard(bool on_duty, bool well, Duration age, std::uint64_t generation = 7) {
    return {{"secondary", generation, on_duty, well}, age};
}

Sight see(const Answers& answers, const Tenure& highest = kOthers) { return look(answers, highest, "primary", 3, kTimes); }
Answers same(const Heard& what, std::size_t count) { return Answers(count, {what}); }

TEST(Sight, TooFewAnswers_NothingIsSeen) {
    const Sight sight = see(same(heard(true, true, 100ms), 2));
    EXPECT_FALSE(sight.enough);
    EXPECT_FALSE(sight.vacant || sight.other_on_duty || sight.other_performs || sight.other_ready);
    EXPECT_THAT(sight.sentence, HasSubstr("only 2 protectors"));
}

TEST(Sight, PerformsIfAQuorumHearsItWell) {
    EXPECT_TRUE(see(same(heard(true, true, 1s), 3)).other_performs);
    EXPECT_FALSE(see(same(heard(true, true, 1001ms), 4)).other_performs) << "too long ago";
    EXPECT_FALSE(see(same(heard(true, false, 100ms), 4)).other_performs) << "not well";
    Answers two_hear = same(heard(true, true, 100ms), 2);
    two_hear.resize(4);
    EXPECT_FALSE(see(two_hear).other_performs);
    EXPECT_TRUE(see(two_hear).other_on_duty);
}

TEST(Sight, OnDutyUntilNotHeardForLong) {
    EXPECT_TRUE(see(same(heard(true, false, 3s), 3)).other_on_duty);
    EXPECT_FALSE(see(same(heard(true, true, 3001ms), 3)).other_on_duty);
}

TEST(Sight, ReadyIfAQuorumHearsItSo) {
    EXPECT_TRUE(see(same(heard(false, true, 500ms), 3)).other_ready);
    EXPECT_FALSE(see(same(heard(false, false, 500ms), 3)).other_ready);
    EXPECT_FALSE(see(same(heard(true, true, 500ms), 3)).other_ready) << "it is on duty";
    Answers two = same(heard(false, true, 100ms), 2);
    two.resize(3);
    EXPECT_FALSE(see(two).other_ready);
}

TEST(Sight, VacantIfTheHolderSaysSoItself) {
    EXPECT_TRUE(see(same(heard(false, true, 100ms), 3)).vacant);
    EXPECT_FALSE(see(same(heard(false, true, 100ms, 6), 3)).vacant) << "that was before its generation";
    EXPECT_FALSE(see(same(heard(true, false, 100ms), 3)).vacant);
    EXPECT_FALSE(see(Answers(3)).vacant) << "silence is no resignation";
}

// A generation that only a few members promised us fences nobody (pair simulation, seed 17875).
TEST(Sight, NotVacantByAGenerationOfOurs_WhileTheOtherIsOnDuty) {
    EXPECT_FALSE(see(same(heard(true, true, 100ms, 6), 3), kOurs).vacant);
    EXPECT_FALSE(see(same(heard(true, false, 3s, 6), 3), kOurs).vacant);
    EXPECT_TRUE(see(same(heard(true, true, 3001ms, 6), 3), kOurs).vacant);
    EXPECT_TRUE(see(same(heard(false, true, 100ms, 6), 3), kOurs).vacant);
}

TEST(Sight, VacantIfNobodyElseHoldsIt) {
    EXPECT_TRUE(see(Answers(3), Tenure{}).vacant);
    EXPECT_TRUE(see(Answers(3), kOurs).vacant);
}

TEST(Sight, TheYoungestBeatCounts) {
    const Answers answers{{heard(true, true, 900ms)}, {heard(false, true, 200ms)}, {heard(true, true, 800ms)}};
    EXPECT_FALSE(see(answers).other_on_duty);
    EXPECT_TRUE(see(answers).vacant);
}

TEST(Sight, OurOwnBeatsAreNotAnother) {
    Heard own = heard(true, true, 100ms);
    own.beat.instance = "primary";
    const Sight sight = see(same(own, 4));
    EXPECT_FALSE(sight.other_on_duty || sight.other_performs || sight.other_ready);
    EXPECT_THAT(sight.sentence, HasSubstr("no other instance"));
}

TEST(Sight, SaysWhatWasHeard) {
    EXPECT_THAT(see(same(heard(true, false, 1250ms), 3)).sentence,
                HasSubstr("secondary was heard 1.2 s ago, on duty, but not well"));
}

}  // namespace
}  // namespace holdfast::healthcheck
