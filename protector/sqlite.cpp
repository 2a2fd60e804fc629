#include "protector/sqlite.hpp"

namespace holdfast::protector {

namespace {

bool is_about_contents(int code) {
    constexpr int kPrimary = 0xFF;
    switch (code & kPrimary) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_FORMAT:
        case SQLITE_ERROR: return true;
        default: return false;
    }
}

}  // namespace

Error sqlite_failure(sqlite3* database, std::string_view doing) {
    const ErrorCode code = is_about_contents(sqlite3_errcode(database)) ? ErrorCode::kMalformed : ErrorCode::kIo;
    return failure(code, std::string{doing} + ": " + sqlite3_errmsg(database) + " (SQLite code " +
                             std::to_string(sqlite3_extended_errcode(database)) + ")");
}

Result<void> execute(sqlite3* database, const char* sql) {
    if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return sqlite_failure(database, sql);
    return success();
}

Result<Statement> Statement::prepare(sqlite3* database, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
        return sqlite_failure(database, sql);
    }
    return Statement{statement};
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) {
        sqlite3_reset(statement_.get());
        return false;
    }
    sqlite3* database = sqlite3_db_handle(statement_.get());
    Error error = sqlite_failure(database, sqlite3_sql(statement_.get()));
    sqlite3_reset(statement_.get());
    return error;
}

Result<void> Statement::run() {
    HOLDFAST_TRY(const bool row, step());
    if (row) sqlite3_reset(statement_.get());
    return success();
}

std::string_view Statement::blob(int column) const {
    const void* data = sqlite3_column_blob(statement_.get(), column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    return data == nullptr ? std::string_view{} : std::string_view{static_cast<const char*>(data), size};
}

}  // namespace holdfast::protector
