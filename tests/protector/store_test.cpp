// Goal: what was answered with yes is on the disk: over restarts, SIGKILL and a full disk; foreign, newer, damaged and missing
// databases stop the start. Method: real SQLite files; child processes where a process must die.
#include "protector/store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <fstream>

#include "shared/base/task_group.hpp"
#include "tests/protector/temporary_directory.hpp"
#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protector {
namespace {

using namespace protection;
using testing::HasSubstr;

constexpr ChainTime kNow{Epoch{1'000'000}, Slot{32'000'000}};

AttestationBatch votes(std::vector<PublicKey> asked, AttestationMark mark) { return {std::move(asked), {mark}, nullptr, kNow}; }

Task<void> decide_one(Store& store, Batch batch, std::vector<Verdict>& verdicts) {
    verdicts = co_await store.decide(std::move(batch));
}

struct StoreTest : testing::Test {
    TemporaryDirectory directory;
    boost::asio::io_context io;
    TaskGroup group{io.get_executor()};
    Identity identity{"p1", "", root(99)};

    StoreOptions options(bool create) {
        StoreOptions result;
        result.directory = directory / "data";
        result.identity = identity;
        result.create = create;
        return result;
    }
    std::string file() const { return directory / "data/protection.sqlite"; }

    Result<std::unique_ptr<Store>> open(bool create = false) { return Store::open(options(create), io.get_executor()); }

    std::string why_not() {
        const auto store = open();
        return store ? "it opened" : store.error().message;
    }

    std::vector<Verdict> decide(Store& store, Batch batch) {
        std::vector<Verdict> verdicts;
        group.spawn("decide", decide_one(store, std::move(batch), verdicts));
        io.restart();
        io.run();
        return verdicts;
    }
    Outcome decide_vote(Store& store, std::uint64_t number, AttestationMark mark) {
        return decide(store, votes({key(number)}, mark)).at(0).outcome;
    }

