// SSZ: one mechanism for every container. A container names its fields once, in order:
//
//   template <> struct ssz::Fields<Checkpoint> {
//       static constexpr auto kAll = std::tuple{&Checkpoint::epoch, &Checkpoint::root};
//   };
//
// and has serialize(), deserialize<T>() and hash_tree_root() from it. Field types: bool, std::uint8_t, std::uint64_t, Number,
// FixedBytes, std::array (vector), List, ByteList, Bitvector, Bitlist, and other containers. Another kind of list or container
// is another Codec. Decoding is strict: what another encoder would not have written is kMalformed, and `out` is then
// unspecified. Specification: consensus-specs, ssz/simple-serialize.md. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/types.hpp"
#include "shared/ethereum/hash.hpp"
#include "shared/ethereum/ssz_types.hpp"

namespace holdfast::ethereum::ssz {

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;

inline constexpr std::size_t kOffsetSize = 4;

template <class T>
struct Fields;  // kAll: a tuple of pointers to members

// What is done with a T:
//   kFixedSize                     bytes of its encoding; 0 if it varies
//   append(value, out)             its encoding, to the end of `out`
//   read(view, value)              the whole of `view`
//   root(value)                    hash_tree_root
template <class T>
struct Codec;

[[nodiscard]] inline Error malformed(std::string why) { return failure(ErrorCode::kMalformed, "SSZ: " + std::move(why)); }

inline void append_uint(std::uint64_t value, std::size_t size, Bytes& out) {
    for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
[[nodiscard]] inline std::uint64_t read_uint(View view) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < view.size(); ++i) value |= std::uint64_t{view[i]} << (8 * i);
    return value;
}
[[nodiscard]] inline Result<void> expect_size(View view, std::size_t size) {
    if (view.size() == size) return success();
    return malformed(std::to_string(view.size()) + " bytes instead of " + std::to_string(size));
}
// Bytes as chunks of 32, the last filled up with zeros.
[[nodiscard]] std::vector<Root> pack(View bytes);
// The same into `chunks`: zero, and as many as are needed.
void pack_into(View bytes, std::span<Root> chunks);

template <std::size_t kSize>
struct UintCodec {
    static constexpr std::size_t kFixedSize = kSize;
    static constexpr bool kBasic = true;
    static void append(std::uint64_t value, Bytes& out) { append_uint(value, kSize, out); }
    static Root root(std::uint64_t value) {
        Root chunk;
        for (std::size_t i = 0; i < kSize; ++i) chunk.bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
        return chunk;
    }
};

template <>
struct Codec<std::uint64_t> : UintCodec<8> {
    static Result<void> read(View view, std::uint64_t& value) {
        HOLDFAST_TRY(expect_size(view, 8));
        value = read_uint(view);
        return success();
    }
};
template <>
struct Codec<std::uint8_t> : UintCodec<1> {
    static Result<void> read(View view, std::uint8_t& value) {
        HOLDFAST_TRY(expect_size(view, 1));
        value = view[0];
        return success();
    }
};
template <>
struct Codec<bool> : UintCodec<1> {
    static Result<void> read(View view, bool& value) {
        HOLDFAST_TRY(expect_size(view, 1));
        if (view[0] > 1) return malformed("a boolean is neither 0 nor 1");
        value = view[0] == 1;
        return success();
    }
};
template <class Tag>
struct Codec<Number<Tag>> : UintCodec<8> {
    static void append(Number<Tag> number, Bytes& out) { append_uint(number.value, 8, out); }
    static Result<void> read(View view, Number<Tag>& number) { return Codec<std::uint64_t>::read(view, number.value); }
    static Root root(Number<Tag> number) { return Codec<std::uint64_t>::root(number.value); }
};

template <std::size_t N, class Tag>
struct Codec<FixedBytes<N, Tag>> {
    static constexpr std::size_t kFixedSize = N;
    static constexpr bool kBasic = false;
    static void append(const FixedBytes<N, Tag>& value, Bytes& out) {
        out.insert(out.end(), value.bytes.begin(), value.bytes.end());
    }
    static Result<void> read(View view, FixedBytes<N, Tag>& value) {
        HOLDFAST_TRY(expect_size(view, N));
        std::memcpy(value.data(), view.data(), N);
        return success();
    }
    static Root root(const FixedBytes<N, Tag>& value) {
        std::array<Root, (N + 31) / 32> chunks{};
        pack_into(value.bytes, chunks);
        return merkleize(chunks);
    }
};

// --- sequences: elements of fixed size one after another, of variable size behind a table of offsets ---

