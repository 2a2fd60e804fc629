#include "tests/beacon_chain/replies.hpp"

#include <cstdlib>
#include <sstream>
#include <utility>

namespace holdfast::sim {
namespace {

constexpr std::string_view kOctets = "application/octet-stream";

// How much a media type is wanted, from 0 to 1; 0 if it isn't named.
double weight(const std::string& accept, std::string_view type) {
    for (const std::string& part : split(accept, ',')) {
        if (part.find(type) == std::string::npos) continue;
        const std::size_t q = part.find("q=");
        return q == std::string::npos ? 1.0 : std::strtod(part.c_str() + q + 2, nullptr);
    }
    return 0;
}

}  // namespace

net::HttpResponse json_reply(std::string body) { return net::make_response(200, "application/json", std::move(body)); }

net::HttpResponse ssz_reply(const Bytes& bytes) {
    return net::make_response(200, std::string{kOctets}, std::string(bytes.begin(), bytes.end()));
}

net::HttpResponse plain_reply(int status, std::string body) {
    return net::make_response(status, "text/plain; charset=utf-8", std::move(body));
}

net::HttpResponse empty_reply() {
    net::HttpResponse response;
    response.status = 200;
    return response;
}

bool wants_ssz(const net::ServerRequest& request) {
    const auto accept = net::find_header(request.message.headers, "accept");
    if (!accept) return false;
    const std::string text{*accept};
    const double octets = weight(text, kOctets);
    return octets > 0 && octets >= weight(text, "application/json");
}

bool sends_ssz(const net::ServerRequest& request) {
    const auto type = net::find_header(request.message.headers, "content-type");
    return type && type->starts_with(kOctets);
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream{text};
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
    return parts;
}

}  // namespace holdfast::sim
