// The protector's HTTP API (docs/protector-api.md), generation 0: verdicts for attestations and blocks, status, health,
// metrics.
#pragma once

#include <string>

#include "protector/chain_clock.hpp"
#include "protector/store.hpp"
#include "shared/base/time.hpp"
#include "shared/net/http_server.hpp"
#include "shared/protection/messages.hpp"

namespace holdfast::protector {

class Service {
public:
    // All must outlive the service.
    Service(Store& store, const Clock& clock, const ChainClock& chain, Identity identity);

    // The handler of the HTTP server.
    Task<net::Reply> answer(net::ServerRequest request);

private:
    Store& store_;
    const Clock& clock_;
    const ChainClock& chain_;
    Identity identity_;
    SteadyTime started_;

    Task<net::HttpResponse> attestations(std::string body);
    Task<net::HttpResponse> blocks(std::string body);
    [[nodiscard]] net::HttpResponse status() const;
    [[nodiscard]] net::HttpResponse metrics() const;
    // Is the request meant for this protector? Nothing if it is.
    [[nodiscard]] std::optional<net::HttpResponse> refuse(const protection::RequestHead& head) const;
};

}  // namespace holdfast::protector
