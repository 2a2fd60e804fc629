// One request on an easy handle of curl: options in, response out. Lives in the frame of the task that sends it; its end,
// however it comes, takes the handle out of the loop and frees it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "shared/base/result.hpp"
#include "shared/net/curl_loop.hpp"
#include "shared/net/http.hpp"

namespace holdfast::net {

class CurlTransfer {
public:
    CurlTransfer(std::shared_ptr<CurlLoop> loop, const HttpClientOptions& options, HttpRequest request);
    CurlTransfer(const CurlTransfer&) = delete;
    CurlTransfer& operator=(const CurlTransfer&) = delete;
    ~CurlTransfer();

    // kInvalidArgument for a request that can't be sent as it is.
    Result<void> start();
    // Rings once: the task wakes and finds alarm_rang().
    void set_alarm(SteadyTime when) { loop_->set_alarm(job_, when); }
    // Until something happened. Throws operation_aborted when the task is cancelled.
    Task<void> wait() { return job_.changed.wait(); }

    [[nodiscard]] bool done() const { return job_.done; }
    [[nodiscard]] bool alarm_rang() const { return job_.alarm_rang; }
    [[nodiscard]] bool client_closed() const { return job_.client_closed; }
    // 0 until the header is there.
    [[nodiscard]] int status() const;
    // What has come of the body and was not taken yet.
    [[nodiscard]] bool has_data() const { return !body_.empty(); }
    [[nodiscard]] std::string take_data() { return std::exchange(body_, {}); }

    // After done(): the response, or what went wrong.
    [[nodiscard]] Result<HttpResponse> take_response();
    [[nodiscard]] Result<void> outcome() const;
    // "GET http://node:5052/eth/v1/node/version: why", without credentials and query.
    [[nodiscard]] Error error(ErrorCode code, std::string_view why) const;

private:
    enum class TooLarge { kNo, kHeader, kBody };

    std::shared_ptr<CurlLoop> loop_;
    const HttpClientOptions& options_;
    HttpRequest request_;
    CurlJob job_;
    curl_slist* header_list_{nullptr};
    char error_text_[CURL_ERROR_SIZE]{};
    Headers headers_;
    std::size_t header_bytes_{0};
    std::string body_;
    TooLarge too_large_{TooLarge::kNo};

    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
    void take_header(std::string_view line);
    Result<void> set_headers();
    void add_header(const std::string& line);
    void set_method();
    void set_tls();
    void set_limits();
    [[nodiscard]] std::string why_not_connected() const;
};

}  // namespace holdfast::net
