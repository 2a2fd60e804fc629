#include "tests/beacon_chain/digest.hpp"

#include <openssl/sha.h>

#include <vector>

namespace holdfast::sim {

Root digest(std::string_view label, std::initializer_list<std::uint64_t> numbers, const Root& root) {
    std::vector<std::uint8_t> input(label.begin(), label.end());
    for (const std::uint64_t number : numbers) {
        for (unsigned shift = 0; shift < 64; shift += 8) input.push_back(static_cast<std::uint8_t>(number >> shift));
    }
    input.insert(input.end(), root.bytes.begin(), root.bytes.end());
    Root result;
    SHA256(input.data(), input.size(), result.data());
    return result;
}

}  // namespace holdfast::sim
