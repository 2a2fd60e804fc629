// What all connections of an HTTP server share. Only for the sources of the HTTP server.
#pragma once

#include <cstddef>
#include <unordered_set>

#include "shared/base/notifier.hpp"
#include "shared/net/http_server.hpp"
#include "shared/net/turns.hpp"

namespace holdfast::net {

class ServerConnection;

struct ServerState {
    ServerState(const Executor& executor, Clock& its_clock, HttpServerOptions its_options, HttpHandler its_handler)
        : clock{its_clock}, options{std::move(its_options)}, handler{std::move(its_handler)}, handshakes{executor} {}

    Clock& clock;
    HttpServerOptions options;
    HttpHandler handler;
    Turns handshakes;
    bool stopping{false};
    std::unordered_set<ServerConnection*> connections;
    std::size_t leaving{0};           // of these: cut to make room
    std::size_t unfinished_bytes{0};  // of bodies that are still coming
    Notifier changed;                 // a connection has gone

    [[nodiscard]] bool full() const { return connections.size() - leaving >= options.connections_max; }
    // Who sends much may send on after this time, zero if at once: all of them together get a share of the loop that leaves
    // enough for the others.
    [[nodiscard]] Duration pause_after(std::size_t bytes);
    // Cuts the most dispensable connection; false if all are at work.
    bool make_room();

private:
    SteadyTime taken_until_{SteadyTime::min()};
};

}  // namespace holdfast::net
