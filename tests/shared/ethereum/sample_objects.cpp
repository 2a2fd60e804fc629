#include "tests/shared/ethereum/sample_objects.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::ethereum {

using schema::Kind;
using schema::Type;
using ssz::Bytes;

namespace {

constexpr std::uint64_t kElementsMax = 3;
constexpr std::uint64_t kBytesMax = 70;  // reaches into a third chunk
constexpr std::uint64_t kBitsMax = 270;  // reaches into a second chunk

class Maker {
public:
    explicit Maker(std::uint64_t seed) : empty_{seed == 0}, state_{seed} {}

    [[nodiscard]] Bytes make(const Type& type) {
        switch (type.kind) {
            case Kind::kUint:
            case Kind::kBytes: return bytes(type.fixed_size);
            case Kind::kBool: return {static_cast<std::uint8_t>(below(2))};
            case Kind::kByteList: return bytes(below(std::min(type.limit, kBytesMax) + 1));
            case Kind::kBitvector: return bitvector(type);
            case Kind::kBitlist: return bitlist(type);
            case Kind::kVector: return sequence(*type.element, type.limit);
            case Kind::kList: return sequence(*type.element, below(std::min(type.limit, kElementsMax) + 1));
            case Kind::kContainer: return container(type);
        }
        return {};
    }

private:
    bool empty_;
    std::uint64_t state_;

    // SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
    std::uint64_t next() {
        if (empty_) return 0;
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
        z = (z ^ z >> 30U) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ z >> 27U) * 0x94d049bb133111ebULL;
        return z ^ z >> 31U;
    }
    std::uint64_t below(std::uint64_t end) { return next() % end; }

    Bytes bytes(std::uint64_t count) {
        Bytes made;
        while (made.size() < count) ssz::append_uint(next(), std::min<std::size_t>(8, count - made.size()), made);
        return made;
    }
    Bytes bitvector(const Type& type) {
        Bytes made = bytes(type.fixed_size);
        if (type.limit % 8 != 0) made.back() = static_cast<std::uint8_t>(made.back() & ((1U << type.limit % 8) - 1));
        return made;
    }
    Bytes bitlist(const Type& type) {
        const auto size = static_cast<std::size_t>(below(std::min(type.limit, kBitsMax) + 1));
        Bytes bits = bytes((size + 7) / 8);
        if (size % 8 != 0) bits.back() = static_cast<std::uint8_t>(bits.back() & ((1U << size % 8) - 1));
        Bytes made;
        ssz::append_bitlist(bits, size, made);
        return made;
    }
    Bytes sequence(const Type& element, std::uint64_t count) {
        std::vector<Bytes> parts;
        for (std::uint64_t i = 0; i < count; ++i) parts.push_back(make(element));
        Bytes head;
        Bytes tail;
        for (const Bytes& part : parts) {
            if (element.fixed_size == 0) ssz::append_uint(ssz::kOffsetSize * count + tail.size(), ssz::kOffsetSize, head);
            tail.insert(tail.end(), part.begin(), part.end());
        }
        head.insert(head.end(), tail.begin(), tail.end());
        return head;
    }
    // Not by schema::assemble, which is under test.
    Bytes container(const Type& type) {
        std::size_t head_size = 0;
        for (const schema::Field& field : type.fields) {
            head_size += field.type->fixed_size > 0 ? field.type->fixed_size : ssz::kOffsetSize;
        }
        Bytes head;
        Bytes tail;
        for (const schema::Field& field : type.fields) {
            const Bytes part = make(*field.type);
            const bool fixed = field.type->fixed_size > 0;
            if (!fixed) ssz::append_uint(head_size + tail.size(), ssz::kOffsetSize, head);
            Bytes& place = fixed ? head : tail;
            place.insert(place.end(), part.begin(), part.end());
        }
        head.insert(head.end(), tail.begin(), tail.end());
        return head;
    }
};

}  // namespace

NamedTypes named_types(const BlockTypes& types) {
    NamedTypes all{{"Attestation", types.attestation},
                   {"AggregateAndProof", types.aggregate_and_proof},
                   {"SignedAggregateAndProof", types.signed_aggregate_and_proof},
                   {"SyncCommitteeContribution", types.sync_contribution},
                   {"ContributionAndProof", types.contribution_and_proof},
                   {"SignedContributionAndProof", types.signed_contribution_and_proof},
                   {"ExecutionPayload", types.execution_payload},
                   {"ExecutionPayloadHeader", types.execution_payload_header},
                   {"BeaconBlock", types.block},
                   {"BeaconBlockBody", schema::type_of(*types.block, "body")},
                   {"SignedBeaconBlock", types.signed_block},
                   {"BlindedBeaconBlock", types.blinded_block},
                   {"SignedBlindedBeaconBlock", types.signed_blinded_block},
                   {"BlockContents", types.block_contents},
                   {"SignedBlockContents", types.signed_block_contents},
                   {"ExecutionPayloadBid", types.execution_payload_bid},
                   {"SignedExecutionPayloadBid", types.signed_execution_payload_bid},
                   {"ExecutionPayloadEnvelope", types.execution_payload_envelope},
                   {"SignedExecutionPayloadEnvelope", types.signed_execution_payload_envelope},
                   {"SignedExecutionPayloadEnvelopeContents", types.signed_envelope_contents},
                   {"PayloadAttestation", types.payload_attestation},
                   {"PayloadAttestationMessage", types.payload_attestation_message},
                   {"ProposerPreferences", types.proposer_preferences},
                   {"SignedProposerPreferences", types.signed_proposer_preferences}};
    if (types.blinded_block) all.emplace("BlindedBeaconBlockBody", schema::type_of(*types.blinded_block, "body"));
    if (types.payload_attestation) {
        all.emplace("PayloadAttestationData", schema::type_of(*types.payload_attestation, "data"));
    }
    std::erase_if(all, [](const auto& entry) { return !entry.second; });
    return all;
}

Bytes make_object(const Type& type, std::uint64_t seed) { return Maker{seed}.make(type); }

}  // namespace holdfast::ethereum
