// The little that we need of URLs (RFC 3986). libcurl does the rest.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"

namespace holdfast::net {

// "http" or "https", a host, and no character that has no place in a URL; else kInvalidArgument with a sentence that shows no
// credentials.
[[nodiscard]] Result<void> check_url(std::string_view url);

// The URL without user and password: fit for logs, messages and metrics. Works on any text.
[[nodiscard]] std::string redact(std::string_view url);
// Moreover without query and fragment.
[[nodiscard]] std::string redact_query(std::string_view url);

// %41 -> A; nothing if a % is not followed by two digits.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);
// The same for a value in a query, where + is a space.
[[nodiscard]] std::optional<std::string> query_decode(std::string_view text);

}  // namespace holdfast::net
