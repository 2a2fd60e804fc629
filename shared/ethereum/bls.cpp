#include "shared/ethereum/bls.hpp"

#include <blst.h>
#include <openssl/crypto.h>

#include <string_view>

#include "shared/base/assert.hpp"

namespace holdfast::ethereum {
namespace {

constexpr std::string_view kTag = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

static_assert(sizeof(blst_p2) <= 288 && sizeof(blst_p1_affine) <= 96);

void hash_to_curve(const Root& message, blst_p2& point) {
    blst_hash_to_g2(&point, message.data(), Root::size(), reinterpret_cast<const byte*>(kTag.data()), kTag.size(), nullptr, 0);
}

// A scalar that does not stay in memory.
class Scalar {
public:
    explicit Scalar(std::span<const std::uint8_t, 32> secret) { blst_scalar_from_bendian(&value_, secret.data()); }
    Scalar(const Scalar&) = delete;
    Scalar& operator=(const Scalar&) = delete;
    ~Scalar() { OPENSSL_cleanse(&value_, sizeof value_); }
    [[nodiscard]] const blst_scalar* get() const { return &value_; }

private:
    blst_scalar value_{};
};

bool decode_signature(const Signature& signature, blst_p2_affine& point) {
    return blst_p2_uncompress(&point, signature.data()) == BLST_SUCCESS && blst_p2_affine_in_g2(&point) &&
           !blst_p2_affine_is_inf(&point);
}

// e(key, message) == e(generator, signature)
bool pairing_holds(const blst_p1_affine& key, const blst_p2_affine& message, const blst_p2_affine& signature) {
    blst_fp12 left;
    blst_fp12 right;
    blst_miller_loop(&left, &message, &key);
    blst_miller_loop(&right, &signature, blst_p1_affine_generator());
    return blst_fp12_finalverify(&left, &right);
}

const blst_p1_affine& point_of(const DecodedPublicKey& key) { return *static_cast<const blst_p1_affine*>(key.point()); }

}  // namespace

HashedMessage::HashedMessage(const Root& signing_root) : signing_root_{signing_root}, point_{} {
    hash_to_curve(signing_root, *reinterpret_cast<blst_p2*>(point_.data()));
}

Result<void> check_secret_key(std::span<const std::uint8_t, 32> secret) {
    const Scalar scalar{secret};
    if (!blst_sk_check(scalar.get()))
        return failure(ErrorCode::kInvalidArgument, "not a BLS secret key: zero or not below the group's order");
    return success();
}

PublicKey derive_public_key(std::span<const std::uint8_t, 32> secret) {
    const Scalar scalar{secret};
    blst_p1 point;
    blst_sk_to_pk_in_g1(&point, scalar.get());
    PublicKey key;
    blst_p1_compress(key.data(), &point);
    return key;
}

Signature bls_sign(std::span<const std::uint8_t, 32> secret, const HashedMessage& message) {
    const Scalar scalar{secret};
    blst_p2 point;
    blst_sign_pk_in_g1(&point, static_cast<const blst_p2*>(message.point()), scalar.get());
    Signature signature;
    blst_p2_compress(signature.data(), &point);
    return signature;
}

Result<DecodedPublicKey> DecodedPublicKey::decode(const PublicKey& key) {
    DecodedPublicKey decoded;
    auto& point = *reinterpret_cast<blst_p1_affine*>(decoded.point_.data());
    if (blst_p1_uncompress(&point, key.data()) != BLST_SUCCESS || !blst_p1_affine_in_g1(&point) ||
        blst_p1_affine_is_inf(&point)) {
        return failure(ErrorCode::kMalformed, "not a BLS public key: " + to_hex(key));
    }
    return decoded;
}

bool bls_verify(const DecodedPublicKey& key, const HashedMessage& message, const Signature& signature) {
    blst_p2_affine signature_point;
    if (!decode_signature(signature, signature_point)) return false;
    blst_p2_affine message_point;
    blst_p2_to_affine(&message_point, static_cast<const blst_p2*>(message.point()));
    return pairing_holds(point_of(key), message_point, signature_point);
}

bool bls_verify(const PublicKey& key, const Root& signing_root, const Signature& signature) {
    const auto decoded = DecodedPublicKey::decode(key);
    return decoded && bls_verify(decoded.value(), HashedMessage{signing_root}, signature);
}

Result<Signature> bls_aggregate(std::span<const Signature> signatures) {
    if (signatures.empty()) return failure(ErrorCode::kMalformed, "no signatures to aggregate");
    blst_p2 sum{};
    for (const Signature& signature : signatures) {
        blst_p2_affine point;
        if (!decode_signature(signature, point))
            return failure(ErrorCode::kMalformed, "not a BLS signature: " + to_hex(signature));
        blst_p2_add_or_double_affine(&sum, &sum, &point);
    }
    Signature result;
    blst_p2_compress(result.data(), &sum);
    return result;
}

bool bls_fast_aggregate_verify(std::span<const DecodedPublicKey> keys, const Root& signing_root, const Signature& signature) {
    if (keys.empty()) return false;
    blst_p1 sum{};
    for (const DecodedPublicKey& key : keys) blst_p1_add_or_double_affine(&sum, &sum, &point_of(key));
    if (blst_p1_is_inf(&sum)) return false;
    blst_p1_affine key;
    blst_p1_to_affine(&key, &sum);
    blst_p2_affine signature_point;
    if (!decode_signature(signature, signature_point)) return false;
    const HashedMessage message{signing_root};
    blst_p2_affine message_point;
    blst_p2_to_affine(&message_point, static_cast<const blst_p2*>(message.point()));
    return pairing_holds(key, message_point, signature_point);
}

}  // namespace holdfast::ethereum
