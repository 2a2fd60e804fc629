// What the primary serves: /metrics, /healthz, /livez. Served from the first moment on, so that a port in use stops the start
// early.
#pragma once

#include <functional>
#include <string>

#include "shared/net/http_server.hpp"
#include "shared/validator/health.hpp"

namespace holdfast::primary {

struct EndpointSources {
    std::function<validator::Health()> health;
    std::function<std::string()> metrics;  // Prometheus' text format
    std::string version;
    std::string cluster;  // its id in hex
};

[[nodiscard]] net::HttpHandler make_handler(EndpointSources sources);
// {"role": "primary", "state": .., "healthy": .., "generation": .., "cluster": .., "version": .., "checks": [{"name", "ok",
// "detail"}]}
[[nodiscard]] std::string render(const validator::Health& health, const EndpointSources& sources);

}  // namespace holdfast::primary
