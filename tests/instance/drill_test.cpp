// Goal: a drill tells slot by slot whether the secondary would have signed what the primary has. Method: virtual time, reports
// as the engine makes them, and a primary whose status is rendered as the real one's.
#include "instance/drill.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "shared/base/task_group.hpp"
#include "shared/base/virtual_clock.hpp"
#include "tests/instance/fake_primary.hpp"

namespace holdfast::instance {
namespace {

using duties::SlotReport;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr Duration kSlotTime = seconds{12};

class Lines final : public net::StreamWriter {
public:
    Task<bool> write(std::string data) override {
        lines.push_back(std::move(data));
        co_return lines.size() < lines_max;
    }
    std::vector<std::string> lines;
    std::size_t lines_max{100};
};

SlotReport report_of(std::uint64_t slot, std::uint8_t head, std::size_t attested) {
    SlotReport report;
    report.slot = Slot{slot};
    report.epoch = Epoch{slot / 32};
    report.due = 8;
    report.attested = attested;
    report.decided = milliseconds{601};
    report.vote.emplace();
    report.vote->data.slot = report.slot;
    report.vote->data.beacon_block_root.bytes.fill(head);
    report.vote->data.source.epoch = Epoch{3};
    report.vote->data.target.epoch = Epoch{4};
    return report;
}

std::string status_of(std::vector<SlotReport> recent) {
    healthcheck::StatusDocument status;
    status.recent = std::move(recent);
    return render(status);
}

ethereum::ChainSpec spec_of_slots() {
    std::map<std::string, std::string> values{
        {"SLOT_DURATION_MS", "12000"}, {"SLOTS_PER_EPOCH", "32"}, {"GENESIS_FORK_VERSION", "0x10000042"}};
    for (const char* fork : {"ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA"}) {
        values[std::string{fork} + "_FORK_EPOCH"] = "0";
        values[std::string{fork} + "_FORK_VERSION"] = "0x60000042";
    }
    return ethereum::ChainSpec::parse(values).value();
}

class DrillTest : public testing::Test {
protected:
    DrillTest() { time.advance(seconds{2}); }
    ~DrillTest() override {
        boost::asio::post(io, [this] { tasks.cancel(); });
        time.advance({});
    }

    void run(std::uint64_t slots) { tasks.spawn("drill", run_drill({clock, slots_, recent, peer}, slots, writer)); }

    boost::asio::io_context io;
    VirtualTime time{io};
    VirtualClock clock{time};
    FakePrimary primary;
    std::deque<SlotReport> recent;
    Lines writer;
    Peer peer{clock, primary, "http://10.0.0.5:7772", {}, {}, {}};
    TaskGroup tasks{io.get_executor()};

    // Slot 100 began two seconds ago.
    ethereum::SlotClock slots_{spec_of_slots(), time.wall() - 100 * kSlotTime};
};

TEST_F(DrillTest, TheSameAndAnotherVote) {
    run(3);
    recent = {report_of(102, 3, 0), report_of(101, 2, 0), report_of(100, 1, 0)};
    SlotReport adopted = report_of(101, 9, 8);
    adopted.adopted = true;
    primary.answer("/status", 200, status_of({adopted, report_of(101, 7, 8), report_of(100, 1, 8)}));
    time.advance(seconds{9});
    EXPECT_THAT(writer.lines, SizeIs(0)) << "the slot is not over";
    time.advance(3 * kSlotTime);
    ASSERT_THAT(writer.lines, SizeIs(4));
    EXPECT_THAT(writer.lines[0], HasSubstr(R"("slot":"100")"));
    EXPECT_THAT(writer.lines[0], HasSubstr(R"("decided_ms":601)"));
    EXPECT_THAT(writer.lines[0], HasSubstr(R"("attested":8)"));
    EXPECT_THAT(writer.lines[0], HasSubstr(R"("same":true,"note":"")"));
    EXPECT_THAT(writer.lines[1], HasSubstr(R"("same":false,"note":"another vote than the primary's")"));
    EXPECT_THAT(writer.lines[2], HasSubstr(R"("same":false,"note":"the primary did nothing in this slot")"));
    EXPECT_THAT(writer.lines[3], HasSubstr(R"({"done":true,"slots":3,"same":1})"));
}

TEST_F(DrillTest, NoDutyAndNoAnswer) {
    run(2);
    primary.answer("/status", 200, status_of({}));
    time.advance(kSlotTime);
    primary.answers.clear();
    recent = {report_of(101, 2, 0)};
    time.advance(kSlotTime);
    ASSERT_THAT(writer.lines, SizeIs(3));
    EXPECT_THAT(writer.lines[0], HasSubstr(R"("same":true,"note":"no duty in this slot")"));
    EXPECT_THAT(writer.lines[1], HasSubstr("could not be asked"));
    EXPECT_THAT(writer.lines[1], HasSubstr(R"("ours":{"head")"));
    EXPECT_THAT(writer.lines[1], Not(HasSubstr("\"primary\":{")));
}

TEST_F(DrillTest, EndsWhenTheReaderIsGone) {
    writer.lines_max = 1;
    run(1000);
    time.advance(10 * kSlotTime);
    EXPECT_THAT(writer.lines, SizeIs(1));
}

TEST(DrillVotes, NonsenseIsSaid) {
    for (const char* status : {"", "no JSON", "[]", R"({"recent": [7]})", R"({"recent": [{"slot": {}}]})",
                               R"({"recent": [{"slot": "5", "due": -1}]})"}) {
        const Result<std::optional<DrillVote>> vote = vote_in(status, Slot{5});
        EXPECT_FALSE(vote) << status;
    }
    const Result<std::optional<DrillVote>> odd =
        vote_in(R"({"recent": [{"slot": "5", "due": 1, "decided_ms": 1e300}]})", Slot{5});
    ASSERT_TRUE(odd && odd.value());
    EXPECT_FALSE(odd.value()->decided);
}

}  // namespace
}  // namespace holdfast::instance
