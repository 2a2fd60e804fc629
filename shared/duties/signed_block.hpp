// What a node gave and what was signed, put together as it is published. Pure.
#pragma once

#include "shared/beacon/production_types.hpp"
#include "shared/ethereum/block_types.hpp"

namespace holdfast::duties {

// `types` are those of the block's fork.
[[nodiscard]] beacon::SignedBlock signed_block(const beacon::ProducedBlock& block, const Signature& signature,
                                               const ethereum::BlockTypes& types);

// From Gloas on: the payload that came with the block (`with_contents`).
[[nodiscard]] ethereum::schema::Part payload_envelope(const beacon::ProducedBlock& block);
[[nodiscard]] beacon::SignedEnvelope signed_envelope(const beacon::ProducedBlock& block, const Signature& signature,
                                                     const ethereum::BlockTypes& types);

}  // namespace holdfast::duties
