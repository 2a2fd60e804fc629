// The calls of the API, and who may make them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "shared/protection/cluster.hpp"

namespace holdfast::protector {

enum class Call : std::uint8_t {
    kAttestations,
    kBlocks,
    kAcquire,
    kBeat,
    kHeartbeats,
    kHalt,
    kLiftHalt,
    kEnrol,
    kRecordsOfEpoch,
    kRecordOfKey,
    kAllRecords,
    kExport,
    kImport,
    kPeers,
    kCheck,
    kStatus,
    kHealth,
    kMetrics,
};

// Roles as bits.
using Roles = std::uint8_t;
[[nodiscard]] constexpr Roles bit(protection::Role role) { return static_cast<Roles>(role); }
inline constexpr Roles kInstances = bit(protection::Role::kInstance);
inline constexpr Roles kMembers = bit(protection::Role::kMember);
inline constexpr Roles kOperators = bit(protection::Role::kOperator);
inline constexpr Roles kEverybody = 0xFF;

struct Route {
    std::string_view method;
    std::string_view path;
    std::string_view parameter;  // of the query, that this call has and those of the same path have not
    Call call;
    Roles roles;
    // Where the cluster's id stands: in the body's head, in a header, or nowhere.
    enum class ClusterIn : std::uint8_t { kBody, kHeader, kNowhere } cluster;
    // Answered while it votes; moreover while it starts; always. Nothing may be written before it votes: an old copy could so
    // catch up with what others have seen of it, unnoticed.
    enum class When : std::uint8_t { kVoting, kStarting, kAlways } when;
    bool octets{false};  // its body may be in that form too
};

struct NoRoute {
    int status{404};      // or 405
    std::string allowed;  // methods, for 405
    std::string sentence;
};

// `query` as it came, without '?'.
[[nodiscard]] std::variant<const Route*, NoRoute> find_route(std::string_view method, std::string_view path,
                                                             std::string_view query);

// Who asks, as far as the connection proves it.
struct Client {
    protection::Caller caller;  // from the certificate
    bool plain{false};          // no TLS: loopback, where everybody may do everything under any name
    std::string address;        // without port
    // For logs: "instance/primary at 10.0.0.1".
    [[nodiscard]] std::string text() const;
};

[[nodiscard]] Client make_client(bool tls, std::string_view common_name, std::string_view peer);

// Empty if `client` may make this call; else why not, as a sentence.
[[nodiscard]] std::string why_not(const Route& route, const Client& client);

}  // namespace holdfast::protector
