// The types of one chain's blocks and what belongs to them, fork by fork. Made once, shared by all; immutable, thread-safe.
#pragma once

#include <map>
#include <memory>

#include "shared/ethereum/block_types.hpp"
#include "shared/ethereum/chain_spec.hpp"

namespace holdfast::ethereum {

class TypeTable {
public:
    // Of all forks from Electra on. The preset is read from the specification (MAX_COMMITTEES_PER_SLOT, SYNC_COMMITTEE_SIZE,
    // MAX_WITHDRAWALS_PER_PAYLOAD, PTC_SIZE; mainnet's where it is silent,
    // or names what can't be).
    explicit TypeTable(const ChainSpec& spec);

    // Electra's for any fork before it.
    [[nodiscard]] const BlockTypes& of(ForkName fork) const;
    [[nodiscard]] const BlockPreset& preset() const { return preset_; }

private:
    BlockPreset preset_;
    std::map<ForkName, BlockTypes> types_;
};
using TypeTablePtr = std::shared_ptr<const TypeTable>;

}  // namespace holdfast::ethereum
