#include "shared/net/http_server.hpp"

#include "shared/net/url.hpp"

namespace holdfast::net {

class HttpServer::Impl {};

HttpServer::HttpServer(Executor, Clock&, HttpServerOptions, HttpHandler) {}
HttpServer::~HttpServer() = default;
Result<void> HttpServer::listen(const std::string&, std::uint16_t) { return failure(ErrorCode::kInternal, "the server is not built"); }
std::uint16_t HttpServer::port() const { return 0; }
Task<void> HttpServer::stop(SteadyTime) { co_return; }
std::optional<std::string> ServerRequest::parameter(std::string_view) const { return std::nullopt; }

}  // namespace holdfast::net
