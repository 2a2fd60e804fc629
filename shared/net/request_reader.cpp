#include "shared/net/request_reader.hpp"

#include <algorithm>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
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

// A string that believes a peer's word about its length up to a limit only, and grows as the bytes come.
struct GrowingBody {
    using value_type = std::string;

    class reader {  // NOLINT(readability-identifier-naming): Beast looks for it
    public:
        template <bool is_request, class Fields>
        explicit reader(http::header<is_request, Fields>& /*header*/, std::string& body) : body_{body} {}

        void init(const boost::optional<std::uint64_t>& length, boost::system::error_code& error) {
            constexpr std::uint64_t kReservedMax = 16U << 20U;
            if (length) body_.reserve(static_cast<std::size_t>(std::min(*length, kReservedMax)));
            error = {};
        }
        template <class Buffers>
        std::size_t put(const Buffers& buffers, boost::system::error_code& error) {
            const std::size_t before = body_.size();
            for (const auto piece : boost::beast::buffers_range_ref(buffers)) {
                body_.append(static_cast<const char*>(piece.data()), piece.size());
            }
            error = {};
            return body_.size() - before;
        }
        void finish(boost::system::error_code& error) { error = {}; }

    private:
        std::string& body_;
    };
};

}  // namespace

struct RequestReader::Parser {
    Parser(std::size_t header_max, BodyLimit limit, std::size_t unsized_max)
        : header_bytes_max{header_max}, limit_of{std::move(limit)}, unsized_bytes_max{unsized_max} {
        begin();
    }

    std::size_t header_bytes_max;
    BodyLimit limit_of;
    std::size_t unsized_bytes_max;
    std::size_t body_bytes_max{0};
    bool says_too_little{false};  // with its length it might have been taken
    boost::beast::flat_buffer buffer;
    std::optional<http::request_parser<GrowingBody>> parser;
    boost::system::error_code error;

    void begin() {
        parser.emplace();
        parser->header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(header_bytes_max, UINT32_MAX)));
        parser->body_limit(boost::none);
    }

    // Until the parser wants more bytes, is done, or can't go on.
    void consume() {
        while (buffer.size() > 0 && !parser->is_done() && !error) {
            boost::system::error_code result;
            buffer.consume(parser->put(buffer.cdata(), result));
            if (result == http::error::need_more) {
                // Beast sets no limit to a chunk's extensions and to trailers.
                if (buffer.size() > header_bytes_max) error = http::error::header_limit;
                return;
            }
            error = result;
            // Not eager, it stops between header and body.
            if (!error && parser->is_header_done() && !parser->eager()) begin_body();
        }
    }

    void begin_body() {
        parser->eager(true);
        body_bytes_max = limit_of(view(parser->get().target()));
        const auto length = parser->content_length();
        says_too_little = !length && unsized_bytes_max < body_bytes_max;
        if (says_too_little) body_bytes_max = unsized_bytes_max;
        parser->body_limit(body_bytes_max);
        if (length && *length > body_bytes_max) error = http::error::body_limit;
    }
};

RequestReader::RequestReader(std::size_t header_bytes_max, BodyLimit body_bytes_max, std::size_t unsized_bytes_max)
    : parser_{std::make_unique<Parser>(header_bytes_max, std::move(body_bytes_max), unsized_bytes_max)} {}

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

std::size_t RequestReader::body_bytes() const { return parser_->parser->get().body().size(); }

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
        const std::string remedy = parser_->says_too_little ? "; say its length with content-length" : "";
        return make_error(413,
                          "the request's body is larger than " + std::to_string(parser_->body_bytes_max) + " bytes" + remedy);
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
