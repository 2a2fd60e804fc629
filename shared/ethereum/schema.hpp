// SSZ types as data: for the large containers (blocks, payloads) that differ by fork and preset, and of which only a few fields
// are looked at. An object stays its encoding: it is checked, hashed and looked into where it lies. Specification:
// consensus-specs, ssz/simple-serialize.md, with progressive lists and containers (EIP-7916, EIP-7495). Small containers that
// are built here are structs (containers.hpp). Thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/types.hpp"

namespace holdfast::ethereum::schema {

using View = std::span<const std::uint8_t>;

enum class Kind : std::uint8_t { kUint, kBool, kBytes, kByteList, kBitvector, kBitlist, kVector, kList, kContainer };

struct Type;
using TypePtr = std::shared_ptr<const Type>;

struct Field {
    std::string name;
    TypePtr type;
};

// As a limit: none; the list is merkleised progressively.
inline constexpr std::uint64_t kProgressive = std::numeric_limits<std::uint64_t>::max();

struct Type {
    Kind kind{Kind::kContainer};
    std::size_t fixed_size{0};    // bytes of its encoding; 0 if it varies
    std::uint64_t limit{0};       // of elements, bytes or bits
    TypePtr element{};            // of vectors and lists
    std::vector<Field> fields{};  // of containers, in order
    bool progressive{false};      // of containers: all fields active

    [[nodiscard]] bool basic() const { return kind == Kind::kUint || kind == Kind::kBool; }
};

[[nodiscard]] TypePtr uint_of(std::size_t bytes);
[[nodiscard]] TypePtr boolean();
[[nodiscard]] TypePtr bytes_of(std::size_t count);
[[nodiscard]] TypePtr byte_list(std::uint64_t limit);
[[nodiscard]] TypePtr bitvector(std::size_t bits);
[[nodiscard]] TypePtr bitlist(std::uint64_t limit);
[[nodiscard]] TypePtr vector_of(TypePtr element, std::uint64_t count);
[[nodiscard]] TypePtr list_of(TypePtr element, std::uint64_t limit);
[[nodiscard]] TypePtr container(std::vector<Field> fields);
[[nodiscard]] TypePtr progressive_container(std::vector<Field> fields);

// Is `bytes` the encoding of such an object, as any encoder would have written it? kMalformed with what is wrong, and where.
[[nodiscard]] Result<void> check(const Type& type, View bytes);
// Of bytes that check() has accepted.
[[nodiscard]] Root hash_tree_root(const Type& type, View bytes);

// A part of a checked object.
struct Part {
    const Type* type{nullptr};
    View bytes;

    [[nodiscard]] std::uint64_t as_uint() const;  // up to 8 bytes
    template <class T>
    [[nodiscard]] T as_bytes() const {
        T value;
        std::copy(bytes.begin(), bytes.end(), value.bytes.begin());
        return value;
    }
};
[[nodiscard]] bool has_field(const Type& type, std::string_view name);
// The type of a field of a container. A name that isn't there is a bug and ends the process.
[[nodiscard]] TypePtr type_of(const Type& type, std::string_view name);
// find(block, bytes, {"body", "execution_payload", "fee_recipient"}). A name that isn't there is a bug and ends the process.
[[nodiscard]] Part find(const Type& type, View bytes, std::initializer_list<std::string_view> path);
// An object with its type: checked, and a value of its own.
struct Object {
    TypePtr type;
    std::vector<std::uint8_t> bytes;

    [[nodiscard]] static Result<Object> make(TypePtr type, std::vector<std::uint8_t> bytes);  // check()s them
    [[nodiscard]] Part find(std::initializer_list<std::string_view> path) const;
    [[nodiscard]] Root root() const { return hash_tree_root(*type, bytes); }
    friend bool operator==(const Object& a, const Object& b) { return a.bytes == b.bytes; }
};
// The encoding of a container whose fields have these encodings, in the order of the type's fields.
[[nodiscard]] Object assemble(TypePtr container, std::initializer_list<View> fields);
// The elements of a checked vector or list of objects.
[[nodiscard]] std::vector<Part> elements(const Part& sequence);

}  // namespace holdfast::ethereum::schema
