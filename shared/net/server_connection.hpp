// One connection of the HTTP server: requests in order, each answered by the handler. Only for the sources of the HTTP server.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

#include "shared/base/notifier.hpp"
#include "shared/net/http_server.hpp"
#include "shared/net/request_reader.hpp"
#include "shared/net/server_transport.hpp"

namespace holdfast::net {

class ServerConnection;

// What all connections of a server share.
struct ServerState {
    ServerState(Clock& its_clock, HttpServerOptions its_options, HttpHandler its_handler)
        : clock{its_clock}, options{std::move(its_options)}, handler{std::move(its_handler)} {}

    Clock& clock;
    HttpServerOptions options;
    HttpHandler handler;
    bool stopping{false};
    std::unordered_set<ServerConnection*> connections;
    Notifier changed;  // a connection has gone
};

// Calls once when a moment has come that is moved again and again. Touches the clock only when the moment comes nearer than the
// alarm that is set, so it costs nothing per request.
class Watchdog {
public:
    Watchdog(Clock& clock, std::function<void()> on_late) : clock_{&clock}, on_late_{std::move(on_late)} {}
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;
    ~Watchdog() { release(); }

    void set_in(Duration duration);
    void off() { late_at_ = SteadyTime::max(); }
    // For ever: the clock is not used any more.
    void release();

private:
    Clock* clock_;
    std::function<void()> on_late_;
    SteadyTime late_at_{SteadyTime::max()};
    SteadyTime alarm_at_{SteadyTime::max()};
    Clock::AlarmId alarm_{0};

    void arm();
    void ring();
};

class ServerConnection {
public:
    ServerConnection(std::shared_ptr<ServerState> state, std::unique_ptr<ServerTransport> transport, std::string peer);
    ServerConnection(const ServerConnection&) = delete;
    ServerConnection& operator=(const ServerConnection&) = delete;
    ~ServerConnection();

    // Until one side has enough.
    Task<void> run();

    // Cuts it if no request has begun.
    void cut_if_idle();
    // At once. The clock is not used any more.
    void cut();

private:
    friend class ChunkWriter;

    std::shared_ptr<ServerState> state_;
    std::unique_ptr<ServerTransport> transport_;
    std::string peer_;
    RequestReader reader_;
    Watchdog watchdog_;
    bool idle_{true};

    Task<bool> read_request();
    Task<bool> read_more();
    Task<bool> answer_request();
    Task<bool> answer(HttpResponse response, bool is_head, bool keep_alive);
    Task<bool> answer_stream(StreamResponse& response, bool is_head, bool is_http_1_0, bool keep_alive);
    Task<bool> write(ServerTransport::Pieces pieces);
    Task<void> finish();
};

}  // namespace holdfast::net
