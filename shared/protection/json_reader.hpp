// Reads the protectors' JSON in one pass without building a tree: a request may carry 100,000 keys. Strict. The first problem
// ends the reading; after it every call does nothing, so a reader of a message tests once, at the end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/base/types.hpp"

namespace holdfast::protection {

class JsonReader {
public:
    explicit JsonReader(std::string_view text) : text_{text} {}

    // Calls on_member(name) for each member; it must read the value.
    template <class F>
    void object(F on_member) {
        if (!enter('{', '}')) return;
        do {
            const std::string_view name = plain_string();
            expect(':');
            if (!failed()) on_member(name);
        } while (another('}'));
    }

    template <class F>
    void array(F on_item) {
        if (!enter('[', ']')) return;
        do on_item();
        while (another(']'));
    }

    // A string without escapes, as it stands in the text.
    std::string_view plain_string();
    std::string string();
    // A number in quotes, as in the Beacon API.
    std::uint64_t decimal();
    // A whole number without quotes.
    std::uint64_t count();
    bool boolean();
    template <class Bytes>
    Bytes bytes() {
        Bytes value;
        hex(value.data(), Bytes::kSize);
        return value;
    }
    // Any value.
    void skip();
    // Nothing but space may follow.
    void end();

    // How many characters have been read.
    [[nodiscard]] std::size_t at() const { return at_; }

    void fail(std::string what);
    [[nodiscard]] bool failed() const { return failed_; }
    // kMalformed with the first problem and where it is.
    [[nodiscard]] Result<void> result() const;

private:
    std::string_view text_;
    std::size_t at_{0};
    int depth_{0};
    bool failed_{false};
    std::string problem_;

    void skip_space();
    [[nodiscard]] char peek();
    void expect(char c);
    bool enter(char open, char close);
    bool another(char close);
    void hex(std::uint8_t* data, std::size_t size);
    void escape(std::string& to);
};

// Appends "0x" and lower-case digits.
void append_hex(std::string& to, const std::uint8_t* data, std::size_t size);
// Appends a string in quotes, escaped.
void append_quoted(std::string& to, std::string_view text);

}  // namespace holdfast::protection
