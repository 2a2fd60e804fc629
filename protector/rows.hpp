// The rows of the tables as objects, and sums over them: by these a page is noticed that the disk has lost, let rot or mixed up
// with an older one, which SQLite's own checks let pass. No protection against malice.
#pragma once

#include <cstdint>
#include <string_view>

#include "protector/ledger.hpp"
#include "protector/sqlite.hpp"

namespace holdfast::protector {

// These are on disks: never change them.
[[nodiscard]] std::uint64_t sum_of(std::string_view bytes);
[[nodiscard]] std::uint64_t sum_of(ValidatorId id, const Validator& validator);
// Of a table of validators: its rows' sums added up, modulo 2^64. This one reads it from the disk.
[[nodiscard]] Result<std::uint64_t> sum_of_table(sqlite3* database);

// "SELECT * FROM validators": id, pubkey, source, target, signing_root, data, slot, block_root, halted, enrolled. kMalformed: a
// column has a value that it can't have.
[[nodiscard]] Result<Validator> read_validator(const Statement& row);
// The statement has ten parameters in that order.
[[nodiscard]] Result<void> write_validator(Statement& statement, ValidatorId id, const Validator& validator);

}  // namespace holdfast::protector
