// Bytes in, requests out: HTTP/1.1 by Beast's parser, with limits. Keeps what comes after a request for the next one
// (pipelining). No socket, no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "shared/net/http.hpp"

namespace holdfast::net {

class RequestReader {
public:
    enum class Stage {
        kIdle,      // no byte of a request has come
        kHeader,    // a part of the header
        kBody,      // the header, and a part of the body
        kComplete,  // take() it
        kRejected,  // see rejection(); nothing that follows can be understood
    };

    struct Space {
        void* data{nullptr};
        std::size_t size{0};
    };

    // How many bytes the body of a request for this target may have; asked once the header is there.
    using BodyLimit = std::function<std::size_t(std::string_view target)>;

    // `unsized_bytes_max`: moreover of a body that doesn't say its length (chunked).
    RequestReader(std::size_t header_bytes_max, BodyLimit body_bytes_max, std::size_t unsized_bytes_max = SIZE_MAX);
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;
    ~RequestReader();

    // Where the next bytes go; then how many came.
    [[nodiscard]] Space space();
    void commit(std::size_t size);
    // Reads as far as the bytes allow.
    Stage advance();

    // From kBody on: what the header says.
    [[nodiscard]] bool expects_continue() const;
    [[nodiscard]] bool keep_alive() const;
    [[nodiscard]] bool is_http_1_0() const;
    // How much of the body is held here.
    [[nodiscard]] std::size_t body_bytes() const;
    // At kComplete; begins the next request.
    [[nodiscard]] HttpRequest take();
    // At kRejected: 400, 413 or 431.
    [[nodiscard]] HttpResponse rejection() const;

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

// The head of a response as it is sent, with the empty line. `body`: how its end is told.
enum class BodyFraming { kLength, kChunked, kUntilClose };
[[nodiscard]] std::string format_head(const HttpResponse& response, BodyFraming framing, bool keep_alive);
// No body may follow such a status (RFC 9112, section 6.3).
[[nodiscard]] bool has_no_body(int status);

}  // namespace holdfast::net
