// The HTTP server on a connection in memory, with virtual time: any bytes, cut into any pieces, make it answer what it answers
// when they come in one piece, call its handler alike, and end when the peer has gone.
#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/task_group.hpp"
#include "shared/base/virtual_clock.hpp"
#include "shared/net/server_connection.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace holdfast::net {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

constexpr std::string_view kRejected = "HTTP/1.1 4";

struct Seen {
    std::string asked;  // what the handler was given
    // What the peer would have read, but for "100 Continue", which depends on when bytes come, and for which of several faults
    // was found first.
    std::string written;
};

class MemoryTransport final : public ServerTransport {
public:
    MemoryTransport(std::string_view bytes, std::string_view cuts, Seen& seen) : bytes_{bytes}, cuts_{cuts}, seen_{seen} {}

    Task<bool> open() override { co_return true; }
    Task<ReadResult> read_some(asio::mutable_buffer into) override {
        co_await asio::post(asio::use_awaitable);
        if (cut_ || bytes_.empty()) co_return ReadResult{asio::error::eof, 0};
        const std::size_t size = std::min({next_size(), bytes_.size(), into.size()});
        std::memcpy(into.data(), bytes_.data(), size);
        bytes_.remove_prefix(size);
        co_return ReadResult{{}, size};
    }
    Task<bool> write(Pieces pieces) override {
        co_await asio::post(asio::use_awaitable);
        std::string all;
        for (const auto& piece : pieces) all.append(static_cast<const char*>(piece.data()), piece.size());
        if (all.starts_with(kRejected)) all.resize(kRejected.size());
        if (all != kContinue) seen_.written += all;
        co_return !cut_;
    }
    void shut() override {}
    Task<ReadResult> read_rest(asio::mutable_buffer /*into*/) override { co_return ReadResult{asio::error::eof, 0}; }
    void cut() override { cut_ = true; }

private:
    std::string_view bytes_;
    std::string_view cuts_;
    Seen& seen_;
    std::size_t reads_{0};
    bool cut_{false};

    // Without cuts: all at once.
    std::size_t next_size() {
        if (cuts_.empty()) return bytes_.size();
        return 1U + static_cast<unsigned char>(cuts_[reads_++ % cuts_.size()]);
    }
};

Task<void> run(std::unique_ptr<ServerConnection> connection) { co_await connection->run(); }

Task<void> stream_body(StreamWriter& writer) {
    const bool alive = co_await writer.write("one");
    if (alive) co_await writer.write("two");
}

// Answers of each kind, chosen by the path's length.
Reply answer(const ServerRequest& request) {
    if (request.path.size() % 7 == 5) return DropConnection{};
    if (request.path.size() % 7 == 6) return StreamResponse{make_response(200, "text/plain", ""), &stream_body};
    return make_response(request.path.size() % 7 == 4 ? 204 : 200, "text/plain", std::to_string(request.message.body.size()));
}

Task<Reply> note_and_answer(Seen& seen, ServerRequest request) {
    seen.asked += request.message.method + " " + request.path + "?" + request.query + "\n";
    seen.asked += request.parameter("a").value_or("-") + "\n";
    for (const Header& header : request.message.headers) seen.asked += header.name + ": " + header.value + "\n";
    seen.asked += request.message.body + "\n";
    co_return answer(request);
}

HttpServerOptions limits(bool small) {
    HttpServerOptions options;
    options.body_bytes_max = small ? 100 : 1U << 20U;
    options.header_bytes_max = small ? 200 : 16U << 10U;
    options.body_bytes_max_of = [small](std::string_view path) -> std::size_t {
        return small && path == "/large" ? 300 : 1U << 20U;
    };
    return options;
}

Seen serve(std::string_view bytes, std::string_view cuts, bool small) {
    Seen seen;
    asio::io_context io;
    VirtualTime time{io};
    VirtualClock clock{time};
    TaskGroup group{io.get_executor()};
    const auto state = std::make_shared<ServerState>(
        io.get_executor(), clock, limits(small),
        [&seen](ServerRequest request) -> Task<Reply> { return note_and_answer(seen, std::move(request)); });
    auto transport = std::make_unique<MemoryTransport>(bytes, cuts, seen);
    group.spawn("connection", run(std::make_unique<ServerConnection>(state, std::move(transport), "peer")));
    time.advance(Duration::zero());
    fuzz::require(group.size() == 0 && state->connections.empty(), "the connection did not end with its peer");
    fuzz::require(state->unfinished_bytes == 0, "a body is still counted");
    return seen;
}

// A header that never ends may be refused for what has come of it, or not: who sends it in pieces just goes.
void expect_same(const Seen& in_pieces, const Seen& at_once) {
    const bool same = in_pieces.asked == at_once.asked &&
                      (in_pieces.written == at_once.written || in_pieces.written + std::string{kRejected} == at_once.written);
    if (same) return;
    for (const Seen* seen : {&in_pieces, &at_once}) {
        std::fprintf(stderr, "--- asked:\n%s\n--- told:\n%s\n", seen->asked.c_str(), seen->written.c_str());
    }
    fuzz::require(false, "in pieces (above) it is another request or answer than at once (below)");
}

}  // namespace
}  // namespace holdfast::net

// First the choice of limits and the number of cuts, then the cuts, then what is sent.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    const fuzz::Input input{data, size};
    const bool small = input.choice >= 128;
    const std::size_t cuts = std::min<std::size_t>(input.choice % 8, input.rest.size());
    const std::string_view bytes = input.rest.substr(cuts);
    const auto in_pieces = net::serve(bytes, input.rest.substr(0, cuts), small);
    // Where it stops reading depends, at a limit, on how much it had been given.
    if (small) return 0;
    net::expect_same(in_pieces, net::serve(bytes, {}, small));
    return 0;
}
