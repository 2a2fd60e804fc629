// TLS for the HTTP server: TLS 1.2 and 1.3, no resumption, client certificates checked for their purpose up to a CA of the file
// (no partial chains). Only for the sources of the HTTP server.
#pragma once

#include <openssl/types.h>

#include <memory>

#include "shared/net/server_transport.hpp"
#include "shared/net/turns.hpp"

namespace holdfast::net {

// What new connections are made with; those that exist keep theirs alive.
using TlsContext = std::shared_ptr<SSL_CTX>;

// kInvalidArgument naming the file that can't be used.
[[nodiscard]] Result<TlsContext> make_tls_context(const TlsFiles& files);

// `turns`: the steps of its handshake wait there. Must outlive the transport.
[[nodiscard]] std::unique_ptr<ServerTransport> make_tls_transport(TcpSocket socket, const TlsContext& context, Turns& turns);

}  // namespace holdfast::net
