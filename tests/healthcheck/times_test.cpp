// Goal: times that contradict each other are named before they do harm. Method: the defaults, changed one at a time.
#include "healthcheck/times.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace holdfast::healthcheck {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr Duration kSlot = seconds{12};

std::vector<std::string> problems_with(const std::function<void(FailoverTimes&)>& change, Duration slot = kSlot) {
    FailoverTimes times;
    change(times);
    return find_problems(times, slot);
}

TEST(Times, Defaults_AreFineForSlotsOf12And4Seconds) {
    EXPECT_THAT(find_problems({}, kSlot), IsEmpty());
    EXPECT_THAT(find_problems({}, seconds{4}), IsEmpty());
    EXPECT_EQ(detection_bound({}), milliseconds{2300});
}

TEST(Times, LongerThanASlotToNotice) {
    EXPECT_THAT(find_problems({}, seconds{2}),
                ElementsAre(AllOf(StartsWith("polls-to-suspect: "), HasSubstr("2300 ms"), HasSubstr("a slot lasts 2000 ms"))));
    EXPECT_THAT(find_problems({}, milliseconds{2300}), testing::SizeIs(1));
    EXPECT_THAT(find_problems({}, milliseconds{2301}), IsEmpty());
    // It is no business of one that polls nobody.
    EXPECT_THAT(find_problems({}, seconds{2}, false), IsEmpty());
}

TEST(Times, DetectionBound_ThePollsOrTheWitnessesWhicheverIsLater) {
    FailoverTimes times;
    times.polls_to_suspect = 1;
    times.poll_interval = milliseconds{200};
    times.poll_timeout = milliseconds{100};
    times.witness_age = milliseconds{1000};
    times.look_interval = milliseconds{300};
    times.look_timeout = milliseconds{50};
    EXPECT_EQ(detection_bound(times), milliseconds{1350});
    times.polls_to_suspect = 10;
    EXPECT_EQ(detection_bound(times), milliseconds{2150});
}

TEST(Times, Zero_EachIsNamed) {
    const std::vector<std::pair<std::string, std::function<void(FailoverTimes&)>>> all{
        {"sample-interval", [](FailoverTimes& t) { t.sample_interval = {}; }},
        {"poll-interval", [](FailoverTimes& t) { t.poll_interval = {}; }},
        {"poll-timeout", [](FailoverTimes& t) { t.poll_timeout = {}; }},
        {"look-interval", [](FailoverTimes& t) { t.look_interval = {}; }},
        {"look-timeout", [](FailoverTimes& t) { t.look_timeout = {}; }},
        {"witness-age", [](FailoverTimes& t) { t.witness_age = {}; }},
        {"vacancy", [](FailoverTimes& t) { t.vacancy = {}; }},
        {"patience", [](FailoverTimes& t) { t.patience = milliseconds{-1}; }},
        {"handover-timeout", [](FailoverTimes& t) { t.handover_timeout = {}; }},
        {"stop-timeout", [](FailoverTimes& t) { t.stop_timeout = {}; }},
        {"acquire-timeout", [](FailoverTimes& t) { t.acquire_timeout = {}; }},
        {"rise", [](FailoverTimes& t) { t.rise = 0; }},
        {"fall", [](FailoverTimes& t) { t.fall = 0; }},
        {"polls-to-suspect", [](FailoverTimes& t) { t.polls_to_suspect = 0; }},
        {"start-grace", [](FailoverTimes& t) { t.start_grace = milliseconds{-1}; }},
        {"failback-after", [](FailoverTimes& t) { t.failback_after = milliseconds{-1}; }},
        {"failback-after-max", [](FailoverTimes& t) { t.failback_after_max = milliseconds{-1}; }},
    };
    for (const auto& [name, change] : all) EXPECT_THAT(problems_with(change), ElementsAre(StartsWith(name + ": ")));
}

TEST(Times, NoGraceAndAnImmediateFailback_AreFine) {
    EXPECT_THAT(problems_with([](FailoverTimes& t) { t.start_grace = t.failback_after = {}; }), IsEmpty());
}

TEST(Times, PollTimeout_ShorterThanItsInterval) {
    EXPECT_THAT(
        problems_with([](FailoverTimes& t) { t.poll_timeout = milliseconds{500}; }),
        ElementsAre("poll-timeout: 500 ms, but it must be shorter than --poll-interval (500 ms), or polls of the primary "
                    "would pile up"));
    EXPECT_THAT(problems_with([](FailoverTimes& t) { t.poll_timeout = milliseconds{499}; }), IsEmpty());
}

TEST(Times, WitnessAge_LongerThanHeartbeatsAreApart) {
    EXPECT_THAT(problems_with([](FailoverTimes& t) { t.witness_age = milliseconds{749}; }),
                ElementsAre(AllOf(StartsWith("witness-age: 749 ms"), HasSubstr("at least 750 ms"))));
    EXPECT_THAT(problems_with([](FailoverTimes& t) { t.witness_age = milliseconds{750}; }), IsEmpty());
}

TEST(Times, Vacancy_LongerThanWitnessAge) {
    EXPECT_THAT(problems_with([](FailoverTimes& t) { t.vacancy = t.witness_age; }),
                ElementsAre(AllOf(StartsWith("vacancy: 1000 ms"), HasSubstr("--witness-age (1000 ms)"))));
}

TEST(Times, Patience_AtLeastWitnessAge) {
    EXPECT_THAT(problems_with([](FailoverTimes& t) { t.patience = t.witness_age - milliseconds{1}; }),
                ElementsAre(AllOf(StartsWith("patience: 999 ms"), HasSubstr("--witness-age (1000 ms)"))));
    EXPECT_THAT(problems_with([](FailoverTimes& t) { t.patience = t.witness_age; }), IsEmpty());
}

TEST(Times, FailbackAfterMax_AtLeastFailbackAfter) {
    EXPECT_THAT(problems_with([](FailoverTimes& t) { t.failback_after_max = t.failback_after - milliseconds{1}; }),
                ElementsAre(AllOf(StartsWith("failback-after-max: "), HasSubstr("--failback-after (300000 ms)"))));
}

TEST(Times, HandoverTimeout_LongEnoughToBeHeardOf) {
    EXPECT_THAT(problems_with([](FailoverTimes& t) { t.handover_timeout = milliseconds{499}; }),
                ElementsAre(AllOf(StartsWith("handover-timeout: 499 ms"), HasSubstr("--poll-interval (500 ms)")),
                            AllOf(StartsWith("handover-timeout: 499 ms"), HasSubstr("--look-timeout together (900 ms)"))));
    EXPECT_THAT(problems_with([](FailoverTimes& t) { t.handover_timeout = milliseconds{900}; }), IsEmpty());
}

TEST(Times, StopTimeout_AtLeastHandoverTimeout) {
    EXPECT_THAT(problems_with([](FailoverTimes& t) { t.stop_timeout = t.handover_timeout - milliseconds{1}; }),
                ElementsAre(AllOf(StartsWith("stop-timeout: 3999 ms"), HasSubstr("--handover-timeout (4000 ms)"))));
}

TEST(Times, SeveralProblems_AllAtOnce) {
    EXPECT_THAT(problems_with([](FailoverTimes& t) {
                    t.poll_timeout = seconds{1};
                    t.vacancy = milliseconds{500};
                }),
                ElementsAre(StartsWith("poll-timeout: "), StartsWith("vacancy: ")));
}

}  // namespace
}  // namespace holdfast::healthcheck
