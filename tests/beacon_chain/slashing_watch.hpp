// Finds slashable pairs among everything that was ever validly signed, whatever became of it.
// Specification: consensus-specs, phase0/beacon-chain.md, is_slashable_attestation_data and process_proposer_slashing.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "shared/ethereum/attestation.hpp"

namespace holdfast::sim {

struct SlashablePair {
    std::uint32_t validator{0};
    std::string kind;  // "double vote", "surround"; "double proposal": slots and roots of the blocks
    ethereum::AttestationData first;
    ethereum::AttestationData second;
};

class SlashingWatch {
public:
    // A vote whose signature is valid. One already seen changes nothing.
    void add(std::uint32_t validator, const ethereum::AttestationData& data);
    // The same of blocks.
    void add_block(std::uint32_t validator, Slot slot, const Root& root);
    [[nodiscard]] const std::vector<SlashablePair>& pairs() const { return pairs_; }

private:
    std::unordered_map<std::uint32_t, std::vector<ethereum::AttestationData>> seen_;
    std::map<std::pair<std::uint32_t, Slot>, std::vector<Root>> blocks_;
    std::vector<SlashablePair> pairs_;
};

}  // namespace holdfast::sim
