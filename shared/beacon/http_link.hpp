// The way to one beacon node: requests by path, failures that name the node and the path.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/base/task.hpp"
#include "shared/base/time.hpp"
#include "shared/ethereum/chain_spec.hpp"
#include "shared/net/http_client.hpp"

namespace holdfast::beacon {

inline constexpr const char* kJson = "application/json";
inline constexpr const char* kSsz = "application/octet-stream";
inline constexpr const char* kSszOrJson = "application/octet-stream;q=1.0,application/json;q=0.9";

[[nodiscard]] net::HttpRequest get_request(std::string path, const char* accept = kJson);
[[nodiscard]] net::HttpRequest post_request(std::string path, std::string body, const char* type = kJson);
// Header Eth-Consensus-Version.
void add_fork(net::HttpRequest& request, ethereum::ForkName fork);
// Is the body said to be SSZ?
[[nodiscard]] bool is_ssz(const net::HttpResponse& response);

class HttpLink {
public:
    // `client` must outlive the object.
    HttpLink(net::HttpClient& client, std::string url);

    [[nodiscard]] const std::string& base() const { return base_; }    // may have credentials
    [[nodiscard]] const std::string& shown() const { return shown_; }  // has none

    // Node and path without query: a query may be kilobytes of keys.
    [[nodiscard]] std::string context(std::string_view path) const;
    [[nodiscard]] Error status_error(std::string_view path, const net::HttpResponse& response) const;
    // What was decoded of an answer to `path`; the error with its context.
    template <class T>
    [[nodiscard]] Result<T> decoded(std::string_view path, Result<T> value) const {
        if (!value) return with_context(context(path), std::move(value).error());
        return value;
    }

    // `request.url` is the path. Whatever status.
    Task<Result<net::HttpResponse>> send(net::HttpRequest request, SteadyTime deadline) const;
    // A status other than 2xx is a failure.
    Task<Result<net::HttpResponse>> send_ok(net::HttpRequest request, SteadyTime deadline) const;
    // An answer of which only the status matters.
    Task<Result<void>> tell(net::HttpRequest request, SteadyTime deadline) const;

private:
    net::HttpClient& client_;
    std::string base_;
    std::string shown_;
};

}  // namespace holdfast::beacon
