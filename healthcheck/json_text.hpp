// Writes JSON piece by piece, members in the order in which they come. Numbers of the chain (slots, epochs, generations) are
// decimal in quotes, as in the Beacon API; counts are plain; times are RFC 3339 with milliseconds; durations are milliseconds.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/base/time.hpp"
#include "shared/base/types.hpp"

namespace holdfast::healthcheck {

class JsonText {
public:
    template <class F>
    void object(F members) {
        open('{');
        members();
        close('}');
    }
    template <class F>
    void array(F items) {
        open('[');
        items();
        close(']');
    }
    template <class F>
    void object(std::string_view name, F members) {
        begin(name);
        object(members);
    }
    template <class F>
    void array(std::string_view name, F items) {
        begin(name);
        array(items);
    }

    // Bytes that are no UTF-8 become '?'.
    void value(std::string_view text);
    void value(const std::string& text) { value(std::string_view{text}); }
    void value(const char* text) { value(std::string_view{text}); }
    void value(bool flag);
    // Which form is meant? See count() and decimal().
    template <class T>
    requires(std::integral<T> && !std::same_as<T, bool>) void value(T number) = delete;
    void count(std::uint64_t number);    // plain
    void decimal(std::uint64_t number);  // in quotes
    template <class Tag>
    void value(Number<Tag> number) {
        decimal(number.value);
    }
    template <std::size_t N, class Tag>
    void value(const FixedBytes<N, Tag>& bytes) {
        value(to_hex(bytes));
    }
    void value(WallTime when);
    void value(Duration duration);
    void null();
    template <class T>
    void value(const std::optional<T>& maybe) {
        if (maybe) {
            value(*maybe);
        } else {
            null();
        }
    }

    template <class T>
    void member(std::string_view name, const T& of) {
        begin(name);
        value(of);
    }
    void count(std::string_view name, std::uint64_t number) {
        begin(name);
        count(number);
    }
    void decimal(std::string_view name, std::uint64_t number) {
        begin(name);
        decimal(number);
    }
    void null(std::string_view name) {
        begin(name);
        null();
    }

    // What was written, with a newline; nothing is left.
    [[nodiscard]] std::string take();

private:
    std::string text_;

    void begin(std::string_view name);
    void separate();
    void open(char bracket);
    void close(char bracket);
};

// "2026-11-21T10:30:00.125Z"
[[nodiscard]] std::string time_text(WallTime when);
// The same form with any number of digits after the seconds, of the years 1970 to 2199; kMalformed otherwise.
[[nodiscard]] Result<WallTime> parse_time(std::string_view text);

}  // namespace holdfast::healthcheck
