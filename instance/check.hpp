// --check: connects to everything, and says what it found.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <vector>

#include "healthcheck/drift.hpp"
#include "shared/beacon/beacon_nodes.hpp"
#include "shared/net/http_client.hpp"
#include "shared/protection/quorum_client.hpp"

namespace holdfast::instance {

struct CheckLimits {
    Duration connect{std::chrono::seconds{5}};
    Duration settle{std::chrono::seconds{3}};  // for the nodes that are slower than the threshold
};

// The primary, where a secondary is checked; no `url`: none. What differs there fails the check; that it is down does not.
struct CheckPeer {
    std::string url;
    net::HttpClient& http;
    healthcheck::Configuration ours;
    std::vector<std::string> accepted_drift;
};

// Makes the quorum's client once the nodes' chain is known; the caller keeps it. Fails if the cluster protects another chain.
using QuorumMaker = std::function<Result<protection::QuorumClient*>()>;

// A table of nodes, protectors and keys on `out`. True if duties could be performed with them now: enough fit nodes, a quorum
// of protectors. `nodes` is connected here, and stopped again.
Task<bool> run_check(Clock& clock, beacon::BeaconNodes& nodes, QuorumMaker make_quorum, std::vector<PublicKey> keys,
                     std::size_t threshold, CheckLimits limits, CheckPeer peer, std::ostream& out);

}  // namespace holdfast::instance
