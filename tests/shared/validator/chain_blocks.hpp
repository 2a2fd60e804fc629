// Blocks with attestations in them, made by hand for tests.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "shared/beacon/production_types.hpp"
#include "shared/ethereum/ssz.hpp"
#include "tests/shared/ethereum/default_object.hpp"

namespace holdfast::validator::testing {

namespace schema = ethereum::schema;
using Bytes = std::vector<std::uint8_t>;

// An attestation for these committees; `voters` are places among all their members, `members` how many these are.
struct OnChain {
    ethereum::AttestationData data;
    std::vector<std::uint64_t> committees;
    std::uint64_t members{0};
    std::vector<std::uint64_t> voters;
};

// The encoding of a container whose fields are defaults, but for those that `given` has.
inline Bytes encode_with(const schema::Type& type, const std::map<std::string, Bytes>& given) {
    std::size_t head_size = 0;
    for (const schema::Field& field : type.fields) head_size += field.type->fixed_size > 0 ? field.type->fixed_size : 4;
    Bytes head;
    Bytes tail;
    for (const schema::Field& field : type.fields) {
        const auto own = given.find(field.name);
        const Bytes part = own == given.end() ? schema::default_encoding(*field.type) : own->second;
        const bool fixed = field.type->fixed_size > 0;
        if (!fixed) ethereum::ssz::append_uint(head_size + tail.size(), 4, head);
        Bytes& place = fixed ? head : tail;
        place.insert(place.end(), part.begin(), part.end());
    }
    head.insert(head.end(), tail.begin(), tail.end());
    return head;
}

inline Bytes bits(std::uint64_t size, const std::vector<std::uint64_t>& set) {
    Bytes result(size / 8 + (size % 8 > 0 ? 1 : 0), 0);
    for (const std::uint64_t place : set) result.at(place / 8) |= static_cast<std::uint8_t>(1U << (place % 8));
    return result;
}

inline Bytes list_of(const std::vector<Bytes>& elements) {
    Bytes result;
    std::size_t offset = elements.size() * 4;
    for (const Bytes& element : elements) {
        ethereum::ssz::append_uint(offset, 4, result);
        offset += element.size();
    }
    for (const Bytes& element : elements) result.insert(result.end(), element.begin(), element.end());
    return result;
}

inline beacon::ChainBlock make_block(const ethereum::BlockTypes& types, ethereum::ForkName fork, Slot slot, const Root& parent,
                                     const std::vector<OnChain>& attestations) {
    std::vector<Bytes> encoded;
    for (const OnChain& one : attestations) {
        std::vector<std::uint64_t> voters = one.voters;
        voters.push_back(one.members);  // ends the list of bits
        encoded.push_back(encode_with(*types.attestation, {{"aggregation_bits", bits(one.members + 1, voters)},
                                                           {"data", ethereum::ssz::serialize(one.data)},
                                                           {"committee_bits", bits(64, one.committees)}}));
    }
    const schema::TypePtr body_type = schema::type_of(*types.block, "body");
    const Bytes body = encode_with(*body_type, {{"attestations", list_of(encoded)}});
    const Bytes block = encode_with(*types.block, {{"slot", ethereum::ssz::serialize(slot)},
                                                   {"parent_root", Bytes{parent.bytes.begin(), parent.bytes.end()}},
                                                   {"body", body}});
    return {fork, schema::Object::make(types.signed_block, encode_with(*types.signed_block, {{"message", block}})).value()};
}

}  // namespace holdfast::validator::testing
