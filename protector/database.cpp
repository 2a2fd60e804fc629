#include "protector/database.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace holdfast::protector {

using protection::AttestationMark;
using protection::BlockMark;

namespace {

constexpr const char* kPragmas =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA locking_mode=EXCLUSIVE; PRAGMA wal_autocheckpoint=0;"
    "PRAGMA cache_size=-32768; PRAGMA temp_store=MEMORY;";

constexpr const char* kSchema =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE validators(id INTEGER PRIMARY KEY, pubkey BLOB NOT NULL, source INTEGER, target INTEGER, signing_root BLOB,"
    " data BLOB, slot INTEGER, block_root BLOB) STRICT;"
    "CREATE TABLE journal(seq INTEGER PRIMARY KEY, changes BLOB NOT NULL) STRICT;";

Error corrupt(const std::string& file, const std::string& why) {
    return failure(ErrorCode::kMalformed, "the database " + file + " is damaged (" + why +
                                              "); it must not be used and must not be replaced by an empty one");
}

Result<DatabaseHandle> open_file(const std::string& file) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    DatabaseHandle handle{raw};
    if (code != SQLITE_OK) return sqlite_failure(raw, "can't open " + file);
    sqlite3_extended_result_codes(raw, 1);
    return handle;
}

Result<void> make_file(const std::string& file) {
    const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made < 0 && errno == EEXIST) {
        return failure(ErrorCode::kRefused, file + " exists already: start without --init to use it");
    }
    if (made < 0) {
        return failure(ErrorCode::kIo, "can't make " + file + ": " + std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
    }
    ::close(made);
    return success();
}

Result<void> set_meta(sqlite3* database, std::string_view name, std::string_view value) {
    HOLDFAST_TRY(auto statement, Statement::prepare(database, "INSERT INTO meta VALUES(?1, ?2)"));
    statement.bind_text(1, name);
    statement.bind_text(2, value);
    return statement.run();
}

Result<std::string> get_meta(sqlite3* database, std::string_view name) {
    HOLDFAST_TRY(auto statement, Statement::prepare(database, "SELECT value FROM meta WHERE name = ?1"));
    statement.bind_text(1, name);
    HOLDFAST_TRY(const bool found, statement.step());
    if (!found) return failure(ErrorCode::kNotFound, "it does not say its " + std::string{name});
    return std::string{statement.blob(0)};
}

Result<void> write_identity(sqlite3* database, const Identity& identity) {
    HOLDFAST_TRY(set_meta(database, "schema_version", std::to_string(kSchemaVersion)));
    HOLDFAST_TRY(set_meta(database, "node_id", identity.node_id));
    HOLDFAST_TRY(set_meta(database, "cluster_id", identity.cluster_id));
    return set_meta(database, "genesis_validators_root", to_hex(identity.genesis_validators_root));
}

Result<void> check_same(sqlite3* database, const std::string& file, const char* name, const std::string& ours) {
    const auto theirs = get_meta(database, name);
    if (!theirs) return corrupt(file, theirs.error().message);
    if (theirs.value() == ours) return success();
    return failure(ErrorCode::kRefused,
                   "the database " + file + " belongs to another " + name + ": '" + theirs.value() + "', not '" + ours + "'");
}

Result<void> check_identity(sqlite3* database, const std::string& file, const Identity& identity) {
    const auto version = get_meta(database, "schema_version");
    if (!version) return corrupt(file, version.error().message);
    const auto number = parse_decimal(version.value());
    if (!number) return corrupt(file, "its schema version is no number");
    if (number.value() > static_cast<std::uint64_t>(kSchemaVersion)) {
        return failure(ErrorCode::kRefused, "the database " + file + " was written by a newer version (schema " +
                                                version.value() + ", this one knows up to " + std::to_string(kSchemaVersion) +
                                                ")");
    }
    HOLDFAST_TRY(check_same(database, file, "node_id", identity.node_id));
    HOLDFAST_TRY(check_same(database, file, "cluster_id", identity.cluster_id));
    return check_same(database, file, "genesis_validators_root", to_hex(identity.genesis_validators_root));
}

Result<void> check_whole(sqlite3* database, const std::string& file) {
    auto statement = Statement::prepare(database, "PRAGMA quick_check(1)");
    if (!statement) return corrupt(file, statement.error().message);
    const auto row = statement.value().step();
    if (!row) return corrupt(file, row.error().message);
    const std::string said{statement.value().blob(0)};
    if (said != "ok") return corrupt(file, said);
    return success();
}

int count_wal_pages(void* counter, sqlite3*, const char*, int pages) {
    *static_cast<int*>(counter) = pages;
    return SQLITE_OK;
}

template <class Bytes>
Result<Bytes> bytes_of(std::string_view blob) {
    Bytes value;
    if (blob.size() != Bytes::kSize) return failure(ErrorCode::kMalformed, "a column has the wrong size");
    std::memcpy(value.data(), blob.data(), Bytes::kSize);
    return value;
}

Result<Validator> read_validator(const Statement& row) {
    Validator validator;
    HOLDFAST_TRY(validator.key, bytes_of<PublicKey>(row.blob(1)));
    if (!row.is_null(3)) {
        AttestationMark mark{
            Epoch{static_cast<std::uint64_t>(row.number(2))}, Epoch{static_cast<std::uint64_t>(row.number(3))}, {}};
        HOLDFAST_TRY(mark.signing_root, bytes_of<Root>(row.blob(4)));
        validator.record.attestation = mark;
        if (!row.is_null(5)) {
            const std::string_view data = row.blob(5);
            if (data.size() != kAttestationDataSize) return failure(ErrorCode::kMalformed, "a column has the wrong size");
            validator.record.data = std::make_shared<const ethereum::AttestationData>(
                attestation_data_from_ssz(reinterpret_cast<const std::uint8_t*>(data.data())));
        }
    }
    if (!row.is_null(6)) {
        BlockMark mark{Slot{static_cast<std::uint64_t>(row.number(6))}, {}};
        HOLDFAST_TRY(mark.signing_root, bytes_of<Root>(row.blob(7)));
        validator.record.block = mark;
    }
    return validator;
}

}  // namespace

