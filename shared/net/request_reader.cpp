#include "shared/net/request_reader.hpp"

#include <algorithm>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

namespace holdfast::net {
namespace http = boost::beast::http;

namespace {

constexpr std::size_t kReadBytes = 16U << 10U;

std::string lower(std::string_view text) {
    std::string result{text};
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return result;
}

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct RequestReader::Parser {
    Parser(std::size_t header_max, std::size_t body_max) : header_bytes_max{header_max}, body_bytes_max{body_max} { begin(); }

    std::size_t header_bytes_max;
    std::size_t body_bytes_max;
    boost::beast::flat_buffer buffer;
    std::optional<http::request_parser<http::string_body>> parser;
    boost::system::error_code error;

    void begin() {
        parser.emplace();
        parser->header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(header_bytes_max, UINT32_MAX)));
        parser->body_limit(body_bytes_max);
        parser->eager(true);
    }

    // Until the parser wants more bytes, is done, or can't go on.
    void consume() {
        while (buffer.size() > 0 && !parser->is_done() && !error) {
            boost::system::error_code result;
            buffer.consume(parser->put(buffer.cdata(), result));
            if (result == http::error::need_more) return;
            error = result;
        }
    }
};

RequestReader::RequestReader(std::size_t header_bytes_max, std::size_t body_bytes_max)
    : parser_{std::make_unique<Parser>(header_bytes_max, body_bytes_max)} {}

RequestReader::~RequestReader() = default;

RequestReader::Space RequestReader::space() {
    const auto space = parser_->buffer.prepare(kReadBytes);
    return {space.data(), space.size()};
}

void RequestReader::commit(std::size_t size) { parser_->buffer.commit(size); }

RequestReader::Stage RequestReader::advance() {
    parser_->consume();
    if (parser_->error) return Stage::kRejected;
    if (parser_->parser->is_done()) return Stage::kComplete;
    if (parser_->parser->is_header_done()) return Stage::kBody;
    return parser_->buffer.size() > 0 ? Stage::kHeader : Stage::kIdle;
}

bool RequestReader::expects_continue() const {
    return boost::beast::iequals(parser_->parser->get()[http::field::expect], "100-continue");
}

bool RequestReader::keep_alive() const { return parser_->parser->keep_alive(); }

bool RequestReader::is_http_1_0() const { return parser_->parser->get().version() < 11; }

HttpRequest RequestReader::take() {
    auto message = parser_->parser->release();
    HttpRequest request;
    request.method = view(message.method_string());
    request.url = view(message.target());
    for (const auto& field : message) {
        request.headers.push_back(Header{lower(view(field.name_string())), std::string{view(field.value())}});
    }
    request.body = std::move(message.body());
    parser_->begin();
    return request;
}

HttpResponse RequestReader::rejection() const {
    if (parser_->error == http::error::header_limit) {
        return make_error(431, "the request's header is larger than " + std::to_string(parser_->header_bytes_max) + " bytes");
    }
    if (parser_->error == http::error::body_limit) {
        return make_error(413, "the request's body is larger than " + std::to_string(parser_->body_bytes_max) + " bytes");
    }
    return make_error(400, "not a valid HTTP request: " + parser_->error.message());
}

bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

namespace {

// These follow from how the message is sent; a handler does not decide them.
bool is_framing(std::string_view name) {
    return name == "connection" || name == "content-length" || name == "transfer-encoding" || name == "keep-alive";
}

// A line end inside a value would let it become a header of its own.
void append_clean(std::string& text, std::string_view value) {
    for (const char c : value) text += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
}

}  // namespace

std::string format_head(const HttpResponse& response, BodyFraming framing, bool keep_alive) {
    std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
    head += view(http::obsolete_reason(http::int_to_status(static_cast<unsigned>(response.status))));
    head += "\r\n";
    for (const Header& header : response.headers) {
        if (is_framing(lower(header.name))) continue;
        append_clean(head, header.name);
        head += ": ";
        append_clean(head, header.value);
        head += "\r\n";
    }
    if (framing == BodyFraming::kLength && !has_no_body(response.status)) {
        head += "content-length: " + std::to_string(response.body.size()) + "\r\n";
    }
    if (framing == BodyFraming::kChunked) head += "transfer-encoding: chunked\r\n";
    head += keep_alive ? "connection: keep-alive\r\n\r\n" : "connection: close\r\n\r\n";
    return head;
}

}  // namespace holdfast::net
