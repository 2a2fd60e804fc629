#include "protector/database.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <utility>

namespace holdfast::protector {

using protection::AttestationMark;
using protection::BlockMark;

namespace {

constexpr const char* kPragmas =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA locking_mode=EXCLUSIVE; PRAGMA wal_autocheckpoint=0;"
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
    validator.record.halted = row.number(8) != 0;
    validator.record.enrolled = row.number(9) != 0;
    return validator;
}

std::string render_seen(const protection::SeenPositions& seen) {
    std::string text;
    for (const auto& [node, position] : seen.all()) {
        text += node + " " + std::to_string(position.incarnation) + " " + std::to_string(position.sequence) + "\n";
    }
    return text;
}

Result<protection::SeenPositions> parse_seen(const std::string& text) {
    protection::SeenPositions seen;
    std::istringstream lines{text};
    std::string node;
    protection::Position position;
    while (lines >> node >> position.incarnation >> position.sequence) seen.note(node, position);
    if (!lines.eof()) return failure(ErrorCode::kMalformed, "what it has seen of others can't be read");
    return seen;
}

// Nothing written down yet: 0.
Result<std::uint64_t> number_of(sqlite3* database, const char* name) {
    const auto text = get_meta(database, name);
    if (!text && text.error().code == ErrorCode::kNotFound) return 0;
    if (!text) return text.error();
    return parse_decimal(text.value());
}

std::uint64_t seconds_of(WallTime when) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count());
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
    for (const char* suffix : {"", "-journal"}) ::unlink((unfinished + suffix).c_str());
    HOLDFAST_TRY(make_file(unfinished));
    {
        HOLDFAST_TRY(auto handle, open_file(unfinished, vfs));
        HOLDFAST_TRY(execute(handle.get(), "PRAGMA synchronous=FULL; BEGIN IMMEDIATE"));
        HOLDFAST_TRY(make_schema(handle.get(), identity));
        if (!first_row.empty()) {
            HOLDFAST_TRY(auto append, Statement::prepare(handle.get(), "INSERT INTO journal VALUES(1, ?1)"));
            append.bind_blob(1, first_row.data(), first_row.size());
            HOLDFAST_TRY(append.run());
        }
        HOLDFAST_TRY(execute(handle.get(), "COMMIT"));
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
    HOLDFAST_TRY(auto handle, open_file(file, vfs));
    if (const auto done = execute(handle.get(), kPragmas); !done) return corrupt(file, done.error().message);
    HOLDFAST_TRY(check_whole(handle.get(), file));
    HOLDFAST_TRY(claim_database(handle.get(), file, identity, change_cluster));
    return finish_opening(std::move(directory), std::move(handle));
}

Result<Database> Database::finish_opening(DataDirectory directory, DatabaseHandle handle) {
    sqlite3* raw = handle.get();
    HOLDFAST_TRY(auto begin, Statement::prepare(raw, "BEGIN IMMEDIATE"));
    HOLDFAST_TRY(auto commit, Statement::prepare(raw, "COMMIT"));
    HOLDFAST_TRY(auto append, Statement::prepare(raw, "INSERT INTO journal VALUES(?1, ?2)"));
    HOLDFAST_TRY(auto write,
                 Statement::prepare(raw, "REPLACE INTO validators VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"));
    HOLDFAST_TRY(auto forget, Statement::prepare(raw, "DELETE FROM journal WHERE seq <= ?1"));
    auto wal_pages = std::make_unique<int>(0);
    sqlite3_wal_hook(raw, count_wal_pages, wal_pages.get());
    Statements statements{std::move(begin), std::move(commit), std::move(append), std::move(write), std::move(forget)};
    return Database{std::move(directory), std::move(handle), std::move(wal_pages), std::move(statements)};
}

Result<void> Database::load(Ledger& ledger) {
    const auto facts = load_facts(ledger);
    if (!facts) return corrupt(directory_.database_file(), facts.error().message);
    const auto table = load_table(ledger);
    if (!table) return corrupt(directory_.database_file(), table.error().message);
    const auto journal = load_journal(ledger);
    if (!journal) return corrupt(directory_.database_file(), journal.error().message);
    return success();
}

