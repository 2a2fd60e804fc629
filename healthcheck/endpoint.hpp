// What both instances serve.
//   GET /livez    200: the process turns
//   GET /readyz   200: on duty, or could be this second
//   GET /healthz  200 when healthy, 503 when not; HealthDocument
//   GET /activez  200 on the instance that is on duty, 503 on the other: for a load balancer
//   GET /status   StatusDocument
//   GET /metrics  Prometheus
//   POST /v1/commands  {"command": "failover"}: only where `command` is set; 200 with a sentence, 409 if it is refused, 503 if
//                      whom it needs could not be reached
//   GET /v1/drill?slots=N  streams one line of JSON for each slot: only where `drill` is set
// HEAD where there is GET, but for the drill. Commands and drills are never taken from a web page (docs/health.md).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "healthcheck/document.hpp"
#include "shared/net/http_server.hpp"

namespace holdfast::healthcheck {

// Who asks, by its certificate; on the local socket and on plain loopback everybody is an operator.
struct CommandRequest {
    Command command{};
    std::string by;  // "operator/anna", "instance/secondary", "the local socket"
};

struct EndpointSources {
    std::function<HealthDocument()> health;
    std::function<StatusDocument()> status;
    std::function<std::string()> metrics;
    // May be empty: then commands are not found there. The result is a sentence for the operator.
    std::function<Task<Result<std::string>>(CommandRequest)> command;
    // One line for each slot (1 to kDrillSlotsMax) until `slots` are over, or `write` says false. May be empty.
    std::function<Task<void>(std::uint64_t slots, net::StreamWriter& write)> drill;
    // Whether callers must show a certificate of an operator or an instance, whatever they ask for; not on the local socket.
    bool mutual_tls{false};
};

inline constexpr std::uint64_t kDrillSlotsMax = 1'000;

[[nodiscard]] net::HttpHandler make_handler(EndpointSources sources);

// {"command": "failover"}, and nothing else in it. kMalformed with a sentence, which lists the commands where one is unknown.
[[nodiscard]] Result<Command> parse_command(std::string_view json);
[[nodiscard]] std::string render_command(Command command);

}  // namespace holdfast::healthcheck
