// Goal: a screen is safe on any terminal: no control characters, no line wider than it, colours only where asked for.
#include "cli/screen.hpp"

#include <gtest/gtest.h>

#include "cli/status_text.hpp"

namespace holdfast::cli {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

Screen some_screen() {
    Screen screen;
    screen.line("status", Tone::kHead);
    TextTable table{{"NAME", "STATE"}};
    table.add({"p1", "voting"});
    table.add({"p2", "stale"});
    screen.table(table, {Tone::kPlain, Tone::kBad});
    return screen;
}

TEST(ScreenTest, WithoutColours_OnlyTheText) {
    EXPECT_EQ(some_screen().text(false), "status\nNAME  STATE\np1    voting\np2    stale\n");
}

TEST(ScreenTest, Colours_OfEachRow) {
    EXPECT_EQ(some_screen().text(true),
              "\x1b[1mstatus\x1b[0m\n\x1b[2mNAME  STATE\x1b[0m\np1    voting\n\x1b[31mp2    stale\x1b[0m\n");
}

TEST(ScreenTest, LongLines_AreCutBetweenCharacters) {
    Screen screen;
    screen.line("a\xc3\xa4\xe2\x82\xac!");
    EXPECT_EQ(screen.frame(false, 3, 0), "\x1b[Ha\xc3\xa4\xe2\x82\xac\x1b[K\n\x1b[J");
    EXPECT_EQ(screen.frame(false, 2, 0), "\x1b[Ha\xc3\xa4\x1b[K\n\x1b[J");
    EXPECT_EQ(screen.frame(false, 4, 0), "\x1b[Ha\xc3\xa4\xe2\x82\xac!\x1b[K\n\x1b[J");
}

TEST(ScreenTest, ControlCharacters_AreHarmless) {
    Screen screen;
    screen.line("a\x1b[2J\rb\x7f");
    EXPECT_EQ(screen.text(true), "a?[2J?b?\n");
}

TEST(ScreenTest, Frame_EndsBeforeTheTerminalWouldScroll) {
    Screen screen;
    for (const char* text : {"a", "b", "c"}) screen.line(text);
    EXPECT_EQ(screen.frame(false, 0, 3), "\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J");
    EXPECT_EQ(screen.frame(false, 0, 4), "\x1b[Ha\x1b[K\nb\x1b[K\nc\x1b[K\n\x1b[J");
}

TEST(StatusTextTest, Times) {
    const WallTime now{hours{24 * 20'000 + 11}};  // 2024-10-04T11:00:00Z
    EXPECT_EQ(clock_text(now - seconds{1}, now), "10:59:59");
    EXPECT_EQ(clock_text(now - hours{12}, now), "2024-10-03 23:00:00");
    EXPECT_EQ(age_text(seconds{-5}), "0 s");
    EXPECT_EQ(age_text(seconds{119}), "119 s");
    EXPECT_EQ(age_text(seconds{120}), "2 min");
    EXPECT_EQ(age_text(hours{3}), "3 h");
    EXPECT_EQ(age_text(hours{72}), "3 days");
}

}  // namespace
}  // namespace holdfast::cli
