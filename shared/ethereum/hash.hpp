// SHA-256 and Merkle trees of 32-byte chunks. Specification: consensus-specs, ssz/simple-serialize.md, "Merkleization".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "shared/base/types.hpp"

namespace holdfast::ethereum {

[[nodiscard]] Root sha256(std::span<const std::uint8_t> data);
[[nodiscard]] Root hash_pair(const Root& left, const Root& right);

// The root of a tree over `chunks`, filled up with zero chunks to the power of two that holds `limit` (>= chunks.size(), >= 1).
// The chunks are used as working space.
[[nodiscard]] Root merkleize(std::span<Root> chunks, std::uint64_t limit);
// The same for chunks that the caller keeps in a fixed array: 1 to N chunks, limit N.
template <std::size_t N>
[[nodiscard]] Root merkleize(std::array<Root, N>& chunks) {
    return merkleize(std::span<Root>{chunks}, N);
}
[[nodiscard]] Root mix_in_length(const Root& root, std::uint64_t length);

}  // namespace holdfast::ethereum
