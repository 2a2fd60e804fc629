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

#include "protector/facts.hpp"
#include "protector/rows.hpp"
#include "shared/base/task_group.hpp"
#include "tests/protector/cluster_files.hpp"
#include "tests/protector/temporary_directory.hpp"
#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protector {
namespace {

using namespace protection;
using testing::HasSubstr;

constexpr ChainTime kNow{Epoch{1'000'000}, Slot{32'000'000}};

const Asker kAsker{0, "primary", kNow, WallTime{std::chrono::seconds{1'700'000'000}}};

AttestationBatch votes(std::vector<PublicKey> asked, AttestationMark mark) {
    return {std::move(asked), {mark}, nullptr, kAsker};
}

Task<void> apply_one(Store& store, Command command, Applied& applied) { applied = co_await store.apply(std::move(command)); }

Task<void> check_one(Store& store, std::optional<Result<std::string>>& said) { said = co_await store.check_integrity(); }

Task<void> read_records(Store& store, Epoch target, std::vector<RecordGroup>& groups) {
    groups = co_await store.records_for(target);
}

struct StoreTest : testing::Test {
    TemporaryDirectory directory;
    boost::asio::io_context io;
    TaskGroup group{io.get_executor()};
    Identity identity{"p1", cluster()};

    static Cluster cluster() {
        Cluster cluster = make_cluster({"http://127.0.0.1:7701"}, 1, {});
        cluster.mode = Mode::kShared;
        return cluster;
    }

    StoreOptions options(bool create) {
        StoreOptions result;
        result.directory = directory / "data";
        result.identity = identity;
        result.start = create ? StoreOptions::Start::kInit : StoreOptions::Start::kExisting;
        result.settings.mode = Mode::kShared;
        return result;
    }
    std::string file() const { return directory / "data/protection.sqlite"; }

    Result<std::unique_ptr<Store>> open(bool create = false) { return Store::open(options(create), io.get_executor()); }

    std::string why_not() {
        const auto store = open();
        return store ? "it opened" : store.error().message;
    }

    Applied apply(Store& store, Command command) {
        Applied applied;
        run(apply_one(store, std::move(command), applied));
        return applied;
    }
    std::vector<Verdict> decide(Store& store, Command command) { return apply(store, std::move(command)).verdicts; }
    Result<std::string> check(Store& store) {
        std::optional<Result<std::string>> said;
        run(check_one(store, said));
        return *said;
    }
    void run(Task<void> task) {
        group.spawn("test", std::move(task));
        io.restart();
        io.run();
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
        EXPECT_EQ(decide(*store, BlockBatch{keys(2, 1), {block(5, 1)}, kAsker}).at(1).outcome, Outcome::kApproved);
    }
    const auto store = open().value();
    EXPECT_EQ(store->counts().validators, 2U);
    EXPECT_EQ(store->counts().highest_target, 2U);
    EXPECT_EQ(store->counts().highest_slot, 5U);
    EXPECT_EQ(decide_vote(*store, 1, vote(1, 2, 3)), Outcome::kRepeated);
    EXPECT_EQ(decide_vote(*store, 1, vote(1, 2, 4)), Outcome::kRefused);
    EXPECT_EQ(decide(*store, BlockBatch{keys(1, 2), {block(5, 2)}, kAsker}).at(0).outcome, Outcome::kRefused);
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
    Command command = votes(keys(50), vote(1, 2, variant));
    Applied applied = co_await store.apply(std::move(command));
    all[variant] = std::move(applied.verdicts);
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
        Command command = votes(keys(20), vote(0, target, target));
        const Applied applied = co_await store.apply(std::move(command));
        if (!applied.verdicts.back().yes()) co_return;
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
        auto opened = open();
        ASSERT_TRUE(opened) << opened.error().message;
        const auto store = std::move(opened).value();
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
        Applied applied;
        tasks.spawn("apply", apply_one(*store.value(), votes(keys(5'000), vote(1, 2, 3)), applied));
        child_io.run();
        ::_exit(applied.verdicts.empty() ? 4 : 0);
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
    identity = {"p1", cluster()};
    identity.cluster.chain.genesis_validators_root = root(98);
    EXPECT_THAT(why_not(), HasSubstr("another genesis_validators_root"));
    identity = {"p1", cluster()};
    identity.cluster.members.push_back({"p2", "http://127.0.0.1:7702"});
    identity.cluster.quorum = 2;
    EXPECT_THAT(why_not(), HasSubstr("another cluster"));
    EXPECT_THAT(why_not(), HasSubstr("--change-cluster"));
}

TEST_F(StoreTest, NewerSchema_IsRefused) {
    static_cast<void>(open(true).value());
    change("UPDATE meta SET value = '3' WHERE name = 'schema_version'");
    EXPECT_THAT(why_not(), HasSubstr("newer version"));
}

TEST_F(StoreTest, ChangeCluster_OnlyWhereOldAndNewQuorumsMeet) {
    static_cast<void>(open(true).value());
    StoreOptions change = options(false);
    change.change_cluster = true;
    change.identity.cluster.members.push_back({"p2", "http://127.0.0.1:7702"});
    change.identity.cluster.members.push_back({"p3", "http://127.0.0.1:7703"});
    change.identity.cluster.quorum = 2;
    const auto refused = Store::open(change, io.get_executor());
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("need not share a member"));
    change.identity.cluster.members.pop_back();
    ASSERT_TRUE(Store::open(change, io.get_executor()));
    EXPECT_THAT(why_not(), HasSubstr("another cluster"));
    identity = change.identity;
    EXPECT_TRUE(open());
}

TEST_F(StoreTest, Version1_IsBroughtUpToDate) {
    static_cast<void>(open(true).value());
    change(
        "DROP TABLE validators; DROP TABLE journal; DELETE FROM meta;"
        "CREATE TABLE journal(seq INTEGER PRIMARY KEY, changes BLOB NOT NULL) STRICT;"
        "CREATE TABLE validators(id INTEGER PRIMARY KEY, pubkey BLOB NOT NULL, source INTEGER, target INTEGER,"
        " signing_root BLOB, data BLOB, slot INTEGER, block_root BLOB) STRICT;"
        "INSERT INTO meta VALUES('schema_version', '1'), ('node_id', 'p1'), ('cluster_id', '');"
        "INSERT INTO validators VALUES(0, zeroblob(48), 1, 2, zeroblob(32), NULL, 5, zeroblob(32))");
    // Not folded yet: the same validator's block of slot 6.
    const std::string row = "62" + std::string("0600000000000000") + std::string(64, '7') + "01000000" + "00000000";
    change(("INSERT INTO journal VALUES(41, x'" + row + "')").c_str());
    change(("INSERT INTO meta VALUES('genesis_validators_root', '" + to_hex(root(99)) + "')").c_str());
    const auto store = open();
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_EQ(store.value()->counts().highest_target, 2U);
    EXPECT_EQ(store.value()->counts().highest_slot, 6U);
    EXPECT_EQ(store.value()->position(), (Position{1, 41}));
    EXPECT_EQ(decide(*store.value(), votes({PublicKey{}}, vote(0, 3, 1))).at(0).reason, Reason::kSourceBelowRecord);
    EXPECT_EQ(apply(*store.value(), HaltCommand{{PublicKey{}}, true}).changed, 1U);
}

// What a crash in the middle of --init or --rejoin leaves behind is no database.
TEST_F(StoreTest, UnfinishedDatabase_IsNotOpened_AndMadeAnew) {
    std::filesystem::create_directory(directory / "data");
    std::ofstream{file() + ".new"} << "half of one";
    EXPECT_THAT(why_not(), HasSubstr("there is no database"));
    EXPECT_TRUE(open(true));
    EXPECT_FALSE(std::filesystem::exists(file() + ".new"));
}

TEST_F(StoreTest, Rejoin_KnowsWhatOthersKnew_OverARestart) {
    StoreOptions rejoining = options(false);
    rejoining.start = StoreOptions::Start::kRejoin;
    rejoining.rejoin.emplace();
    rejoining.rejoin->entries.push_back({key(1), {vote(9, 99, 1), nullptr, block(3199, 2), true, true}});
    rejoining.rejoin->floor = {Epoch{101}, Slot{3234}};
    rejoining.rejoin->position = {3, 0};
    static_cast<void>(Store::open(rejoining, io.get_executor()).value());
    const auto store = open().value();
    EXPECT_EQ(store->facts().floor.target, Epoch{101});
    EXPECT_EQ(store->position().incarnation, 3U);
    EXPECT_EQ(store->counts().halted, 1U);
    EXPECT_EQ(decide(*store, votes({key(2)}, vote(0, 101, 1))).at(0).reason, Reason::kBelowFloor);
    EXPECT_EQ(decide(*store, votes({key(2)}, vote(0, 102, 1))).at(0).outcome, Outcome::kApproved);
    EXPECT_EQ(decide(*store, votes({key(1)}, vote(9, 102, 1))).at(0).reason, Reason::kHalted);
    const auto again = Store::open(rejoining, io.get_executor());
    EXPECT_FALSE(again);
}

TEST_F(StoreTest, Position_NeverGoesBack_ThoughTheJournalIsEmptied) {
    Position last;
    for (std::uint64_t round = 1; round <= 3; ++round) {
        const auto store = open(round == 1).value();
        EXPECT_GE(store->position(), last);
        const Applied applied = apply(*store, votes(keys(2), vote(0, round, round)));
        EXPECT_GT(applied.position, last);
        EXPECT_EQ(applied.position, store->position());
        last = applied.position;
    }
}

TEST_F(StoreTest, FactsSurvive) {
    StoreOptions fenced = options(true);
    fenced.settings.mode = Mode::kFenced;
    {
        const auto store = Store::open(fenced, io.get_executor()).value();
        static_cast<void>(apply(*store, SeenCommand{"p2", {1, 7}}));
        EXPECT_TRUE(apply(*store, AcquireCommand{7, "secondary", kAsker.wall}).promised);
    }
    const auto store = open().value();
    EXPECT_EQ(store->facts().tenure, (Tenure{7, "secondary", kAsker.wall}));
    EXPECT_EQ(store->facts().seen.of("p2"), (Position{1, 7}));
}

TEST_F(StoreTest, RecordsOfAnEpoch_SeeWhatWasAnsweredBefore) {
    const auto store = open(true).value();
    static_cast<void>(decide(*store, votes(keys(3), vote(1, 2, 3))));
    std::vector<RecordGroup> groups;
    run(read_records(*store, Epoch{2}, groups));
    ASSERT_EQ(groups.size(), 1U);
    EXPECT_EQ(groups[0].keys, keys(3));
}

// Without checkpoints the write-ahead log alone would have 20 MB, and without folds it and the journal would grow for ever.
TEST_F(StoreTest, LatestRecordsOnly_TheFilesStaySmall) {
    StoreOptions small = options(true);
    small.fold_rows_max = 4;
    small.checkpoint_pages = 256;
    const auto store = Store::open(small, io.get_executor()).value();
    for (std::uint64_t target = 1; target <= 200; ++target) {
        static_cast<void>(decide(*store, votes(keys(1'000), vote(0, target, target))));
    }
    EXPECT_GT(store->counts().folds, 30U);
    std::uintmax_t bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator{directory / "data"}) bytes += entry.file_size();
    EXPECT_LT(bytes, std::uintmax_t{5} << 20U);
}

TEST_F(StoreTest, Check_FindsWhatTheDiskDoesNotSay) {
    static_cast<void>(open(true).value());
    {
        const auto store = open().value();
        static_cast<void>(decide(*store, votes(keys(3), vote(1, 2, 3))));
    }
    const auto store = open().value();
    const auto good = check(*store);
    ASSERT_TRUE(good) << good.error().message;
    EXPECT_THAT(good.value(), HasSubstr("3 validators"));
    // One byte of a public key, behind the back of the process.
    std::fstream disk{file(), std::ios::in | std::ios::out | std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{disk}, {}};
    const std::string wanted{reinterpret_cast<const char*>(key(1).data()), PublicKey::kSize};
    const std::size_t at = bytes.find(wanted);
    ASSERT_NE(at, std::string::npos);
    disk.seekp(static_cast<std::streamoff>(at));
    disk.put(static_cast<char>(~wanted[0]));
    disk.close();
    const auto bad = check(*store);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, ErrorCode::kMalformed);
    EXPECT_THAT(bad.error().message, HasSubstr("damaged"));
}

// Rows that SQLite itself finds whole.
TEST_F(StoreTest, OtherRowsThanWereWritten_AreRefused) {
    {
        const auto store = open(true).value();
        static_cast<void>(decide(*store, votes(keys(3), vote(1, 2, 3))));
    }
    const std::string copy = directory / "good";
    for (const char* damage :
         {"UPDATE validators SET target = 1 WHERE id = 1", "UPDATE validators SET halted = 1",
          "DELETE FROM validators WHERE id = 2", "UPDATE meta SET value = '0' WHERE name = 'last_seq'",
          "UPDATE meta SET value = '7' WHERE name = 'generation'", "DELETE FROM meta WHERE name = 'floor_target'",
          "INSERT INTO journal VALUES(3, x'6500000000', 0)", "INSERT INTO journal VALUES(2, x'6500000000', 1)"}) {
        std::filesystem::copy_file(file(), copy);
        change(damage);
        EXPECT_THAT(why_not(), HasSubstr("damaged")) << damage;
        std::filesystem::rename(copy, file());
    }
    EXPECT_TRUE(open());
}

TEST_F(StoreTest, MissingJournalRows_AreNoticed) {
    {
        const auto store = open(true).value();
        static_cast<void>(decide(*store, votes(keys(3), vote(1, 2, 3))));
    }
    std::filesystem::copy_file(file(), directory / "good");
    const std::string nobody{"e\0\0\0\0", 5};
    const std::string sum = std::to_string(static_cast<std::int64_t>(sum_of(nobody)));
    change(("INSERT INTO journal VALUES(3, x'6500000000', " + sum + ")").c_str());
    EXPECT_THAT(why_not(), HasSubstr("a journal row is missing"));
    std::filesystem::rename(directory / "good", file());
    {
        sqlite3* raw = nullptr;
        ASSERT_EQ(sqlite3_open(file().c_str(), &raw), SQLITE_OK);
        const DatabaseHandle handle{raw};
        ASSERT_TRUE(write_facts(raw, {{}, 1, 2}));
    }
    EXPECT_THAT(why_not(), HasSubstr("the last journal rows are missing"));
}

// SQLite would play the old log into the new database.
TEST_F(StoreTest, LogOfAnotherDatabase_IsNotTakenOver) {
    std::filesystem::create_directory(directory / "data");
    std::ofstream{file() + "-wal"} << "of the database that was moved away";
    const auto refused = open(true);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("-wal"));
    EXPECT_FALSE(std::filesystem::exists(file()));
    std::filesystem::remove(file() + "-wal");
    EXPECT_TRUE(open(true));
}

TEST_F(StoreTest, Damaged_IsRefused) {
    static_cast<void>(open(true).value());
    const std::vector<const char*> damages{"DELETE FROM meta WHERE name = 'node_id'",
                                           "INSERT INTO validators(id, pubkey) VALUES(0, x'0102')",
                                           "INSERT INTO journal VALUES(1, x'61', 0)",
                                           "INSERT INTO validators(id, pubkey) VALUES(7, zeroblob(48))",
                                           "DROP TABLE journal",
                                           "REPLACE INTO meta VALUES('last_seq', 'x')"};
    for (const char* damage : damages) {
        std::filesystem::copy_file(file(), directory / "good");
        change(damage);
        EXPECT_THAT(why_not(), HasSubstr("damaged")) << damage;
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
