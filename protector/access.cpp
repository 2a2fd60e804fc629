#include "protector/access.hpp"

#include <algorithm>
#include <array>

namespace holdfast::protector {

namespace {

using In = Route::ClusterIn;
using When = Route::When;

constexpr std::string_view kNoParameter{};

constexpr std::array kRoutes{
    Route{"POST", "/v1/attestations", kNoParameter, Call::kAttestations, kInstances, In::kBody, When::kVoting, true},
    Route{"POST", "/v1/blocks", kNoParameter, Call::kBlocks, kInstances, In::kBody, When::kVoting, true},
    Route{"POST", "/v1/generations", kNoParameter, Call::kAcquire, kInstances, In::kBody, When::kVoting},
    Route{"POST", "/v1/heartbeats", kNoParameter, Call::kBeat, kInstances, In::kBody, When::kAlways},
    Route{"GET", "/v1/heartbeats", kNoParameter, Call::kHeartbeats, kInstances, In::kHeader, When::kAlways},
    Route{"POST", "/v1/halts", kNoParameter, Call::kHalt, kInstances | kOperators, In::kBody, When::kVoting},
    Route{"DELETE", "/v1/halts", kNoParameter, Call::kLiftHalt, kOperators, In::kBody, When::kVoting},
    Route{"POST", "/v1/validators", kNoParameter, Call::kEnrol, kOperators, In::kBody, When::kVoting},
    Route{"GET", "/v1/records", "target_epoch", Call::kRecordsOfEpoch, kInstances | kMembers, In::kHeader, When::kVoting},
    Route{"GET", "/v1/records", "pubkey", Call::kRecordOfKey, kInstances | kMembers | kOperators, In::kHeader, When::kVoting},
    Route{"GET", "/v1/records", kNoParameter, Call::kAllRecords, kMembers, In::kHeader, When::kVoting},
    Route{"GET", "/v1/interchange", kNoParameter, Call::kExport, kOperators, In::kHeader, When::kStarting},
    Route{"POST", "/v1/interchange", kNoParameter, Call::kImport, kOperators, In::kHeader, When::kVoting},
    Route{"POST", "/v1/peers", kNoParameter, Call::kPeers, kMembers, In::kBody, When::kAlways},
    Route{"POST", "/v1/check", kNoParameter, Call::kCheck, kOperators, In::kHeader, When::kAlways},
    Route{"GET", "/v1/status", kNoParameter, Call::kStatus, kEverybody, In::kNowhere, When::kAlways},
    Route{"GET", "/healthz", kNoParameter, Call::kHealth, kEverybody, In::kNowhere, When::kAlways},
    Route{"GET", "/metrics", kNoParameter, Call::kMetrics, kEverybody, In::kNowhere, When::kAlways},
};

// Is there a parameter of that name in the query?
bool has_parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::string_view one = query.substr(0, query.find('&'));
        if (one.substr(0, one.find('=')) == name) return true;
        query.remove_prefix(std::min(one.size() + 1, query.size()));
    }
    return false;
}

std::string words(Roles roles) {
    std::string all;
    const auto add = [&](Roles role, const char* word) {
        if ((roles & role) != 0) all += (all.empty() ? "" : ", ") + std::string{word};
    };
    add(kInstances, "validator instances");
    add(kMembers, "members");
    add(kOperators, "operators");
    return all;
}

}  // namespace

std::variant<const Route*, NoRoute> find_route(std::string_view method, std::string_view path, std::string_view query) {
    NoRoute none;
    for (const Route& route : kRoutes) {
        if (route.path != path) continue;
        if (route.method != method) {
            if (none.allowed.find(route.method) == std::string::npos) {
                none.allowed += (none.allowed.empty() ? "" : ", ") + std::string{route.method};
            }
        } else if (route.parameter.empty() || has_parameter(query, route.parameter)) {
            return &route;
        }
    }
    if (none.allowed.empty()) {
        none.sentence = "there is no " + std::string{path};
    } else {
        none.status = 405;
        none.sentence = std::string{path} + " wants " + none.allowed;
    }
    return none;
}

std::string Client::text() const {
    const std::string name = protection::common_name(caller.role, caller.name);
    return name.empty() ? address : name + " at " + address;
}

Client make_client(bool tls, std::string_view common_name, std::string_view peer) {
    Client client{protection::parse_common_name(common_name), !tls, std::string{peer.substr(0, peer.rfind(':'))}};
    return client;
}

std::string why_not(const Route& route, const Client& client) {
    if (client.plain || route.roles == kEverybody || (route.roles & bit(client.caller.role)) != 0) return {};
    const std::string name = protection::common_name(client.caller.role, client.caller.name);
    return (name.empty() ? "a certificate whose name is no role of this cluster" : name) + " may not call " +
           std::string{route.method} + " " + std::string{route.path} +
           (route.parameter.empty() ? "" : "?" + std::string{route.parameter} + "=") + ": it is for " + words(route.roles);
}

}  // namespace holdfast::protector
