// Bodies of our requests to a beacon node, as JSON. Written by hand: a slot may have ten thousand attestations.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "shared/beacon/api_types.hpp"

namespace holdfast::beacon {

// ["1","2"]
[[nodiscard]] std::string encode_indices(const std::vector<ValidatorIndex>& indices);
// {"ids":["0x..","0x.."]}
[[nodiscard]] std::string encode_ids(std::span<const PublicKey> keys);
[[nodiscard]] std::string encode_subscriptions(const std::vector<CommitteeSubscription>& subscriptions);

}  // namespace holdfast::beacon