Database::Database(DataDirectory directory, DatabaseHandle handle, std::unique_ptr<int> wal_pages, Statements statements)
    : directory_{std::move(directory)},
      handle_{std::move(handle)},
      wal_pages_{std::move(wal_pages)},
      statements_{std::move(statements)} {}

Result<Database> Database::create(DataDirectory directory, const Identity& identity) {
    HOLDFAST_TRY(make_file(directory.database_file()));
    HOLDFAST_TRY(auto handle, open_file(directory.database_file()));
    HOLDFAST_TRY(execute(handle.get(), kPragmas));
    HOLDFAST_TRY(execute(handle.get(), "BEGIN IMMEDIATE"));
    HOLDFAST_TRY(execute(handle.get(), kSchema));
    HOLDFAST_TRY(write_identity(handle.get(), identity));
    HOLDFAST_TRY(execute(handle.get(), "COMMIT"));
    HOLDFAST_TRY(directory.sync());
    return finish_opening(std::move(directory), std::move(handle));
}

Result<Database> Database::open(DataDirectory directory, const Identity& identity) {
    const std::string file = directory.database_file();
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) {
        return failure(ErrorCode::kNotFound,
                       "there is no database " + file +
                           "; --init makes an empty one, only ever for a new protector, never for one whose "
                           "database was lost");
    }
    HOLDFAST_TRY(auto handle, open_file(file));
    if (const auto done = execute(handle.get(), kPragmas); !done) return corrupt(file, done.error().message);
    HOLDFAST_TRY(check_whole(handle.get(), file));
    HOLDFAST_TRY(check_identity(handle.get(), file, identity));
    return finish_opening(std::move(directory), std::move(handle));
}

