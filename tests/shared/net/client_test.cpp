// Goal: the client keeps its promises to callers: reuse, deadlines, limits, cancellation, clear failures. Method: our server on
// loopback, and raw listeners where a server must misbehave.
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <set>

#include "tests/shared/net/net_fixture.hpp"

namespace holdfast::net {
namespace {

using boost::asio::ip::tcp;

struct ClientTest : NetTest {
    std::set<std::string> peers;
    HttpHandler note_peer() {
        return [this](ServerRequest request) {
            peers.insert(request.peer);
            return echo_path(std::move(request));
        };
    }
};

Task<Reply> echo_message(ServerRequest request) {
    std::string text = request.message.method + " " + request.message.url + "\n";
    for (const auto& header : request.message.headers) text += header.name + ": " + header.value + "\n";
    co_return make_response(200, "text/plain", text + request.message.body);
}

TEST_F(ClientTest, SequentialCalls_OneConnection) {
    start_server(note_peer());
    for (int i = 0; i < 10; ++i) {
        const auto response = get("/" + std::to_string(i));
        ASSERT_TRUE(response.has_value()) << response.error().message;
        EXPECT_EQ(response.value().status, 200);
        EXPECT_EQ(response.value().body, "/" + std::to_string(i));
        EXPECT_EQ(find_header(response.value().headers, "content-type"), "text/plain");
    }
    EXPECT_EQ(peers.size(), 1U);
}

Task<void> count_ok(HttpClient& client, HttpRequest request, SteadyTime deadline, int& ok) {
    const auto response = co_await client.send(std::move(request), deadline);
    if (response.has_value() && response.value().ok()) ++ok;
}

TEST_F(ClientTest, ParallelCalls_AllAnswered_ConnectionsLimited) {
    start_server(note_peer());
    HttpClientOptions options;
    options.connections_per_host_max = 8;
    start_client(options);
    int ok = 0;
    for (int i = 0; i < 100; ++i) {
        HttpRequest request;
        request.url = url("/x");
        group.spawn("call", count_ok(*client, std::move(request), clock.steady() + kLong, ok));
    }
    EXPECT_TRUE(run_until([&] { return ok == 100; }));
    EXPECT_LE(peers.size(), 8U);
    EXPECT_GT(peers.size(), 1U);
}

TEST_F(ClientTest, MethodsBodiesAndHeaders_ArriveAsGiven) {
    start_server(echo_message);
    HttpRequest request;
    request.method = "POST";
    request.url = url("/a%20b?x=1");
    request.headers = {{"content-type", "application/octet-stream"}, {"x-empty", ""}, {"accept", "application/json"}};
    request.body = std::string("a\0b", 3) + std::string(200'000, 'z');
    const auto response = send(request);
    ASSERT_TRUE(response.has_value());
    const std::string& text = response.value().body;
    EXPECT_TRUE(text.starts_with("POST /a%20b?x=1\n"));
    EXPECT_TRUE(text.ends_with("\n" + request.body));
    EXPECT_NE(text.find("content-type: application/octet-stream\n"), std::string::npos);
    EXPECT_NE(text.find("x-empty: \n"), std::string::npos);
    EXPECT_NE(text.find("user-agent: holdfast\n"), std::string::npos);
    EXPECT_EQ(text.find("expect:"), std::string::npos);
    for (const char* method : {"GET", "POST", "PUT", "DELETE", "PATCH"}) {
        HttpRequest other;
        other.method = method;
        other.url = url("/");
        const auto answer = send(other);
        ASSERT_TRUE(answer.has_value());
        EXPECT_TRUE(answer.value().body.starts_with(std::string{method} + " /\n")) << answer.value().body;
        EXPECT_EQ(answer.value().body.find("content-type:"), std::string::npos);
    }
}

TEST_F(ClientTest, Head_HasLengthButNoBody) {
    start_server(echo_path);
    HttpRequest request;
    request.method = "HEAD";
    request.url = url("/abc");
    for (int i = 0; i < 2; ++i) {
        const auto response = send(request);
        ASSERT_TRUE(response.has_value());
        EXPECT_EQ(response.value().body, "");
        EXPECT_EQ(find_header(response.value().headers, "content-length"), "4");
    }
}

TEST_F(ClientTest, Deadline_IsATimeoutAndOthersGoOn) {
    start_server([this](ServerRequest request) {
        return request.path == "/hang" ? hang(clock)(request) : echo_path(std::move(request));
    });
    start_client();
    std::optional<Result<HttpResponse>> hung;
    HttpRequest request;
    request.url = url("/hang?token=secret");
    group.spawn("hung", store(client->send(std::move(request), clock.steady() + milliseconds{300}), hung));
    int others = 0;
    while (!hung && others < 1'000'000) others += get("/x").has_value() ? 1 : 1'000'000;
    EXPECT_GT(others, 5);
    EXPECT_LT(others, 1'000'000);
    ASSERT_TRUE(hung && !hung->has_value());
    EXPECT_EQ(hung->error().code, ErrorCode::kTimeout);
    EXPECT_EQ(hung->error().message, "GET " + url("/hang") + ": no answer within 300 ms");
}

TEST_F(ClientTest, DeadlineInThePast_IsNotSent) {
    start_server(note_peer());
    const auto response = get("/", Duration::zero());
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().code, ErrorCode::kTimeout);
    EXPECT_TRUE(peers.empty());
}

TEST_F(ClientTest, RefusedConnection_IsUnavailableAndShowsNoCredentials) {
    {
        tcp::acceptor free{io, tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};
        port = free.local_endpoint().port();
    }
    HttpRequest request;
    request.url = "http://user:secret@127.0.0.1:" + std::to_string(port) + "/x?key=secret";
    const SteadyTime begin = clock.steady();
    const auto response = send(request);
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(response.error().message, "GET " + url("/x") + ": no connection: connection refused");
    EXPECT_LT(clock.steady() - begin, kLong / 2);
}

TEST_F(ClientTest, CredentialsInTheUrl_AreSentAsBasicAuthorization) {
    start_server(echo_message);
    HttpRequest request;
    request.url = "http://user:p%40ss@127.0.0.1:" + std::to_string(port) + "/";
    const auto response = send(request);
    ASSERT_TRUE(response.has_value());
    EXPECT_NE(response.value().body.find("authorization: Basic dXNlcjpwQHNz\n"), std::string::npos) << response.value().body;
}

TEST_F(ClientTest, RequestsThatCannotBeSent_AreInvalid) {
    for (const HttpRequest& request :
         {HttpRequest{"GET", "ftp://127.0.0.1/", {}, ""}, HttpRequest{"GET", "file:///etc/passwd", {}, ""},
          HttpRequest{"GET X", "http://127.0.0.1/", {}, ""},
          HttpRequest{"GET", "http://127.0.0.1/", {{"a", "b\r\nc: d"}}, ""}}) {
        const auto response = send(request);
        ASSERT_FALSE(response.has_value());
        EXPECT_EQ(response.error().code, ErrorCode::kInvalidArgument) << response.error().message;
    }
}

TEST_F(ClientTest, ResponseLargerThanAllowed_IsMalformed) {
    start_server(echo_path);
    HttpClientOptions options;
    options.response_bytes_max = 10;
    start_client(options);
    EXPECT_TRUE(get("/123456789").has_value());
    const auto response = get("/1234567890");
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().code, ErrorCode::kMalformed);
    EXPECT_NE(response.error().message.find("larger than 10 bytes"), std::string::npos) << response.error().message;
}

TEST_F(ClientTest, HostName_IsLookedUp) {
    start_server(echo_path);
    HttpRequest request;
    request.url = "http://localhost:" + std::to_string(port) + "/x";
    for (int i = 0; i < 3; ++i) {
        const auto response = send(request);
        ASSERT_TRUE(response.has_value()) << response.error().message;
        EXPECT_EQ(response.value().body, "/x");
    }
}

TEST_F(ClientTest, Redirect_IsNotFollowed) {
    start_server([](ServerRequest request) -> Task<Reply> {
        HttpResponse response = make_response(302, "text/plain", "");
        response.headers.push_back(Header{"location", "/elsewhere"});
        if (request.path == "/elsewhere") response.status = 200;
        co_return response;
    });
    const auto response = get("/");
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response.value().status, 302);
}

