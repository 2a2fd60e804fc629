// Little-endian numbers and byte strings for the octet-stream forms (wire.hpp). The first problem ends the reading; after it
// every call gives zeros, so a reader of a message tests once, at the end.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/types.hpp"

namespace holdfast::protection {

template <std::unsigned_integral T>
void append_number(std::string& to, T value) {
    char bytes[sizeof(T)];
    for (std::size_t i = 0; i < sizeof(T); ++i) bytes[i] = static_cast<char>(static_cast<std::uint8_t>(value >> (8 * i)));
    to.append(bytes, sizeof bytes);
}

template <std::size_t N, class Tag>
void append_bytes(std::string& to, const FixedBytes<N, Tag>& bytes) {
    to.append(reinterpret_cast<const char*>(bytes.data()), N);
}

template <std::size_t N, class Tag>
void append_bytes(std::string& to, std::span<const FixedBytes<N, Tag>> all) {
    static_assert(sizeof(FixedBytes<N, Tag>) == N);
    if (!all.empty()) to.append(reinterpret_cast<const char*>(all.data()), all.size_bytes());
}

class OctetReader {
public:
    explicit OctetReader(std::string_view bytes) : bytes_{bytes} {}

    template <std::unsigned_integral T>
    T number() {
        const std::uint8_t* from = take(sizeof(T));
        T value = 0;
        for (std::size_t i = 0; from != nullptr && i < sizeof(T); ++i) value = static_cast<T>(value | T{from[i]} << (8 * i));
        return value;
    }
    template <class Bytes>
    Bytes bytes() {
        Bytes value;
        if (const std::uint8_t* from = take(Bytes::kSize); from != nullptr) std::memcpy(value.data(), from, Bytes::kSize);
        return value;
    }
    // `count` must have come from count(): memory is taken for it.
    template <class Bytes>
    std::vector<Bytes> list(std::size_t count) {
        static_assert(sizeof(Bytes) == Bytes::kSize);
        std::vector<Bytes> all;
        const std::uint8_t* from = take(count * Bytes::kSize);
        if (from == nullptr || count == 0) return all;
        all.resize(count);
        std::memcpy(all.data(), from, count * Bytes::kSize);
        return all;
    }
    // A u32: how many elements of at least `size_min` bytes follow. Fails if there are more than `max`, or than bytes for them.
    std::size_t count(std::size_t size_min, std::size_t max) {
        const std::size_t value = number<std::uint32_t>();
        if (value > max) fail("more than " + std::to_string(max) + " elements");
        if (value > left() / size_min) fail("fewer bytes than the count asks for");
        return failed() ? 0 : value;
    }
    // The next `size` bytes, null if there are fewer.
    const std::uint8_t* take(std::size_t size) {
        if (!failed() && size > left()) fail("the message is cut off");
        if (failed()) return nullptr;
        const auto* from = reinterpret_cast<const std::uint8_t*>(bytes_.data() + at_);
        at_ += size;
        return from;
    }

    [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
    [[nodiscard]] bool failed() const { return !problem_.empty(); }
    void fail(std::string what) {
        if (!failed()) problem_ = std::move(what) + " (at byte " + std::to_string(at_) + ")";
    }
    // kMalformed with the first problem; bytes that were not read are one.
    [[nodiscard]] Result<void> end() {
        if (left() > 0) fail("bytes follow after the end");
        if (failed()) return failure(ErrorCode::kMalformed, problem_);
        return success();
    }

private:
    std::string_view bytes_;
    std::size_t at_{0};
    std::string problem_;
};

}  // namespace holdfast::protection
