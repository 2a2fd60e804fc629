// Where an instance is asked: plain HTTP without commands, and with commands on an address for operators and on a Unix socket.
// Served from the first moment on, so that a port in use stops the start early, and /livez answers while keys are decrypted.
#pragma once

#include <memory>
#include <vector>

#include "healthcheck/endpoint.hpp"
#include "instance/settings.hpp"
#include "shared/net/http_server.hpp"

namespace holdfast::instance {

// Sources with `command` and `drill`; `refuse_drill` gives a sentence when none can be held now, else nothing.
struct ListenerSources {
    healthcheck::EndpointSources sources;
    std::function<std::string()> refuse_drill;
};

class Listeners {
public:
    // `clock` and what the sources use must outlive close().
    Listeners(Executor executor, Clock& clock, const Settings& settings, ListenerSources sources);

    // kIo with a sentence if an address is in use or can't be had.
    Result<void> open();
    // What was begun is finished until `deadline`.
    Task<void> close(SteadyTime deadline);

private:
    Executor executor_;
    Clock& clock_;
    const Settings& settings_;
    ListenerSources sources_;
    std::vector<std::unique_ptr<net::HttpServer>> servers_;

    [[nodiscard]] net::HttpHandler plain() const;
    [[nodiscard]] net::HttpHandler control(bool mutual_tls) const;
    net::HttpServer& add(net::HttpServerOptions options, net::HttpHandler handler);
    Result<void> open_plain();
    Result<void> open_control();
    Result<void> open_socket();
};

}  // namespace holdfast::instance
