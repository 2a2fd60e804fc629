// A beacon node over HTTP: JSON, and SSZ where it is on the attestation's path. Specification: ethereum/beacon-APIs.
#pragma once

#include <memory>
#include <string>

#include "shared/beacon/beacon_node.hpp"
#include "shared/net/http_client.hpp"

namespace holdfast::beacon {

struct HttpBeaconNodeOptions {
    // A stream of events on which nothing comes for so long is given up. A live node sends a head in nearly every slot.
    Duration events_silence_max{std::chrono::seconds{60}};
    std::size_t validators_per_request{1000};
    // For nodes that know only the GET form, where all keys are in the URL.
    std::size_t validators_per_get{64};
};

// `url` as configured: http(s)://[user:password@]host[:port][/prefix]. `client` and `clock` must outlive
// the node. Failures:
// kNotFound (404), kUnavailable (502, 503, 504, 429, optimistic, no connection), kTimeout, kInternal (other 5xx), kRefused
// (other statuses), kMalformed (not what the API says).
[[nodiscard]] std::unique_ptr<BeaconNode> make_http_beacon_node(net::HttpClient& client, Clock& clock, std::string url,
                                                                HttpBeaconNodeOptions options = {});

}  // namespace holdfast::beacon