template <class T>
void append_elements(std::span<const T> elements, Bytes& out) {
    if constexpr (Codec<T>::kFixedSize > 0) {
        for (const T& element : elements) Codec<T>::append(element, out);
    } else {
        const std::size_t start = out.size();
        out.resize(start + kOffsetSize * elements.size());
        for (std::size_t i = 0; i < elements.size(); ++i) {
            const std::size_t offset = out.size() - start;
            for (std::size_t b = 0; b < kOffsetSize; ++b) {
                out[start + kOffsetSize * i + b] = static_cast<std::uint8_t>(offset >> (8 * b));
            }
            Codec<T>::append(elements[i], out);
        }
    }
}

// Checked offsets of a sequence of variable elements: the first points behind the table, none goes back or out of `view`.
[[nodiscard]] Result<std::vector<std::size_t>> read_offsets(View view, std::size_t count_max);

template <class T>
Result<void> read_elements(View view, std::size_t count_max, std::vector<T>& elements) {
    elements.clear();
    if constexpr (Codec<T>::kFixedSize > 0) {
        constexpr std::size_t kSize = Codec<T>::kFixedSize;
        if (view.size() % kSize != 0) return malformed("a list does not end with an element");
        const std::size_t count = view.size() / kSize;
        if (count > count_max) return malformed("a list has more than " + std::to_string(count_max) + " elements");
        elements.resize(count);
        for (std::size_t i = 0; i < count; ++i) {
            HOLDFAST_TRY(Codec<T>::read(view.subspan(i * kSize, kSize), elements[i]));
        }
    } else {
        HOLDFAST_TRY(const auto offsets, read_offsets(view, count_max));
        elements.resize(offsets.size());
        for (std::size_t i = 0; i < offsets.size(); ++i) {
            const std::size_t end = i + 1 < offsets.size() ? offsets[i + 1] : view.size();
            HOLDFAST_TRY(Codec<T>::read(view.subspan(offsets[i], end - offsets[i]), elements[i]));
        }
    }
    return success();
}

// Tree over the elements: basic ones packed into chunks, others by their roots. `count_max` elements are the limit.
template <class T>
Root elements_root(std::span<const T> elements, std::uint64_t count_max) {
    if constexpr (Codec<T>::kBasic) {
        Bytes bytes;
        append_elements(elements, bytes);
        std::vector<Root> chunks = pack(bytes);
        return merkleize(chunks, std::max<std::uint64_t>(1, (count_max * Codec<T>::kFixedSize + 31) / 32));
    } else {
        std::vector<Root> chunks;
        chunks.reserve(elements.size());
        for (const T& element : elements) chunks.push_back(Codec<T>::root(element));
        return merkleize(chunks, std::max<std::uint64_t>(1, count_max));
    }
}

template <class T, std::size_t N>
struct Codec<std::array<T, N>> {
    static constexpr std::size_t kFixedSize = N * Codec<T>::kFixedSize;
    static constexpr bool kBasic = false;
    static void append(const std::array<T, N>& value, Bytes& out) { append_elements(std::span<const T>{value}, out); }
    static Result<void> read(View view, std::array<T, N>& value) {
        if constexpr (kFixedSize > 0) {
            HOLDFAST_TRY(expect_size(view, kFixedSize));
            for (std::size_t i = 0; i < N; ++i) {
                HOLDFAST_TRY(Codec<T>::read(view.subspan(i * Codec<T>::kFixedSize, Codec<T>::kFixedSize), value[i]));
            }
        } else {
            std::vector<T> elements;
            HOLDFAST_TRY(read_elements(view, N, elements));
            if (elements.size() != N) return malformed("a vector has too few elements");
            std::move(elements.begin(), elements.end(), value.begin());
        }
        return success();
    }
    static Root root(const std::array<T, N>& value) {
        if constexpr (Codec<T>::kBasic) {
            constexpr std::size_t kInChunk = 32 / Codec<T>::kFixedSize;
            std::array<Root, (N + kInChunk - 1) / kInChunk> chunks{};
            for (std::size_t i = 0; i < N; ++i) {
                const std::size_t place = i % kInChunk * Codec<T>::kFixedSize;
                std::memcpy(chunks[i / kInChunk].data() + place, Codec<T>::root(value[i]).data(), Codec<T>::kFixedSize);
            }
            return merkleize(chunks);
        } else {
            std::array<Root, N> roots;
            for (std::size_t i = 0; i < N; ++i) roots[i] = Codec<T>::root(value[i]);
            return merkleize(roots);
        }
    }
};

