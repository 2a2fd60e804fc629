// Objects of any SSZ type, made from a seed; and the types of a fork by the names that the specification gives them.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "shared/ethereum/block_types.hpp"
#include "shared/ethereum/ssz.hpp"

namespace holdfast::ethereum {

using NamedTypes = std::map<std::string, schema::TypePtr>;

// All that the fork has, also parts of blocks.
[[nodiscard]] NamedTypes named_types(const BlockTypes& types);

// The encoding of an object. Seed 0: zeros and empty lists. Any other: random values from a generator that is the same
// everywhere, and lists and bit lists of a few elements.
[[nodiscard]] ssz::Bytes make_object(const schema::Type& type, std::uint64_t seed);

}  // namespace holdfast::ethereum
