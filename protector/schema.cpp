#include "protector/schema.hpp"

#include <utility>

#include "protector/facts.hpp"
#include "protector/rows.hpp"

namespace holdfast::protector {

using protection::Cluster;

namespace {

constexpr const char* kTables =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE validators(id INTEGER PRIMARY KEY, pubkey BLOB NOT NULL, source INTEGER, target INTEGER, signing_root BLOB,"
    " data BLOB, slot INTEGER, block_root BLOB, halted INTEGER NOT NULL DEFAULT 0, enrolled INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE TABLE journal(seq INTEGER PRIMARY KEY, changes BLOB NOT NULL, sum INTEGER NOT NULL) STRICT;";

Result<void> write_cluster(sqlite3* database, const Cluster& cluster) {
    HOLDFAST_TRY(set_meta(database, "cluster_id", to_hex(cluster.id())));
    return set_meta(database, "cluster", render_cluster(cluster));
}

Result<void> add_journal_sums(sqlite3* database) {
    HOLDFAST_TRY(execute(database, "ALTER TABLE journal ADD COLUMN sum INTEGER NOT NULL DEFAULT 0"));
    HOLDFAST_TRY(auto rows, Statement::prepare(database, "SELECT seq, changes FROM journal"));
    HOLDFAST_TRY(auto update, Statement::prepare(database, "UPDATE journal SET sum = ?2 WHERE seq = ?1"));
    while (true) {
        HOLDFAST_TRY(const bool more, rows.step());
        if (!more) return success();
        update.bind(1, rows.number(0));
        update.bind(2, static_cast<std::int64_t>(sum_of(rows.blob(1))));
        HOLDFAST_TRY(update.run());
    }
}

Result<WrittenFacts> facts_of_journal(sqlite3* database) {
    HOLDFAST_TRY(auto ends,
                 Statement::prepare(database, "SELECT coalesce(min(seq) - 1, 0), coalesce(max(seq), 0) FROM journal"));
    HOLDFAST_TRY(const bool row, ends.step());
    WrittenFacts written;
    if (row) written.folded_seq = ends.number(0);
    if (row) written.last_seq = ends.number(1);
    return written;
}

// Version 1 knew neither clusters, halts nor sums: its data belongs to the cluster that opens it first.
Result<void> migrate_from_1(sqlite3* database, const Identity& identity) {
    HOLDFAST_TRY(execute(database, "BEGIN IMMEDIATE"));
    HOLDFAST_TRY(execute(database, "ALTER TABLE validators ADD COLUMN halted INTEGER NOT NULL DEFAULT 0"));
    HOLDFAST_TRY(execute(database, "ALTER TABLE validators ADD COLUMN enrolled INTEGER NOT NULL DEFAULT 0"));
    HOLDFAST_TRY(add_journal_sums(database));
    HOLDFAST_TRY(const std::uint64_t sum, sum_of_table(database));
    HOLDFAST_TRY(set_meta(database, "table_sum", std::to_string(sum)));
    HOLDFAST_TRY(const WrittenFacts facts, facts_of_journal(database));
    HOLDFAST_TRY(write_facts(database, facts));
    HOLDFAST_TRY(write_cluster(database, identity.cluster));
    HOLDFAST_TRY(set_meta(database, "schema_version", "2"));
    return execute(database, "COMMIT");
}

Result<void> check_same(sqlite3* database, const std::string& file, const char* name, const std::string& ours) {
    const auto theirs = get_meta(database, name);
    if (!theirs) return unusable(file, theirs.error());
    if (theirs.value() == ours) return success();
    return failure(ErrorCode::kRefused,
                   "the database " + file + " belongs to another " + name + ": '" + theirs.value() + "', not '" + ours + "'");
}

Result<std::uint64_t> read_version(sqlite3* database, const std::string& file) {
    const auto version = get_meta(database, "schema_version");
    if (!version) return unusable(file, version.error());
    const auto number = parse_decimal(version.value());
    if (!number) return corrupt(file, "its schema version is no number");
    if (number.value() > static_cast<std::uint64_t>(kSchemaVersion)) {
        return failure(ErrorCode::kRefused, "the database " + file + " was written by a newer version (schema " +
                                                version.value() + ", this one knows up to " + std::to_string(kSchemaVersion) +
                                                ")");
    }
    return number.value();
}

Result<void> change_cluster(sqlite3* database, const std::string& file, const Cluster& to) {
    const auto text = get_meta(database, "cluster");
    if (!text) return unusable(file, text.error());
    const auto from = protection::parse_cluster(text.value(), "the cluster that " + file + " remembers");
    if (const auto* problems = std::get_if<Problems>(&from)) return corrupt(file, problems->front());
    HOLDFAST_TRY(check_cluster_change(std::get<Cluster>(from), to));
    HOLDFAST_TRY(execute(database, "BEGIN IMMEDIATE"));
    HOLDFAST_TRY(write_cluster(database, to));
    return execute(database, "COMMIT");
}

Result<void> check_cluster(sqlite3* database, const std::string& file, const Cluster& ours, bool may_change) {
    const auto theirs = get_meta(database, "cluster_id");
    if (!theirs) return unusable(file, theirs.error());
    if (theirs.value() == to_hex(ours.id())) return success();
    if (may_change) return change_cluster(database, file, ours);
    return failure(ErrorCode::kRefused, "the database " + file + " belongs to another cluster: '" + theirs.value() +
                                            "', not '" + to_hex(ours.id()) +
                                            "'; if its members were changed, start with --change-cluster");
}

}  // namespace

Error corrupt(const std::string& file, const std::string& why) {
    return failure(ErrorCode::kMalformed,
                   "the database " + file + " is damaged (" + why +
                       "); it must not be used and must not be replaced by an empty one: move it away and "
                       "start with --rejoin");
}

Error unusable(const std::string& file, const Error& why) {
    if (why.code == ErrorCode::kMalformed || why.code == ErrorCode::kNotFound) return corrupt(file, why.message);
    return failure(why.code, "can't read the database " + file + ": " + why.message);
}

Result<void> set_meta(sqlite3* database, std::string_view name, std::string_view value) {
    HOLDFAST_TRY(auto statement, Statement::prepare(database, "REPLACE INTO meta VALUES(?1, ?2)"));
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

Result<void> make_schema(sqlite3* database, const Identity& identity) {
    HOLDFAST_TRY(execute(database, kTables));
    HOLDFAST_TRY(set_meta(database, "schema_version", std::to_string(kSchemaVersion)));
    HOLDFAST_TRY(set_meta(database, "node_id", identity.node_id));
    HOLDFAST_TRY(set_meta(database, "genesis_validators_root", to_hex(identity.cluster.chain.genesis_validators_root)));
    HOLDFAST_TRY(set_meta(database, "table_sum", "0"));
    HOLDFAST_TRY(write_facts(database, {}));
    return write_cluster(database, identity.cluster);
}

Result<void> claim_database(sqlite3* database, const std::string& file, const Identity& identity, bool may_change) {
    HOLDFAST_TRY(const std::uint64_t version, read_version(database, file));
    HOLDFAST_TRY(check_same(database, file, "node_id", identity.node_id));
    HOLDFAST_TRY(check_same(database, file, "genesis_validators_root", to_hex(identity.cluster.chain.genesis_validators_root)));
    if (version < 2) {
        if (const auto done = migrate_from_1(database, identity); !done) return unusable(file, done.error());
    }
    return check_cluster(database, file, identity.cluster, may_change);
}

}  // namespace holdfast::protector
