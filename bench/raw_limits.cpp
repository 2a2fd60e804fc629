#include "bench/raw_limits.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <string_view>

#include "shared/base/random.hpp"

namespace holdfast::bench {

namespace {

constexpr std::size_t kPostBytes = 400;
constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok";

void must(bool done, const char* what) {
    if (done) return;
    std::fprintf(stderr, "benchmark: can't %s\n", what);
    std::abort();
}

// Bytes to and from one peer.
class Pipe {
public:
    Pipe(int socket, SSL_CTX* context) : socket_{socket}, ssl_{context == nullptr ? nullptr : SSL_new(context)} {
        if (ssl_ == nullptr) return;
        SSL_set_fd(ssl_, socket);
        open_ = SSL_accept(ssl_) == 1;
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        SSL_free(ssl_);
        ::close(socket_);
    }
    long read(char* into, std::size_t size) {
        if (!open_) return 0;
        return ssl_ == nullptr ? ::recv(socket_, into, size, 0) : SSL_read(ssl_, into, static_cast<int>(size));
    }
    void write(std::string_view text) {
        if (ssl_ == nullptr) {
            must(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<long>(text.size()), "answer");
        } else {
            must(SSL_write(ssl_, text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size()), "answer");
        }
    }

private:
    int socket_;
    SSL* ssl_;
    bool open_{true};
};

// How long the request at the front is, 0 if it isn't whole yet.
std::size_t whole_request(std::string_view text) {
    const auto end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    constexpr std::string_view kLength = "Content-Length: ";
    const auto length = text.find(kLength);
    std::size_t body = 0;
    if (length < end) std::from_chars(text.data() + length + kLength.size(), text.data() + end, body);
    const std::size_t size = end + 4 + body;
    return text.size() < size ? 0 : size;
}

void serve(int socket, SSL_CTX* context) {
    Pipe pipe{socket, context};
    std::string text;
    char buffer[4096];
    while (true) {
        const long got = pipe.read(buffer, sizeof buffer);
        if (got <= 0) return;
        text.append(buffer, static_cast<std::size_t>(got));
        while (const std::size_t size = whole_request(text)) {
            text.erase(0, size);
            pipe.write(kAnswer);
        }
    }
}

SSL_CTX* make_context(const net::TlsFiles& files) {
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    must(SSL_CTX_load_verify_locations(context, files.ca_file.c_str(), nullptr) == 1, "read the CA");
    must(SSL_CTX_use_certificate_chain_file(context, files.certificate_file.c_str()) == 1, "read the certificate");
    must(SSL_CTX_use_PrivateKey_file(context, files.key_file.c_str(), SSL_FILETYPE_PEM) == 1, "read the key");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return context;
}

std::size_t ignore(char*, std::size_t size, std::size_t count, void*) { return size * count; }

}  // namespace

std::string fresh_directory(const std::string& name) {
    const char* base = std::getenv("HOLDFAST_BENCH_DIR");  // NOLINT(concurrency-mt-unsafe)
    const auto path = (base == nullptr ? std::filesystem::current_path() : std::filesystem::path{base}) / ("bench-" + name);
    std::filesystem::remove_all(path);
    return path.string();
}

RawDatabase::RawDatabase(const std::string& directory, std::size_t rows) : order_(rows) {
    std::filesystem::create_directories(directory);
    sqlite3* raw = nullptr;
    must(sqlite3_open((directory + "/raw.sqlite").c_str(), &raw) == SQLITE_OK, "open a database");
    database_.reset(raw);
    run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE r(id INTEGER PRIMARY KEY, source, target, root BLOB)");
    select_ = prepare("SELECT target FROM r WHERE id = ?1");
    write_ = prepare("REPLACE INTO r VALUES(?1, ?2, ?3, ?4)");
    std::iota(order_.begin(), order_.end(), 0);
    SeededRandom random{2};
    for (std::size_t i = rows - 1; i > 0; --i) std::swap(order_[i], order_[random.below(i + 1)]);
    decide(rows);
}

RawDatabase::Statement RawDatabase::prepare(const char* sql) const {
    sqlite3_stmt* statement = nullptr;
    must(sqlite3_prepare_v2(database_.get(), sql, -1, &statement, nullptr) == SQLITE_OK, sql);
    return Statement{statement};
}

void RawDatabase::run(const char* sql) const {
    must(sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql);
}

void RawDatabase::decide(std::size_t count) {
    static constexpr char kRoot[32] = {};
    ++target_;
    run("BEGIN IMMEDIATE");
    for (std::size_t i = 0; i < count; ++i, at_ = (at_ + 1) % order_.size()) {
        sqlite3_bind_int64(select_.get(), 1, order_[at_]);
        const int found = sqlite3_step(select_.get());
        must(found == SQLITE_DONE || (found == SQLITE_ROW && sqlite3_column_int64(select_.get(), 0) < target_), "select");
        sqlite3_reset(select_.get());
        sqlite3_bind_int64(write_.get(), 1, order_[at_]);
        sqlite3_bind_int64(write_.get(), 2, target_ - 1);
        sqlite3_bind_int64(write_.get(), 3, target_);
        sqlite3_bind_blob(write_.get(), 4, kRoot, sizeof kRoot, SQLITE_STATIC);
        must(sqlite3_step(write_.get()) == SQLITE_DONE, "upsert");
        sqlite3_reset(write_.get());
    }
    run("COMMIT");
}

TrivialServer::TrivialServer(const net::TlsFiles* tls) : listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    must(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(listener_, 1) == 0, "listen");
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    url_ = (tls == nullptr ? "http://127.0.0.1:" : "https://127.0.0.1:") + std::to_string(ntohs(address.sin_port)) + "/";
    SSL_CTX* context = tls == nullptr ? nullptr : make_context(*tls);
    thread_ = std::thread{[listener = listener_, context] {
        while (true) {
            const int socket = ::accept(listener, nullptr, nullptr);
            if (socket < 0) break;
            const int on = 1;
            ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            serve(socket, context);
        }
        SSL_CTX_free(context);
    }};
}

TrivialServer::~TrivialServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
}

RoundTrips::RoundTrips(const std::string& url, const net::TlsFiles* tls) : easy_{curl_easy_init()}, body_(kPostBytes, 'x') {
    curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, body_.data());
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE, static_cast<long>(body_.size()));
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &ignore);
    if (tls == nullptr) return;
    curl_easy_setopt(easy_, CURLOPT_CAINFO, tls->ca_file.c_str());
    curl_easy_setopt(easy_, CURLOPT_SSLCERT, tls->certificate_file.c_str());
    curl_easy_setopt(easy_, CURLOPT_SSLKEY, tls->key_file.c_str());
}

RoundTrips::~RoundTrips() { curl_easy_cleanup(easy_); }

void RoundTrips::make_one() { must(curl_easy_perform(easy_) == CURLE_OK, "make a round trip"); }

}  // namespace holdfast::bench
