// Goal: the server answers well-formed requests in order, sets limits to all others, and stops as asked. Method: raw sockets
// for what no client would send, our client for the rest; short limits instead of long waits.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <memory>

#include "shared/base/notifier.hpp"
#include "tests/shared/net/net_fixture.hpp"

namespace holdfast::net {
namespace {

struct ServerTest : NetTest {};

int status_of(const std::string& answer) { return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9, 3)) : 0; }

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t result = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++result;
    return result;
}

TEST_F(ServerTest, PipelinedRequests_AnsweredInOrder) {
    start_server(echo_path);
    const std::string answer =
        talk({"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n", "GET /3 HTTP/1.1\r\nConnection: close\r\n\r\n"});
    EXPECT_EQ(count(answer, "HTTP/1.1 200 OK\r\n"), 3U);
    EXPECT_LT(answer.find("\r\n\r\n/1HTTP"), answer.find("\r\n\r\n/2HTTP"));
    EXPECT_TRUE(answer.ends_with("\r\n\r\n/3")) << answer;
}

TEST_F(ServerTest, Http10_ClosedAfterTheAnswer) {
    start_server(echo_path);
    const std::string answer = talk({"GET /x HTTP/1.0\r\n\r\n"});
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_TRUE(answer.ends_with("connection: close\r\n\r\n/x")) << answer;
}

TEST_F(ServerTest, Request_IsTakenApart) {
    ServerRequest seen;
    start_server([&](ServerRequest request) {
        seen = request;
        return echo_path(std::move(request));
    });
    talk({"POST http://host:1/a%20b/c?x=%31&y HTTP/1.1\r\nX-Name: v\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"});
    EXPECT_EQ(seen.message.method, "POST");
    EXPECT_EQ(seen.message.url, "/a%20b/c?x=%31&y");
    EXPECT_EQ(seen.path, "/a b/c");
    EXPECT_EQ(seen.query, "x=%31&y");
    EXPECT_EQ(seen.parameter("x"), "1");
    EXPECT_EQ(seen.message.body, "hi");
    EXPECT_EQ(find_header(seen.message.headers, "x-name"), "v");
    EXPECT_TRUE(seen.peer.starts_with("127.0.0.1:"));
    EXPECT_EQ(seen.common_name, "");
}

TEST_F(ServerTest, Malformed_IsABadRequestAndClosed) {
    start_server(echo_path);
    for (const char* text :
         {"garbage\r\n\r\n", "GET x HTTP/1.1\r\n\r\n", "GET /%zz HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n: x\r\n\r\n"}) {
        const std::string answer = talk({text});
        EXPECT_EQ(status_of(answer), 400) << text << answer;
        EXPECT_EQ(count(answer, "["), 0U);
    }
}

TEST_F(ServerTest, HeaderTooLarge_431) {
    HttpServerOptions options;
    options.header_bytes_max = 1000;
    start_server(echo_path, options);
    EXPECT_EQ(status_of(talk({"GET / HTTP/1.1\r\nX: " + std::string(2000, 'a') + "\r\n\r\n"})), 431);
    EXPECT_EQ(status_of(talk({"GET / HTTP/1.1\r\nX: " + std::string(2'000'000, 'a')})), 431);
    EXPECT_EQ(status_of(talk({"GET / HTTP/1.1\r\nConnection: close\r\nX: " + std::string(800, 'a') + "\r\n\r\n"})), 200);
}

TEST_F(ServerTest, BodyTooLarge_413_AlsoSeenByOurClientThatIsStillSending) {
    HttpServerOptions options;
    options.body_bytes_max = 1000;
    start_server(echo_path, options);
    HttpRequest request;
    request.method = "POST";
    request.url = url("/x");
    request.body = std::string(1000, 'a');
    auto response = send(request);
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response.value().status, 200);
    request.body = std::string(4'000'000, 'a');
    response = send(request);
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response.value().status, 413);
}

TEST_F(ServerTest, ExpectContinue_IsAnsweredBeforeTheBody) {
    start_server(echo_path);
    const std::string answer = talk(
        {"POST /x HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n", "hi"}, milliseconds{50});
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")) << answer;
}

TEST_F(ServerTest, SlowOrSilentPeers_AreClosed) {
    bool asked = false;
    HttpServerOptions options;
    options.header_timeout = milliseconds{100};
    options.body_timeout = milliseconds{100};
    options.idle_timeout = milliseconds{200};
    start_server(
        [&](ServerRequest request) {
            asked = true;
            return echo_path(std::move(request));
        },
        options);
    const SteadyTime begin = clock.steady();
    // Each byte comes in time, but not the header as a whole.
    std::vector<std::string> drops(40, "a");
    drops.insert(drops.begin(), "GET /");
    EXPECT_EQ(count(talk(drops, milliseconds{10}), "HTTP"), 0U);
    EXPECT_EQ(talk({"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc"}), "");
    EXPECT_EQ(talk({}), "");
    EXPECT_FALSE(asked);
    EXPECT_EQ(count(talk({"GET / HTTP/1.1\r\n\r\n"}), "200 OK"), 1U);
    EXPECT_LT(clock.steady() - begin, kLong / 2);
}

TEST_F(ServerTest, PeerThatDoesNotRead_IsCut) {
    HttpServerOptions options;
    options.write_timeout = milliseconds{100};
    start_server([](ServerRequest) -> Task<Reply> { co_return make_response(200, "text/plain", std::string(32U << 20U, 'x')); },
                 options);
    boost::asio::ip::tcp::socket socket{io};
    socket.connect({boost::asio::ip::address_v4::loopback(), port});
    boost::asio::write(socket, boost::asio::buffer(std::string_view{"GET / HTTP/1.1\r\n\r\n"}));
    turn_for(milliseconds{400});
    // What the system had taken is all that comes; then the end, and not the 32 MiB.
    boost::system::error_code error;
    std::vector<char> buffer(40U << 20U);
    const std::size_t received = boost::asio::read(socket, boost::asio::buffer(buffer), error);
    EXPECT_TRUE(error);
    EXPECT_LT(received, 32U << 20U);
}

