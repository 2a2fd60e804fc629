#include "shared/beacon/http_link.hpp"

#include <utility>

#include "shared/beacon/api_decode.hpp"
#include "shared/net/url.hpp"

namespace holdfast::beacon {
namespace {

ErrorCode code_of(int status) {
    switch (status) {
        case 404: return ErrorCode::kNotFound;
        case 429:
        case 502:
        case 503:
        case 504: return ErrorCode::kUnavailable;
        default: return status >= 500 ? ErrorCode::kInternal : ErrorCode::kRefused;
    }
}

}  // namespace

net::HttpRequest get_request(std::string path, const char* accept) {
    net::HttpRequest request;
    request.url = std::move(path);
    request.headers.push_back({"accept", accept});
    return request;
}

net::HttpRequest post_request(std::string path, std::string body, const char* type) {
    net::HttpRequest request = get_request(std::move(path));
    request.method = "POST";
    request.headers.push_back({"content-type", type});
    request.body = std::move(body);
    return request;
}

void add_fork(net::HttpRequest& request, ethereum::ForkName fork) {
    request.headers.push_back({"eth-consensus-version", std::string{ethereum::to_string(fork)}});
}

bool is_ssz(const net::HttpResponse& response) {
    const auto type = net::find_header(response.headers, "content-type");
    return type && type->starts_with(kSsz);
}

HttpLink::HttpLink(net::HttpClient& client, std::string url) : client_{client}, base_{std::move(url)} {
    while (base_.ends_with('/')) base_.pop_back();
    shown_ = net::redact(base_);
}

std::string HttpLink::context(std::string_view path) const { return shown_ + std::string{path.substr(0, path.find('?'))}; }

Error HttpLink::status_error(std::string_view path, const net::HttpResponse& response) const {
    const std::string said = describe_error(response.body);
    std::string text = "status " + std::to_string(response.status) + (said.empty() ? "" : ": " + said);
    return with_context(context(path), failure(code_of(response.status), std::move(text)));
}

Task<Result<net::HttpResponse>> HttpLink::send(net::HttpRequest request, SteadyTime deadline) const {
    const std::string where = context(request.url);
    request.url.insert(0, base_);
    Result<net::HttpResponse> response = co_await client_.send(std::move(request), deadline);
    if (!response) co_return with_context(where, std::move(response).error());
    co_return std::move(response).value();
}

Task<Result<net::HttpResponse>> HttpLink::send_ok(net::HttpRequest request, SteadyTime deadline) const {
    const std::string path = request.url;
    Result<net::HttpResponse> response = co_await send(std::move(request), deadline);
    if (response && !response.value().ok()) co_return status_error(path, response.value());
    co_return response;
}

Task<Result<void>> HttpLink::tell(net::HttpRequest request, SteadyTime deadline) const {
    const Result<net::HttpResponse> response = co_await send_ok(std::move(request), deadline);
    if (!response) co_return response.error();
    co_return success();
}

}  // namespace holdfast::beacon
