// Does a cluster of protectors protect the chain that the beacon nodes follow?
#pragma once

#include "shared/ethereum/chain_spec.hpp"
#include "shared/protection/cluster.hpp"

namespace holdfast::validator {

// kInvalidArgument with a sentence that names what differs.
[[nodiscard]] Result<void> check_same_chain(const protection::ChainIdentity& cluster, const ethereum::Genesis& genesis,
                                            const ethereum::ChainSpec& spec);

}  // namespace holdfast::validator
