// One accepted connection as bytes: plain or TLS. Only for the sources of the HTTP server.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "shared/base/result.hpp"
#include "shared/base/task.hpp"
#include "shared/net/http.hpp"

namespace holdfast::net {

struct ReadResult {
    boost::system::error_code error;
    std::size_t size{0};
};

class ServerTransport {
public:
    using Pieces = std::array<boost::asio::const_buffer, 3>;

    ServerTransport() = default;
    ServerTransport(const ServerTransport&) = delete;
    ServerTransport& operator=(const ServerTransport&) = delete;
    virtual ~ServerTransport() = default;

    // TLS: shakes hands and learns the client's name. Plain: nothing. After false see refusal().
    virtual Task<bool> open() = 0;
    virtual Task<ReadResult> read_some(boost::asio::mutable_buffer into) = 0;
    // All pieces, in order. False when the connection broke.
    virtual Task<bool> write(Pieces pieces) = 0;
    // Says that nothing more will come. The peer may go on sending.
    virtual void shut() = 0;
    // After shut(): what still comes, as it comes, for nobody. Closing over unread bytes would destroy an answer on its way.
    virtual Task<ReadResult> read_rest(boost::asio::mutable_buffer into) = 0;
    // At once; whatever waits on it ends.
    virtual void cut() = 0;

    [[nodiscard]] virtual std::string common_name() const { return {}; }
    // It showed a certificate that was accepted.
    [[nodiscard]] virtual bool authenticated() const { return false; }
    // Why it could not be opened, in words about the peer; empty if it just went away.
    [[nodiscard]] virtual std::string refusal() const { return {}; }
};

using TcpSocket = boost::asio::ip::tcp::socket;
using UnixSocket = boost::asio::local::stream_protocol::socket;

[[nodiscard]] std::unique_ptr<ServerTransport> make_plain_transport(TcpSocket socket);
[[nodiscard]] std::unique_ptr<ServerTransport> make_plain_transport(UnixSocket socket);

// Parts of all transports.
Task<ReadResult> read_socket(TcpSocket& socket, boost::asio::mutable_buffer into);
void close_socket(TcpSocket& socket);

}  // namespace holdfast::net
