#include "shared/net/server_transport.hpp"

#include <openssl/x509.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace holdfast::net {
namespace asio = boost::asio;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

Task<ReadResult> read_from(auto& stream, asio::mutable_buffer into) {
    auto [error, size] = co_await stream.async_read_some(into, kToken);
    co_return ReadResult{error, size};
}

Task<bool> write_to(auto& stream, ServerTransport::Pieces pieces) {
    auto [error, size] = co_await asio::async_write(stream, pieces, kToken);
    co_return !error;
}

Task<void> read_to_the_end(TcpSocket& socket) {
    std::array<char, 4096> rest{};
    while (true) {
        auto [error, size] = co_await socket.async_read_some(asio::buffer(rest), kToken);
        if (error) co_return;
    }
}

void close(TcpSocket& socket) {
    boost::system::error_code ignored;
    socket.close(ignored);
}

class PlainTransport final : public ServerTransport {
public:
    explicit PlainTransport(TcpSocket socket) : socket_{std::move(socket)} {}

    Task<bool> open() override { co_return true; }
    Task<ReadResult> read_some(asio::mutable_buffer into) override { return read_from(socket_, into); }
    Task<bool> write(Pieces pieces) override { return write_to(socket_, pieces); }

    Task<void> finish() override {
        boost::system::error_code error;
        socket_.shutdown(TcpSocket::shutdown_send, error);
        if (!error) co_await read_to_the_end(socket_);
        close(socket_);
    }

    void cut() override { close(socket_); }
    [[nodiscard]] std::string common_name() const override { return {}; }

private:
    TcpSocket socket_;
};

std::string common_name_of(SSL* ssl) {
    X509* certificate = SSL_get0_peer_certificate(ssl);
    if (certificate == nullptr) return {};
    X509_NAME* subject = X509_get_subject_name(certificate);
    const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (index < 0) return {};
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
    if (size < 0) return {};
    std::string result{text, text + size};
    OPENSSL_free(text);
    return result;
}

class TlsTransport final : public ServerTransport {
public:
    TlsTransport(TcpSocket socket, asio::ssl::context& context) : stream_{std::move(socket), context} {}

    Task<bool> open() override {
        auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, kToken);
        if (error) co_return false;
        common_name_ = common_name_of(stream_.native_handle());
        co_return true;
    }
    Task<ReadResult> read_some(asio::mutable_buffer into) override { return read_from(stream_, into); }
    // Each write is a record of its own, so a head and its body are joined first.
    Task<bool> write(Pieces pieces) override {
        std::string all;
        all.reserve(asio::buffer_size(pieces));
        for (const auto& piece : pieces) all.append(static_cast<const char*>(piece.data()), piece.size());
        auto [error, size] = co_await asio::async_write(stream_, asio::buffer(all), kToken);
        co_return !error;
    }

    Task<void> finish() override {
        // How it ends does not matter: most peers close without a word.
        co_await stream_.async_shutdown(kToken);
        close(stream_.next_layer());
    }

    void cut() override { close(stream_.next_layer()); }
    [[nodiscard]] std::string common_name() const override { return common_name_; }

private:
    asio::ssl::stream<TcpSocket> stream_;
    std::string common_name_;
};

}  // namespace

std::unique_ptr<ServerTransport> make_plain_transport(TcpSocket socket) {
    return std::make_unique<PlainTransport>(std::move(socket));
}

std::unique_ptr<ServerTransport> make_tls_transport(TcpSocket socket, asio::ssl::context& context) {
    return std::make_unique<TlsTransport>(std::move(socket), context);
}

Result<std::unique_ptr<asio::ssl::context>> make_server_tls(const TlsFiles& files) {
    const auto no = [](std::string_view what, const std::string& file, const boost::system::error_code& error) {
        return failure(ErrorCode::kInvalidArgument, std::string{what} + " '" + file + "' can't be used: " + error.message());
    };
    auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    // Resumed sessions would need their own rules for client certificates; our connections live long, so there are none.
    SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context->native_handle(), 0);

    boost::system::error_code error;
    context->use_certificate_chain_file(files.certificate_file, error);
    if (error) return no("the certificate", files.certificate_file, error);
    context->use_private_key_file(files.key_file, asio::ssl::context::pem, error);
    if (error) return no("the key", files.key_file, error);
    if (files.ca_file.empty()) return context;
    context->load_verify_file(files.ca_file, error);
    if (error) return no("the CA file", files.ca_file, error);
    SSL_CTX_set_client_CA_list(context->native_handle(), SSL_load_client_CA_file(files.ca_file.c_str()));
    context->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
    return context;
}

}  // namespace holdfast::net
