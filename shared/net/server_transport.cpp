#include "shared/net/server_transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace holdfast::net {
namespace asio = boost::asio;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kRestBytes = 16U << 10U;

Task<void> read_to_the_end(TcpSocket& socket) {
    std::string rest(kRestBytes, '\0');
    while (true) {
        auto [error, size] = co_await socket.async_read_some(asio::buffer(rest), kToken);
        if (error) co_return;
    }
}

class PlainTransport final : public ServerTransport {
public:
    explicit PlainTransport(TcpSocket socket) : socket_{std::move(socket)} {}

    Task<bool> open() override { co_return true; }
    Task<ReadResult> read_some(asio::mutable_buffer into) override {
        auto [error, size] = co_await socket_.async_read_some(into, kToken);
        co_return ReadResult{error, size};
    }
    Task<bool> write(Pieces pieces) override {
        auto [error, size] = co_await asio::async_write(socket_, pieces, kToken);
        co_return !error;
    }
    Task<void> finish() override { return finish_socket(socket_); }
    void cut() override { close_socket(socket_); }

private:
    TcpSocket socket_;
};

}  // namespace

Task<void> finish_socket(TcpSocket& socket) {
    boost::system::error_code error;
    socket.shutdown(TcpSocket::shutdown_send, error);
    if (!error) co_await read_to_the_end(socket);
    close_socket(socket);
}

void close_socket(TcpSocket& socket) {
    boost::system::error_code ignored;
    socket.close(ignored);
}

std::unique_ptr<ServerTransport> make_plain_transport(TcpSocket socket) {
    return std::make_unique<PlainTransport>(std::move(socket));
}

}  // namespace holdfast::net
