// Whose data a SQLite file is, and in which form: the table `meta`, the schema and its migrations (docs/protector-api.md).
#pragma once

#include <cstdint>
#include <string>

#include "protector/sqlite.hpp"
#include "shared/protection/cluster.hpp"

namespace holdfast::protector {

inline constexpr std::int64_t kSchemaVersion = 2;

struct Identity {
    std::string node_id;
    protection::Cluster cluster;  // its id, genesis validators root, members and Q are written down at --init and --rejoin
};

// The tables of a new database, and whose it is. In a transaction of the caller.
[[nodiscard]] Result<void> make_schema(sqlite3* database, const Identity& identity);

// kRefused: newer than this program, or another node's, chain's or cluster's; kMalformed: damaged. An older schema is brought
// up to date. With `change_cluster` the data may be of a cluster from which protection::check_cluster_change allows to go.
[[nodiscard]] Result<void> claim_database(sqlite3* database, const std::string& file, const Identity& identity,
                                          bool change_cluster);

// One row of `meta`. get: kNotFound if there is none.
[[nodiscard]] Result<void> set_meta(sqlite3* database, std::string_view name, std::string_view value);
[[nodiscard]] Result<std::string> get_meta(sqlite3* database, std::string_view name);

// kMalformed: what a person should know of a damaged file.
[[nodiscard]] Error corrupt(const std::string& file, const std::string& why);
// The same, if `why` is about what the file says or does not say; a disk that does not read stays kIo.
[[nodiscard]] Error unusable(const std::string& file, const Error& why);

}  // namespace holdfast::protector
