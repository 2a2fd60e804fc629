#include "shared/net/http_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cctype>

#include "shared/base/task_group.hpp"
#include "shared/net/server_connection.hpp"
#include "shared/net/server_tls.hpp"
#include "shared/net/unix_listener.hpp"
#include "shared/net/url.hpp"

namespace holdfast::net {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
// After a failed accept (no file descriptors left, and none of ours to spare): until others have closed theirs.
constexpr Duration kAcceptPause = std::chrono::milliseconds{100};
constexpr std::string_view kBusy = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

std::string text_of(const tcp::endpoint& endpoint) {
    const std::string address = endpoint.address().to_string();
    const std::string port = std::to_string(endpoint.port());
    return endpoint.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

std::string peer_of(const TcpSocket& socket) {
    boost::system::error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    return error ? std::string{} : text_of(endpoint);
}

std::string peer_of(const UnixSocket& /*socket*/) { return std::string{kUnixPeer}; }

void prepare(TcpSocket& socket) {
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay{true}, ignored);
}

void prepare(UnixSocket& /*socket*/) {}

// Without waiting: a peer that does not take it is not worth more.
template <class Socket>
void refuse(Socket& socket) {
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(kBusy), ignored);
    socket.shutdown(Socket::shutdown_send, ignored);
    socket.close(ignored);
}

bool is_out_of_descriptors(const boost::system::error_code& error) {
    return error == asio::error::no_descriptors || error == boost::system::errc::too_many_files_open_in_system;
}

Task<void> run(std::unique_ptr<ServerConnection> connection) { co_await connection->run(); }

Error cannot_listen(const std::string& where, const boost::system::error_code& error) {
    std::string why = error.message();
    if (!why.empty()) why.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(why.front())));
    return failure(ErrorCode::kIo, "cannot listen on " + where + ": " + why);
}

}  // namespace

class HttpServer::Impl {
public:
    Impl(Executor executor, Clock& clock, HttpServerOptions options, HttpHandler handler)
        : state_{std::make_shared<ServerState>(executor, clock, std::move(options), std::move(handler))},
          acceptor_{executor},
          local_{executor},
          tasks_{std::make_shared<TaskGroup>(executor)} {}

    Result<void> listen(const std::string& address, std::uint16_t port);
    Result<void> listen_unix(const std::string& path) { return local_.open(path); }
    Result<void> reload_tls();
    [[nodiscard]] std::uint16_t port() const;
    static Task<void> accept_tcp(std::shared_ptr<Impl> self) { return accept_all<TcpSocket>(self, self->acceptor_); }
    static Task<void> accept_unix(std::shared_ptr<Impl> self) { return accept_all<UnixSocket>(self, self->local_.acceptor()); }
    static Task<void> stop(std::shared_ptr<Impl> self, SteadyTime deadline);
    // Everything, at once. The clock is not used any more.
    void close();

    [[nodiscard]] TaskGroup& tasks() { return *tasks_; }

private:
    std::shared_ptr<ServerState> state_;
    TlsContext tls_;
    tcp::acceptor acceptor_;
    UnixListener local_;
    std::shared_ptr<TaskGroup> tasks_;  // none after close()

    boost::system::error_code bind(const tcp::endpoint& endpoint);
    template <class Socket, class Acceptor>
    static Task<void> accept_all(std::shared_ptr<Impl> self, Acceptor& acceptor);
    template <class Socket>
    void take(Socket socket);
    std::unique_ptr<ServerTransport> make_transport(TcpSocket socket);
    static std::unique_ptr<ServerTransport> make_transport(UnixSocket socket) {
        return make_plain_transport(std::move(socket));
    }
    void stop_accepting();
    void cut_all();
};

Result<void> HttpServer::Impl::listen(const std::string& address, std::uint16_t port) {
    boost::system::error_code error;
    const auto ip = asio::ip::make_address(address, error);
    if (error) return failure(ErrorCode::kInvalidArgument, "cannot listen on '" + address + "': not an IP address");
    HOLDFAST_TRY(reload_tls());
    const tcp::endpoint endpoint{ip, port};
    error = bind(endpoint);
    if (!error) return success();
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    return cannot_listen(text_of(endpoint), error);
}

