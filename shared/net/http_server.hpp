// Asynchronous HTTP/1.1 server: keep-alive, TLS, limits on everything that a peer could make large or slow, graceful stop.
// The handler is a task on the I/O thread; what it throws besides cancellation is a bug and ends the process. It is not told
// that its peer has gone. Stop the server before what the handlers use goes away; the destructor alone only cancels them.
//
//   HttpServer server{executor, clock, options, [&](ServerRequest request) { return answer(std::move(request)); }};
//   HOLDFAST_TRY(server.listen("127.0.0.1", 0));      // 0: any free port, see port()
//   ...
//   co_await server.stop(clock.steady() + 2s);        // no new requests; those begun are finished until then, then cut
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "shared/base/result.hpp"
#include "shared/base/task.hpp"
#include "shared/base/time.hpp"
#include "shared/net/http.hpp"

namespace holdfast::net {

struct HttpServerOptions {
    // With ca_file: clients must show a certificate for clients, of a CA in that file.
    std::optional<TlsFiles> tls{};
    // A peer ("127.0.0.1:40000") whose TLS handshake failed, and a sentence that says why: no certificate, a foreign or expired
    // one, not TLS. Peers that come and go without a word, or too late, are not told. May be empty; must not throw.
    std::function<void(const std::string& peer, const std::string& why)> on_refused{};
    std::size_t header_bytes_max{16U << 10U};
    std::size_t body_bytes_max{64U << 20U};
    // The same for one path (decoded, without query), instead of body_bytes_max. May be empty.
    std::function<std::size_t(std::string_view path)> body_bytes_max_of{};
    // Moreover of a body that doesn't say its length (chunked): its memory is had by doubling, which holds others up when there
    // are many such bodies at once.
    std::size_t unsized_body_bytes_max{4U << 20U};
    // Of all bodies together that have not come to their end: what would go beyond is told 503. Bodies up to 1 MiB don't count.
    std::size_t unfinished_bodies_bytes_max{1U << 30U};
    // When so many are there, the next one takes the place of the one that has gone longest without a request under way, those
    // that never had a request answered first; if all are at work, it is told 503 and closed.
    std::size_t connections_max{1024};
    Duration header_timeout{std::chrono::seconds{10}};  // from a request's first byte to the end of its header
    Duration body_timeout{std::chrono::seconds{30}};
    Duration idle_timeout{std::chrono::seconds{120}};  // between requests of a connection
    Duration write_timeout{std::chrono::seconds{30}};  // of a whole response, or of one piece of a stream
};

// Who asks through a Unix socket.
inline constexpr std::string_view kUnixPeer = "the local socket";

struct ServerRequest {
    HttpRequest message;
    std::string path;         // decoded, without query
    std::string query;        // raw, without '?'
    std::string peer;         // "127.0.0.1:40000", or kUnixPeer
    std::string common_name;  // of the client's certificate; empty without one

    // A parameter of the query, decoded; nothing if absent.
    [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

// Where a handler writes a response without end. write() returns false when the peer is gone or too slow; then end the task.
class StreamWriter {
public:
    StreamWriter() = default;
    StreamWriter(const StreamWriter&) = delete;
    StreamWriter& operator=(const StreamWriter&) = delete;
    virtual ~StreamWriter() = default;
    virtual Task<bool> write(std::string data) = 0;
};

// A chunked response: status and headers are sent, then `body` runs until it returns.
struct StreamResponse {
    HttpResponse head;
    std::function<Task<void>(StreamWriter&)> body;
};

// Closes the connection without an answer: for simulated faults.
struct DropConnection {};

using Reply = std::variant<HttpResponse, StreamResponse, DropConnection>;
using HttpHandler = std::function<Task<Reply>(ServerRequest)>;

class HttpServer {
public:
    HttpServer(Executor executor, Clock& clock, HttpServerOptions options, HttpHandler handler);
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    ~HttpServer();

    // Binds and accepts. kIo with a sentence when the address is in use or not ours; kInvalidArgument for unusable TLS files.
    Result<void> listen(const std::string& address, std::uint16_t port);
    // The same on a Unix socket, without TLS whatever the options say; may be called beside listen(), in any order. Only the
    // user that this process runs as (and root) can connect, from the first moment on. The file of a process that has died is
    // replaced; kIo with a sentence if somebody listens there, or what is there is no socket. Gone after stop().
    Result<void> listen_unix(const std::string& path);
    [[nodiscard]] std::uint16_t port() const;  // 0 unless listening
    // Reads the TLS files again, for connections that come from now on; those that are there stay. On failure
    // (kInvalidArgument, with the file and why) the old ones remain in use. Nothing to do without TLS.
    Result<void> reload_tls();
    // Streams count as begun: those that have no other end are cut at the deadline.
    Task<void> stop(SteadyTime deadline);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace holdfast::net
