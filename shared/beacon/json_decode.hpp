// Reading what a beacon node says, which may be anything: every wrong type, missing field or number out of range is a
// kMalformed Result that names the field. Nothing here throws. Numbers of the Beacon API are decimal strings, bytes 0x and hex
// digits.
#pragma once

#include <json/value.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/base/types.hpp"

namespace holdfast::beacon {

// The whole of `text` as one JSON object.
[[nodiscard]] Result<Json::Value> parse_json_object(std::string_view text);

// The member `name` of `object`. `object` may be any value; the result lives as long as it.
[[nodiscard]] Result<const Json::Value*> object_field(const Json::Value& object, const char* name);
// At most `size_max` elements.
[[nodiscard]] Result<const Json::Value*> array_field(const Json::Value& object, const char* name, std::size_t size_max);
[[nodiscard]] Result<std::uint64_t> number_field(const Json::Value& object, const char* name);
// A number that leaves room for arithmetic with slots.
[[nodiscard]] Result<Slot> slot_field(const Json::Value& object, const char* name);
[[nodiscard]] Result<bool> bool_field(const Json::Value& object, const char* name);
// `when_absent` if there is no such member; kMalformed if it is something else than a bool.
[[nodiscard]] Result<bool> bool_field_or(const Json::Value& object, const char* name, bool when_absent);
// At most `size_max` bytes.
[[nodiscard]] Result<std::string_view> string_field(const Json::Value& object, const char* name, std::size_t size_max);
[[nodiscard]] Result<void> hex_field(const Json::Value& object, const char* name, std::uint8_t* data, std::size_t size);

template <class Bytes>
[[nodiscard]] Result<Bytes> bytes_field(const Json::Value& object, const char* name) {
    Bytes value;
    HOLDFAST_TRY(hex_field(object, name, value.data(), Bytes::kSize));
    return value;
}

}  // namespace holdfast::beacon