Result<Database> Database::finish_opening(DataDirectory directory, DatabaseHandle handle) {
    sqlite3* raw = handle.get();
    HOLDFAST_TRY(auto begin, Statement::prepare(raw, "BEGIN IMMEDIATE"));
    HOLDFAST_TRY(auto commit, Statement::prepare(raw, "COMMIT"));
    HOLDFAST_TRY(auto append, Statement::prepare(raw, "INSERT INTO journal VALUES(?1, ?2)"));
    HOLDFAST_TRY(auto write, Statement::prepare(raw, "REPLACE INTO validators VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
    HOLDFAST_TRY(auto forget, Statement::prepare(raw, "DELETE FROM journal WHERE seq <= ?1"));
    auto wal_pages = std::make_unique<int>(0);
    sqlite3_wal_hook(raw, count_wal_pages, wal_pages.get());
    Statements statements{std::move(begin), std::move(commit), std::move(append), std::move(write), std::move(forget)};
    return Database{std::move(directory), std::move(handle), std::move(wal_pages), std::move(statements)};
}

Result<void> Database::load(Ledger& ledger) {
    const auto table = load_table(ledger);
    if (!table) return corrupt(directory_.database_file(), table.error().message);
    const auto journal = load_journal(ledger);
    if (!journal) return corrupt(directory_.database_file(), journal.error().message);
    return success();
}

Result<void> Database::load_table(Ledger& ledger) {
    HOLDFAST_TRY(auto rows, Statement::prepare(handle_.get(), "SELECT * FROM validators ORDER BY id"));
    while (true) {
        HOLDFAST_TRY(const bool more, rows.step());
        if (!more) return success();
        HOLDFAST_TRY(auto validator, read_validator(rows));
        HOLDFAST_TRY(ledger.load(static_cast<ValidatorId>(rows.number(0)), std::move(validator)));
    }
}

Result<void> Database::load_journal(Ledger& ledger) {
    HOLDFAST_TRY(auto rows, Statement::prepare(handle_.get(), "SELECT seq, changes FROM journal ORDER BY seq"));
    while (true) {
        HOLDFAST_TRY(const bool more, rows.step());
        if (!more) return success();
        const std::string_view changes = rows.blob(1);
        HOLDFAST_TRY(ledger.replay(changes));
        last_seq_ = rows.number(0);
        ++journal_.rows;
        journal_.bytes += static_cast<std::int64_t>(changes.size());
    }
}

Result<void> Database::append(std::string_view changes) {
    // A statement outside BEGIN is a transaction by itself: it is committed, and synced, when run() returns.
    statements_.append.bind(1, last_seq_ + 1);
    statements_.append.bind_blob(2, changes.data(), changes.size());
    HOLDFAST_TRY(statements_.append.run());
    ++last_seq_;
    ++journal_.rows;
    journal_.bytes += static_cast<std::int64_t>(changes.size());
    return success();
}

Result<void> Database::write(const std::vector<Validator>& validators, std::span<const ValidatorId> ids) {
    HOLDFAST_TRY(statements_.begin.run());
    for (const ValidatorId id : ids) {
        HOLDFAST_TRY(write_one(validators[id], id));
    }
    return statements_.commit.run();
}

Result<void> Database::write_one(const Validator& validator, ValidatorId id) {
    Statement& row = statements_.write;
    const auto& record = validator.record;
    std::string data;
    row.bind(1, static_cast<std::int64_t>(id));
    row.bind_blob(2, validator.key.data(), PublicKey::kSize);
    for (int column = 3; column <= 8; ++column) row.bind_null(column);
    if (record.attestation) {
        row.bind(3, static_cast<std::int64_t>(record.attestation->source.value));
        row.bind(4, static_cast<std::int64_t>(record.attestation->target.value));
        row.bind_blob(5, record.attestation->signing_root.data(), Root::kSize);
        if (record.data) append_ssz(data, *record.data);
        if (record.data) row.bind_blob(6, data.data(), data.size());
    }
    if (record.block) {
        row.bind(7, static_cast<std::int64_t>(record.block->slot.value));
        row.bind_blob(8, record.block->signing_root.data(), Root::kSize);
    }
    return row.run();
}

Result<void> Database::forget_journal(std::int64_t seq) {
    statements_.forget.bind(1, seq);
    HOLDFAST_TRY(statements_.forget.run());
    HOLDFAST_TRY(auto left,
                 Statement::prepare(handle_.get(), "SELECT count(*), coalesce(sum(length(changes)), 0) FROM journal"));
    HOLDFAST_TRY(const bool row, left.step());
    if (row) journal_ = {left.number(0), left.number(1)};
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