template <class T, std::uint64_t kMax>
struct Codec<List<T, kMax>> {
    static constexpr std::size_t kFixedSize = 0;
    static constexpr bool kBasic = false;
    static void append(const List<T, kMax>& value, Bytes& out) { append_elements(std::span<const T>{value.elements}, out); }
    static Result<void> read(View view, List<T, kMax>& value) { return read_elements(view, kMax, value.elements); }
    static Root root(const List<T, kMax>& value) {
        return mix_in_length(elements_root(std::span<const T>{value.elements}, kMax), value.elements.size());
    }
};

template <std::uint64_t kMax>
struct Codec<ByteList<kMax>> {
    static constexpr std::size_t kFixedSize = 0;
    static constexpr bool kBasic = false;
    static void append(const ByteList<kMax>& value, Bytes& out) {
        out.insert(out.end(), value.bytes.begin(), value.bytes.end());
    }
    static Result<void> read(View view, ByteList<kMax>& value) {
        if (view.size() > kMax) return malformed("a byte list has more than " + std::to_string(kMax) + " bytes");
        value.bytes.assign(view.begin(), view.end());
        return success();
    }
    static Root root(const ByteList<kMax>& value) {
        std::vector<Root> chunks = pack(value.bytes);
        return mix_in_length(merkleize(chunks, std::max<std::uint64_t>(1, (kMax + 31) / 32)), value.bytes.size());
    }
};

template <std::size_t kBits>
struct Codec<Bitvector<kBits>> {
    static constexpr std::size_t kFixedSize = (kBits + 7) / 8;
    static constexpr bool kBasic = false;
    static void append(const Bitvector<kBits>& value, Bytes& out) {
        out.insert(out.end(), value.bytes.begin(), value.bytes.end());
    }
    static Result<void> read(View view, Bitvector<kBits>& value) {
        HOLDFAST_TRY(expect_size(view, kFixedSize));
        std::memcpy(value.bytes.data(), view.data(), kFixedSize);
        if (kBits % 8 != 0 && (view[kFixedSize - 1] >> (kBits % 8)) != 0)
            return malformed("a bit vector has bits beyond its end");
        return success();
    }
    static Root root(const Bitvector<kBits>& value) {
        std::array<Root, (kBits + 255) / 256> chunks{};
        pack_into(value.bytes, chunks);
        return merkleize(chunks);
    }
};

// The last byte of a bit list's encoding holds its end mark.
[[nodiscard]] Result<void> read_bitlist(View view, std::uint64_t bits_max, Bytes& bytes, std::size_t& size);
void append_bitlist(const Bytes& bytes, std::size_t size, Bytes& out);

template <std::uint64_t kMax>
struct Codec<Bitlist<kMax>> {
    static constexpr std::size_t kFixedSize = 0;
    static constexpr bool kBasic = false;
    static void append(const Bitlist<kMax>& value, Bytes& out) { append_bitlist(value.bytes, value.size, out); }
    static Result<void> read(View view, Bitlist<kMax>& value) { return read_bitlist(view, kMax, value.bytes, value.size); }
    static Root root(const Bitlist<kMax>& value) {
        std::vector<Root> chunks = pack(value.bytes);
        return mix_in_length(merkleize(chunks, (kMax + 255) / 256), value.size);
    }
};

// --- containers ---

template <class T>
concept Container = requires {
    Fields<T>::kAll;
};

template <class Pointer>
struct MemberOf;
template <class Owner, class Member>
struct MemberOf<Member Owner::*> {
    using Type = Member;
};

// The Codec of field I of T. (At namespace scope: GCC 12 breaks on these as members of the partial specialisation below.)
template <class T, std::size_t I>
using FieldCodec = Codec<typename MemberOf<std::remove_cv_t<std::tuple_element_t<I, decltype(Fields<T>::kAll)>>>::Type>;

template <class T>
using FieldIndices = std::make_index_sequence<std::tuple_size_v<decltype(Fields<T>::kAll)>>;

// Size of the fixed part: fields of fixed size, and an offset for each of the others.
template <class T, std::size_t... I>
constexpr std::size_t head_size(std::index_sequence<I...>) {
    return ((FieldCodec<T, I>::kFixedSize > 0 ? FieldCodec<T, I>::kFixedSize : kOffsetSize) + ...);
}
template <class T, std::size_t... I>
constexpr bool all_fixed(std::index_sequence<I...>) {
    return ((FieldCodec<T, I>::kFixedSize > 0) && ...);
}

