#include "instance/listeners.hpp"

#include <utility>

#include "shared/base/log.hpp"

namespace holdfast::instance {

namespace {

net::HttpServerOptions small_bodies() {
    net::HttpServerOptions options;
    options.body_bytes_max = 4096;
    return options;
}

Task<net::Reply> refused(std::string why) { co_return net::make_error(409, why); }

}  // namespace

Listeners::Listeners(Executor executor, Clock& clock, const Settings& settings, ListenerSources sources)
    : executor_{std::move(executor)}, clock_{clock}, settings_{settings}, sources_{std::move(sources)} {}

Result<void> Listeners::open() {
    HOLDFAST_TRY(open_plain());
    HOLDFAST_TRY(open_control());
    return open_socket();
}

Task<void> Listeners::close(SteadyTime deadline) {
    for (const auto& server : servers_) co_await server->stop(deadline);
}

net::HttpHandler Listeners::plain() const {
    healthcheck::EndpointSources sources = sources_.sources;
    sources.command = {};
    sources.drill = {};
    return make_handler(std::move(sources));
}

net::HttpHandler Listeners::control(bool mutual_tls) const {
    healthcheck::EndpointSources sources = sources_.sources;
    sources.mutual_tls = mutual_tls;
    const net::HttpHandler handler = make_handler(std::move(sources));
    return [handler, refuse_drill = sources_.refuse_drill](net::ServerRequest request) {
        if (request.path == "/v1/drill") {
            std::string why = refuse_drill();
            if (!why.empty()) return refused(std::move(why));
        }
        return handler(std::move(request));
    };
}

net::HttpServer& Listeners::add(net::HttpServerOptions options, net::HttpHandler handler) {
    servers_.push_back(std::make_unique<net::HttpServer>(executor_, clock_, std::move(options), std::move(handler)));
    return *servers_.back();
}

Result<void> Listeners::open_plain() {
    HOLDFAST_TRY(const ListenAddress address, parse_listen(settings_.listen));
    return add(small_bodies(), plain()).listen(address.host, address.port);
}

Result<void> Listeners::open_control() {
    if (settings_.control_listen.empty()) return success();
    HOLDFAST_TRY(const ListenAddress address, parse_listen(settings_.control_listen));
    net::HttpServerOptions options = small_bodies();
    const bool tls = settings_.cluster->tls();
    if (tls) {
        options.tls = settings_.tls_files();
        options.on_refused = [](const std::string& peer, const std::string& why) { log_warn("refused {}: {}", peer, why); };
    }
    return add(std::move(options), control(tls)).listen(address.host, address.port);
}

Result<void> Listeners::open_socket() {
    const std::string path = settings_.control_socket_path();
    if (path.empty()) return success();
    return add(small_bodies(), control(false)).listen_unix(path);
}

}  // namespace holdfast::instance
