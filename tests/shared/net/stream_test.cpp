// Goal: responses without end come piece by piece, and end from either side. Method: our server's chunked streams, our client.
#include "shared/net/sse.hpp"
#include "tests/shared/net/net_fixture.hpp"

namespace holdfast::net {
namespace {

struct StreamTest : NetTest {
    std::vector<std::string> events;
    bool body_ended{false};

    Result<void> stream(Duration silence_max, std::size_t events_max) {
        if (!client) start_client();
        HttpRequest request;
        request.url = url("/events");
        SseParser parser{[this](std::string_view event, std::string_view data) {
            events.push_back(std::string{event} + ":" + std::string{data});
        }};
        auto on_data = [&, this](std::string_view data) { return parser.feed(data).has_value() && events.size() < events_max; };
        return run(client->stream(std::move(request), silence_max, on_data));
    }
};

// Sends `count` events with a pause before each; the peer may go meanwhile.
Task<void> send_events(Clock& clock, int count, Duration pause, bool& ended, StreamWriter& writer) {
    for (int i = 0; i < count; ++i) {
        co_await sleep_for(clock, pause);
        const bool alive = co_await writer.write(format_event("head", std::to_string(i)));
        if (!alive) break;
    }
    ended = true;
}

Task<Reply> reply_stream(std::function<Task<void>(StreamWriter&)> body) {
    HttpResponse head;
    head.status = 200;
    head.headers = {{"content-type", "text/event-stream"}};
    co_return StreamResponse{head, std::move(body)};
}

HttpHandler events_handler(Clock& clock, int count, Duration pause, bool& ended) {
    return [&clock, count, pause, &ended](const ServerRequest&) {
        return reply_stream(
            [&clock, count, pause, &ended](StreamWriter& writer) { return send_events(clock, count, pause, ended, writer); });
    };
}

TEST_F(StreamTest, ServerEndsIt_AllEventsCame) {
    start_server(events_handler(clock, 3, milliseconds{5}, body_ended));
    const auto result = stream(kLong, 100);
    EXPECT_TRUE(result.has_value());
    EXPECT_EQ(events, (std::vector<std::string>{"head:0", "head:1", "head:2"}));
    // The connection is as good as before.
    const auto whole = get("/events");
    ASSERT_TRUE(whole.has_value());
    EXPECT_EQ(whole.value().body, "event: head\ndata: 0\n\nevent: head\ndata: 1\n\nevent: head\ndata: 2\n\n");
}

TEST_F(StreamTest, EventsComeAsTheyAreSent_ClientStops_ServerNotices) {
    start_server(events_handler(clock, 1'000'000, milliseconds{5}, body_ended));
    EXPECT_TRUE(stream(kLong, 3).has_value());
    EXPECT_EQ(events.size(), 3U);
    EXPECT_TRUE(run_until([&] { return body_ended; }));
}

TEST_F(StreamTest, Silence_IsATimeout_CountedFromTheLastPiece) {
    start_server(events_handler(clock, 1000, milliseconds{60}, body_ended));
    // Each piece comes within the limit, all of them do not.
    EXPECT_TRUE(stream(milliseconds{500}, 10).has_value());
    EXPECT_EQ(events.size(), 10U);
    body_ended = false;
    events.clear();
    const auto result = stream(milliseconds{20}, 8);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kTimeout);
    EXPECT_EQ(result.error().message, "GET " + url("/events") + ": nothing came within 20 ms");
    EXPECT_TRUE(run_until([&] { return body_ended; }));
}

TEST_F(StreamTest, OtherStatus_IsUnavailableAndNamesIt) {
    start_server([](ServerRequest) -> Task<Reply> { co_return make_error(503, "syncing"); });
    const auto result = stream(kLong, 1);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(result.error().message, "GET " + url("/events") + ": answered with status 503");
    EXPECT_TRUE(events.empty());
}

TEST_F(StreamTest, ServerDestroyed_IsUnavailable) {
    start_server(events_handler(clock, 1'000'000, milliseconds{5}, body_ended));
    clock.call_at(clock.steady() + milliseconds{50}, [this] { server.reset(); });
    const auto result = stream(kLong, 1'000'000);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
    EXPECT_FALSE(events.empty());
}

TEST_F(StreamTest, StopOfTheServer_CutsStreamsAtItsDeadline) {
    start_server(events_handler(clock, 1'000'000, milliseconds{5}, body_ended));
    clock.call_at(clock.steady() + milliseconds{50},
                  [this] { group.spawn("stop", server->stop(clock.steady() + milliseconds{50})); });
    EXPECT_FALSE(stream(kLong, 1'000'000).has_value());
    EXPECT_TRUE(run_until([&] { return group.size() == 0; }));
}

TEST_F(StreamTest, ClientClosedByItsOwnReceiver_IsCancelled) {
    start_server(events_handler(clock, 1'000'000, milliseconds{1}, body_ended));
    start_client();
    HttpRequest request;
    request.url = url("/events");
    auto task = client->stream(std::move(request), kLong, [this](std::string_view) {
        client.reset();
        return true;
    });
    const auto result = run(std::move(task));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
    EXPECT_TRUE(run_until([&] { return body_ended; }));
}

TEST_F(StreamTest, Http10Peer_GetsPlainBytesUntilTheEnd) {
    start_server(events_handler(clock, 2, milliseconds{1}, body_ended));
    const std::string answer = talk({"GET / HTTP/1.0\r\n\r\n"});
    EXPECT_TRUE(answer.ends_with("connection: close\r\n\r\nevent: head\ndata: 0\n\nevent: head\ndata: 1\n\n")) << answer;
    EXPECT_EQ(answer.find("chunked"), std::string::npos);
}

TEST_F(StreamTest, Head_GetsNoBody) {
    start_server(events_handler(clock, 2, milliseconds{1}, body_ended));
    const std::string answer = talk({"HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n"});
    EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
    EXPECT_EQ(answer.find("event: head"), std::string::npos);
    EXPECT_FALSE(body_ended);
}

}  // namespace
}  // namespace holdfast::net
