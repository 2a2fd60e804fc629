// The value types of SSZ that C++ does not have.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace holdfast::ethereum::ssz {

[[nodiscard]] constexpr bool has_bit(std::uint8_t byte, std::size_t bit) { return (byte >> bit & 1) != 0; }
[[nodiscard]] constexpr std::uint8_t with_bit(std::uint8_t byte, std::size_t bit) {
    return static_cast<std::uint8_t>(byte | (1U << bit));
}

// At most kMax elements.
template <class T, std::uint64_t kMax>
struct List {
    std::vector<T> elements;
    friend bool operator==(const List&, const List&) = default;
};

template <std::uint64_t kMax>
struct ByteList {
    std::vector<std::uint8_t> bytes;
    friend bool operator==(const ByteList&, const ByteList&) = default;
};

// Exactly kBits bits, the first in the lowest bit of the first byte.
template <std::size_t kBits>
struct Bitvector {
    std::array<std::uint8_t, (kBits + 7) / 8> bytes{};

    [[nodiscard]] bool get(std::size_t bit) const { return has_bit(bytes[bit / 8], bit % 8); }
    void set(std::size_t bit) { bytes[bit / 8] = with_bit(bytes[bit / 8], bit % 8); }
    friend bool operator==(const Bitvector&, const Bitvector&) = default;
};

// `size` bits, at most kMax; bits of the last byte beyond `size` are 0.
template <std::uint64_t kMax>
struct Bitlist {
    std::vector<std::uint8_t> bytes;
    std::size_t size{0};

    Bitlist() = default;
    explicit Bitlist(std::size_t bits) : bytes((bits + 7) / 8), size{bits} {}
    [[nodiscard]] bool get(std::size_t bit) const { return has_bit(bytes[bit / 8], bit % 8); }
    void set(std::size_t bit) { bytes[bit / 8] = with_bit(bytes[bit / 8], bit % 8); }
    friend bool operator==(const Bitlist&, const Bitlist&) = default;
};

}  // namespace holdfast::ethereum::ssz
