#include "protector/member_call.hpp"

#include <algorithm>

#include "shared/protection/json_reader.hpp"
#include "shared/protection/messages.hpp"

namespace holdfast::protector {

namespace {

constexpr std::size_t kMessageMax = 300;

// The sentence in {"code": 503, "message": "..."}; what is no such answer as it is.
std::string sentence_of(const std::string& body) {
    std::string message;
    protection::JsonReader reader{body};
    reader.object([&](std::string_view name) {
        if (name == "message") {
            message = reader.string();
        } else {
            reader.skip();
        }
    });
    if (reader.failed() || message.empty()) message = body;
    std::erase_if(message, [](char c) { return static_cast<unsigned char>(c) < ' '; });
    return message.substr(0, kMessageMax);
}

}  // namespace

net::HttpRequest member_request(const std::string& method, const std::string& url, const protection::ClusterId& cluster,
                                const std::string& self) {
    net::HttpRequest request;
    request.method = method;
    request.url = url;
    request.headers.push_back({std::string{protection::kClusterHeader}, to_hex(cluster)});
    request.headers.push_back({std::string{kMemberHeader}, self});
    return request;
}

Error not_ok(const net::HttpResponse& response) {
    return failure(ErrorCode::kUnavailable, "status " + std::to_string(response.status) + ": " + sentence_of(response.body));
}

Result<void> check_node(const protection::ClusterMember& expected, const std::string& node) {
    if (node == expected.name) return success();
    return failure(ErrorCode::kRefused, expected.url + " should be " + expected.name + ", but answers as '" + node + "'");
}

}  // namespace holdfast::protector
