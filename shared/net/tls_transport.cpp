// A TLS connection over OpenSSL that reads and writes the socket itself, and waits on the loop when it can't.
#include <openssl/err.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "shared/base/assert.hpp"
#include "shared/net/openssl.hpp"
#include "shared/net/server_tls.hpp"

namespace holdfast::net {
namespace asio = boost::asio;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
// A head and a body up to this size leave as one piece; copying more would cost more than a record of its own.
constexpr std::size_t kJoinedMax = 64U << 10U;
// After so many bytes without a pause the others on the loop come first: one record.
constexpr std::size_t kUnpausedMax = 16U << 10U;

// OpenSSL's own socket BIO would raise SIGPIPE, and would go on using the number of a descriptor that was closed.
int bio_done(BIO* bio, ssize_t result, int retry) {
    BIO_clear_retry_flags(bio);
    if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
    return static_cast<int>(result);
}

int socket_of(BIO* bio) {
    auto& socket = *static_cast<TcpSocket*>(BIO_get_data(bio));
    return socket.is_open() ? socket.native_handle() : -1;
}

int bio_read(BIO* bio, char* into, int size) {
    return bio_done(bio, ::recv(socket_of(bio), into, static_cast<std::size_t>(size), MSG_DONTWAIT), BIO_FLAGS_READ);
}

int bio_write(BIO* bio, const char* from, int size) {
    const auto sent = ::send(socket_of(bio), from, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
    return bio_done(bio, sent, BIO_FLAGS_WRITE);
}

long bio_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* bio_method() {
    static const BioMethodOwner method = [] {
        BioMethodOwner made{BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "holdfast socket")};
        HOLDFAST_ASSERT(made != nullptr);
        BIO_meth_set_read(made.get(), &bio_read);
        BIO_meth_set_write(made.get(), &bio_write);
        BIO_meth_set_ctrl(made.get(), &bio_control);
        return made;
    }();
    return method.get();
}

SslOwner make_ssl(SSL_CTX* context, TcpSocket& socket) {
    SslOwner ssl{SSL_new(context)};
    BioOwner bio{BIO_new(bio_method())};
    HOLDFAST_ASSERT(ssl != nullptr && bio != nullptr);
    BIO_set_data(bio.get(), &socket);
    BIO_set_init(bio.get(), 1);
    SSL_set_bio(ssl.get(), bio.get(), bio.get());
    static_cast<void>(bio.release());
    SSL_set_accept_state(ssl.get());
    return ssl;
}

// Why a handshake failed, as the end of a sentence about the peer; empty if it just went away.
std::string why_failed(SSL* ssl, int error) {
    if (error != SSL_ERROR_SSL) return {};
    const unsigned long first = ERR_peek_error();
    const int reason = ERR_GET_REASON(first);
    const std::string words = take_openssl_error();
    if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) return {};
    if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) return "it showed no certificate";
    if (const long verdict = SSL_get_verify_result(ssl); reason == SSL_R_CERTIFICATE_VERIFY_FAILED && verdict != X509_V_OK) {
        return std::string{"its certificate is not accepted: "} + X509_verify_cert_error_string(verdict);
    }
    if (reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256)
        return "it refused our certificate or TLS: " + words;
    if (reason == SSL_R_HTTP_REQUEST || reason == SSL_R_WRONG_VERSION_NUMBER) return "it does not speak TLS: " + words;
    return "the TLS handshake failed: " + words;
}

class TlsTransport final : public ServerTransport {
public:
    TlsTransport(TcpSocket socket, SSL_CTX* context, Turns& turns)
        : socket_{std::move(socket)}, ssl_{make_ssl(context, socket_)}, turns_{turns} {}

    Task<bool> open() override {
        Want want = Want::kRead;
        while (want != Want::kNothing) {
            const bool is_ready = co_await ready(want);
            if (!is_ready) co_return false;
            co_await turns_.next();
            ERR_clear_error();
            want = after(SSL_do_handshake(ssl_.get()));
            if (want == Want::kEnd) co_return false;
        }
        if (const X509* certificate = SSL_get0_peer_certificate(ssl_.get())) common_name_ = common_name_of(certificate);
        authenticated_ = SSL_get0_peer_certificate(ssl_.get()) != nullptr;
        co_return true;
    }

