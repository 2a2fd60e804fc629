// Objects of schema types for tests: the default value of a type (zeros, empty lists), and fields put into it.
//
//   Object block = default_object(types.block);
//   put_uint(block, {"slot"}, 7);
//   put_bytes(block, {"body", "execution_payload", "fee_recipient"}, address.bytes);
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "shared/base/assert.hpp"
#include "shared/ethereum/schema.hpp"
#include "shared/ethereum/ssz.hpp"

namespace holdfast::ethereum::schema {

inline std::vector<std::uint8_t> default_encoding(const Type& type) {
    if (type.fixed_size > 0) return std::vector<std::uint8_t>(type.fixed_size, 0);
    if (type.kind == Kind::kBitlist) return {1};
    if (type.kind != Kind::kContainer) return {};
    std::size_t head_size = 0;
    for (const Field& field : type.fields) head_size += field.type->fixed_size > 0 ? field.type->fixed_size : ssz::kOffsetSize;
    ssz::Bytes head;
    ssz::Bytes tail;
    for (const Field& field : type.fields) {
        const std::vector<std::uint8_t> part = default_encoding(*field.type);
        const bool fixed = field.type->fixed_size > 0;
        if (!fixed) ssz::append_uint(head_size + tail.size(), ssz::kOffsetSize, head);
        ssz::Bytes& place = fixed ? head : tail;
        place.insert(place.end(), part.begin(), part.end());
    }
    head.insert(head.end(), tail.begin(), tail.end());
    return head;
}

inline Object default_object(TypePtr type) {
    std::vector<std::uint8_t> bytes = default_encoding(*type);
    return Object::make(std::move(type), std::move(bytes)).value();
}

// Over a field of fixed size.
inline void put_bytes(Object& object, std::initializer_list<std::string_view> path, View value) {
    const View place = object.find(path).bytes;
    HOLDFAST_ASSERT(place.size() == value.size());
    std::copy(value.begin(), value.end(), object.bytes.begin() + (place.data() - object.bytes.data()));
}
inline void put_uint(Object& object, std::initializer_list<std::string_view> path, std::uint64_t value) {
    ssz::Bytes bytes;
    ssz::append_uint(value, object.find(path).bytes.size(), bytes);
    put_bytes(object, path, bytes);
}

}  // namespace holdfast::ethereum::schema
