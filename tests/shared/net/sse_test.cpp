// Goal: server-sent events are read as the standard says, in whatever pieces they come. Method: plain calls.
#include "shared/net/sse.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace holdfast::net {
namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

Events parse(const std::vector<std::string>& pieces) {
    Events events;
    SseParser parser{[&](std::string_view event, std::string_view data) { events.emplace_back(event, data); }};
    for (const auto& piece : pieces) EXPECT_TRUE(parser.feed(piece).has_value());
    return events;
}

TEST(Sse, EventsCommentsAndUnknownFields) {
    EXPECT_EQ(parse({": hello\n\nevent: head\nid: 7\nretry: 9\ndata: {\"slot\":\"1\"}\n\ndata:x\n\n"}),
              (Events{{"head", "{\"slot\":\"1\"}"}, {"message", "x"}}));
}

TEST(Sse, DataOfSeveralLines_JoinedByLineFeeds) {
    EXPECT_EQ(parse({"data: a\ndata\ndata:  b\n\n"}), (Events{{"message", "a\n\n b"}}));
}

TEST(Sse, AllLineEnds_AlsoCutInTheMiddle) {
    const Events wanted{{"a", "1"}, {"b", "2"}};
    EXPECT_EQ(parse({"event: a\rdata: 1\r\revent: b\rdata: 2\r\r"}), wanted);
    EXPECT_EQ(parse({"event: a\r\ndata: 1\r\n\r\nevent: b\r\ndata: 2\r\n\r\n"}), wanted);
    EXPECT_EQ(parse({"event: a\r", "\ndata: 1\r", "\n\r", "\nevent: b\r\ndata: 2\r\n", "\r\n"}), wanted);
}

TEST(Sse, ByteByByte_SameEvents) {
    std::vector<std::string> bytes;
    for (const char c : std::string{"\xef\xbb\xbf"
                                    "event: a\r\ndata: 1\r\n\r\ndata: 2\n\n"})
        bytes.emplace_back(1, c);
    EXPECT_EQ(parse(bytes), (Events{{"a", "1"}, {"message", "2"}}));
}

TEST(Sse, EventWithoutData_AndUnfinishedEvent_AreDropped) {
    EXPECT_EQ(parse({"event: a\n\ndata: 1\n\nevent: c\ndata: 3\n"}), (Events{{"message", "1"}}));
}

TEST(Sse, LargerThanAllowed_IsMalformed) {
    SseParser line{[](auto, auto) {}, 100};
    EXPECT_TRUE(line.feed(std::string(100, 'x')).has_value());
    const auto result = line.feed("x");
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kMalformed);
    SseParser lines{[](auto, auto) {}, 100};
    bool refused = false;
    for (int i = 0; i < 20; ++i) refused = refused || !lines.feed("data: 12345678\n").has_value();
    EXPECT_TRUE(refused);
}

TEST(Sse, Format_IsReadBack) {
    EXPECT_EQ(format_event("head", "{}"), "event: head\ndata: {}\n\n");
    EXPECT_EQ(parse({format_event("head", "a\nb\n"), format_comment("alive"), format_event("", "c")}),
              (Events{{"head", "a\nb\n"}, {"message", "c"}}));
}

}  // namespace
}  // namespace holdfast::net
