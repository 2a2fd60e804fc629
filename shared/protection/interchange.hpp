// EIP-3076, the interchange format of slashing protection, version 5 (https://eips.ethereum.org/EIPS/eip-3076). Complete files
// are reduced to the latest records while they are read; what is written is minimal: one block and one attestation a validator.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/progress.hpp"
#include "shared/base/result.hpp"
#include "shared/protection/rejoin.hpp"

namespace holdfast::protection {

// Of a whole file, when it goes over the wire.
inline constexpr std::size_t kInterchangeBytesMax = 256U << 20U;

// One entry a validator, the highest source, target and slot of all its records, each message's signing root kept where the
// highest mark is one message of the file. kMalformed (what and where), kRefused (another genesis validators root, another
// format version). All or nothing. `progress` counts bytes, at most a hundred times.
[[nodiscard]] Result<std::vector<MemberRecords::Entry>> parse_interchange(std::string_view json,
                                                                          const Root& genesis_validators_root,
                                                                          const Progress& progress = {});

[[nodiscard]] std::string render_interchange(std::span<const MemberRecords::Entry> entries,
                                             const Root& genesis_validators_root);

}  // namespace holdfast::protection
