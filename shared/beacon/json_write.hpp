// Writing JSON of the Beacon API piece by piece: bodies may have ten thousand elements.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "shared/base/types.hpp"

namespace holdfast::beacon {

inline void append_hex_digits(std::string& to, std::span<const std::uint8_t> bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    to += "0x";
    for (const std::uint8_t byte : bytes) {
        to += kDigits[byte >> 4U];
        to += kDigits[byte & 15U];
    }
}

// "name":"12" -- `before` is all that stands in front of the number: comma, name, colon and its quote.
inline void append_number(std::string& to, std::string_view before, std::uint64_t value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    to += before;
    to.append(digits.data(), end.ptr);
    to += '"';
}

template <std::size_t N, class Tag>
void append_bytes(std::string& to, std::string_view before, const FixedBytes<N, Tag>& bytes) {
    to += before;
    append_hex_digits(to, bytes.bytes);
    to += '"';
}

}  // namespace holdfast::beacon
