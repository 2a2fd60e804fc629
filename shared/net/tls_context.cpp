// The server's side of TLS as settings: which certificates, which versions, who may come in.
#include <openssl/err.h>

#include "shared/net/openssl.hpp"
#include "shared/net/server_tls.hpp"

namespace holdfast::net {

namespace {

// Forward secrecy and authenticated encryption only, for peers of TLS 1.2; TLS 1.3 has nothing else.
constexpr const char* kCiphers12 = "ECDHE+AESGCM:ECDHE+CHACHA20";

Error unusable(const char* what, const std::string& file) {
    return failure(ErrorCode::kInvalidArgument, std::string{what} + " '" + file + "' can't be used: " + take_openssl_error());
}

void set_rules(SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context, kCiphers12);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    // No resumption: it would let in a client whose certificate has expired, or whose CA was taken out, since its last full
    // handshake. Our connections live long, so it would gain nothing.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
}

Result<void> set_client_ca(SSL_CTX* context, const std::string& file) {
    if (SSL_CTX_load_verify_file(context, file.c_str()) != 1) return unusable("the CA file", file);
    STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(file.c_str());
    if (names == nullptr) return unusable("the CA file", file);
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return success();
}

}  // namespace

Result<TlsContext> make_tls_context(const TlsFiles& files) {
    ERR_clear_error();
    TlsContext context{SSL_CTX_new(TLS_server_method()), &SSL_CTX_free};
    if (!context) return failure(ErrorCode::kInternal, "OpenSSL gives no TLS: " + take_openssl_error());
    set_rules(context.get());
    if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate_file.c_str()) != 1) {
        return unusable("the certificate", files.certificate_file);
    }
    if (SSL_CTX_use_PrivateKey_file(context.get(), files.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context.get()) != 1) {
        return unusable("the key", files.key_file);
    }
    if (!files.ca_file.empty()) {
        HOLDFAST_TRY(set_client_ca(context.get(), files.ca_file));
    }
    return context;
}

}  // namespace holdfast::net
