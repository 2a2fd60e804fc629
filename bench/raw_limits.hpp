// The limits that the protector's figures are compared with, measured in the same run: SQLite by itself, and a round trip of
// libcurl's to a server that does nothing. Blocking; what can't be done ends the process.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "shared/net/http.hpp"

namespace holdfast::bench {

// Where databases are made: HOLDFAST_BENCH_DIR, else the working directory. It must be on a disk. The folder is new and empty.
[[nodiscard]] std::string fresh_directory(const std::string& name);

// A table of `rows` latest records in WAL mode with synchronous=FULL and SQLite's default cache. A decision is a select and an
// upsert.
class RawDatabase {
public:
    RawDatabase(const std::string& directory, std::size_t rows);
    // `count` rows, the next ones in an order of chance, in one durable transaction.
    void decide(std::size_t count);

private:
    struct Close {
        void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    using Statement = std::unique_ptr<sqlite3_stmt, Close>;

    std::unique_ptr<sqlite3, Close> database_;
    Statement select_;
    Statement write_;
    std::vector<std::int64_t> order_;
    std::size_t at_{0};
    std::int64_t target_{0};

    [[nodiscard]] Statement prepare(const char* sql) const;
    void run(const char* sql) const;
};

// A thread that answers every request on one connection with the same few bytes. TLS with files: clients must show a
// certificate.
class TrivialServer {
public:
    explicit TrivialServer(const net::TlsFiles* tls);
    TrivialServer(const TrivialServer&) = delete;
    TrivialServer& operator=(const TrivialServer&) = delete;
    ~TrivialServer();
    [[nodiscard]] const std::string& url() const { return url_; }

private:
    int listener_{-1};
    std::string url_;
    std::thread thread_;
};

// One easy handle, used again and again: a POST of 400 bytes on a connection that stays open.
class RoundTrips {
public:
    RoundTrips(const std::string& url, const net::TlsFiles* tls);
    RoundTrips(const RoundTrips&) = delete;
    RoundTrips& operator=(const RoundTrips&) = delete;
    ~RoundTrips();
    void make_one();

private:
    void* easy_;
    std::string body_;
};

}  // namespace holdfast::bench
