// One connection of the HTTP server: requests in order, each answered by the handler. Only for the sources of the HTTP server.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "shared/net/http_server.hpp"
#include "shared/net/request_reader.hpp"
#include "shared/net/server_state.hpp"
#include "shared/net/server_transport.hpp"

namespace holdfast::net {

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

    // A peer that we know: it showed a certificate, or had a request answered.
    [[nodiscard]] bool known() const { return served_ || transport_->authenticated(); }
    // Nothing is lost but time if it is cut: no request of a known peer is under way, and none of anybody is at the handler.
    [[nodiscard]] bool dispensable() const { return !leaving_ && !working_ && (idle_ || !known()); }
    [[nodiscard]] SteadyTime idle_since() const { return idle_since_; }
    // Cuts it to make room; it counts no more.
    void leave();

private:
    friend class ChunkWriter;

    std::shared_ptr<ServerState> state_;
    std::unique_ptr<ServerTransport> transport_;
    std::string peer_;
    RequestReader reader_;
    Watchdog watchdog_;
    Watchdog pause_;
    Notifier pause_over_;
    SteadyTime idle_since_;
    std::size_t held_bytes_{0};     // of an unfinished body
    std::size_t unpaced_bytes_{0};  // of large bodies, and after the end
    bool idle_{true};
    bool working_{false};  // the handler, or its answer
    bool served_{false};
    bool leaving_{false};
    bool dropped_{false};

    Task<bool> open();
    Task<bool> read_request();
    Task<bool> reject(HttpResponse rejection);
    [[nodiscard]] std::size_t body_bytes_max(std::string_view target) const;
    bool hold(std::size_t body_bytes);
    Task<void> pace(std::size_t bytes);
    void drop();
    Task<bool> read_more(bool paced);
    Task<bool> answer_request();
    Task<bool> answer(HttpResponse response, bool is_head, bool keep_alive);
    Task<bool> answer_stream(StreamResponse& response, bool is_head, bool is_http_1_0, bool keep_alive);
    Task<bool> write(ServerTransport::Pieces pieces);
    Task<void> finish();
};

}  // namespace holdfast::net