Result<void> HttpServer::Impl::reload_tls() {
    if (!state_->options.tls) return success();
    HOLDFAST_TRY(tls_, make_tls_context(*state_->options.tls));
    return success();
}

boost::system::error_code HttpServer::Impl::bind(const tcp::endpoint& endpoint) {
    boost::system::error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address{true}, error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    return error;
}

std::uint16_t HttpServer::Impl::port() const {
    boost::system::error_code error;
    const auto endpoint = acceptor_.local_endpoint(error);
    return error ? std::uint16_t{0} : endpoint.port();
}

// The acceptor is a part of `self`.
template <class Socket, class Acceptor>
Task<void> HttpServer::Impl::accept_all(std::shared_ptr<Impl> self, Acceptor& acceptor) {
    while (acceptor.is_open()) {
        Socket socket{acceptor.get_executor()};
        const auto [error] = co_await acceptor.async_accept(socket, kToken);
        if (!acceptor.is_open()) co_return;
        if (!error) {
            self->take(std::move(socket));
        } else if (!is_out_of_descriptors(error) || !self->state_->make_room()) {
            co_await sleep_for(self->state_->clock, kAcceptPause);
        }
    }
}

template <class Socket>
void HttpServer::Impl::take(Socket socket) {
    prepare(socket);
    if (state_->full() && !state_->make_room()) {
        refuse(socket);
        return;
    }
    std::string peer = peer_of(socket);
    auto connection = std::make_unique<ServerConnection>(state_, make_transport(std::move(socket)), std::move(peer));
    tasks_->spawn("HTTP connection", run(std::move(connection)));
}

std::unique_ptr<ServerTransport> HttpServer::Impl::make_transport(TcpSocket socket) {
    return tls_ ? make_tls_transport(std::move(socket), tls_, state_->handshakes) : make_plain_transport(std::move(socket));
}

void HttpServer::Impl::stop_accepting() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    local_.close();
}

void HttpServer::Impl::cut_all() {
    for (ServerConnection* connection : state_->connections) connection->cut();
}

Task<void> HttpServer::Impl::stop(std::shared_ptr<Impl> self, SteadyTime deadline) {
    const auto state = self->state_;
    state->stopping = true;
    self->stop_accepting();
    for (ServerConnection* connection : state->connections) connection->cut_if_idle();
    bool in_time = true;
    while (in_time && !state->connections.empty()) in_time = co_await state->changed.wait_until(state->clock, deadline);
    self->cut_all();
    if (self->tasks_) self->tasks_->cancel();
    while (!state->connections.empty()) co_await state->changed.wait();
}

void HttpServer::Impl::close() {
    state_->stopping = true;
    stop_accepting();
    cut_all();
    // Asio defers a cancellation from outside the loop, and by then the task may be gone with the place where it is noted.
    if (tasks_) asio::dispatch(acceptor_.get_executor(), [tasks = std::move(tasks_)] { tasks->cancel(); });
    tasks_.reset();
}

HttpServer::HttpServer(Executor executor, Clock& clock, HttpServerOptions options, HttpHandler handler)
    : impl_{std::make_shared<Impl>(std::move(executor), clock, std::move(options), std::move(handler))} {}

HttpServer::~HttpServer() { impl_->close(); }

Result<void> HttpServer::listen(const std::string& address, std::uint16_t port) {
    HOLDFAST_TRY(impl_->listen(address, port));
    impl_->tasks().spawn("HTTP server", Impl::accept_tcp(impl_));
    return success();
}

Result<void> HttpServer::listen_unix(const std::string& path) {
    HOLDFAST_TRY(impl_->listen_unix(path));
    impl_->tasks().spawn("HTTP server on a Unix socket", Impl::accept_unix(impl_));
    return success();
}

std::uint16_t HttpServer::port() const { return impl_->port(); }

Result<void> HttpServer::reload_tls() { return impl_->reload_tls(); }

Task<void> HttpServer::stop(SteadyTime deadline) { return Impl::stop(impl_, deadline); }

std::optional<std::string> ServerRequest::parameter(std::string_view name) const {
    std::string_view rest = query;
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        const auto equals = std::min(pair.find('='), pair.size());
        if (query_decode(pair.substr(0, equals)) == name) return query_decode(pair.substr(std::min(equals + 1, pair.size())));
    }
    return std::nullopt;
}

}  // namespace holdfast::net
