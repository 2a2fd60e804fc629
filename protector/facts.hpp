// What the table `meta` says of the data beside the validators: written when the journal is folded, with a sum over it.
#pragma once

#include <cstdint>

#include "protector/ledger.hpp"
#include "protector/sqlite.hpp"

namespace holdfast::protector {

struct WrittenFacts {
    Ledger::Facts facts;
    std::int64_t folded_seq{0};  // the tables hold what the journal said up to this row
    std::int64_t last_seq{0};    // of the last row that there was then
};

// In a transaction of the caller.
[[nodiscard]] Result<void> write_facts(sqlite3* database, const WrittenFacts& written);
// kMalformed or kNotFound: they are not what was written last.
[[nodiscard]] Result<WrittenFacts> read_facts(sqlite3* database);

}  // namespace holdfast::protector
