#include "tests/shared/net/net_fixture.hpp"

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

namespace holdfast::net {
namespace asio = boost::asio;

NetTest::~NetTest() {
    cancel(group);
    client.reset();
    if (server) stop_server();
    server.reset();
    io.restart();
    io.poll();
}

void NetTest::cancel(TaskGroup& tasks) {
    bool cancelled = false;
    asio::post(io, [&] {
        tasks.cancel();
        cancelled = true;
    });
    EXPECT_TRUE(run_until([&] { return cancelled && tasks.size() == 0; }));
}

bool NetTest::run_until(const std::function<bool()>& done) {
    const SteadyTime end = clock.steady() + kLong;
    while (!done() && clock.steady() < end) {
        if (io.stopped()) io.restart();
        io.run_one_for(milliseconds{20});
    }
    return done();
}

namespace {

Task<void> note_end(Task<void> task, bool& ended) {
    co_await std::move(task);
    ended = true;
}

}  // namespace

void NetTest::run(Task<void> task) {
    bool ended = false;
    group.spawn("test", note_end(std::move(task), ended));
    EXPECT_TRUE(run_until([&] { return ended; }));
}

HttpServer& NetTest::start_server(HttpHandler handler, HttpServerOptions options) {
    server.emplace(io.get_executor(), clock, std::move(options), std::move(handler));
    const auto listening = server->listen("127.0.0.1", 0);
    EXPECT_TRUE(listening.has_value());
    port = server->port();
    return *server;
}

HttpClient& NetTest::start_client(HttpClientOptions options) {
    client = make_http_client(io.get_executor(), clock, std::move(options));
    return *client;
}

std::string NetTest::url(const std::string& path) const { return scheme + "://127.0.0.1:" + std::to_string(port) + path; }

Result<HttpResponse> NetTest::get(const std::string& path, Duration allowed) {
    HttpRequest request;
    request.url = url(path);
    return send(std::move(request), allowed);
}

Result<HttpResponse> NetTest::send(HttpRequest request, Duration allowed) {
    if (!client) start_client();
    return run(client->send(std::move(request), clock.steady() + allowed));
}

void NetTest::stop_server(Duration allowed) { run(server->stop(clock.steady() + allowed)); }

Task<Reply> echo_path(ServerRequest request) { co_return make_response(200, "text/plain", request.path); }

namespace {

Task<Reply> sleep_for_ever(Clock& clock) {
    co_await sleep_for(clock, std::chrono::hours{1});
    co_return DropConnection{};
}

}  // namespace

HttpHandler hang(Clock& clock) {
    return [&clock](const ServerRequest& /*request*/) { return sleep_for_ever(clock); };
}

void NetTest::turn_for(Duration duration) {
    bool over = false;
    clock.call_at(clock.steady() + duration, [&] { over = true; });
    EXPECT_TRUE(run_until([&] { return over; }));
}

// The socket does not block, and the loop turns whenever it would: the server lives on it.
std::string NetTest::talk(const std::vector<std::string>& pieces, Duration pause) {
    asio::ip::tcp::socket socket{io};
    socket.connect({asio::ip::address_v4::loopback(), port});
    socket.non_blocking(true);
    boost::system::error_code error;
    for (const std::string& piece : pieces) {
        for (std::size_t sent = 0; sent < piece.size();) {
            sent += socket.write_some(asio::buffer(piece) + sent, error);
            if (error && error != asio::error::would_block) break;
            if (error) turn_for(milliseconds{1});
        }
        turn_for(pause);
    }
    std::string received;
    std::array<char, 4096> buffer{};
    const SteadyTime end = clock.steady() + kLong;
    for (error = {}; !error || error == asio::error::would_block;) {
        received.append(buffer.data(), socket.read_some(asio::buffer(buffer), error));
        if (error == asio::error::would_block) turn_for(milliseconds{1});
        if (clock.steady() > end) return received + "[silence]";
    }
    return error == asio::error::eof ? received : received + "[reset]";
}

}  // namespace holdfast::net
