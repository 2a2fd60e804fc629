// The protector's SQLite file: WAL, synchronous=FULL. Tables: meta (whose data this is), validators (latest records), journal
// (rows of changes since, newer than the table). Blocking; used by the store's writer thread only.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "protector/data_directory.hpp"
#include "protector/ledger.hpp"
#include "protector/schema.hpp"
#include "protector/sqlite.hpp"

namespace holdfast::protector {

struct JournalSize {
    std::int64_t rows{0};
    std::int64_t bytes{0};
};

class Database {
public:
    // Makes a new one, with a first journal row if that isn't empty; kRefused if there is one already. `vfs`: SQLite's name for
    // the file system to use; null: the standard one.
    static Result<Database> create(DataDirectory directory, const Identity& identity, std::string_view first_row = {},
                                   const char* vfs = nullptr);
    // Opens what is there. A sentence says what is wrong with a missing, corrupt, foreign or newer one.
    static Result<Database> open(DataDirectory directory, const Identity& identity, bool change_cluster = false,
                                 const char* vfs = nullptr);

    // Reads everything: the facts, the table, then the journal in order.
    Result<void> load(Ledger& ledger);

    // One journal row in a transaction of its own; on success it is on the disk.
    Result<void> append(std::string_view changes);
    // Writes these validators to the table, in one transaction.
    Result<void> write(const std::vector<Validator>& validators, std::span<const ValidatorId> ids);
    // Deletes journal rows up to `seq`, which the table now holds, and writes the facts, in one transaction.
    Result<void> forget_journal(std::int64_t seq, const Ledger::Facts& facts);
    // SQLite's own check of every page. Takes long on a large file.
    Result<void> check_whole_file();
    // Copies the WAL into the database file; not on the way to an answer.
    Result<void> checkpoint();

    // Of the last commit; never goes back, also when the journal is empty.
    [[nodiscard]] std::int64_t last_seq() const { return last_seq_; }
    [[nodiscard]] JournalSize journal_size() const { return journal_; }
    // Pages in the WAL since the last checkpoint.
    [[nodiscard]] int wal_pages() const { return *wal_pages_; }

private:
    struct Statements {
        Statement begin, commit, append, write, forget;
    };
    Database(DataDirectory directory, DatabaseHandle handle, std::unique_ptr<int> wal_pages, Statements statements);

    DataDirectory directory_;
    DatabaseHandle handle_;
    std::unique_ptr<int> wal_pages_;
    Statements statements_;
    std::int64_t last_seq_{0};
    JournalSize journal_;

    static Result<Database> finish_opening(DataDirectory directory, DatabaseHandle handle);
    Result<void> load_facts(Ledger& ledger);
    Result<void> write_facts(const Ledger::Facts& facts);
    Result<void> load_table(Ledger& ledger);
    Result<void> load_journal(Ledger& ledger);
    Result<void> write_one(const Validator& validator, ValidatorId id);
};

}  // namespace holdfast::protector
