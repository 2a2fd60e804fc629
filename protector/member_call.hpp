// What requests to other members have in common.
#pragma once

#include <string>

#include "shared/base/result.hpp"
#include "shared/net/http.hpp"
#include "shared/protection/cluster.hpp"

namespace holdfast::protector {

// Of a request without TLS, where no certificate says which member asks for all records.
inline constexpr std::string_view kMemberHeader = "holdfast-member";

[[nodiscard]] net::HttpRequest member_request(const std::string& method, const std::string& url,
                                              const protection::ClusterId& cluster, const std::string& self);

// A response that is none of 2xx, as kUnavailable with what it says.
[[nodiscard]] Error not_ok(const net::HttpResponse& response);

// kRefused with a sentence unless the one that answers is who it should be.
[[nodiscard]] Result<void> check_node(const protection::ClusterMember& expected, const std::string& node);

}  // namespace holdfast::protector
