#include "shared/duties/duty_report.hpp"

#include <gtest/gtest.h>

#include <set>

namespace holdfast::duties {
namespace {

using namespace std::chrono_literals;

DutyReport proposal() {
    DutyReport report;
    report.kind = DutyKind::kProposal;
    report.slot = Slot{5};
    report.due = 1;
    report.what = "block 0x121212..1212 from node 2 worth 0.050000 ETH";
    report.decided = 120ms;
    report.approved = 125ms;
    return report;
}

TEST(DutyReport, LineOfWhatWasDone) {
    DutyReport report = proposal();
    report.done = 1;
    report.posted = 180ms;
    EXPECT_EQ(describe(report),
              "slot 5 (epoch 0): block-proposal 1 of 1, block 0x121212..1212 from node 2 worth 0.050000 ETH, "
              "decided +120 ms, approved +125 ms, posted +180 ms");
}

TEST(DutyReport, LineOfWhatWasMissed_TheFirstSentenceOfEachReason) {
    DutyReport report = proposal();
    report.kind = DutyKind::kAggregation;
    report.due = 4;
    report.miss(MissedReason::kPublishFailed, 0, "nothing");
    report.miss(MissedReason::kPublishFailed, 1, "node 1: connection refused");
    report.miss(MissedReason::kPublishFailed, 2, "node 2: connection refused");
    EXPECT_EQ(report.missed_count(), 3U);
    EXPECT_TRUE(describe(report).ends_with("; missed 3: publish_failed (node 1: connection refused)")) << describe(report);
}

TEST(DutyReport, LineWhileTheGateIsClosed) {
    DutyReport report = proposal();
    report.only_decided = true;
    EXPECT_TRUE(describe(report).starts_with("slot 5 (epoch 0): block-proposal 1 due, only decided, block "));
}

TEST(DutyReport, EachKindHasItsOwnName) {
    std::set<std::string_view> names;
    for (const DutyKind kind : {DutyKind::kAttestation, DutyKind::kAggregation, DutyKind::kProposal, DutyKind::kEnvelope,
                                DutyKind::kSyncMessage, DutyKind::kSyncContribution, DutyKind::kPayloadAttestation}) {
        EXPECT_TRUE(names.insert(to_string(kind)).second);
    }
    EXPECT_EQ(to_string(DutyKind::kProposal), "block-proposal");
}

}  // namespace
}  // namespace holdfast::duties