// On a thread of its own: accepts one connection, answers the first bytes with `text` and closes.
void answer_raw(tcp::acceptor& acceptor, const std::string& text) {
    boost::system::error_code ignored;
    tcp::socket socket{acceptor.get_executor()};
    acceptor.accept(socket, ignored);
    std::array<char, 4096> request{};
    socket.read_some(boost::asio::buffer(request), ignored);
    boost::asio::write(socket, boost::asio::buffer(text), ignored);
}

TEST_F(ClientTest, ServersThatMisbehave) {
    const std::vector<std::pair<std::string, ErrorCode>> cases{
        {"SSH-2.0-OpenSSH\r\n", ErrorCode::kMalformed},
        {"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", ErrorCode::kUnavailable},
        {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", ErrorCode::kUnavailable},
        {"HTTP/1.1 200 OK\r\n" + std::string(2 << 20, 'a'), ErrorCode::kUnavailable},
        {"", ErrorCode::kUnavailable},
    };
    for (const auto& [text, code] : cases) {
        tcp::acceptor acceptor{io, tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};
        port = acceptor.local_endpoint().port();
        const auto answered = std::async(std::launch::async, answer_raw, std::ref(acceptor), text);
        const auto response = get("/x");
        ASSERT_FALSE(response.has_value()) << text.substr(0, 80);
        EXPECT_EQ(response.error().code, code) << response.error().message;
    }
}

TEST_F(ClientTest, CancelledTask_EndsTheTransferAndFreesTheConnection) {
    int running = 0;
    start_server([&](const ServerRequest& request) {
        ++running;
        return hang(clock)(request);
    });
    HttpClientOptions options;
    options.connections_per_host_max = 1;
    start_client(options);
    for (int i = 1; i <= 5; ++i) {
        TaskGroup callers{io.get_executor()};
        int ok = 0;
        HttpRequest request;
        request.url = url("/");
        callers.spawn("call", count_ok(*client, std::move(request), clock.steady() + kLong, ok));
        // With one connection allowed, a transfer that lived on would keep the next from being sent.
        ASSERT_TRUE(run_until([&] { return running == i; }));
        cancel(callers);
        EXPECT_EQ(ok, 0);
    }
}

TEST_F(ClientTest, ClientClosedWhileCallsRun_TheyEndAsCancelled) {
    start_server(hang(clock));
    start_client();
    std::vector<std::optional<Result<HttpResponse>>> results(5);
    for (auto& result : results) {
        HttpRequest request;
        request.url = url("/");
        group.spawn("call", store(client->send(std::move(request), clock.steady() + kLong), result));
    }
    turn_for(milliseconds{50});
    HttpRequest late;
    late.url = url("/");
    auto not_begun = client->send(std::move(late), clock.steady() + kLong);
    client.reset();
    ASSERT_TRUE(run_until([&] { return group.size() == 0; }));
    for (const auto& result : results) {
        ASSERT_TRUE(result && !result->has_value());
        EXPECT_EQ(result->error().code, ErrorCode::kCancelled);
    }
    const auto last = run(std::move(not_begun));
    ASSERT_FALSE(last.has_value());
    EXPECT_EQ(last.error().code, ErrorCode::kCancelled);
}

TEST_F(ClientTest, ServerRestartedBetweenCalls_NextCallWorks) {
    start_server(echo_path);
    ASSERT_TRUE(get("/1").has_value());
    stop_server();
    const std::uint16_t before = port;
    server.emplace(io.get_executor(), clock, HttpServerOptions{}, echo_path);
    ASSERT_TRUE(server->listen("127.0.0.1", before).has_value());
    const auto response = get("/2");
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response.value().body, "/2");
}

}  // namespace
}  // namespace holdfast::net
