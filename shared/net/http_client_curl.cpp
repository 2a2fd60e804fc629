// The client's two calls, as tasks around a CurlTransfer. They hold the loop themselves: the client may go away while they run.
#include <cmath>

#include "shared/net/curl_transfer.hpp"

namespace holdfast::net {

namespace {

struct Shared {
    HttpClientOptions options;
    std::shared_ptr<CurlLoop> loop;
};

constexpr std::string_view kClientClosed = "the client was closed";

std::string late(std::string_view what, Duration waited) {
    return std::string{what} + " within " + std::to_string(std::lround(to_ms(waited))) + " ms";
}

Task<Result<HttpResponse>> send_with(std::shared_ptr<const Shared> shared, HttpRequest request, SteadyTime deadline) {
    CurlTransfer transfer{shared->loop, shared->options, std::move(request)};
    if (shared->loop->closed()) co_return transfer.error(ErrorCode::kCancelled, kClientClosed);
    const Duration allowed = deadline - shared->loop->clock().steady();
    if (allowed <= Duration::zero())
        co_return transfer.error(ErrorCode::kTimeout, "the deadline had passed before it was sent");
    HOLDFAST_CO_TRY(transfer.start());
    transfer.set_alarm(deadline);
    while (!transfer.done() && !transfer.client_closed() && !transfer.alarm_rang()) co_await transfer.wait();
    if (transfer.done()) co_return transfer.take_response();
    if (transfer.client_closed()) co_return transfer.error(ErrorCode::kCancelled, kClientClosed);
    co_return transfer.error(ErrorCode::kTimeout, late("no answer", allowed));
}

// Gives what has come to the receiver. False when it wants no more.
bool deliver(CurlTransfer& transfer, const std::function<bool(std::string_view)>& on_data) {
    if (!transfer.has_data()) return true;
    const std::string data = transfer.take_data();
    return on_data(data);
}

Task<Result<void>> stream_with(std::shared_ptr<const Shared> shared, HttpRequest request, Duration silence_max,
                               std::function<bool(std::string_view)> on_data) {
    CurlTransfer transfer{shared->loop, shared->options, std::move(request)};
    if (shared->loop->closed()) co_return transfer.error(ErrorCode::kCancelled, kClientClosed);
    HOLDFAST_CO_TRY(transfer.start());
    transfer.set_alarm(shared->loop->clock().steady() + silence_max);
    while (true) {
        const int status = transfer.status();
        const bool answered = status >= 200;
        if (answered && status >= 300) {
            co_return transfer.error(ErrorCode::kUnavailable, "answered with status " + std::to_string(status));
        }
        const bool heard = transfer.has_data();
        const bool wants_more = deliver(transfer, on_data);
        if (!wants_more) co_return success();
        if (transfer.done()) co_return transfer.outcome();
        // The receiver may have closed the client.
        if (transfer.client_closed()) co_return transfer.error(ErrorCode::kCancelled, kClientClosed);
        if (transfer.alarm_rang() && !heard) co_return transfer.error(ErrorCode::kTimeout, late("nothing came", silence_max));
        if (heard) transfer.set_alarm(shared->loop->clock().steady() + silence_max);
        co_await transfer.wait();
    }
}

class CurlClient final : public HttpClient {
public:
    CurlClient(Executor executor, Clock& clock, HttpClientOptions options) {
        auto shared = std::make_shared<Shared>();
        shared->loop = std::make_shared<CurlLoop>(std::move(executor), clock, options);
        shared->options = std::move(options);
        shared_ = std::move(shared);
    }
    ~CurlClient() override { shared_->loop->close(); }

    Task<Result<HttpResponse>> send(HttpRequest request, SteadyTime deadline) override {
        return send_with(shared_, std::move(request), deadline);
    }

    Task<Result<void>> stream(HttpRequest request, Duration silence_max,
                              std::function<bool(std::string_view)> on_data) override {
        return stream_with(shared_, std::move(request), silence_max, std::move(on_data));
    }

private:
    std::shared_ptr<const Shared> shared_;
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client(Executor executor, Clock& clock, HttpClientOptions options) {
    return std::make_unique<CurlClient>(std::move(executor), clock, std::move(options));
}

}  // namespace holdfast::net