    Task<ReadResult> read_some(asio::mutable_buffer into) override {
        while (true) {
            std::size_t size = 0;
            ERR_clear_error();
            const Want want = after(SSL_read_ex(ssl_.get(), into.data(), into.size(), &size));
            if (want == Want::kNothing) {
                if (too_long_unpaused(size)) co_await asio::post(asio::use_awaitable);
                co_return ReadResult{{}, size};
            }
            if (want == Want::kEnd) break;
            const bool is_ready = co_await ready(want);
            if (!is_ready) break;
        }
        co_return ReadResult{asio::error::eof, 0};
    }

    Task<bool> write(Pieces pieces) override {
        if (asio::buffer_size(pieces) <= kJoinedMax) {
            std::string all;
            all.reserve(asio::buffer_size(pieces));
            for (const auto& piece : pieces) all.append(static_cast<const char*>(piece.data()), piece.size());
            const bool written = co_await write_piece(asio::buffer(all));
            co_return written;
        }
        for (const auto& piece : pieces) {
            const bool written = co_await write_piece(piece);
            if (!written) co_return false;
        }
        co_return true;
    }

    void shut() override {
        ERR_clear_error();
        if (!broken_) SSL_shutdown(ssl_.get());
        boost::system::error_code ignored;
        socket_.shutdown(TcpSocket::shutdown_send, ignored);
    }
    // Not decrypted any more.
    Task<ReadResult> read_rest(asio::mutable_buffer into) override { return read_socket(socket_, into); }

    void cut() override { close_socket(socket_); }
    [[nodiscard]] std::string common_name() const override { return common_name_; }
    [[nodiscard]] bool authenticated() const override { return authenticated_; }
    [[nodiscard]] std::string refusal() const override { return refusal_; }

private:
    enum class Want { kNothing, kRead, kWrite, kEnd };

    TcpSocket socket_;
    SslOwner ssl_;
    Turns& turns_;
    std::string common_name_;
    std::string refusal_;
    bool authenticated_{false};
    bool broken_{false};
    std::size_t unpaused_{0};

    Want after(int result) {
        if (result > 0) return Want::kNothing;
        const int error = SSL_get_error(ssl_.get(), result);
        if (error == SSL_ERROR_WANT_READ) return Want::kRead;
        if (error == SSL_ERROR_WANT_WRITE) return Want::kWrite;
        if (error != SSL_ERROR_ZERO_RETURN) broken_ = true;
        if (!SSL_is_init_finished(ssl_.get())) refusal_ = why_failed(ssl_.get(), error);
        return Want::kEnd;
    }

    Task<bool> ready(Want want) {
        const auto way = want == Want::kRead ? TcpSocket::wait_read : TcpSocket::wait_write;
        unpaused_ = 0;
        auto [error] = co_await socket_.async_wait(way, kToken);
        co_return !error;
    }

    bool too_long_unpaused(std::size_t more) {
        unpaused_ += more;
        if (unpaused_ < kUnpausedMax) return false;
        unpaused_ = 0;
        return true;
    }

    Task<bool> write_piece(asio::const_buffer piece) {
        while (piece.size() > 0) {
            std::size_t size = 0;
            ERR_clear_error();
            const Want want = after(SSL_write_ex(ssl_.get(), piece.data(), piece.size(), &size));
            if (want == Want::kEnd) co_return false;
            if (want == Want::kNothing) {
                piece += size;
                if (too_long_unpaused(size)) co_await asio::post(asio::use_awaitable);
            } else {
                const bool is_ready = co_await ready(want);
                if (!is_ready) co_return false;
            }
        }
        co_return true;
    }
};

}  // namespace

std::unique_ptr<ServerTransport> make_tls_transport(TcpSocket socket, const TlsContext& context, Turns& turns) {
    return std::make_unique<TlsTransport>(std::move(socket), context.get(), turns);
}

}  // namespace holdfast::net
