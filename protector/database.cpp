#include "protector/database.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "protector/facts.hpp"
#include "protector/rows.hpp"
#include "protector/wal_renewal.hpp"

namespace holdfast::protector {

namespace {

constexpr const char* kPragmas =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
    "PRAGMA cache_size=-32768; PRAGMA temp_store=MEMORY;";

Result<DatabaseHandle> open_file(const std::string& file, const char* vfs, int more_flags = 0) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | more_flags, vfs);
    DatabaseHandle handle{raw};
    if (code != SQLITE_OK) return sqlite_failure(raw, "can't open " + file);
    sqlite3_extended_result_codes(raw, 1);
    return handle;
}

bool exists(const std::string& file) {
    struct stat status {};
    return ::stat(file.c_str(), &status) == 0;
}

Error system_failure(const std::string& doing) {
    return failure(ErrorCode::kIo, "can't " + doing + ": " + std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
}

// Ours alone from its first byte on.
Result<void> make_file(const std::string& file) {
    const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made < 0) return system_failure("make " + file);
    ::close(made);
    return success();
}

Result<void> check_pages(sqlite3* database, const char* pragma) {
    HOLDFAST_TRY(auto statement, Statement::prepare(database, pragma));
    HOLDFAST_TRY(const bool row, statement.step());
    const std::string said = row ? std::string{statement.blob(0)} : std::string{"it says nothing"};
    while (row) {
        HOLDFAST_TRY(const bool more, statement.step());
        if (!more) break;
    }
    if (said == "ok") return success();
    // So it names what it could not read.
    const bool unreadable = said.find("unable to get the page") != std::string::npos;
    return failure(unreadable ? ErrorCode::kIo : ErrorCode::kMalformed, said);
}

int count_wal_pages(void* counter, sqlite3*, const char*, int pages) {
    *static_cast<int*>(counter) = pages;
    return SQLITE_OK;
}

constexpr const char* kAppend = "INSERT INTO journal VALUES(?1, ?2, ?3)";

Result<void> insert_row(Statement& append, std::int64_t seq, std::string_view changes) {
    append.bind(1, seq);
    append.bind_blob(2, changes.data(), changes.size());
    append.bind(3, static_cast<std::int64_t>(sum_of(changes)));
    return append.run();
}

}  // namespace

Database::Database(DataDirectory directory, DatabaseHandle handle, std::unique_ptr<int> wal_pages, Statements statements)
    : directory_{std::move(directory)},
      handle_{std::move(handle)},
      wal_pages_{std::move(wal_pages)},
      statements_{std::move(statements)} {}

// Made under another name and renamed when it is whole: a crash leaves nothing that would start.
Result<Database> Database::create(DataDirectory directory, const Identity& identity, std::string_view first_row,
                                  const char* vfs) {
    const std::string file = directory.database_file();
    const std::string unfinished = file + ".new";
    if (exists(file)) return failure(ErrorCode::kRefused, file + " exists already: start without --init or --rejoin to use it");
    for (const char* suffix : {"-wal", "-journal"}) {
        // SQLite would take what it says for a part of the new one.
        if (!exists(file + suffix)) continue;
        return failure(ErrorCode::kRefused, file + suffix + " belongs to a database that is gone: move it to where that is");
    }
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) ::unlink((unfinished + suffix).c_str());
    HOLDFAST_TRY(make_file(unfinished));
    {
        HOLDFAST_TRY(auto handle, open_file(unfinished, vfs));
        HOLDFAST_TRY(execute(handle.get(), "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; BEGIN IMMEDIATE"));
        HOLDFAST_TRY(make_schema(handle.get(), identity));
        if (!first_row.empty()) {
            HOLDFAST_TRY(auto append, Statement::prepare(handle.get(), kAppend));
            HOLDFAST_TRY(insert_row(append, 1, first_row));
        }
        HOLDFAST_TRY(execute(handle.get(), "COMMIT"));
        // Not later, under its own name: a rollback journal that comes back after a power loss would undo what was committed
        // since.
        HOLDFAST_TRY(execute(handle.get(), "PRAGMA journal_mode=WAL"));
    }
    HOLDFAST_TRY(directory.sync());
    if (::rename(unfinished.c_str(), file.c_str()) != 0) return system_failure("rename " + unfinished);
    HOLDFAST_TRY(directory.sync());
    return open(std::move(directory), identity, false, vfs);
}

