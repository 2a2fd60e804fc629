// What the operator wants in blocks, by validator.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "shared/base/result.hpp"
#include "shared/base/types.hpp"

namespace holdfast::duties {

struct ProposerChoice {
    std::optional<Address> fee_recipient;
    std::optional<std::uint64_t> gas_limit;
    std::optional<Root> graffiti;  // 32 bytes, filled up with zeros
};

class ProposerSettings {
public:
    ProposerChoice otherwise;                                // for keys that are not named below
    std::unordered_map<PublicKey, ProposerChoice> by_key{};  // wins, field by field
    bool use_builder{false};                                 // register, and take builders' blocks
    // Percent by which a builder's bid counts; 0 when builders are not used.
    std::uint64_t builder_boost_factor{90};

    // None: the key has no duty to propose that could pay anybody; its proposals are still made, a warning says so at start.
    [[nodiscard]] std::optional<Address> fee_recipient(const PublicKey& key) const;
    [[nodiscard]] std::uint64_t gas_limit(const PublicKey& key) const;  // 60,000,000 if not told
    [[nodiscard]] Root graffiti(const PublicKey& key) const;
};

// "0x" and 40 digits; with letters of both cases the checksum of EIP-55 is not looked at. kInvalidArgument for the zero
// address.
[[nodiscard]] Result<Address> parse_fee_recipient(std::string_view text);
// At most 32 bytes of UTF-8.
[[nodiscard]] Result<Root> parse_graffiti(std::string_view text);

}  // namespace holdfast::duties
