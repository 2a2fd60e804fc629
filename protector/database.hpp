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

    // Reads everything: the facts, the table, then the journal in order. kMalformed: something of it is missing, or is not what
    // was written last.
    Result<void> load(Ledger& ledger);

    // One journal row in a transaction of its own; on success it is on the disk.
    Result<void> append(std::string_view changes);
    // Writes these validators to the table, in one transaction.
    Result<void> write(const std::vector<Validator>& validators, std::span<const ValidatorId> ids);
    // Deletes journal rows up to `seq`, which the table now holds, and writes the facts, in one transaction.
    Result<void> forget_journal(std::int64_t seq, const Ledger::Facts& facts);
    // SQLite's own check of every page, then everything is read again: kMalformed if it isn't what `memory` knows. Takes long
    // on a large file.
    Result<void> compare(const Ledger& memory);
    // Copies the WAL into the database file; not on the way to an answer.
    Result<void> checkpoint();

    // Of the last commit; never goes back, also when the journal is empty.
    [[nodiscard]] std::int64_t last_seq() const { return contents_.last_seq; }
    [[nodiscard]] JournalSize journal_size() const { return contents_.journal; }
    // Pages in the WAL since the last checkpoint.
    [[nodiscard]] int wal_pages() const { return *wal_pages_; }

private:
    struct Statements {
        Statement begin, commit, append, write, forget;
    };
    // Of what is on the disk.
    struct Contents {
        std::int64_t folded_seq{0};  // the table holds what the journal said up to here
        std::int64_t last_seq{0};
        JournalSize journal;  // from folded_seq + 1 to last_seq, without a gap
        std::uint64_t table_sum{0};
        std::vector<std::uint64_t> row_sums;  // by id, 0 for those that the table doesn't have yet
    };
    Database(DataDirectory directory, DatabaseHandle handle, std::unique_ptr<int> wal_pages, Statements statements);

    DataDirectory directory_;
    DatabaseHandle handle_;
    std::unique_ptr<int> wal_pages_;
    Statements statements_;
    Contents contents_;

    static Result<Database> finish_opening(DataDirectory directory, DatabaseHandle handle);
    Result<Contents> read(Ledger& ledger);
    Result<void> read_table(Ledger& ledger, Contents& contents);
    Result<void> read_journal(Ledger& ledger, Contents& contents);
};

}  // namespace holdfast::protector
