// SQLite's C interface as objects that close themselves. Errors have SQLite's own words: kMalformed if what the file says is
// wrong (damaged, no database, not the tables that were expected), else kIo. One thread.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"

namespace holdfast::protector {

struct CloseDatabase {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using DatabaseHandle = std::unique_ptr<sqlite3, CloseDatabase>;

[[nodiscard]] Error sqlite_failure(sqlite3* database, std::string_view doing);
[[nodiscard]] Result<void> execute(sqlite3* database, const char* sql);

class Statement {
public:
    static Result<Statement> prepare(sqlite3* database, const char* sql);

    // Parameters are numbered from 1. Blobs and texts must live until the next run() or step() has ended.
    void bind(int place, std::int64_t number) { sqlite3_bind_int64(statement_.get(), place, number); }
    void bind_blob(int place, const void* data, std::size_t size) {
        sqlite3_bind_blob64(statement_.get(), place, data, size, SQLITE_STATIC);
    }
    void bind_text(int place, std::string_view text) {
        sqlite3_bind_text64(statement_.get(), place, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    void bind_null(int place) { sqlite3_bind_null(statement_.get(), place); }

    // True: a row is there to be read. After false (no more rows) or a failure the statement can be run again.
    [[nodiscard]] Result<bool> step();
    // For statements without rows.
    [[nodiscard]] Result<void> run();

    [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
    [[nodiscard]] std::int64_t number(int column) const { return sqlite3_column_int64(statement_.get(), column); }
    // Valid until the next step.
    [[nodiscard]] std::string_view blob(int column) const;

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    explicit Statement(sqlite3_stmt* statement) : statement_{statement} {}
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace holdfast::protector
