// Goal: nobody restarts into a proposal, and nobody waits without need. Method: a table; slot 121 is 4 s old, of 12.
#include "healthcheck/restart_advice.hpp"

#include <gtest/gtest.h>

namespace holdfast::healthcheck {
namespace {

using std::chrono::seconds;
using validator::Upcoming;

struct Row {
    std::optional<std::uint64_t> proposal;
    std::optional<std::uint64_t> attestation;
    bool covered;
    bool safe;
    std::optional<seconds> idle;
    const char* sentence;
};

std::optional<Slot> slot(std::optional<std::uint64_t> number) { return number ? std::optional{Slot{*number}} : std::nullopt; }

TEST(RestartAdvice, Table) {
    const Row rows[] = {
        {{}, 125, false, true, seconds{44}, "safe now: nothing of ours is due for 44 s"},
        {{},
         125,
         true,
         true,
         seconds{44},
         "safe now: nothing of ours is due for 44 s, and another instance is on duty or ready for it"},
        {{}, 123, false, true, seconds{20}, "safe now: nothing of ours is due for 20 s"},
        {{},
         122,
         false,
         false,
         seconds{8},
         "not now: attestations of ours are due in slot 122, in 8 s, and no other instance is ready to take duty"},
        {{},
         121,
         false,
         false,
         seconds{0},
         "not now: attestations of ours are due in slot 121, now, and no other instance is ready to take duty"},
        {{}, 121, true, true, seconds{0}, "safe now: another instance is on duty or ready for it"},
        {{}, {}, false, true, {}, "safe now: no duty of ours is known"},
        {121, {}, true, false, seconds{0}, "not now: a block proposal of ours is due in slot 121, now; after it"},
        {122, 130, false, false, seconds{8}, "not now: a block proposal of ours is due in slot 122, in 8 s; after it"},
        {123, 121, true, false, seconds{0}, "not now: a block proposal of ours is due in slot 123, in 20 s; after it"},
        {124, {}, false, true, seconds{32}, "safe now: nothing of ours is due for 32 s"},
        {124, 122, true, true, seconds{8}, "safe now: another instance is on duty or ready for it"},
    };
    for (const Row& row : rows) {
        const Upcoming upcoming{true, slot(row.proposal), slot(row.attestation), {}};
        const RestartAdvice advice = advise(upcoming, Slot{121}, seconds{4}, seconds{12}, row.covered);
        EXPECT_EQ(advice.safe_now, row.safe) << row.sentence;
        EXPECT_EQ(advice.sentence, row.sentence);
        EXPECT_EQ(advice.idle, row.idle ? std::optional<Duration>{*row.idle} : std::nullopt) << row.sentence;
        EXPECT_EQ(advice.next_proposal, upcoming.next_proposal);
        EXPECT_EQ(advice.next_attestation, upcoming.next_attestation);
    }
}

TEST(RestartAdvice, SyncCommittee_IsMentioned) {
    const Upcoming upcoming{true, {}, Slot{125}, Epoch{7}};
    const RestartAdvice advice = advise(upcoming, Slot{121}, seconds{4}, seconds{12}, false);
    EXPECT_TRUE(advice.safe_now);
    EXPECT_EQ(advice.sync_committee_until, Epoch{7});
    EXPECT_EQ(advice.sentence,
              "safe now: no attestation or block of ours is due for 44 s; a key of ours is in the sync committee until the end "
              "of epoch 7: its message is missed in each slot without an instance");
    EXPECT_EQ(
        advise(upcoming, Slot{121}, seconds{4}, seconds{12}, true).sentence,
        "safe now: no attestation or block of ours is due for 44 s, and another instance is on duty or ready for it; a key "
        "of ours is in the sync committee until the end of epoch 7");
}

TEST(RestartAdvice, NotKnown_IsNotSafe) {
    const RestartAdvice advice = advise({}, Slot{121}, seconds{4}, seconds{12}, true);
    EXPECT_FALSE(advice.safe_now);
    EXPECT_EQ(advice.sentence, "not now: it is not known yet which duties lie ahead");
}

TEST(RestartAdvice, VeryFarAhead) {
    const Upcoming upcoming{true, Slot{~std::uint64_t{0}}, {}, {}};
    EXPECT_TRUE(advise(upcoming, Slot{121}, seconds{4}, seconds{12}, false).safe_now);
}

}  // namespace
}  // namespace holdfast::healthcheck
