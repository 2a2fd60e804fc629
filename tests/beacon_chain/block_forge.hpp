// Makes the blocks of the simulated chain: valid containers of their fork, with made-up contents where nobody looks. Pure.
#pragma once

#include <optional>
#include <vector>

#include "tests/beacon_chain/chain.hpp"
#include "tests/beacon_chain/forms.hpp"

namespace holdfast::sim {

// What a block says; `flavour` makes one node's block another than its neighbour's.
struct BlockDraft {
    Slot slot;
    ValidatorIndex proposer;
    Root parent;
    Signature randao_reveal;
    Root graffiti;
    Address payee;
    std::uint64_t gas_limit{45'000'000};
    std::uint64_t flavour{0};
    std::uint64_t timestamp{0};
    std::vector<Bytes> attestations;
    std::vector<bool> sync_bits;
    bool by_builder{false};  // from Gloas on: the bid is somebody else's
};

struct Forged {
    Object block;
    std::optional<Object> envelope;  // from Gloas on: of a payload that the node has made itself
};
[[nodiscard]] Forged forge(const ethereum::BlockTypes& types, const BlockDraft& draft);
// The same block with the header of its payload, up to Fulu; its root is the block's.
[[nodiscard]] Object blinded(const ethereum::BlockTypes& types, const Object& block);
// With no blobs; from Gloas on with the envelope.
[[nodiscard]] Object contents(const ethereum::BlockTypes& types, const Forged& forged);

// An attestation of these validators, who all attest in data's slot: the committees that they sit in, and their bits.
[[nodiscard]] Bytes attestation(const Type& type, const Committees& committees, const ethereum::AttestationData& data,
                                const std::vector<std::uint32_t>& validators, const Signature& signature);

// A signature that nobody has made: the point at infinity.
[[nodiscard]] Signature no_signature();

}  // namespace holdfast::sim
