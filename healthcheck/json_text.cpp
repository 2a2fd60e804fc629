#include "healthcheck/json_text.hpp"

#include <array>
#include <cstdio>
#include <utility>

#include "shared/protection/json_reader.hpp"

namespace holdfast::healthcheck {

namespace {

namespace chrono = std::chrono;

// How many bytes the character at the beginning of `text` has; 0 if it is none.
std::size_t character_size(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return 0;
    }
    // Too long for their character, half a surrogate pair, or beyond the last one.
    const bool wrong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) >= 0xA0) ||
                       (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) >= 0x90);
    return wrong ? 0 : size;
}

std::string without_bad_bytes(std::string_view text) {
    std::string good;
    good.reserve(text.size());
    while (!text.empty()) {
        const std::size_t size = character_size(text);
        good += size == 0 ? std::string_view{"?"} : text.substr(0, size);
        text.remove_prefix(size == 0 ? 1 : size);
    }
    return good;
}

// The digits of `text` from `at` on as a number; -1 if one is none.
int digits(std::string_view text, std::size_t at, std::size_t count) {
    int number = 0;
    for (const char c : text.substr(at, count)) {
        if (c < '0' || c > '9') return -1;
        number = 10 * number + (c - '0');
    }
    return number;
}

// Of ".125Z".
std::optional<Duration> fraction(std::string_view text) {
    if (text == "Z") return Duration::zero();
    if (text.size() < 3 || text.front() != '.' || text.back() != 'Z') return std::nullopt;
    Duration sum{};
    Duration unit = chrono::seconds{1};
    for (const char c : text.substr(1, text.size() - 2)) {
        if (c < '0' || c > '9') return std::nullopt;
        unit /= 10;
        sum += (c - '0') * unit;
    }
    return sum;
}

}  // namespace

void JsonText::separate() {
    if (text_.empty()) return;
    const char last = text_.back();
    if (last != '{' && last != '[' && last != ':') text_ += ',';
}

void JsonText::begin(std::string_view name) {
    separate();
    protection::append_quoted(text_, name);
    text_ += ':';
}

void JsonText::open(char bracket) {
    separate();
    text_ += bracket;
}

void JsonText::close(char bracket) { text_ += bracket; }

void JsonText::value(std::string_view text) {
    separate();
    protection::append_quoted(text_, without_bad_bytes(text));
}

void JsonText::value(bool flag) {
    separate();
    text_ += flag ? "true" : "false";
}

void JsonText::count(std::uint64_t number) {
    separate();
    text_ += std::to_string(number);
}

void JsonText::decimal(std::uint64_t number) { value(std::to_string(number)); }

void JsonText::value(WallTime when) { value(time_text(when)); }

void JsonText::value(Duration duration) {
    separate();
    std::array<char, 40> digits{};
    std::snprintf(digits.data(), digits.size(), "%.3f", to_ms(duration));
    std::string number{digits.data()};
    number.erase(number.find_last_not_of('0') + 1);
    if (number.back() == '.') number.pop_back();
    text_ += number;
}

void JsonText::null() {
    separate();
    text_ += "null";
}

std::string JsonText::take() {
    text_ += '\n';
    return std::exchange(text_, {});
}

std::string time_text(WallTime when) {
    const auto day = chrono::floor<chrono::days>(when);
    const chrono::year_month_day date{day};
    const chrono::hh_mm_ss time{chrono::floor<chrono::milliseconds>(when - day)};
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
    return text.data();
}

Result<WallTime> parse_time(std::string_view text) {
    const Error wrong = failure(ErrorCode::kMalformed, "expected a time like 2026-11-21T10:30:00.125Z");
    constexpr std::string_view kForm = "0000-00-00T00:00:00";
    if (text.size() <= kForm.size() || text.size() > kForm.size() + 11) return wrong;
    for (std::size_t i = 0; i < kForm.size(); ++i) {
        if (kForm[i] != '0' && text[i] != kForm[i]) return wrong;
    }
    const int year = digits(text, 0, 4);
    const int month = digits(text, 5, 2);
    const int day = digits(text, 8, 2);
    const int hours = digits(text, 11, 2);
    const int minutes = digits(text, 14, 2);
    const int seconds = digits(text, 17, 2);
    const std::optional<Duration> rest = fraction(text.substr(kForm.size()));
    if (year < 1970 || year > 2199 || month < 0 || day < 0) return wrong;
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59 || !rest) return wrong;
    const chrono::year_month_day date{chrono::year{year}, chrono::month{static_cast<unsigned>(month)},
                                      chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return wrong;
    return WallTime{chrono::sys_days{date}} + chrono::hours{hours} + chrono::minutes{minutes} + chrono::seconds{seconds} +
           *rest;
}

}  // namespace holdfast::healthcheck
