#include "shared/net/url.hpp"

#include <algorithm>

namespace holdfast::net {

namespace {

constexpr std::string_view kNone{};

std::optional<unsigned> digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
    return std::nullopt;
}

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (text.size() - i < 3) return std::nullopt;
            const auto high = digit(text[i + 1]);
            const auto low = digit(text[i + 2]);
            if (!high || !low) return std::nullopt;
            result += static_cast<char>(*high * 16 + *low);
            i += 2;
        } else {
            result += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    return result;
}

bool port_is_number(std::string_view host) {
    const auto colon = host.rfind(':');
    if (host.empty() || colon == kNone.npos || host.back() == ']') return true;
    const std::string_view port = host.substr(colon + 1);
    if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != kNone.npos) return false;
    return std::stoul(std::string{port}) <= 65535;
}

struct Parts {
    std::string_view scheme;  // "http://"
    std::string_view user;    // "user:password@"
    std::string_view host;    // with port
    std::string_view rest;    // path, query, fragment
};

Parts split(std::string_view url) {
    Parts parts;
    const auto scheme = url.find("://");
    if (scheme != kNone.npos) {
        parts.scheme = url.substr(0, scheme + 3);
        url.remove_prefix(scheme + 3);
    }
    auto end = std::min(url.find_first_of("/?#"), url.size());
    // A password with one of these signs, not escaped: no valid URL, but it must not end up in a log.
    const bool has_user = url.substr(0, end).find('@') != kNone.npos;
    if (!has_user && !port_is_number(url.substr(0, end)) && url.rfind('@') != kNone.npos) {
        end = std::min(url.find_first_of("/?#", url.rfind('@')), url.size());
    }
    parts.rest = url.substr(end);
    parts.host = url.substr(0, end);
    const auto at = parts.host.rfind('@');
    if (at != kNone.npos) {
        parts.user = parts.host.substr(0, at + 1);
        parts.host.remove_prefix(at + 1);
    }
    return parts;
}

bool has_place_in_url(char c) { return c > ' ' && c != 0x7f && c != '"' && c != '<' && c != '>' && c != '\\'; }

}  // namespace

Result<void> check_url(std::string_view url) {
    const auto no = [&](std::string_view why) {
        return failure(ErrorCode::kInvalidArgument, "'" + redact(url) + "' is not a usable URL: " + std::string{why});
    };
    if (!std::all_of(url.begin(), url.end(), has_place_in_url))
        return no("it has a space or another character that must be escaped");
    const Parts parts = split(url);
    if (parts.scheme != "http://" && parts.scheme != "https://") return no("it must begin with http:// or https://");
    if (parts.user.find_first_of("/?#") != kNone.npos) return no("its user or password has a character that must be escaped");
    if (parts.host.empty() || parts.host.front() == ':') return no("it names no host");
    if (!port_is_number(parts.host)) return no("its port is not a number up to 65535");
    return success();
}

std::string redact(std::string_view url) {
    const Parts parts = split(url);
    std::string result{parts.scheme};
    result += parts.host;
    result += parts.rest;
    return result;
}

std::string redact_query(std::string_view url) {
    const Parts parts = split(url);
    std::string result{parts.scheme};
    result += parts.host;
    result += parts.rest.substr(0, parts.rest.find_first_of("?#"));
    return result;
}

std::optional<std::string> percent_decode(std::string_view text) { return decode(text, false); }

std::optional<std::string> query_decode(std::string_view text) { return decode(text, true); }

}  // namespace holdfast::net
