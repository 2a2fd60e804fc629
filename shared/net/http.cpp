#include "shared/net/http.hpp"

#include <algorithm>

namespace holdfast::net {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

// A JSON string with its quotes. Bytes of UTF-8 stay as they are.
std::string quoted(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            result += {'\\', c};
        } else if (byte < 0x20) {
            result += {'\\', 'u', '0', '0', kDigits[byte >> 4U], kDigits[byte & 15U]};
        } else {
            result += c;
        }
    }
    return result + '"';
}

}  // namespace

std::optional<std::string_view> find_header(const Headers& headers, std::string_view name) {
    for (const Header& header : headers) {
        if (same_name(header.name, name)) return header.value;
    }
    return std::nullopt;
}

HttpResponse make_response(int status, std::string content_type, std::string body) {
    HttpResponse response;
    response.status = status;
    response.headers.push_back(Header{"content-type", std::move(content_type)});
    response.body = std::move(body);
    return response;
}

HttpResponse make_error(int status, std::string_view message) {
    return make_response(status, "application/json",
                         "{\"code\": " + std::to_string(status) + ", \"message\": " + quoted(message) + "}");
}

}  // namespace holdfast::net
