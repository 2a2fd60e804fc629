#include "shared/ethereum/hash.hpp"

#include <blst.h>

#include <array>
#include <bit>
#include <cstring>

#include "shared/base/assert.hpp"

namespace holdfast::ethereum {
namespace {

constexpr std::size_t kDepthMax = 64;

// Roots of trees of zero chunks, by depth.
const std::array<Root, kDepthMax + 1>& zero_roots() {
    static const auto kRoots = [] {
        std::array<Root, kDepthMax + 1> roots{};
        for (std::size_t i = 1; i < roots.size(); ++i) roots[i] = hash_pair(roots[i - 1], roots[i - 1]);
        return roots;
    }();
    return kRoots;
}

}  // namespace

Root sha256(std::span<const std::uint8_t> data) {
    Root digest;
    blst_sha256(digest.data(), data.data(), data.size());
    return digest;
}

Root hash_pair(const Root& left, const Root& right) {
    std::array<std::uint8_t, 64> both;
    std::memcpy(both.data(), left.data(), 32);
    std::memcpy(both.data() + 32, right.data(), 32);
    return sha256(both);
}

Root merkleize(std::span<Root> chunks, std::uint64_t limit) {
    HOLDFAST_ASSERT(limit > 0 && chunks.size() <= limit);
    const auto depth = static_cast<std::size_t>(std::bit_width(limit - 1));
    if (chunks.empty()) return zero_roots()[depth];
    std::size_t count = chunks.size();
    for (std::size_t level = 0; level < depth; ++level) {
        for (std::size_t i = 0; i < count; i += 2) {
            chunks[i / 2] = hash_pair(chunks[i], i + 1 < count ? chunks[i + 1] : zero_roots()[level]);
        }
        count = (count + 1) / 2;
    }
    return chunks[0];
}

Root mix_in_length(const Root& root, std::uint64_t length) {
    Root tail;
    for (std::size_t i = 0; i < 8; ++i) tail.bytes[i] = static_cast<std::uint8_t>(length >> (8 * i));
    return hash_pair(root, tail);
}

}  // namespace holdfast::ethereum
