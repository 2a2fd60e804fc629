// Goal: the plain values of HTTP, and the reading of requests from bytes in any pieces. Method: plain calls, no sockets.
#include "shared/net/http.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "shared/net/http_server.hpp"
#include "shared/net/request_reader.hpp"

namespace holdfast::net {
namespace {

using Stage = RequestReader::Stage;

RequestReader::BodyLimit at_most(std::size_t bytes) {
    return [bytes](std::string_view /*target*/) { return bytes; };
}

Stage feed(RequestReader& reader, std::string_view bytes) {
    const auto space = reader.space();
    std::memcpy(space.data, bytes.data(), bytes.size());
    reader.commit(bytes.size());
    return reader.advance();
}

TEST(Http, FindHeader_IgnoresCase) {
    const Headers headers{{"content-type", "a"}, {"Content-Type", "b"}};
    EXPECT_EQ(find_header(headers, "CONTENT-type"), "a");
    EXPECT_EQ(find_header(headers, "content"), std::nullopt);
}

TEST(Http, MakeError_IsJsonWhateverTheText) {
    const auto response = make_error(400, "a \"quote\"\n\\");
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(response.body, R"({"code": 400, "message": "a \"quote\"\u000a\\"})");
    EXPECT_EQ(find_header(response.headers, "content-type"), "application/json");
}

TEST(Http, Parameter_DecodedFirstOneOrNothing) {
    ServerRequest request;
    request.query = "topics=head,block&empty=&a%20b=c+d&flag&topics=x&bad=%zz";
    EXPECT_EQ(request.parameter("topics"), "head,block");
    EXPECT_EQ(request.parameter("empty"), "");
    EXPECT_EQ(request.parameter("flag"), "");
    EXPECT_EQ(request.parameter("a b"), "c d");
    EXPECT_EQ(request.parameter("bad"), std::nullopt);
    EXPECT_EQ(request.parameter("none"), std::nullopt);
}

TEST(RequestReader, ByteByByte_StagesInOrder) {
    RequestReader reader{1024, at_most(1024)};
    const std::string_view text = "POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Y:  z \r\nContent-Length: 3\r\n\r\nabc";
    EXPECT_EQ(reader.advance(), Stage::kIdle);
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        EXPECT_EQ(feed(reader, text.substr(i, 1)), i < text.size() - 4 ? Stage::kHeader : Stage::kBody) << i;
    }
    EXPECT_EQ(feed(reader, "c"), Stage::kComplete);
    EXPECT_TRUE(reader.keep_alive());
    const auto request = reader.take();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url, "/a?b=c");
    EXPECT_EQ(request.body, "abc");
    EXPECT_EQ(find_header(request.headers, "x-y"), "z");
    EXPECT_EQ(reader.advance(), Stage::kIdle);
}

TEST(RequestReader, Pipelined_OneAfterTheOther) {
    RequestReader reader{1024, at_most(1024)};
    EXPECT_EQ(feed(reader, "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.0\r\n\r\nGET"), Stage::kComplete);
    EXPECT_EQ(reader.take().url, "/1");
    EXPECT_EQ(reader.advance(), Stage::kComplete);
    EXPECT_TRUE(reader.is_http_1_0());
    EXPECT_FALSE(reader.keep_alive());
    EXPECT_EQ(reader.take().url, "/2");
    EXPECT_EQ(reader.advance(), Stage::kHeader);
}

TEST(RequestReader, Limits) {
    RequestReader header{64, at_most(1024)};
    EXPECT_EQ(feed(header, "GET /" + std::string(100, 'a')), Stage::kRejected);
    EXPECT_EQ(header.rejection().status, 431);
    RequestReader body{1024, at_most(10)};
    EXPECT_EQ(feed(body, "POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n"), Stage::kRejected);
    EXPECT_EQ(body.rejection().status, 413);
    RequestReader chunked{1024, at_most(10)};
    EXPECT_EQ(feed(chunked, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nabcdefghijk\r\n"), Stage::kRejected);
    EXPECT_EQ(chunked.rejection().status, 413);
}

TEST(RequestReader, BodyLimit_ByTheTarget) {
    RequestReader reader{1024, [](std::string_view target) { return target.starts_with("/large") ? 20U : 5U; }};
    const std::string head = " HTTP/1.1\r\nContent-Length: 10\r\n\r\n";
    EXPECT_EQ(feed(reader, "POST /large?x" + head + "0123456789"), Stage::kComplete);
    EXPECT_EQ(reader.take().body, "0123456789");
    EXPECT_EQ(feed(reader, "POST /small" + head), Stage::kRejected);
    EXPECT_EQ(reader.rejection().status, 413);
}

TEST(RequestReader, ChunksWithoutEnd_AreRejectedWithoutKeepingThem) {
    const std::string head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string much(500, 'x');
    const std::vector<std::string> endless{head + "1;" + much, head + "0\r\nTrailer: " + much,
                                           head + "00000000000000000000" + much};
    for (const std::string& text : endless) {
        RequestReader reader{1024, at_most(1024)};
        Stage stage = feed(reader, text);
        for (int i = 0; i < 3 && stage == Stage::kBody; ++i) stage = feed(reader, much);
        EXPECT_EQ(stage, Stage::kRejected) << text;
    }
}

TEST(RequestReader, HugeLength_IsNotBelieved) {
    RequestReader reader{1024, at_most(std::size_t{1} << 50U)};
    EXPECT_EQ(feed(reader, "POST / HTTP/1.1\r\nContent-Length: 1000000000000000\r\n\r\nabc"), Stage::kBody);
    EXPECT_EQ(reader.body_bytes(), 3U);
}

TEST(RequestReader, Garbage_IsABadRequest) {
    for (const char* text : {"\x16\x03\x01\x02\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /\r\n\r\n",
                             "GET / HTTP/1.1\r\nno colon\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                             "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                             "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
        RequestReader reader{1024, at_most(1024)};
        EXPECT_EQ(feed(reader, text), Stage::kRejected) << text;
        EXPECT_EQ(reader.rejection().status, 400) << text;
    }
}

TEST(FormatHead, LineEndsInAValueMakeNoHeader) {
    HttpResponse response = make_response(200, "text/plain\r\nevil: 1", "abc");
    response.headers.push_back(Header{"Content-Length", "999"});
    EXPECT_EQ(format_head(response, BodyFraming::kLength, true),
              "HTTP/1.1 200 OK\r\ncontent-type: text/plain  evil: 1\r\ncontent-length: 3\r\nconnection: keep-alive\r\n\r\n");
}

TEST(FormatHead, NoLengthWhereNoBodyMayBe) {
    EXPECT_EQ(format_head(HttpResponse{204, {}, ""}, BodyFraming::kLength, false),
              "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
}

}  // namespace
}  // namespace holdfast::net
