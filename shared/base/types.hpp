// The chain's numbers and byte strings as types of their own, so that a slot is never passed for an epoch.
// Names and sizes: consensus-specs, phase0/beacon-chain.md, "Custom types".
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"

namespace holdfast {

// A 64-bit unsigned number of one kind. Arithmetic with plain numbers keeps the kind; the difference of two is plain.
template <class Tag>
struct Number {
    std::uint64_t value{0};

    constexpr Number() = default;
    constexpr explicit Number(std::uint64_t v) : value{v} {}

    friend constexpr auto operator<=>(const Number&, const Number&) = default;
    friend constexpr Number operator+(Number a, std::uint64_t b) { return Number{a.value + b}; }
    friend constexpr Number operator-(Number a, std::uint64_t b) { return Number{a.value - b}; }
    friend constexpr std::uint64_t operator-(Number a, Number b) { return a.value - b.value; }
    constexpr Number& operator++() {
        ++value;
        return *this;
    }
};

using Slot = Number<struct SlotTag>;
using Epoch = Number<struct EpochTag>;
using ValidatorIndex = Number<struct ValidatorIndexTag>;
using CommitteeIndex = Number<struct CommitteeIndexTag>;
using Gwei = Number<struct GweiTag>;

// FAR_FUTURE_EPOCH: a fork that is not scheduled, a validator that has not exited.
inline constexpr Epoch kFarFutureEpoch{~std::uint64_t{0}};

template <class Tag>
[[nodiscard]] std::string to_string(Number<Tag> number) {
    return std::to_string(number.value);
}

// N bytes of one kind; all zero at first. Order is that of the bytes.
template <std::size_t N, class Tag>
struct FixedBytes {
    static constexpr std::size_t kSize = N;
    std::array<std::uint8_t, N> bytes{};

    friend constexpr auto operator<=>(const FixedBytes&, const FixedBytes&) = default;
    [[nodiscard]] constexpr const std::uint8_t* data() const { return bytes.data(); }
    [[nodiscard]] constexpr std::uint8_t* data() { return bytes.data(); }
    [[nodiscard]] static constexpr std::size_t size() { return N; }
    [[nodiscard]] constexpr bool is_zero() const { return *this == FixedBytes{}; }
};

using Root = FixedBytes<32, struct RootTag>;
using Domain = FixedBytes<32, struct DomainTag>;
using PublicKey = FixedBytes<48, struct PublicKeyTag>;
using Signature = FixedBytes<96, struct SignatureTag>;
using Address = FixedBytes<20, struct AddressTag>;  // of the execution layer
using ForkVersion = FixedBytes<4, struct ForkVersionTag>;
using DomainType = FixedBytes<4, struct DomainTypeTag>;

// "0x" and lower-case digits.
[[nodiscard]] std::string to_hex(const std::uint8_t* data, std::size_t size);
// Digits of either case with or without "0x", exactly `size` bytes; kMalformed otherwise (the message shows no digits: it may
// be a secret).
[[nodiscard]] Result<void> from_hex(std::string_view text, std::uint8_t* data, std::size_t size);

template <std::size_t N, class Tag>
[[nodiscard]] std::string to_hex(const FixedBytes<N, Tag>& bytes) {
    return to_hex(bytes.data(), N);
}

// "0x1234..cdef": for logs.
template <std::size_t N, class Tag>
[[nodiscard]] std::string to_short_hex(const FixedBytes<N, Tag>& bytes) {
    const std::string all = to_hex(bytes);
    return all.size() <= 14 ? all : all.substr(0, 8) + ".." + all.substr(all.size() - 4);
}

template <class Bytes>
[[nodiscard]] Result<Bytes> parse_hex(std::string_view text) {
    Bytes result;
    HOLDFAST_TRY(from_hex(text, result.data(), Bytes::kSize));
    return result;
}

// A decimal number in the whole of `text`, as the Beacon API writes them; kMalformed otherwise.
[[nodiscard]] Result<std::uint64_t> parse_decimal(std::string_view text);

// Bytes as a hash: they are digests, keys or signatures, so any eight of them are spread well enough for our tables.
template <std::size_t N, class Tag>
struct FixedBytesHash {
    std::size_t operator()(const FixedBytes<N, Tag>& value) const noexcept {
        std::size_t result = 0;
        constexpr std::size_t kFrom = N > 16 ? 8 : 0;
        for (std::size_t i = 0; i < sizeof result && kFrom + i < N; ++i) {
            result = (result << 8U) | value.bytes[kFrom + i];
        }
        return result;
    }
};

}  // namespace holdfast

template <class Tag>
struct std::hash<holdfast::Number<Tag>> {
    std::size_t operator()(holdfast::Number<Tag> n) const noexcept { return std::hash<std::uint64_t>{}(n.value); }
};

template <std::size_t N, class Tag>
struct std::hash<holdfast::FixedBytes<N, Tag>> : holdfast::FixedBytesHash<N, Tag> {};
