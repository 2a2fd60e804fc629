// Attestations that wait to be included in blocks, grouped by what they say.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "shared/ethereum/attestation.hpp"

namespace holdfast::sim {

struct DataVotes {
    ethereum::AttestationData data;
    Root data_root;
    std::vector<std::uint32_t> validators;
    std::vector<Signature> signatures;  // of each; zero where the simulation attested itself
    bool refused_for_source{false};     // some block could not take it: its source is not what the chain had justified
};

class Pool {
public:
    void add(const ethereum::AttestationData& data, std::uint32_t validator, const Signature& signature = {});
    // The votes for this data; null if there are none.
    [[nodiscard]] const DataVotes* find(Slot slot, const Root& data_root) const;
    // Forgets those of slots before `slot`.
    void prune(Slot slot);
    [[nodiscard]] std::map<Slot, std::vector<DataVotes>>& by_slot() { return by_slot_; }
    [[nodiscard]] const std::map<Slot, std::vector<DataVotes>>& by_slot() const { return by_slot_; }

private:
    std::map<Slot, std::vector<DataVotes>> by_slot_;
};

}  // namespace holdfast::sim