    void change(const char* sql) {
        sqlite3* raw = nullptr;
        ASSERT_EQ(sqlite3_open(file().c_str(), &raw), SQLITE_OK);
        const DatabaseHandle handle{raw};
        ASSERT_TRUE(execute(raw, sql));
    }
};

TEST_F(StoreTest, Restart_KeepsRecords) {
    {
        const auto store = open(true).value();
        EXPECT_EQ(decide_vote(*store, 1, vote(1, 2, 3)), Outcome::kApproved);
        EXPECT_EQ(decide(*store, BlockBatch{keys(2, 1), {block(5, 1)}, kNow}).at(1).outcome, Outcome::kApproved);
    }
    const auto store = open().value();
    EXPECT_EQ(store->counts().validators, 2U);
    EXPECT_EQ(store->counts().highest_target, 2U);
    EXPECT_EQ(store->counts().highest_slot, 5U);
    EXPECT_EQ(decide_vote(*store, 1, vote(1, 2, 3)), Outcome::kRepeated);
    EXPECT_EQ(decide_vote(*store, 1, vote(1, 2, 4)), Outcome::kRefused);
    EXPECT_EQ(decide(*store, BlockBatch{keys(1, 2), {block(5, 2)}, kNow}).at(0).outcome, Outcome::kRefused);
}

TEST_F(StoreTest, FoldedManyTimes_NothingIsLostAndTheJournalStaysSmall) {
    StoreOptions small = options(true);
    small.fold_rows_max = 3;
    {
        const auto store = Store::open(small, io.get_executor()).value();
        for (std::uint64_t target = 1; target <= 40; ++target) {
            const auto verdicts = decide(*store, votes(keys(5'000, target % 3), vote(0, target, target)));
            ASSERT_EQ(verdicts.back().outcome, Outcome::kApproved);
        }
        EXPECT_GT(store->counts().folds, 2U);
    }
    const auto store = open().value();
    EXPECT_EQ(store->counts().validators, 5'002U);
    EXPECT_EQ(decide(*store, votes(keys(5'000, 1), vote(0, 40, 40))).front().outcome, Outcome::kRepeated);
    EXPECT_EQ(decide(*store, votes(keys(5'000, 1), vote(0, 40, 41))).back().outcome, Outcome::kRefused);
}

Task<void> submit(Store& store, std::uint64_t variant, std::vector<std::vector<Verdict>>& all) {
    auto verdicts = co_await store.decide(votes(keys(50), vote(1, 2, variant)));
    all[variant] = std::move(verdicts);
}

TEST_F(StoreTest, ManySubmittersForOneTarget_ExactlyOneRootWins) {
    const auto store = open(true).value();
    std::vector<std::vector<Verdict>> all(40);
    for (std::uint64_t variant = 0; variant < all.size(); ++variant) group.spawn("submit", submit(*store, variant, all));
    io.run();
    for (std::size_t i = 0; i < 50; ++i) {
        std::size_t winners = 0;
        for (const auto& verdicts : all) winners += verdicts.at(i).yes() ? 1U : 0U;
        EXPECT_EQ(winners, 1U);
    }
    EXPECT_EQ(store->counts().approved, 50U);
    EXPECT_EQ(store->counts().requests, 40U);
}

// The child: records one target after another for all keys, and tells each through the pipe after its verdict.
Task<void> record_for_ever(Store& store, std::uint64_t first, int pipe_end) {
    for (std::uint64_t target = first;; ++target) {
        const auto verdicts = co_await store.decide(votes(keys(20), vote(0, target, target)));
        if (!verdicts.back().yes()) co_return;
        if (::write(pipe_end, &target, sizeof target) != static_cast<ssize_t>(sizeof target)) co_return;
    }
}

[[noreturn]] void run_child(StoreOptions options, int pipe_end) {
    boost::asio::io_context io;
    options.fold_rows_max = 20;
    auto store = Store::open(options, io.get_executor());
    if (!store) ::_exit(1);
    TaskGroup tasks{io.get_executor()};
    tasks.spawn("record", record_for_ever(*store.value(), store.value()->counts().highest_target + 1, pipe_end));
    io.run();
    ::_exit(2);
}

// Kills the child after so many targets; the last one that it has told.
std::uint64_t last_told(int pipe_end, std::uint64_t kill_after, pid_t child) {
    std::uint64_t told = 0;
    std::uint64_t target = 0;
    for (std::uint64_t count = 1; ::read(pipe_end, &target, sizeof target) == static_cast<ssize_t>(sizeof target); ++count) {
        told = target;
        if (count == kill_after) ::kill(child, SIGKILL);
    }
    return told;
}

TEST_F(StoreTest, Sigkill_EverythingAcknowledgedIsThere) {
    static_cast<void>(open(true).value());
    for (const std::uint64_t kill_after : {1U, 19U, 50U, 151U, 400U}) {
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            ::close(ends[0]);
            run_child(options(false), ends[1]);
        }
        ::close(ends[1]);
        const std::uint64_t told = last_told(ends[0], kill_after, child);
        ::close(ends[0]);
        int status = 0;
        ::waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status));
        const auto store = open().value();
        EXPECT_EQ(store->counts().validators, 20U);
        EXPECT_GE(store->counts().highest_target, told);
        EXPECT_EQ(decide_vote(*store, 19, vote(0, told, told + 1'000'000)), Outcome::kRefused);
    }
}

TEST_F(StoreTest, CommitFails_ProcessEndsWithoutAnswer) {
    static_cast<void>(open(true).value());
    const auto run_out_of_disk = [this] {
        ::signal(SIGXFSZ, SIG_IGN);
        boost::asio::io_context child_io;
        auto store = Store::open(options(false), child_io.get_executor());
        if (!store) ::_exit(3);
        const rlimit small{64 << 10, 64 << 10};
        ::setrlimit(RLIMIT_FSIZE, &small);
        TaskGroup tasks{child_io.get_executor()};
        std::vector<Verdict> verdicts;
        tasks.spawn("decide", decide_one(*store.value(), votes(keys(5'000), vote(1, 2, 3)), verdicts));
        child_io.run();
        ::_exit(verdicts.empty() ? 4 : 0);
    };
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_EXIT(run_out_of_disk(), testing::ExitedWithCode(1), "ends without an answer");
}

TEST_F(StoreTest, SecondOpener_IsRefused) {
    const auto store = open(true).value();
    EXPECT_THAT(why_not(), HasSubstr("another holdfast-protector"));
}

TEST_F(StoreTest, FilesAndDirectory_AreOurs) {
    static_cast<void>(open(true).value());
    using std::filesystem::perms;
    EXPECT_EQ(std::filesystem::status(directory / "data").permissions(), perms::owner_all);
    EXPECT_EQ(std::filesystem::status(file()).permissions(), perms::owner_read | perms::owner_write);
}

TEST_F(StoreTest, Missing_IsRefusedAndNothingIsMade) {
    EXPECT_THAT(why_not(), HasSubstr("--init"));
    std::filesystem::create_directory(directory / "data");
    EXPECT_THAT(why_not(), HasSubstr("--init"));
    EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(StoreTest, InitOverExisting_IsRefused) {
    static_cast<void>(open(true).value());
    const auto again = open(true);
    ASSERT_FALSE(again);
    EXPECT_THAT(again.error().message, HasSubstr("without --init"));
}

TEST_F(StoreTest, ForeignOnes_AreRefused) {
    static_cast<void>(open(true).value());
    identity.node_id = "p2";
    EXPECT_THAT(why_not(), HasSubstr("another node_id: 'p1', not 'p2'"));
    identity = {"p1", "", root(98)};
    EXPECT_THAT(why_not(), HasSubstr("another genesis_validators_root"));
    identity = {"p1", "c2", root(99)};
    EXPECT_THAT(why_not(), HasSubstr("another cluster_id"));
}

TEST_F(StoreTest, NewerSchema_IsRefused) {
    static_cast<void>(open(true).value());
    change("UPDATE meta SET value = '2' WHERE name = 'schema_version'");
    EXPECT_THAT(why_not(), HasSubstr("newer version"));
}

TEST_F(StoreTest, Damaged_IsRefused) {
    static_cast<void>(open(true).value());
    const std::vector<const char*> damages{"DELETE FROM meta WHERE name = 'node_id'",
                                           "INSERT INTO validators(id, pubkey) VALUES(0, x'0102')",
                                           "INSERT INTO journal VALUES(1, x'61')",
                                           "INSERT INTO validators(id, pubkey) VALUES(7, zeroblob(48))", "DROP TABLE journal"};
    for (const char* damage : damages) {
        std::filesystem::copy_file(file(), directory / "good");
        change(damage);
        EXPECT_THAT(why_not(), testing::AnyOf(HasSubstr("damaged"), HasSubstr("no such table"))) << damage;
        std::filesystem::remove(file());
        std::filesystem::rename(directory / "good", file());
    }
    std::ofstream{file(), std::ios::in}.seekp(100) << std::string(8192, 'x');
    EXPECT_THAT(why_not(), HasSubstr("damaged"));
    std::ofstream{file()} << "this is no database, though it is long enough to look at";
    EXPECT_THAT(why_not(), HasSubstr("damaged"));
    std::ofstream{file(), std::ios::trunc};
    EXPECT_THAT(why_not(), HasSubstr("damaged"));
}

}  // namespace
}  // namespace holdfast::protector
