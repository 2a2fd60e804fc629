#include "shared/net/http_client.hpp"

namespace holdfast::net {

std::unique_ptr<HttpClient> make_http_client(Executor, Clock&, HttpClientOptions) { return nullptr; }

}  // namespace holdfast::net
