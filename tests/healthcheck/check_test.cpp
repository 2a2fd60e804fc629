// Goal: one bad sample is nothing, and one good one neither. Method: sequences of samples as words, and the verdicts after
// each.
#include "healthcheck/check.hpp"

#include <gtest/gtest.h>

namespace holdfast::healthcheck {
namespace {

WallTime at(int sample) { return WallTime{std::chrono::seconds{1'000 + sample}}; }

// '+' and '-' for good and bad samples; returns the verdict after each in the same form.
std::string verdicts(Checks& checks, const std::string& samples) {
    std::string result;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        checks.sample({{"a", samples[i] == '+', "sample"}}, at(static_cast<int>(i)));
        result += checks.ok() ? '+' : '-';
    }
    return result;
}

struct Sequence {
    std::uint32_t rise;
    std::uint32_t fall;
    const char* samples;
    const char* verdicts;
};

TEST(Checks, Sequences) {
    constexpr Sequence kAll[] = {
        {2, 3, "+++++", "+++++"},                // nothing happens
        {2, 3, "-----", "-----"},                // the first sample counts at once
        {2, 3, "+-+-+-+-", "++++++++"},          // alternates: never three in a row
        {2, 3, "+--+--+", "+++++++"},            // two are too few, and don't add up
        {2, 3, "+---", "+++-"},                  // the third in a row
        {2, 3, "+---+-+-", "+++-----"},          // one good sample raises nothing
        {2, 3, "+---++", "+++--+"},              // two in a row do
        {2, 3, "+---++--+---", "+++--++++++-"},  // counting starts anew after a change
        {1, 1, "+-+-", "+-+-"},                  // no hysteresis
        {3, 1, "+-+++", "+---+"},
        {0, 0, "+-+", "+-+"},  // as with one
    };
    for (const Sequence& sequence : kAll) {
        Checks checks{sequence.rise, sequence.fall};
        EXPECT_EQ(verdicts(checks, sequence.samples), sequence.verdicts) << sequence.samples;
    }
}

TEST(Checks, Since_IsTheVerdicts_DetailTheLastSamples) {
    Checks checks{2, 2};
    checks.sample({{"a", true, "fine"}}, at(0));
    checks.sample({{"a", false, "one is gone"}}, at(1));
    ASSERT_EQ(checks.all().size(), 1U);
    EXPECT_TRUE(checks.all()[0].ok);
    EXPECT_EQ(checks.all()[0].since, at(0));
    EXPECT_EQ(checks.all()[0].detail, "one is gone");
    checks.sample({{"a", false, "two are gone"}}, at(2));
    EXPECT_FALSE(checks.all()[0].ok);
    EXPECT_EQ(checks.all()[0].since, at(2));
    EXPECT_EQ(checks.why_not(), "a: two are gone");
    checks.sample({{"a", true, "back"}}, at(3));
    EXPECT_EQ(checks.all()[0].since, at(2));
}

TEST(Checks, EachCountsForItself) {
    Checks checks{2, 2};
    const auto sample = [&](bool a, bool b) { checks.sample({{"a", a, "of a"}, {"b", b, "of b"}}, at(0)); };
    sample(true, true);
    sample(false, true);
    sample(true, false);
    EXPECT_TRUE(checks.ok());
    sample(true, false);
    EXPECT_FALSE(checks.ok());
    EXPECT_EQ(checks.why_not(), "b: of b");
    sample(false, false);
    sample(false, false);
    EXPECT_EQ(checks.why_not(), "a: of a; b: of b");
}

TEST(Checks, OrderIsTheSamples_WhatIsMissingIsForgotten) {
    Checks checks{2, 2};
    checks.sample({{"a", false, ""}, {"b", true, ""}}, at(0));
    checks.sample({{"b", false, ""}, {"c", true, ""}}, at(1));
    ASSERT_EQ(checks.all().size(), 2U);
    EXPECT_EQ(checks.all()[0].name, "b");
    EXPECT_TRUE(checks.all()[0].ok);
    EXPECT_EQ(checks.all()[1].name, "c");
    // b's count went with it to its new place; a comes back as if never seen.
    checks.sample({{"a", true, ""}, {"c", true, ""}, {"b", false, ""}}, at(2));
    EXPECT_TRUE(checks.all()[0].ok);
    EXPECT_FALSE(checks.all()[2].ok);
}

TEST(Checks, WhatMovesNoDuty_IsShownButDoesNotCount) {
    Checks checks{1, 1};
    checks.sample({{"a", true, ""}, {"slashing", false, "slashed: 0x01", false}}, at(0));
    EXPECT_TRUE(checks.ok());
    EXPECT_EQ(checks.why_not(), "");
    EXPECT_FALSE(checks.all()[1].ok);
    checks.sample({{"a", false, "gone"}, {"slashing", false, "slashed: 0x01", false}}, at(1));
    EXPECT_EQ(checks.why_not(), "a: gone");
}

TEST(Checks, BeforeTheFirstSample_NothingIsGood) {
    const Checks checks{2, 3};
    EXPECT_FALSE(checks.ok());
    EXPECT_EQ(checks.why_not(), "no check was made yet");
}

}  // namespace
}  // namespace holdfast::healthcheck
