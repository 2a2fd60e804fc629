// Containers as SSZ and as the Beacon API's JSON, written by the simulated chain itself: only the descriptions of types (and,
// for big containers, their roots) are those of shared/ethereum. Pure.
#pragma once

#include <json/value.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "shared/ethereum/attestation.hpp"
#include "shared/ethereum/block_types.hpp"
#include "tests/beacon_chain/chain_config.hpp"

namespace holdfast::sim {

using Bytes = std::vector<std::uint8_t>;
using ethereum::schema::Object;
using ethereum::schema::Part;
using ethereum::schema::Type;
using ethereum::schema::View;

// The types of a chain's blocks, by fork.
class Types {
public:
    explicit Types(const ChainConfig& config);
    [[nodiscard]] const ethereum::BlockTypes& at(Epoch epoch) const;

private:
    ChainConfig config_;
    ethereum::BlockTypes electra_, fulu_, gloas_;
};

[[nodiscard]] Bytes number(std::uint64_t value);
template <class Fixed>
[[nodiscard]] Bytes bytes_of(const Fixed& value) {
    return Bytes(value.bytes.begin(), value.bytes.end());
}
[[nodiscard]] Bytes encoding(const ethereum::AttestationData& data);
// Bits as a bit list: with the bit that ends it.
[[nodiscard]] Bytes bit_list(const std::vector<bool>& bits);
[[nodiscard]] Bytes bit_vector(const std::vector<bool>& bits);
// A list of elements with these encodings.
[[nodiscard]] Bytes list_of(const Type& list, const std::vector<Bytes>& elements);
// Zeros, empty lists.
[[nodiscard]] Bytes blank(const Type& type);
// A container with the encodings of some fields by name; the others are blank.
[[nodiscard]] Bytes container(const Type& type, const std::map<std::string, Bytes>& fields);
[[nodiscard]] inline Bytes copy(const Part& part) { return Bytes(part.bytes.begin(), part.bytes.end()); }

[[nodiscard]] Json::Value to_json(const Type& type, View bytes);
// Strict; kMalformed names the field.
[[nodiscard]] Result<Object> from_json(const ethereum::schema::TypePtr& type, const Json::Value& json);

}  // namespace holdfast::sim
