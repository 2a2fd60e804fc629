// Goal: heartbeats are remembered with their age, and a quorum of young ones is a witness.
#include "shared/protection/witness.hpp"

#include <gtest/gtest.h>

namespace holdfast::protection {
namespace {

using std::chrono::milliseconds;

SteadyTime at(int ms) { return SteadyTime{} + milliseconds{ms}; }

std::vector<Heard> heard(const std::string& instance, bool on_duty, bool well, int age_ms) {
    return {{{instance, 7, on_duty, well}, milliseconds{age_ms}}};
}

TEST(Heartbeats, TheLastOfEachInstance_YoungestFirst) {
    Heartbeats beats;
    beats.on_beat({"primary", 1, true, true}, at(0));
    beats.on_beat({"secondary", 0, false, true}, at(100));
    beats.on_beat({"primary", 1, true, false}, at(300));
    const auto all = beats.heard(at(500));
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].beat.instance, "primary");
    EXPECT_FALSE(all[0].beat.well);
    EXPECT_EQ(all[0].age, milliseconds{200});
    EXPECT_EQ(all[1].age, milliseconds{400});
}

TEST(Heartbeats, ForgetsTheOldestOfTooMany) {
    Heartbeats beats;
    for (int i = 0; i <= static_cast<int>(Heartbeats::kInstancesMax); ++i) {
        beats.on_beat({"i" + std::to_string(i), 0, false, true}, at(i));
    }
    const auto all = beats.heard(at(1000));
    EXPECT_EQ(all.size(), Heartbeats::kInstancesMax);
    EXPECT_EQ(all.back().beat.instance, "i1");
}

TEST(Witnessed, NeedsAQuorumThatHeardItLately_OnDutyAndWell) {
    const auto young = heard("primary", true, true, 900);
    const auto old = heard("primary", true, true, 1100);
    EXPECT_TRUE(witnessed({young, young, young, old}, "primary", milliseconds{1000}, 3));
    EXPECT_FALSE(witnessed({young, young, old, old}, "primary", milliseconds{1000}, 3));
    EXPECT_FALSE(witnessed({young, young, {}}, "primary", milliseconds{1000}, 3));
    EXPECT_FALSE(witnessed({young, young, heard("primary", false, true, 1)}, "primary", milliseconds{1000}, 3));
    EXPECT_FALSE(witnessed({young, young, heard("primary", true, false, 1)}, "primary", milliseconds{1000}, 3));
    EXPECT_FALSE(witnessed({young, young, heard("other", true, true, 1)}, "primary", milliseconds{1000}, 3));
}

}  // namespace
}  // namespace holdfast::protection
