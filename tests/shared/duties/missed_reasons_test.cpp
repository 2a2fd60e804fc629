#include "shared/duties/missed_reasons.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "shared/duties/slot_report.hpp"

namespace holdfast::duties {
namespace {

TEST(MissedReasons, EachHasItsOwnCodeAndTheDocumentListsIt) {
    std::ifstream file{HOLDFAST_SOURCE_DIR "/docs/missed-duties.md"};
    ASSERT_TRUE(file) << "docs/missed-duties.md";
    std::stringstream text;
    text << file.rdbuf();
    std::set<std::string_view> codes;
    for (const MissedReasonText& reason : missed_reasons()) {
        EXPECT_TRUE(codes.insert(reason.code).second) << reason.code;
        EXPECT_EQ(code_of(reason.reason), reason.code);
        const std::string row =
            "| `" + std::string{reason.code} + "` | " + std::string{reason.summary} + " | " + std::string{reason.advice} + " |";
        EXPECT_NE(text.str().find(row), std::string::npos) << "no row: " << row;
    }
}

TEST(SlotReport, LineSaysWhatWasDoneWhenAndWhatWasMissed) {
    using namespace std::chrono_literals;
    SlotReport report;
    report.slot = Slot{123};
    report.epoch = Epoch{3};
    report.due = 4;
    report.attested = 2;
    Decided vote;
    vote.by_event = true;
    vote.confirmed_by = 2;
    vote.data.beacon_block_root.bytes.fill(0x12);
    vote.data.source.epoch = Epoch{2};
    vote.data.target.epoch = Epoch{3};
    report.vote = vote;
    report.head_node = 0;
    report.head_event = 312ms;
    report.decided = 318ms;
    report.approved = 320ms;
    report.posted = 331ms;
    report.miss(MissedReason::kNoQuorum, 2, "protector 2: connection refused");
    EXPECT_EQ(report.missed_count(), 2U);
    EXPECT_EQ(
        describe(report),
        "slot 123 (epoch 3): 2 of 4 attested, block 0x121212..1212 source 2 target 3, head event +312 ms from node 1, "
        "decided +318 ms (event, confirmed by 2 nodes), approved +320 ms, posted +331 ms; missed 2: no_quorum (protector 2: "
        "connection refused)");
}

}  // namespace
}  // namespace holdfast::duties
