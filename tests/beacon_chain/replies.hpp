// What a simulated node's calls have in common: how they answer and what they look for in a request.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/net/http_server.hpp"
#include "tests/beacon_chain/forms.hpp"

namespace holdfast::sim {

[[nodiscard]] net::HttpResponse json_reply(std::string body);
[[nodiscard]] net::HttpResponse ssz_reply(const Bytes& bytes);
[[nodiscard]] net::HttpResponse plain_reply(int status, std::string body);
[[nodiscard]] net::HttpResponse empty_reply();

// By the header Accept: octet-stream with at least the weight of JSON.
[[nodiscard]] bool wants_ssz(const net::ServerRequest& request);
[[nodiscard]] bool sends_ssz(const net::ServerRequest& request);
[[nodiscard]] std::vector<std::string> split(const std::string& text, char separator);

}  // namespace holdfast::sim