template <Container T>
struct Codec<T> {
    static constexpr auto kFields = Fields<T>::kAll;
    static constexpr std::size_t kCount = FieldIndices<T>::size();
    static constexpr std::size_t kHeadSize = head_size<T>(FieldIndices<T>{});
    static constexpr bool kAllFixed = all_fixed<T>(FieldIndices<T>{});
    static constexpr std::size_t kFixedSize = kAllFixed ? kHeadSize : 0;
    static constexpr bool kBasic = false;

    static void append(const T& value, Bytes& out) {
        const std::size_t start = out.size();
        std::vector<std::size_t> offset_places;
        for_each_field([&](auto index) {
            constexpr std::size_t I = decltype(index)::value;
            if constexpr (FieldCodec<T, I>::kFixedSize > 0) {
                FieldCodec<T, I>::append(value.*std::get<I>(kFields), out);
            } else {
                offset_places.push_back(out.size());
                append_uint(0, kOffsetSize, out);
            }
        });
        std::size_t next = 0;
        for_each_field([&](auto index) {
            constexpr std::size_t I = decltype(index)::value;
            if constexpr (FieldCodec<T, I>::kFixedSize == 0) {
                const std::size_t offset = out.size() - start;
                for (std::size_t b = 0; b < kOffsetSize; ++b) {
                    out[offset_places[next] + b] = static_cast<std::uint8_t>(offset >> (8 * b));
                }
                ++next;
                FieldCodec<T, I>::append(value.*std::get<I>(kFields), out);
            }
        });
    }

    static Result<void> read(View view, T& value) {
        if (kAllFixed && view.size() != kHeadSize) return expect_size(view, kHeadSize);
        if (view.size() < kHeadSize) return malformed("a container ends within its fixed part");
        std::vector<std::size_t> offsets;
        std::size_t at = 0;
        Result<void> outcome = success();
        for_each_field([&](auto index) {
            constexpr std::size_t I = decltype(index)::value;
            if (!outcome) return;
            if constexpr (FieldCodec<T, I>::kFixedSize > 0) {
                outcome = FieldCodec<T, I>::read(view.subspan(at, FieldCodec<T, I>::kFixedSize), value.*std::get<I>(kFields));
                at += FieldCodec<T, I>::kFixedSize;
            } else {
                offsets.push_back(static_cast<std::size_t>(read_uint(view.subspan(at, kOffsetSize))));
                at += kOffsetSize;
            }
        });
        if (!outcome || offsets.empty()) return outcome;
        outcome = check_offsets(offsets, view.size());
        std::size_t next = 0;
        for_each_field([&](auto index) {
            constexpr std::size_t I = decltype(index)::value;
            if constexpr (FieldCodec<T, I>::kFixedSize == 0) {
                if (!outcome) return;
                const std::size_t end = next + 1 < offsets.size() ? offsets[next + 1] : view.size();
                outcome = FieldCodec<T, I>::read(view.subspan(offsets[next], end - offsets[next]), value.*std::get<I>(kFields));
                ++next;
            }
        });
        return outcome;
    }

    static Root root(const T& value) {
        std::array<Root, kCount> roots;
        for_each_field([&](auto index) {
            constexpr std::size_t I = decltype(index)::value;
            roots[I] = FieldCodec<T, I>::root(value.*std::get<I>(kFields));
        });
        return merkleize(roots);
    }

private:
    template <class F>
    static void for_each_field(F action) {
        visit_indices(action, std::make_index_sequence<kCount>{});
    }
    template <class F, std::size_t... I>
    static void visit_indices(F& action, std::index_sequence<I...>) {
        (action(std::integral_constant<std::size_t, I>{}), ...);
    }

    static Result<void> check_offsets(const std::vector<std::size_t>& offsets, std::size_t size) {
        if (offsets.front() != kHeadSize) return malformed("the first offset does not point behind the fixed part");
        for (std::size_t i = 0; i < offsets.size(); ++i) {
            if (offsets[i] > (i + 1 < offsets.size() ? offsets[i + 1] : size))
                return malformed("an offset goes back or beyond the end");
        }
        return success();
    }
};

// --- the three functions ---

template <class T>
[[nodiscard]] Bytes serialize(const T& value) {
    Bytes out;
    out.reserve(Codec<T>::kFixedSize);
    Codec<T>::append(value, out);
    return out;
}

template <class T>
[[nodiscard]] Result<T> deserialize(View view) {
    T value{};
    HOLDFAST_TRY(Codec<T>::read(view, value));
    return value;
}

template <class T>
[[nodiscard]] Root hash_tree_root(const T& value) {
    return Codec<T>::root(value);
}

}  // namespace holdfast::ethereum::ssz
