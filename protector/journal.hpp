// The text of a journal row: groups of one kind after another. Numbers are little-endian.
//   'v'  u32 first id, u32 count, count x 48 bytes of public key           validators seen for the first time
//   'a'  u64 source, u64 target, 32 bytes signing root, u8 has data, [128 bytes data], u32 count, count x u32 id
//   'b'  u64 slot, 32 bytes signing root, u32 count, count x u32 id
//   'h'  u8 halted, u32 count, count x u32 id                                halts, and halts lifted
//   'e'  u32 count, count x u32 id                                          enrolled
//   'i'  u32 count, count x record                                          imported, or taken over at a rejoin
//        record: u32 id, u8 flags, [u64 source, u64 target, 32 bytes signing root], [128 bytes data], [u64 slot, 32 bytes
//        signing root]; flags: 1 attestation, 2 its data, 4 block, 8 halted, 16 enrolled
//   'g'  u64 generation, u64 since (Unix seconds), u8 length, holder         the generation in force
//   's'  u64 incarnation, u64 sequence, u8 length, node                      how far a peer was seen
//   'f'  u64 floor target, u64 floor slot, u64 incarnation                   a rejoin
// A slot's validators share one group, so 3,000 decisions are 12 kB.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "shared/base/types.hpp"
#include "shared/protection/verdict.hpp"

namespace holdfast::protector {

enum RecordFlags : std::uint8_t { kHasAttestation = 1, kHasData = 2, kHasBlock = 4, kIsHalted = 8, kIsEnrolled = 16 };

inline std::uint8_t flags_of(const protection::ValidatorRecord& record) {
    return static_cast<std::uint8_t>((record.attestation ? kHasAttestation : 0) | (record.data ? kHasData : 0) |
                                     (record.block ? kHasBlock : 0) | (record.halted ? kIsHalted : 0) |
                                     (record.enrolled ? kIsEnrolled : 0));
}

template <class Number>
void append_number(std::string& to, Number number) {
    char bytes[sizeof number];
    for (std::size_t i = 0; i < sizeof number; ++i) bytes[i] = static_cast<char>((number >> (8 * i)) & 0xFFU);
    to.append(bytes, sizeof bytes);
}

template <class Bytes>
void append_bytes(std::string& to, const Bytes& bytes) {
    to.append(reinterpret_cast<const char*>(bytes.data()), Bytes::kSize);
}

template <class Number>
Number load_number(const std::uint8_t* from) {
    Number number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i) number = static_cast<Number>(number | (Number{from[i]} << (8 * i)));
    return number;
}

// Reads such text; after the first byte that is missing everything is zero and failed() is true.
class BytesReader {
public:
    explicit BytesReader(std::string_view text) : text_{text} {}

    template <class Number>
    Number number() {
        const std::uint8_t* from = take(sizeof(Number));
        return from == nullptr ? Number{0} : load_number<Number>(from);
    }
    template <class Bytes>
    Bytes bytes() {
        Bytes value;
        const std::uint8_t* from = take(Bytes::kSize);
        if (from != nullptr) std::memcpy(value.data(), from, Bytes::kSize);
        return value;
    }
    const std::uint8_t* take(std::size_t size) {
        if (failed_ || text_.size() - at_ < size) {
            failed_ = true;
            return nullptr;
        }
        const auto* from = reinterpret_cast<const std::uint8_t*>(text_.data()) + at_;
        at_ += size;
        return from;
    }
    [[nodiscard]] std::size_t left() const { return text_.size() - at_; }
    [[nodiscard]] bool failed() const { return failed_; }

private:
    std::string_view text_;
    std::size_t at_{0};
    bool failed_{false};
};

}  // namespace holdfast::protector
