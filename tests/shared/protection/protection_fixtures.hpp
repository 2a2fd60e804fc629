// Keys, roots and records for the tests of protection and protector.
#pragma once

#include <cstdint>
#include <vector>

#include "shared/protection/verdict.hpp"

namespace holdfast::protection {

template <class Bytes>
Bytes numbered(std::uint64_t number) {
    Bytes bytes;
    for (std::size_t i = 0; i < Bytes::kSize; ++i)
        bytes.bytes[i] = static_cast<std::uint8_t>((number + 1) * 0x9E3779B97F4A7C15U >> (8 * (i % 8)));
    for (std::size_t i = 0; i < 8; ++i) bytes.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return bytes;
}

inline PublicKey key(std::uint64_t number) { return numbered<PublicKey>(number); }
inline Root root(std::uint64_t number) { return numbered<Root>(number); }

inline std::vector<PublicKey> keys(std::size_t count, std::uint64_t first = 0) {
    std::vector<PublicKey> result;
    for (std::size_t i = 0; i < count; ++i) result.push_back(key(first + i));
    return result;
}

inline AttestationMark vote(std::uint64_t source, std::uint64_t target, std::uint64_t signing_root) {
    return {Epoch{source}, Epoch{target}, root(signing_root)};
}

inline BlockMark block(std::uint64_t slot, std::uint64_t signing_root) { return {Slot{slot}, root(signing_root)}; }

inline ethereum::AttestationData attestation_data(std::uint64_t source, std::uint64_t target, std::uint64_t head) {
    return {Slot{target * 32}, CommitteeIndex{0}, root(head), {Epoch{source}, root(source)}, {Epoch{target}, root(target)}};
}

inline Domain attester_domain() {
    Domain domain = numbered<Domain>(7);
    domain.bytes[0] = 1;
    domain.bytes[1] = domain.bytes[2] = domain.bytes[3] = 0;
    return domain;
}

}  // namespace holdfast::protection
