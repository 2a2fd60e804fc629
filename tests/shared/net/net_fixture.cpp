#include "tests/shared/net/net_fixture.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>

namespace holdfast::net {

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
    boost::asio::post(io, [&] {
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

namespace {

int connect_to(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{10, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
}

std::string talk_blocking(std::uint16_t port, const std::vector<std::string>& pieces, Duration pause, std::size_t enough) {
    const int fd = connect_to(port);
    for (const std::string& piece : pieces) {
        if (::send(fd, piece.data(), piece.size(), MSG_NOSIGNAL) < 0) break;
        std::this_thread::sleep_for(pause);
    }
    std::string received;
    std::array<char, 4096> buffer{};
    while (received.size() < enough) {
        const auto size = recv(fd, buffer.data(), buffer.size(), 0);
        if (size < 0) received += "[error]";
        if (size <= 0) break;
        received.append(buffer.data(), static_cast<std::size_t>(size));
    }
    close(fd);
    return received;
}

}  // namespace

std::string NetTest::talk(const std::vector<std::string>& pieces, Duration pause, std::size_t enough) {
    auto answer = std::async(std::launch::async, talk_blocking, port, pieces, pause, enough);
    EXPECT_TRUE(run_until([&] { return answer.wait_for(seconds{0}) == std::future_status::ready; }));
    return answer.get();
}

}  // namespace holdfast::net