Result<Database> Database::open(DataDirectory directory, const Identity& identity, bool change_cluster, const char* vfs) {
    const std::string file = directory.database_file();
    if (!exists(file)) {
        return failure(ErrorCode::kNotFound,
                       "there is no database " + file +
                           "; --init makes an empty one, only ever for a new protector; one whose database was lost "
                           "comes back with --rejoin");
    }
    HOLDFAST_TRY(renew_wal(file + "-wal", vfs));
    HOLDFAST_TRY(auto handle, open_file(file, vfs));
    if (const auto done = execute(handle.get(), kPragmas); !done) return unusable(file, done.error());
    if (const auto done = check_pages(handle.get(), "PRAGMA quick_check(1)"); !done) return unusable(file, done.error());
    HOLDFAST_TRY(claim_database(handle.get(), file, identity, change_cluster));
    auto opened = finish_opening(std::move(directory), std::move(handle));
    if (!opened) return unusable(file, opened.error());
    return opened;
}

Result<Database> Database::finish_opening(DataDirectory directory, DatabaseHandle handle) {
    sqlite3* raw = handle.get();
    HOLDFAST_TRY(auto begin, Statement::prepare(raw, "BEGIN IMMEDIATE"));
    HOLDFAST_TRY(auto commit, Statement::prepare(raw, "COMMIT"));
    HOLDFAST_TRY(auto append, Statement::prepare(raw, kAppend));
    HOLDFAST_TRY(auto write,
                 Statement::prepare(raw, "REPLACE INTO validators VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"));
    HOLDFAST_TRY(auto forget, Statement::prepare(raw, "DELETE FROM journal WHERE seq <= ?1"));
    auto wal_pages = std::make_unique<int>(0);
    sqlite3_wal_hook(raw, count_wal_pages, wal_pages.get());
    Statements statements{std::move(begin), std::move(commit), std::move(append), std::move(write), std::move(forget)};
    return Database{std::move(directory), std::move(handle), std::move(wal_pages), std::move(statements)};
}

Result<void> Database::load(Ledger& ledger) {
    auto contents = read(ledger);
    if (!contents) return unusable(directory_.database_file(), contents.error());
    contents_ = std::move(contents).value();
    return success();
}

Result<void> Database::compare(const Ledger& memory) {
    const std::string file = directory_.database_file();
    // Else the pages that this process knows already would be looked at, instead of the file's.
    sqlite3_db_release_memory(handle_.get());
    if (const auto done = check_pages(handle_.get(), "PRAGMA integrity_check(1)"); !done) return unusable(file, done.error());
    Ledger ledger;
    const auto contents = read(ledger);
    if (!contents) return unusable(file, contents.error());
    if (contents.value().last_seq == contents_.last_seq && ledger == memory) return success();
    return corrupt(file, "it does not say what this process remembers");
}

Result<Database::Contents> Database::read(Ledger& ledger) {
    Contents contents;
    HOLDFAST_TRY(WrittenFacts written, read_facts(handle_.get()));
    contents.folded_seq = written.folded_seq;
    contents.last_seq = written.last_seq;
    ledger.load(std::move(written.facts));
    HOLDFAST_TRY(const std::string sum, get_meta(handle_.get(), "table_sum"));
    HOLDFAST_TRY(contents.table_sum, parse_decimal(sum));
    HOLDFAST_TRY(read_table(ledger, contents));
    HOLDFAST_TRY(read_journal(ledger, contents));
    return contents;
}

