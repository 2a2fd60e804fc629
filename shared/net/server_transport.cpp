#include "shared/net/server_transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace holdfast::net {
namespace asio = boost::asio;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

template <class Socket>
Task<ReadResult> read_from(Socket& socket, asio::mutable_buffer into) {
    auto [error, size] = co_await socket.async_read_some(into, kToken);
    co_return ReadResult{error, size};
}

template <class Socket>
class PlainTransport final : public ServerTransport {
public:
    explicit PlainTransport(Socket socket) : socket_{std::move(socket)} {}

    Task<bool> open() override { co_return true; }
    Task<ReadResult> read_some(asio::mutable_buffer into) override { return read_from(socket_, into); }
    Task<ReadResult> read_rest(asio::mutable_buffer into) override { return read_from(socket_, into); }
    Task<bool> write(Pieces pieces) override {
        auto [error, size] = co_await asio::async_write(socket_, pieces, kToken);
        co_return !error;
    }
    void shut() override {
        boost::system::error_code ignored;
        socket_.shutdown(Socket::shutdown_send, ignored);
    }
    void cut() override {
        boost::system::error_code ignored;
        socket_.close(ignored);
    }

private:
    Socket socket_;
};

}  // namespace

Task<ReadResult> read_socket(TcpSocket& socket, asio::mutable_buffer into) { return read_from(socket, into); }

void close_socket(TcpSocket& socket) {
    boost::system::error_code ignored;
    socket.close(ignored);
}

std::unique_ptr<ServerTransport> make_plain_transport(TcpSocket socket) {
    return std::make_unique<PlainTransport<TcpSocket>>(std::move(socket));
}

std::unique_ptr<ServerTransport> make_plain_transport(UnixSocket socket) {
    return std::make_unique<PlainTransport<UnixSocket>>(std::move(socket));
}

}  // namespace holdfast::net
