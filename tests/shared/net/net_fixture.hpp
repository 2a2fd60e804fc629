// A loop with a real clock, a server and a client on loopback, and raw sockets for what no client would send.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/real_clock.hpp"
#include "shared/base/task_group.hpp"
#include "shared/net/http_client.hpp"
#include "shared/net/http_server.hpp"

namespace holdfast::net {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Longer than anything that should happen: a test that reaches it has failed.
inline constexpr Duration kLong = seconds{10};

class NetTest : public testing::Test {
protected:
    NetTest() = default;
    ~NetTest() override;

    // Runs the loop until `done` says so; false after kLong.
    bool run_until(const std::function<bool()>& done);
    void turn_for(Duration duration);
    // Cancels from inside the loop, and runs it until all have ended.
    void cancel(TaskGroup& tasks);
    // Runs the loop until the task has ended.
    template <class T>
    T run(Task<T> task);
    void run(Task<void> task);

    HttpServer& start_server(HttpHandler handler, HttpServerOptions options = {});
    HttpClient& start_client(HttpClientOptions options = {});
    [[nodiscard]] std::string url(const std::string& path) const;
    Result<HttpResponse> get(const std::string& path, Duration allowed = kLong);
    Result<HttpResponse> send(HttpRequest request, Duration allowed = kLong);
    // A plain socket's view: sends the pieces with a pause after each, then reads until the server closes. "[reset]" or
    // "[silence]" at the end of what came if it does not close in good order.
    std::string talk(const std::vector<std::string>& pieces, Duration pause = {});
    void stop_server(Duration allowed = Duration::zero());

    boost::asio::io_context io;
    RealClock clock{io.get_executor()};
    std::optional<HttpServer> server;
    std::unique_ptr<HttpClient> client;
    TaskGroup group{io.get_executor()};
    std::string scheme{"http"};
    std::uint16_t port{0};
};

// A handler that answers 200 with the path, and one that never answers.
Task<Reply> echo_path(ServerRequest request);
HttpHandler hang(Clock& clock);

template <class T>
Task<void> store(Task<T> task, std::optional<T>& into) {
    into = co_await std::move(task);
}

template <class T>
T NetTest::run(Task<T> task) {
    std::optional<T> result;
    group.spawn("test", store(std::move(task), result));
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return std::move(*result);
}

}  // namespace holdfast::net
