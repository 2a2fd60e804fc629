// Asynchronous HTTP client. One object for a whole process: connections are kept alive and shared by host.
// Every call has a deadline (steady time). Used on the I/O thread only. Cancelling the awaiting task ends the transfer, frees
// all it held and throws operation_aborted, as every other wait does. An HTTP status is not a failure here; failures are
// kTimeout, kUnavailable (could not connect, connection broke, TLS refused), kMalformed (not HTTP, larger than allowed),
// kCancelled (the client was destroyed meanwhile; allowed at any time), kInvalidArgument (no usable URL, method or header).
// Their messages name method and URL, without credentials and query. Redirects are not followed; no proxy is taken from the
// environment.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/base/task.hpp"
#include "shared/base/time.hpp"
#include "shared/net/http.hpp"

namespace holdfast::net {

struct HttpClientOptions {
    TlsFiles tls;
    Duration connect_timeout{std::chrono::seconds{1}};
    std::size_t response_bytes_max{64U << 20U};
    std::size_t connections_per_host_max{16};
    std::string user_agent{"holdfast"};
    // All requests go to this Unix socket, whatever host their URLs name ("http://localhost/status"). Empty: over the network.
    std::string unix_socket{};
};

// Did nobody listen there? Then the program that should is not running, which silence (kTimeout, and other kUnavailable) does
// not prove. Of this client's failures.
[[nodiscard]] bool connection_refused(const Error& error);

class HttpClient {
public:
    HttpClient() = default;
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;
    virtual ~HttpClient() = default;

    virtual Task<Result<HttpResponse>> send(HttpRequest request, SteadyTime deadline) = 0;

    // A response without end (server-sent events): `on_data` gets each piece of the body as it comes, after a 2xx status.
    // Returns when the server ends it, when `on_data` returns false, or with kTimeout when nothing came for `silence_max`. A
    // status other than 2xx is a kUnavailable failure that names it.
    virtual Task<Result<void>> stream(HttpRequest request, Duration silence_max,
                                      std::function<bool(std::string_view)> on_data) = 0;
};

// libcurl's multi interface on the loop of `executor`. `clock` must outlive the client.
[[nodiscard]] std::unique_ptr<HttpClient> make_http_client(Executor executor, Clock& clock, HttpClientOptions options);

}  // namespace holdfast::net
