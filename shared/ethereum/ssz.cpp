#include "shared/ethereum/ssz.hpp"

#include <algorithm>
#include <bit>

namespace holdfast::ethereum::ssz {

std::vector<Root> pack(View bytes) {
    std::vector<Root> chunks((bytes.size() + 31) / 32);
    pack_into(bytes, chunks);
    return chunks;
}

void pack_into(View bytes, std::span<Root> chunks) {
    for (std::size_t i = 0; i < chunks.size(); ++i) {
        std::memcpy(chunks[i].data(), bytes.data() + 32 * i, std::min<std::size_t>(32, bytes.size() - 32 * i));
    }
}

Result<std::vector<std::size_t>> read_offsets(View view, std::size_t count_max) {
    std::vector<std::size_t> offsets;
    if (view.empty()) return offsets;
    if (view.size() < kOffsetSize) return malformed("a list ends within its offsets");
    const auto first = static_cast<std::size_t>(read_uint(view.first(kOffsetSize)));
    if (first == 0 || first % kOffsetSize != 0 || first > view.size()) return malformed("a list's first offset is impossible");
    const std::size_t count = first / kOffsetSize;
    if (count > count_max) return malformed("a list has more than " + std::to_string(count_max) + " elements");
    offsets.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto offset = static_cast<std::size_t>(read_uint(view.subspan(kOffsetSize * i, kOffsetSize)));
        if (offset > view.size() || (i > 0 && offset < offsets.back()))
            return malformed("an offset goes back or beyond the end");
        offsets.push_back(offset);
    }
    return offsets;
}

Result<void> read_bitlist(View view, std::uint64_t bits_max, Bytes& bytes, std::size_t& size) {
    if (view.empty() || view.back() == 0) return malformed("a bit list has no end mark");
    const auto last_bits = static_cast<std::size_t>(std::bit_width(static_cast<unsigned>(view.back()))) - 1;
    size = (view.size() - 1) * 8 + last_bits;
    if (size > bits_max) return malformed("a bit list has more than " + std::to_string(bits_max) + " bits");
    bytes.assign(view.begin(), view.end());
    bytes.back() = static_cast<std::uint8_t>(std::uint32_t{bytes.back()} ^ 1U << last_bits);
    if (last_bits == 0) bytes.pop_back();
    return success();
}

void append_bitlist(const Bytes& bytes, std::size_t size, Bytes& out) {
    out.insert(out.end(), bytes.begin(), bytes.end());
    if (size % 8 == 0) {
        out.push_back(1);
    } else {
        out.back() = with_bit(out.back(), size % 8);
    }
}

}  // namespace holdfast::ethereum::ssz
