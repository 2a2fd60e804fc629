// Interop keys as EIP-2335 keystores, for the clients of a simulated chain. Not for real keys: they are derived few times.
#pragma once

#include <string>

#include "shared/base/random.hpp"
#include "shared/base/result.hpp"
#include "tests/beacon_chain/ledger.hpp"
#include "tests/beacon_chain/signature_check.hpp"

namespace holdfast::sim {

// Writes keystore-NNNN.json and its password keystore-NNNN.txt for each validator of `range`, readable by the user only. Makes
// the folder if there is none.
Result<void> write_keystores(const std::string& folder, IndexRange range, const SignatureChecker& keys, Random& random);

}  // namespace holdfast::sim
