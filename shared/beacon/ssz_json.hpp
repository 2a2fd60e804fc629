// Objects whose type is data (shared/ethereum/schema.hpp), in the JSON of the Beacon API: numbers as decimal strings, bytes and
// bits as 0x and hex digits. For nodes that don't speak SSZ. Nothing here throws.
#pragma once

#include <json/value.h>

#include <string>

#include "shared/base/result.hpp"
#include "shared/ethereum/schema.hpp"
#include "shared/ethereum/ssz.hpp"

namespace holdfast::beacon {

// The encoding of what `value` says; schema::check() accepts it. Members that the type doesn't have are ignored. kMalformed
// with what is wrong, and where.
[[nodiscard]] Result<ethereum::ssz::Bytes> encode_json(const ethereum::schema::Type& type, const Json::Value& value);
// Of bytes that schema::check() has accepted.
[[nodiscard]] Json::Value decode_to_json(const ethereum::schema::Type& type, ethereum::schema::View bytes);
// The same as text, to the end of `text`.
void append_json(const ethereum::schema::Type& type, ethereum::schema::View bytes, std::string& text);

}  // namespace holdfast::beacon
