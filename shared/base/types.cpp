#include "shared/base/types.hpp"

#include <charconv>

namespace holdfast {
namespace {

constexpr int kNoDigit = -1;

int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return kNoDigit;
}

}  // namespace

std::string to_hex(const std::uint8_t* data, std::size_t size) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text(2 + 2 * size, '0');
    text[1] = 'x';
    for (std::size_t i = 0; i < size; ++i) {
        text[2 + 2 * i] = kDigits[data[i] >> 4U];
        text[3 + 2 * i] = kDigits[data[i] & 0xFU];
    }
    return text;
}

Result<void> from_hex(std::string_view text, std::uint8_t* data, std::size_t size) {
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    if (text.size() != 2 * size) {
        return failure(ErrorCode::kMalformed, "expected " + std::to_string(size) + " bytes in hexadecimal, got " +
                                                  std::to_string(text.size()) + " digits");
    }
    for (std::size_t i = 0; i < size; ++i) {
        const int high = digit_value(text[2 * i]);
        const int low = digit_value(text[2 * i + 1]);
        if (high == kNoDigit || low == kNoDigit) {
            return failure(ErrorCode::kMalformed, "not a hexadecimal digit at position " + std::to_string(2 * i));
        }
        data[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return success();
}

Result<std::uint64_t> parse_decimal(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return failure(ErrorCode::kMalformed, "not a decimal number of 64 bits");
    }
    return value;
}

}  // namespace holdfast
