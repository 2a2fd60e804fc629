// What the operator wants in blocks, by validator.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "shared/base/config.hpp"
#include "shared/base/result.hpp"
#include "shared/base/types.hpp"

namespace holdfast::duties {

inline constexpr std::uint64_t kGasLimitIfNotTold = 60'000'000;

struct ProposerChoice {
    std::optional<Address> fee_recipient{};
    std::optional<std::uint64_t> gas_limit{};
    std::optional<Root> graffiti{};  // 32 bytes, filled up with zeros
    friend bool operator==(const ProposerChoice&, const ProposerChoice&) = default;
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
    [[nodiscard]] std::uint64_t gas_limit(const PublicKey& key) const;  // kGasLimitIfNotTold if not told
    [[nodiscard]] Root graffiti(const PublicKey& key) const;
};

// "0x" and 40 digits; with letters of both cases the checksum of EIP-55 is not looked at. kInvalidArgument for the zero
// address.
[[nodiscard]] Result<Address> parse_fee_recipient(std::string_view text);
// At most 32 bytes of UTF-8.
[[nodiscard]] Result<Root> parse_graffiti(std::string_view text);

// What a TOML file says of single keys; `where` names it in sentences. All that is wrong is added to `problems`.
//
//   [keys."0x93247f2209abcacf57b75a51dafae777f9dd38bc7053d1af526f220a7489a6d3a2753e5f3e8b1cfe39b56f43611df74a"]
//   fee_recipient = "0x8943545177806ed17b9f23f0a21ee5948ecaa776"
//   gas_limit = 45000000
//   graffiti = "hello"
[[nodiscard]] std::unordered_map<PublicKey, ProposerChoice> parse_proposer_choices(std::string_view text,
                                                                                   const std::string& where,
                                                                                   Problems& problems);
// The same of the file at `path`, for --proposer-settings. Blocks on the disk: at start only.
[[nodiscard]] std::unordered_map<PublicKey, ProposerChoice> read_proposer_choices(const std::string& path, Problems& problems);

}  // namespace holdfast::duties