TEST_F(ServerTest, TooManyConnections_LaterOnesAreTurnedAway) {
    HttpServerOptions options;
    options.connections_max = 2;
    start_server(hang(clock), options);
    start_client();
    std::vector<std::optional<Result<HttpResponse>>> held(2);
    for (auto& result : held) {
        HttpRequest request;
        request.url = url("/");
        group.spawn("held", store(client->send(std::move(request), clock.steady() + kLong), result));
    }
    turn_for(milliseconds{50});
    EXPECT_EQ(status_of(talk({})), 503);
    cancel(group);
}

TEST_F(ServerTest, DropConnection_NothingIsAnswered) {
    start_server([](ServerRequest) -> Task<Reply> { co_return DropConnection{}; });
    EXPECT_EQ(talk({"GET / HTTP/1.1\r\n\r\n"}), "");
    const auto response = get("/");
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
}

TEST_F(ServerTest, PortInUse_OneSentence) {
    start_server(echo_path);
    HttpServer second{io.get_executor(), clock, {}, echo_path};
    const auto result = second.listen("127.0.0.1", port);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kIo);
    EXPECT_EQ(result.error().message, "cannot listen on 127.0.0.1:" + std::to_string(port) + ": address already in use");
    const auto foreign = second.listen("192.0.2.1", 0);
    ASSERT_FALSE(foreign.has_value());
    EXPECT_EQ(foreign.error().code, ErrorCode::kIo);
    EXPECT_EQ(second.listen("nowhere", 0).error().code, ErrorCode::kInvalidArgument);
    EXPECT_TRUE(second.listen("127.0.0.1", 0).has_value());
}

Task<Reply> answer_when(Notifier& go, ServerRequest request) {
    co_await go.wait();
    co_return make_response(200, "text/plain", request.path);
}

TEST_F(ServerTest, Stop_FinishesWhatHasBegunAndRefusesTheRest) {
    Notifier go;
    bool begun = false;
    start_server([&](ServerRequest request) {
        begun = request.path == "/slow";
        return begun ? answer_when(go, std::move(request)) : echo_path(std::move(request));
    });
    ASSERT_TRUE(get("/idle").has_value());
    auto idle_client = std::move(client);
    start_client();
    std::optional<Result<HttpResponse>> running;
    HttpRequest slow;
    slow.url = url("/slow");
    group.spawn("slow", store(client->send(std::move(slow), clock.steady() + kLong), running));
    ASSERT_TRUE(run_until([&] { return begun; }));
    bool stopped = false;
    group.spawn("stop", [](HttpServer& it, SteadyTime deadline, bool& done) -> Task<void> {
        co_await it.stop(deadline);
        done = true;
    }(*server, clock.steady() + kLong, stopped));
    turn_for(milliseconds{50});
    EXPECT_FALSE(stopped);
    for (HttpClient* other : {idle_client.get(), client.get()}) {
        HttpRequest request;
        request.url = url("/new");
        const auto refused = run(other->send(std::move(request), clock.steady() + kLong));
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
    }
    go.notify_all();
    ASSERT_TRUE(run_until([&] { return running && stopped; }));
    ASSERT_TRUE(running->has_value()) << running->error().message;
    EXPECT_EQ(running->value().body, "/slow");
    EXPECT_EQ(find_header(running->value().headers, "connection"), "close");
}

struct Ended {
    bool& flag;
    ~Ended() { flag = true; }
};

Task<Reply> hang_and_note(Clock& clock, bool& begun, bool& ended) {
    const Ended note{ended};
    begun = true;
    co_await sleep_for(clock, std::chrono::hours{1});
    co_return DropConnection{};
}

TEST_F(ServerTest, Stop_CutsAHandlerThatNeverReturnsAtItsDeadline) {
    bool begun = false;
    bool ended = false;
    start_server([&](const ServerRequest&) { return hang_and_note(clock, begun, ended); });
    start_client();
    std::optional<Result<HttpResponse>> running;
    HttpRequest request;
    request.url = url("/");
    group.spawn("hung", store(client->send(std::move(request), clock.steady() + kLong), running));
    ASSERT_TRUE(run_until([&] { return begun; }));
    stop_server(milliseconds{100});
    EXPECT_TRUE(ended);
    ASSERT_TRUE(run_until([&] { return running.has_value(); }));
    EXPECT_EQ(running->error().code, ErrorCode::kUnavailable);
}

TEST_F(ServerTest, Stop_WithNothingRunning_IsImmediate) {
    start_server(echo_path);
    ASSERT_TRUE(get("/").has_value());
    const SteadyTime begin = clock.steady();
    stop_server(kLong);
    EXPECT_LT(clock.steady() - begin, kLong / 2);
}

TEST_F(ServerTest, DestroyedWhileRequestsRun_NothingBreaks) {
    bool begun = false;
    bool ended = false;
    start_server([&](const ServerRequest&) { return hang_and_note(clock, begun, ended); });
    start_client();
    std::optional<Result<HttpResponse>> running;
    HttpRequest request;
    request.url = url("/");
    group.spawn("hung", store(client->send(std::move(request), clock.steady() + kLong), running));
    ASSERT_TRUE(run_until([&] { return begun; }));
    server.reset();
    ASSERT_TRUE(run_until([&] { return running && ended; }));
    EXPECT_FALSE(running->has_value());
}

}  // namespace
}  // namespace holdfast::net
