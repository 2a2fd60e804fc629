// Goal: whatever the disk does, no yes is told that is not on it afterwards: each call of SQLite to its file system goes wrong
// in turn, in every way, and at random over many sessions; then the machine has lost its power. A failed commit ends the
// process. Where the disk itself lies, the loss is noticed: damage, or an older position (which peers would see).
// Method: child processes over a fault-injecting VFS; what they told is in shared memory; a ledger that has applied exactly the
// commands that were told is compared with what is on the disk.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <fstream>
#include <map>
#include <random>

#include "protector/store.hpp"
#include "shared/base/task_group.hpp"
#include "tests/protector/cluster_files.hpp"
#include "tests/protector/fault_vfs.hpp"
#include "tests/protector/temporary_directory.hpp"
#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protector {
namespace {

using namespace protection;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

constexpr ChainTime kNow{Epoch{1'000'000}, Slot{32'000'000}};

enum ChildCode { kDone = 0, kDied = 1, kDamaged = 3, kUnreadable = 4, kOlder = 5 };

// What children leave for their parent.
struct Progress {
    std::uint64_t told;  // number of the last command that was answered
    Position position;   // with that answer
    DiskCounts counts;
};

Asker asker(std::uint64_t generation) { return {generation, "primary", kNow, WallTime{std::chrono::seconds{1'700'000'000}}}; }

// The commands of all sessions, by number from 1: each changes something.
Command command(std::uint64_t n) {
    switch (n % 8) {
        case 0: return HaltCommand{keys(2, 1000 + 2 * n), true};
        case 2: return BlockBatch{keys(7, n % 5), {block(n, n)}, asker(n)};
        case 3: return AcquireCommand{n, "secondary", WallTime{std::chrono::seconds{1'700'000'000 + n}}};
        case 5: return ImportCommand{{{key(500 + n % 3), {vote(1, n, n), nullptr, block(n, n), false, false}}}};
        case 6: {
            auto data = std::make_shared<const ethereum::AttestationData>(attestation_data(n / 2, n, n));
            return AttestationBatch{keys(9, 2 * (n % 11)), {vote(n / 2, n, n)}, data, asker(n)};
        }
        default: return AttestationBatch{keys(12, n % 7), {vote(n / 2, n, n)}, nullptr, asker(n)};
    }
}

Task<void> run_commands(Store& store, std::uint64_t first, std::uint64_t last, Progress& progress) {
    for (std::uint64_t n = first; n <= last; ++n) {
        Command next = command(n);
        const Applied applied = co_await store.apply(std::move(next));
        // Asked again after a crash whose last answer was never told, some may be refused: then they are there already.
        progress.told = n;
        progress.position = applied.position;
    }
}

Task<void> read_all(Store& store, std::vector<MemberRecords::Entry>& entries) { entries = co_await store.all_records(); }

bool same(const MemberRecords::Entry& entry, const Validator& validator) {
    const ValidatorRecord& a = entry.record;
    const ValidatorRecord& b = validator.record;
    const bool same_data = (a.data == nullptr) == (b.data == nullptr) && (!a.data || *a.data == *b.data);
    return entry.key == validator.key && a.attestation == b.attestation && same_data && a.block == b.block &&
           a.halted == b.halted && a.enrolled == b.enrolled;
}

struct StoreFaultTest : testing::Test {
    TemporaryDirectory directory{TemporaryDirectory::Place::kMemory};
    const std::string data = directory / "data";
    const std::string log = directory / "log";
    Progress& progress =
        *static_cast<Progress*>(::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));

    ~StoreFaultTest() override { ::munmap(&progress, sizeof progress); }

    StoreOptions options() const {
        StoreOptions result;
        result.directory = data;
        result.identity = {"p1", make_cluster({"http://127.0.0.1:7701"}, 1, {})};
        result.vfs = kFaultVfs;
        result.fold_rows_max = 3;
        result.fold_step = 1;
        result.checkpoint_pages = 24;
        return result;
    }

    // Its exit code. With `leave` it is cut off after the last answer, without a proper end.
    int child(const DiskPlan& plan, std::uint64_t commands, bool leave = false) {
        const std::uint64_t first = progress.told + 1;
        progress.counts = {};
        const pid_t pid = ::fork();
        if (pid == 0) run_child(plan, first, first + commands - 1, leave);
        int status = 0;
        ::waitpid(pid, &status, 0);
        EXPECT_TRUE(WIFEXITED(status)) << said();
        if (WEXITSTATUS(status) == kDied) {
            EXPECT_THAT(said(), HasSubstr("ends without an answer"));
        }
        return WEXITSTATUS(status);
    }

    [[noreturn]] void run_child(const DiskPlan& plan, std::uint64_t first, std::uint64_t last, bool leave) const {
        ::dup2(::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
        FaultVfs vfs{plan, progress.counts};
        boost::asio::io_context io;
        auto opened = Store::open(options(), io.get_executor());
        if (!opened) {
            std::fputs(opened.error().message.c_str(), stderr);
            std::_Exit(opened.error().code == ErrorCode::kMalformed ? kDamaged : kUnreadable);
        }
        std::unique_ptr<Store> store = std::move(opened).value();
        if (store->position() < progress.position) std::_Exit(kOlder);
        TaskGroup tasks{io.get_executor()};
        tasks.spawn("commands", run_commands(*store, first, last, progress));
        io.run();
        if (leave) std::_Exit(kDone);
        store.reset();
        std::_Exit(kDone);
    }

    std::string said() const {
        std::ifstream file{log};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

    // A new database with the first commands, its last rows not folded and only in the write-ahead log.
    void begin(std::uint64_t commands) {
        progress = {};
        make_empty();
        ASSERT_EQ(child({}, commands, true), kDone) << said();
        ASSERT_GT(fs::file_size(data + "/protection.sqlite-wal"), 0U);
    }

    void make_empty() const {
        DiskCounts counts{};
        FaultVfs vfs{{}, counts};
        boost::asio::io_context io;
        StoreOptions init = options();
        init.start = StoreOptions::Start::kInit;
        static_cast<void>(Store::open(init, io.get_executor()).value());
    }

    // All of the database's directory, and how far it was told.
    void keep() {
        fs::remove_all(directory / "kept");
        fs::copy(data, directory / "kept");
        kept_ = progress;
    }
    void bring_back() {
        fs::remove_all(data);
        fs::copy(directory / "kept", data);
        progress = kept_;
    }

    enum class Found { kAll, kDamaged, kOlder, kOther };
    // What the disk holds after the last process, all of it or with the one command that was not told any more.
    Found find() {
        DiskCounts counts{};
        FaultVfs vfs{{}, counts};
        boost::asio::io_context io;
        const auto store = Store::open(options(), io.get_executor());
        if (!store) {
            found_ = store.error().message;
            return store.error().code == ErrorCode::kMalformed ? Found::kDamaged : Found::kOther;
        }
        const Position position = store.value()->position();
        found_ = to_string(position) + " after " + to_string(progress.position) + " was told";
        if (position < progress.position) return Found::kOlder;
        std::vector<MemberRecords::Entry> entries;
        TaskGroup tasks{io.get_executor()};
        tasks.spawn("read", read_all(*store.value(), entries));
        io.run();
        for (const std::uint64_t count : {progress.told, progress.told + 1}) {
            if (is_after(count, entries, store.value()->facts())) return Found::kAll;
        }
        return Found::kOther;
    }
    const std::string& found() const { return found_; }

    // So many calls of that kind are made by one session of so many commands.
    std::uint64_t calls(DiskCall call, std::uint64_t commands) {
        bring_back();
        EXPECT_EQ(child({}, commands), kDone) << said();
        EXPECT_EQ(find(), Found::kAll) << found();
        return progress.counts[static_cast<std::size_t>(call)];
    }

private:
    Progress kept_{};
    std::string found_;

    static bool is_after(std::uint64_t count, const std::vector<MemberRecords::Entry>& entries, const Ledger::Facts& facts) {
        Ledger ledger;
        std::string journal;
        for (std::uint64_t n = 1; n <= count; ++n) static_cast<void>(ledger.apply(command(n), journal));
        return ledger.facts().tenure == facts.tenure &&
               std::equal(entries.begin(), entries.end(), ledger.validators().begin(), ledger.validators().end(), same);
    }
};

constexpr std::uint64_t kBefore = 10;
constexpr std::uint64_t kCommands = 9;
// Sanitized processes take long to fork.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kStride = 7;
#else
constexpr std::uint64_t kStride = 1;
#endif

struct EveryCallTest : StoreFaultTest, testing::WithParamInterface<DiskFault> {
    void SetUp() override {
        begin(kBefore);
        keep();
    }
};

struct HonestDiskTest : EveryCallTest {};

TEST_P(HonestDiskTest, EachCallInTurn_NothingToldIsMissing) {
    const std::uint64_t count = calls(DiskCall::kAny, kCommands);
    std::map<int, int> codes;
    for (std::uint64_t at = 1; at <= count; at += kStride) {
        bring_back();
        const int code = child({GetParam(), DiskCall::kAny, at, at % 3}, kCommands);
        ++codes[code];
        ASSERT_NE(code, kOlder) << at;
        if (code == kDone) {
            ASSERT_EQ(progress.told, kBefore + kCommands) << at;
        }
        ASSERT_EQ(find(), Found::kAll) << "call " << at << ", exit code " << code << ": " << found() << "\n" << said();
    }
    EXPECT_GT(codes[GetParam() == DiskFault::kPowerCut ? kPowerCutCode : kDied], 0);
}

INSTANTIATE_TEST_SUITE_P(Faults, HonestDiskTest,
                         testing::Values(DiskFault::kError, DiskFault::kPartial, DiskFault::kFull, DiskFault::kPowerCut));

struct LyingDiskTest : EveryCallTest {};

// One machine alone can't keep what its disk throws away; but it never goes on as if nothing had happened.
TEST_P(LyingDiskTest, EachCallInTurn_LossIsNoticed) {
    const std::uint64_t count = calls(DiskCall::kAny, kCommands);
    std::map<Found, int> results;
    for (std::uint64_t at = 1; at <= count; at += kStride) {
        bring_back();
        const int code = child({GetParam(), DiskCall::kAny, at, at % 3}, kCommands);
        const Found result = find();
        ++results[result];
        ASSERT_NE(result, Found::kOther) << "call " << at << ", exit code " << code << ": " << found() << "\n" << said();
    }
    if (kStride == 1) {
        EXPECT_GT(results[Found::kDamaged] + results[Found::kOlder], 0);
    }
}

INSTANTIATE_TEST_SUITE_P(Faults, LyingDiskTest, testing::Values(DiskFault::kLost, DiskFault::kFlip));

TEST_F(StoreFaultTest, FailedSync_EndsTheProcess_WhateverWasSynced) {
    begin(kBefore);
    keep();
    const std::uint64_t count = calls(DiskCall::kSync, kCommands);
    ASSERT_GE(count, kCommands);
    for (std::uint64_t at = 1; at <= count; at += kStride) {
        bring_back();
        const int code = child({DiskFault::kError, DiskCall::kSync, at}, kCommands);
        // It did not even start; or it came at the very end, when SQLite tidies up after the last answer.
        const std::uint64_t told = code == kUnreadable ? kBefore : kBefore + kCommands;
        if (code != kDied) {
            ASSERT_EQ(progress.told, told) << "sync " << at;
        }
        ASSERT_EQ(find(), Found::kAll) << found();
    }
}

// After a failed sync a page that never reached the disk can be read all the same, and counts as clean. A process that starts
// then must not take it for written.
TEST_F(StoreFaultTest, FailedSync_RestartOverTheSamePageCache_ThenPowerLoss) {
    begin(kBefore);
    keep();
    const std::uint64_t count = calls(DiskCall::kSync, kCommands);
    for (std::uint64_t at = 1; at <= count; at += kStride) {
        for (const std::uint64_t more : {0U, 1U, 6U}) {
            bring_back();
            static_cast<void>(child({DiskFault::kError, DiskCall::kSync, at, at % 2, true}, kCommands));
            ASSERT_EQ(child({}, more, true), kDone) << said();
            for (const char* suffix : {"", "-wal"}) fs::remove(data + "/protection.sqlite" + suffix + ".cache");
            ASSERT_EQ(find(), Found::kAll) << "sync " << at << ", " << more << " more: " << found();
        }
    }
}

TEST_F(StoreFaultTest, RandomFaults_OverManySessions) {
    constexpr DiskFault kFaults[] = {DiskFault::kNone, DiskFault::kError, DiskFault::kPartial, DiskFault::kFull,
                                     DiskFault::kPowerCut};
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        std::mt19937_64 random{seed};
        fs::remove_all(data);
        begin(3);
        for (int session = 0; session < 20; ++session) {
            const DiskFault fault = kFaults[random() % std::size(kFaults)];
            const DiskPlan plan{fault, DiskCall::kAny, 1 + random() % 400, random()};
            const int code = child(plan, 1 + random() % 12, random() % 2 == 0);
            ASSERT_EQ(find(), Found::kAll) << "seed " << seed << ", session " << session << ", exit code " << code << ": "
                                           << found() << "\n"
                                           << said();
        }
    }
}

// A disk that does not read is no reason to throw the database away.
TEST_F(StoreFaultTest, ReadErrors_AreNotCalledDamage) {
    begin(kBefore);
    keep();
    const std::uint64_t count = calls(DiskCall::kRead, 0);
    int refused = 0;
    for (std::uint64_t at = 1; at <= count; at += kStride) {
        bring_back();
        const int code = child({DiskFault::kError, DiskCall::kRead, at}, 0);
        ASSERT_NE(code, kDamaged) << "read " << at << ": " << said();
        if (code != kUnreadable) continue;
        ++refused;
        EXPECT_THAT(said(), Not(HasSubstr("--rejoin")));
    }
    EXPECT_GT(refused, 0);
}

struct NewDatabaseTest : StoreFaultTest, testing::WithParamInterface<DiskFault> {
    StoreOptions making() const {
        StoreOptions result = options();
        result.start = StoreOptions::Start::kRejoin;
        result.rejoin.emplace();
        for (std::uint64_t n = 0; n < 60; ++n) {
            result.rejoin->entries.push_back({key(n), {vote(9, 99, n), nullptr, block(3199, n), false, true}});
        }
        result.rejoin->floor = {Epoch{101}, Slot{3234}};
        result.rejoin->position = {3, 0};
        return result;
    }
    // Its calls to the disk until the database has its name.
    int make(const DiskPlan& plan) {
        progress.counts = {};
        const pid_t pid = ::fork();
        if (pid == 0) {
            ::dup2(::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
            FaultVfs vfs{plan, progress.counts};
            boost::asio::io_context io;
            const auto store = Store::open(making(), io.get_executor());
            std::_Exit(store ? kDone : kUnreadable);
        }
        int status = 0;
        ::waitpid(pid, &status, 0);
        return WEXITSTATUS(status);
    }
};

TEST_P(NewDatabaseTest, EachCallInTurn_WholeOrNotThere) {
    fs::remove_all(data);
    ASSERT_EQ(make({}), kDone) << said();
    const std::uint64_t count = progress.counts[static_cast<std::size_t>(DiskCall::kAny)];
    int left_nothing = 0;
    for (std::uint64_t at = 1; at <= count; at += kStride) {
        fs::remove_all(data);
        static_cast<void>(make({GetParam(), DiskCall::kAny, at, at % 3}));
        DiskCounts counts{};
        FaultVfs vfs{{}, counts};
        boost::asio::io_context io;
        if (!fs::exists(data + "/protection.sqlite")) {
            ++left_nothing;
            ASSERT_FALSE(Store::open(options(), io.get_executor()));
            ASSERT_TRUE(Store::open(making(), io.get_executor())) << "call " << at;
        }
        const auto store = Store::open(options(), io.get_executor());
        ASSERT_TRUE(store) << "call " << at << ": " << store.error().message;
        ASSERT_EQ(store.value()->counts().validators, 60U);
        ASSERT_EQ(store.value()->counts().highest_target, 99U);
        ASSERT_EQ(store.value()->facts().floor.target, Epoch{101});
        ASSERT_EQ(store.value()->position().incarnation, 3U);
    }
    if (kStride == 1) {
        EXPECT_GT(left_nothing, 0);
    }
}

INSTANTIATE_TEST_SUITE_P(Faults, NewDatabaseTest,
                         testing::Values(DiskFault::kError, DiskFault::kPartial, DiskFault::kFull, DiskFault::kPowerCut));

}  // namespace
}  // namespace holdfast::protector
