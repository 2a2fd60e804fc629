// The simulated chain's own eyes: keys and signatures straight over blst, sharing no code with the programs under test, so that
// a mistake there is not repeated here; signing roots are merkle.hpp's. Specification: the interop keys of eth2.0-pm.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/beacon_chain/merkle.hpp"

namespace holdfast::sim {

using SecretBytes = std::array<std::uint8_t, 32>;  // big-endian

// The interop key of a validator: SHA-256 of its index, read as a little-endian number, modulo the group's order. Not secret.
[[nodiscard]] SecretBytes interop_secret(std::uint64_t index);

[[nodiscard]] Signature sign(const SecretBytes& secret, const Root& signing_root);
// One message by the interop keys of many validators.
[[nodiscard]] std::vector<Signature> sign_all(std::span<const std::uint64_t> indices, const Root& signing_root);
// The aggregate; of signatures that have been checked.
[[nodiscard]] Signature sum_of(std::span<const Signature> signatures);

struct SignedBy {
    std::uint32_t validator{0};
    Signature signature;
};
struct Claim {
    Root signing_root;
    SignedBy by;
};

class SignatureChecker {
public:
    // The keys of validators 0 to count - 1.
    explicit SignatureChecker(std::size_t count);
    SignatureChecker(const SignatureChecker&) = delete;
    SignatureChecker& operator=(const SignatureChecker&) = delete;
    ~SignatureChecker();

    // Derives the keys from `first` to before `end`; ranges that don't overlap may be derived on several threads.
    void derive(std::size_t first, std::size_t end);
    [[nodiscard]] const PublicKey& key(std::size_t validator) const { return keys_[validator]; }
    [[nodiscard]] std::size_t size() const { return keys_.size(); }

    // The validator that a decimal index or a public key in hex means; nothing if there is none. After derive().
    [[nodiscard]] std::optional<std::uint64_t> index_of(const std::string& id) const;

    // One verdict for each; every validator must exist. All at once in one pairing with random weights (a wrong or swapped
    // signature can't hide behind the others); halves are looked at again if that fails. On any thread, after derive().
    [[nodiscard]] std::vector<bool> check(const Root& signing_root, std::span<const SignedBy> signatures) const;
    // Of many messages; false for a validator that doesn't exist.
    [[nodiscard]] std::vector<bool> check(std::span<const Claim> claims) const;

private:
    struct Points;
    std::vector<PublicKey> keys_;
    std::unique_ptr<Points> points_;
    mutable std::unordered_map<PublicKey, std::uint64_t> by_key_;  // made at the first question; I/O thread only
};

}  // namespace holdfast::sim
