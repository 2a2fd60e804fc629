#include "shared/net/server_transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace holdfast::net {
namespace asio = boost::asio;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

class PlainTransport final : public ServerTransport {
public:
    explicit PlainTransport(TcpSocket socket) : socket_{std::move(socket)} {}

    Task<bool> open() override { co_return true; }
    Task<ReadResult> read_some(asio::mutable_buffer into) override { return read_socket(socket_, into); }
    Task<ReadResult> read_rest(asio::mutable_buffer into) override { return read_socket(socket_, into); }
    Task<bool> write(Pieces pieces) override {
        auto [error, size] = co_await asio::async_write(socket_, pieces, kToken);
        co_return !error;
    }
    void shut() override {
        boost::system::error_code ignored;
        socket_.shutdown(TcpSocket::shutdown_send, ignored);
    }
    void cut() override { close_socket(socket_); }

private:
    TcpSocket socket_;
};

}  // namespace

Task<ReadResult> read_socket(TcpSocket& socket, asio::mutable_buffer into) {
    auto [error, size] = co_await socket.async_read_some(into, kToken);
    co_return ReadResult{error, size};
}

void close_socket(TcpSocket& socket) {
    boost::system::error_code ignored;
    socket.close(ignored);
}

std::unique_ptr<ServerTransport> make_plain_transport(TcpSocket socket) {
    return std::make_unique<PlainTransport>(std::move(socket));
}

}  // namespace holdfast::net