Result<void> Database::load_facts(Ledger& ledger) {
    sqlite3* raw = handle_.get();
    Ledger::Facts facts;
    HOLDFAST_TRY(facts.tenure.generation, number_of(raw, "generation"));
    HOLDFAST_TRY(const std::uint64_t since, number_of(raw, "since"));
    facts.tenure.since = WallTime{std::chrono::seconds{since}};
    if (const auto holder = get_meta(raw, "holder")) facts.tenure.holder = holder.value();
    HOLDFAST_TRY(facts.floor.target.value, number_of(raw, "floor_target"));
    HOLDFAST_TRY(facts.floor.slot.value, number_of(raw, "floor_slot"));
    HOLDFAST_TRY(const std::uint64_t incarnation, number_of(raw, "incarnation"));
    facts.incarnation = std::max<std::uint64_t>(incarnation, 1);
    if (const auto seen = get_meta(raw, "seen")) {
        HOLDFAST_TRY(facts.seen, parse_seen(seen.value()));
    }
    HOLDFAST_TRY(const std::uint64_t last, number_of(raw, "last_seq"));
    last_seq_ = static_cast<std::int64_t>(last);
    ledger.load(std::move(facts));
    return success();
}

Result<void> Database::write_facts(const Ledger::Facts& facts) {
    sqlite3* raw = handle_.get();
    HOLDFAST_TRY(set_meta(raw, "generation", std::to_string(facts.tenure.generation)));
    HOLDFAST_TRY(set_meta(raw, "holder", facts.tenure.holder));
    HOLDFAST_TRY(set_meta(raw, "since", std::to_string(seconds_of(facts.tenure.since))));
    HOLDFAST_TRY(set_meta(raw, "floor_target", to_string(facts.floor.target)));
    HOLDFAST_TRY(set_meta(raw, "floor_slot", to_string(facts.floor.slot)));
    HOLDFAST_TRY(set_meta(raw, "incarnation", std::to_string(facts.incarnation)));
    HOLDFAST_TRY(set_meta(raw, "seen", render_seen(facts.seen)));
    return set_meta(raw, "last_seq", std::to_string(last_seq_));
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
    JournalSize size;
    while (true) {
        HOLDFAST_TRY(const bool more, rows.step());
        if (!more) {
            journal_ = size;
            return success();
        }
        const std::string_view changes = rows.blob(1);
        HOLDFAST_TRY(ledger.replay(changes));
        last_seq_ = std::max(last_seq_, rows.number(0));
        ++size.rows;
        size.bytes += static_cast<std::int64_t>(changes.size());
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
    row.bind(9, record.halted ? 1 : 0);
    row.bind(10, record.enrolled ? 1 : 0);
    return row.run();
}

Result<void> Database::forget_journal(std::int64_t seq, const Ledger::Facts& facts) {
    HOLDFAST_TRY(statements_.begin.run());
    statements_.forget.bind(1, seq);
    HOLDFAST_TRY(statements_.forget.run());
    HOLDFAST_TRY(write_facts(facts));
    HOLDFAST_TRY(statements_.commit.run());
    HOLDFAST_TRY(auto left,
                 Statement::prepare(handle_.get(), "SELECT count(*), coalesce(sum(length(changes)), 0) FROM journal"));
    HOLDFAST_TRY(const bool row, left.step());
    if (row) journal_ = {left.number(0), left.number(1)};
    return success();
}

Result<void> Database::check_whole_file() {
    HOLDFAST_TRY(auto statement, Statement::prepare(handle_.get(), "PRAGMA integrity_check(1)"));
    HOLDFAST_TRY(const bool row, statement.step());
    const std::string said = row ? std::string{statement.blob(0)} : std::string{"it says nothing"};
    while (true) {
        HOLDFAST_TRY(const bool more, statement.step());
        if (!more) break;
    }
    if (said != "ok") return corrupt(directory_.database_file(), said);
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
