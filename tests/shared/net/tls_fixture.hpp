// A server and clients with the certificates of one authority, "ca", and strangers of another, "other_ca".
#pragma once

#include "tests/shared/net/net_fixture.hpp"
#include "tests/shared/net/test_certificates.hpp"

namespace holdfast::net {

struct TlsTest : NetTest {
    CertificateFolder folder;
    Identity ca = Identity::make_ca("ca");
    Identity other_ca = Identity::make_ca("other ca");
    int asked{0};
    std::string peers_name;
    std::string peers_address;
    std::vector<std::string> refused;  // "127.0.0.1:40000 why"

    TlsTest() {
        folder.write("ca", ca);
        folder.write("other_ca", other_ca);
        write_leaf("server", ca);
        write_leaf("client", ca);
        write_leaf("foreign", other_ca);
        scheme = "https";
    }
    void write_leaf(const std::string& name, const Identity& issuer, const LeafOptions& options = {}) {
        folder.write(name, Identity::make_leaf(name, issuer, options));
    }
    [[nodiscard]] TlsFiles files(const std::string& its_ca, const std::string& name) const {
        return folder.files(its_ca, name);
    }

    void start_tls_server(const std::string& its_ca, HttpServerOptions options = {}) {
        options.tls = files(its_ca, "server");
        options.on_refused = [this](const std::string& peer, const std::string& why) { refused.push_back(peer + " " + why); };
        start_server(
            [this](ServerRequest request) -> Task<Reply> {
                ++asked;
                peers_name = request.common_name;
                peers_address = request.peer;
                return echo_path(std::move(request));
            },
            options);
    }
    HttpClient& start_client_as(const std::string& its_ca, const std::string& name) {
        HttpClientOptions options;
        options.tls = files(its_ca, name);
        return start_client(options);
    }
    Result<HttpResponse> get_as(const std::string& its_ca, const std::string& name) {
        start_client_as(its_ca, name);
        return get("/x");
    }
};

}  // namespace holdfast::net
