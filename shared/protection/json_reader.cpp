#include "shared/protection/json_reader.hpp"

#include <array>
#include <utility>

namespace holdfast::protection {
namespace {

constexpr int kDepthMax = 16;
constexpr std::uint8_t kNoDigit = 0xFF;
constexpr std::string_view kDigits = "0123456789abcdef";

constexpr std::array<std::uint8_t, 256> make_digit_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(kNoDigit);
    for (unsigned i = 0; i < 10; ++i) values['0' + i] = static_cast<std::uint8_t>(i);
    for (unsigned i = 0; i < 6; ++i) {
        values['a' + i] = static_cast<std::uint8_t>(10 + i);
        values['A' + i] = static_cast<std::uint8_t>(10 + i);
    }
    return values;
}

constexpr auto kDigitValues = make_digit_values();

std::uint8_t digit_value(char c) { return kDigitValues[static_cast<unsigned char>(c)]; }

void append_utf8(std::string& to, unsigned code) {
    if (code < 0x80) {
        to += static_cast<char>(code);
    } else if (code < 0x800) {
        to += static_cast<char>(0xC0U | (code >> 6U));
        to += static_cast<char>(0x80U | (code & 0x3FU));
    } else {
        to += static_cast<char>(0xE0U | (code >> 12U));
        to += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
        to += static_cast<char>(0x80U | (code & 0x3FU));
    }
}

}  // namespace

void JsonReader::fail(std::string what) {
    if (failed_) return;
    failed_ = true;
    problem_ = std::move(what) + " (at byte " + std::to_string(at_) + ")";
}

Result<void> JsonReader::result() const {
    if (failed_) return failure(ErrorCode::kMalformed, problem_);
    return success();
}

void JsonReader::skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) ++at_;
}

char JsonReader::peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
}

void JsonReader::expect(char c) {
    if (failed_) return;
    if (peek() != c || at_ >= text_.size()) return fail(std::string{"expected '"} + c + "'");
    ++at_;
}

// False if it is empty, or there is none.
bool JsonReader::enter(char open, char close) {
    expect(open);
    if (failed_) return false;
    if (++depth_ > kDepthMax) {
        fail("nested too deeply");
        return false;
    }
    if (peek() != close) return true;
    ++at_;
    --depth_;
    return false;
}

bool JsonReader::another(char close) {
    if (failed_) return false;
    if (peek() == ',') {
        ++at_;
        return true;
    }
    expect(close);
    --depth_;
    return false;
}

std::string_view JsonReader::plain_string() {
    expect('"');
    if (failed_) return {};
    const std::size_t from = at_;
    while (at_ < text_.size() && text_[at_] != '"') {
        if (text_[at_] == '\\' || static_cast<unsigned char>(text_[at_]) < 0x20) {
            fail("a plain string is expected here");
            return {};
        }
        ++at_;
    }
    const std::string_view value = text_.substr(from, at_ - from);
    expect('"');
    return failed_ ? std::string_view{} : value;
}

void JsonReader::escape(std::string& to) {
    static constexpr std::string_view kNames = "\"\\/bfnrt";
    static constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    const char name = at_ < text_.size() ? text_[at_] : '\0';
    ++at_;
    if (const auto found = kNames.find(name); name != '\0' && found != std::string_view::npos) {
        to += kValues[found];
        return;
    }
    if (name != 'u' || text_.size() < at_ + 4) return fail("bad escape in a string");
    unsigned code = 0;
    for (int i = 0; i < 4; ++i) {
        const std::uint8_t digit = digit_value(text_[at_++]);
        if (digit == kNoDigit) return fail("bad escape in a string");
        code = code * 16 + digit;
    }
    // Half of a surrogate pair is no character by itself; nothing of ours is written with one.
    append_utf8(to, code >= 0xD800 && code < 0xE000 ? 0xFFFD : code);
}

std::string JsonReader::string() {
    expect('"');
    std::string value;
    while (!failed_) {
        if (at_ >= text_.size() || static_cast<unsigned char>(text_[at_]) < 0x20) {
            fail("a string without end");
            break;
        }
        const char c = text_[at_++];
        if (c == '"') break;
        if (c == '\\') {
            escape(value);
        } else {
            value += c;
        }
    }
    return value;
}

std::uint64_t JsonReader::decimal() {
    const std::string_view text = plain_string();
    if (failed_) return 0;
    const auto value = parse_decimal(text);
    if (!value) fail("expected a decimal number in quotes");
    return value ? value.value() : 0;
}

std::uint64_t JsonReader::count() {
    if (failed_) return 0;
    skip_space();
    const std::size_t from = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    const auto value = parse_decimal(text_.substr(from, at_ - from));
    if (!value) fail("expected a whole number");
    return value ? value.value() : 0;
}

bool JsonReader::boolean() {
    if (failed_) return false;
    skip_space();
    const std::string_view rest = text_.substr(at_);
    const bool value = rest.starts_with("true");
    if (!value && !rest.starts_with("false")) {
        fail("expected true or false");
        return false;
    }
    at_ += value ? 4 : 5;
    return value;
}

void JsonReader::hex(std::uint8_t* data, std::size_t size) {
    expect('"');
    if (failed_) return;
    // "0x", the digits and the closing quote.
    if (text_.size() - at_ < 2 * size + 3 || text_[at_] != '0' || text_[at_ + 1] != 'x' || text_[at_ + 2 + 2 * size] != '"') {
        return fail("expected 0x and " + std::to_string(size) + " bytes in hexadecimal");
    }
    const char* digits = text_.data() + at_ + 2;
    std::uint8_t bad = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const std::uint8_t high = digit_value(digits[2 * i]);
        const std::uint8_t low = digit_value(digits[2 * i + 1]);
        bad = static_cast<std::uint8_t>(bad | ((high | low) & 0xF0U));
        data[i] = static_cast<std::uint8_t>((high << 4U) | low);
    }
    if (bad != 0) return fail("not a hexadecimal digit");
    at_ += 2 * size + 3;
}

void JsonReader::skip() {
    if (failed_) return;
    switch (peek()) {
        case '{': return object([this](std::string_view) { skip(); });
        case '[': return array([this] { skip(); });
        case '"': static_cast<void>(string()); return;
        default: break;
    }
    const std::size_t from = at_;
    while (at_ < text_.size() && std::string_view{",]} \n\r\t"}.find(text_[at_]) == std::string_view::npos) ++at_;
    const std::string_view word = text_.substr(from, at_ - from);
    const bool number = !word.empty() && word.find_first_not_of("+-.0123456789eE") == std::string_view::npos;
    if (!number && word != "true" && word != "false" && word != "null") fail("expected a value");
}

void JsonReader::end() {
    if (failed_) return;
    skip_space();
    if (at_ != text_.size()) fail("unexpected text after the end");
}

void append_hex(std::string& to, const std::uint8_t* data, std::size_t size) {
    const std::size_t from = to.size();
    to.resize(from + 2 + 2 * size);
    char* out = to.data() + from;
    *out++ = '0';
    *out++ = 'x';
    for (std::size_t i = 0; i < size; ++i) {
        *out++ = kDigits[data[i] >> 4U];
        *out++ = kDigits[data[i] & 0xFU];
    }
}

void append_quoted(std::string& to, std::string_view text) {
    to += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            to += '\\';
            to += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            to += "\\u00";
            to += kDigits[static_cast<unsigned char>(c) >> 4U];
            to += kDigits[static_cast<unsigned char>(c) & 0xFU];
        } else {
            to += c;
        }
    }
    to += '"';
}

}  // namespace holdfast::protection