Result<void> Database::read_table(Ledger& ledger, Contents& contents) {
    HOLDFAST_TRY(auto rows, Statement::prepare(handle_.get(), "SELECT * FROM validators ORDER BY id"));
    std::uint64_t sum = 0;
    while (true) {
        HOLDFAST_TRY(const bool more, rows.step());
        if (!more) break;
        HOLDFAST_TRY(auto validator, read_validator(rows));
        const auto id = static_cast<ValidatorId>(rows.number(0));
        contents.row_sums.push_back(sum_of(id, validator));
        sum += contents.row_sums.back();
        HOLDFAST_TRY(ledger.load(id, std::move(validator)));
    }
    if (sum == contents.table_sum) return success();
    return failure(ErrorCode::kMalformed, "the table of latest records has other rows than were written last");
}

Result<void> Database::read_journal(Ledger& ledger, Contents& contents) {
    HOLDFAST_TRY(auto rows, Statement::prepare(handle_.get(), "SELECT seq, changes, sum FROM journal ORDER BY seq"));
    std::int64_t last = contents.folded_seq;
    while (true) {
        HOLDFAST_TRY(const bool more, rows.step());
        if (!more) break;
        if (rows.number(0) != ++last) return failure(ErrorCode::kMalformed, "a journal row is missing");
        const std::string_view changes = rows.blob(1);
        if (static_cast<std::uint64_t>(rows.number(2)) != sum_of(changes)) {
            return failure(ErrorCode::kMalformed, "a journal row is not as it was written");
        }
        HOLDFAST_TRY(ledger.replay(changes));
        ++contents.journal.rows;
        contents.journal.bytes += static_cast<std::int64_t>(changes.size());
    }
    if (last < contents.last_seq) return failure(ErrorCode::kMalformed, "the last journal rows are missing");
    contents.last_seq = last;
    return success();
}

Result<void> Database::append(std::string_view changes) {
    // A statement outside BEGIN is a transaction by itself: it is committed, and synced, when run() returns.
    HOLDFAST_TRY(insert_row(statements_.append, contents_.last_seq + 1, changes));
    ++contents_.last_seq;
    ++contents_.journal.rows;
    contents_.journal.bytes += static_cast<std::int64_t>(changes.size());
    return success();
}

Result<void> Database::write(const std::vector<Validator>& validators, std::span<const ValidatorId> ids) {
    HOLDFAST_TRY(statements_.begin.run());
    contents_.row_sums.resize(std::max(contents_.row_sums.size(), validators.size()));
    for (const ValidatorId id : ids) {
        HOLDFAST_TRY(write_validator(statements_.write, id, validators[id]));
        std::uint64_t& sum = contents_.row_sums[id];
        contents_.table_sum -= sum;
        sum = sum_of(id, validators[id]);
        contents_.table_sum += sum;
    }
    HOLDFAST_TRY(set_meta(handle_.get(), "table_sum", std::to_string(contents_.table_sum)));
    return statements_.commit.run();
}

Result<void> Database::forget_journal(std::int64_t seq, const Ledger::Facts& facts) {
    HOLDFAST_TRY(statements_.begin.run());
    statements_.forget.bind(1, seq);
    HOLDFAST_TRY(statements_.forget.run());
    HOLDFAST_TRY(write_facts(handle_.get(), {facts, seq, contents_.last_seq}));
    HOLDFAST_TRY(statements_.commit.run());
    HOLDFAST_TRY(auto left,
                 Statement::prepare(handle_.get(), "SELECT count(*), coalesce(sum(length(changes)), 0) FROM journal"));
    HOLDFAST_TRY(const bool row, left.step());
    if (row) contents_.journal = {left.number(0), left.number(1)};
    contents_.folded_seq = seq;
    return success();
}

Result<void> Database::checkpoint() {
    int pages = 0;
    int done = 0;
    if (sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &pages, &done) != SQLITE_OK) {
        return sqlite_failure(handle_.get(), "can't write the WAL into " + directory_.database_file());
    }
    *wal_pages_ = pages - done;
    return success();
}

}  // namespace holdfast::protector
