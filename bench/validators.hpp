// The validators and votes of the protector's benchmarks.
#pragma once

#include <vector>

#include "shared/base/random.hpp"
#include "shared/base/types.hpp"
#include "shared/ethereum/attestation.hpp"

namespace holdfast::bench {

inline constexpr std::size_t kValidators = 100'000;

// In an order of chance, as the keys of one operator are.
inline const std::vector<PublicKey>& all_keys() {
    static const std::vector<PublicKey> keys = [] {
        SeededRandom random{1};
        std::vector<PublicKey> result(kValidators);
        for (PublicKey& key : result) {
            for (auto& byte : key.bytes) byte = static_cast<std::uint8_t>(random.next());
        }
        return result;
    }();
    return keys;
}

// `count` keys spread over all, other ones for each slot.
inline std::vector<PublicKey> keys_of_slot(std::size_t count, std::uint64_t slot) {
    if (count == kValidators) return all_keys();
    std::vector<PublicKey> keys;
    keys.reserve(count);
    const std::size_t step = kValidators / count;
    for (std::size_t i = 0; i < count; ++i) keys.push_back(all_keys()[(i * step + slot) % kValidators]);
    return keys;
}

inline ethereum::AttestationData data_of(std::uint64_t target) {
    ethereum::AttestationData data;
    data.target.epoch = Epoch{target};
    return data;
}

inline Domain attester_domain() {
    Domain domain;
    domain.bytes[0] = 1;
    return domain;
}

}  // namespace holdfast::bench
