// BLS12-381 signatures as Ethereum uses them: public keys in G1, signatures in G2, proof-of-possession scheme
// (consensus-specs, phase0/beacon-chain.md, "BLS signatures"; IETF draft-irtf-cfrg-bls-signature-04). Over blst. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/types.hpp"

namespace holdfast::ethereum {

// A message hashed to the curve once, for any number of signatures: all validators of a slot sign the same AttestationData.
class HashedMessage {
public:
    explicit HashedMessage(const Root& signing_root);
    [[nodiscard]] const Root& signing_root() const { return signing_root_; }
    [[nodiscard]] const void* point() const { return point_.data(); }

private:
    Root signing_root_;
    alignas(8) std::array<std::uint8_t, 288> point_;  // blst_p2
};

// `secret` is 32 bytes, big-endian, the caller's to wipe. kInvalidArgument unless 0 < secret < r.
[[nodiscard]] Result<void> check_secret_key(std::span<const std::uint8_t, 32> secret);
[[nodiscard]] PublicKey derive_public_key(std::span<const std::uint8_t, 32> secret);
[[nodiscard]] Signature bls_sign(std::span<const std::uint8_t, 32> secret, const HashedMessage& message);

// A public key decoded and checked once (on the curve, in the group, not infinity), for many verifications.
class DecodedPublicKey {
public:
    static Result<DecodedPublicKey> decode(const PublicKey& key);
    [[nodiscard]] const void* point() const { return point_.data(); }

private:
    alignas(8) std::array<std::uint8_t, 96> point_{};  // blst_p1_affine
};

[[nodiscard]] bool bls_verify(const DecodedPublicKey& key, const HashedMessage& message, const Signature& signature);
[[nodiscard]] bool bls_verify(const PublicKey& key, const Root& signing_root, const Signature& signature);
// Sum of signatures; kMalformed if one is no signature or there are none.
[[nodiscard]] Result<Signature> bls_aggregate(std::span<const Signature> signatures);
[[nodiscard]] bool bls_fast_aggregate_verify(std::span<const DecodedPublicKey> keys, const Root& signing_root,
                                             const Signature& signature);

}  // namespace holdfast::ethereum
