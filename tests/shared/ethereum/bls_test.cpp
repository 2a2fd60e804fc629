// Goal: signatures are Ethereum's, and nothing false verifies.
#include "shared/ethereum/bls.hpp"

#include <blst.h>
#include <gtest/gtest.h>

#include "shared/ethereum/interop_keys.hpp"

namespace holdfast::ethereum {
namespace {

using Secret = std::array<std::uint8_t, 32>;

Secret secret_from(const std::string& text) {
    Secret secret{};
    EXPECT_TRUE(from_hex(text, secret.data(), secret.size()).has_value());
    return secret;
}

TEST(Bls, Sign_KnownAnswer) {
    const Secret secret = secret_from("263dbd792f5b1be47ed85f8938c0f29586af0d3ac7b977f21c278fe1462040e3");
    EXPECT_EQ(
        to_hex(bls_sign(secret, HashedMessage{Root{}})),
        "0xb6ed936746e01f8ecf281f020953fbf1f01debd5657c4a383940b020b26507f6076334f91e2366c96e9ab279fb5158090352ea1c5b0c9274"
        "504f4f0e7053af24802e51e4568d164fe986834f41e55c8e850ce1f98458c0cfc9ab380b55285a55");
}

TEST(Bls, InteropKeys_KnownPublicKeyOfTheFirst) {
    EXPECT_EQ(to_hex(derive_public_key(interop_secret(0))),
              "0xa99a76ed7796f7be22d5b7e85deeb7c5677e88e511e0b337618f8c4eb61349b4bf2d153f649f7b53359fe8b94a38e44c");
}

TEST(Bls, Verify_OtherMessageKeyOrSignature_Refused) {
    const HashedMessage message{Root{{1}}};
    const PublicKey key = derive_public_key(interop_secret(1));
    const Signature signature = bls_sign(interop_secret(1), message);
    EXPECT_TRUE(bls_verify(key, Root{{1}}, signature));
    EXPECT_FALSE(bls_verify(key, Root{{2}}, signature));
    EXPECT_FALSE(bls_verify(derive_public_key(interop_secret(2)), Root{{1}}, signature));
    EXPECT_FALSE(bls_verify(key, Root{{1}}, bls_sign(interop_secret(2), message)));
    EXPECT_FALSE(bls_verify(key, Root{{1}}, Signature{}));
}

TEST(Bls, PublicKey_InfinityAndGarbage_Refused) {
    PublicKey infinity;
    infinity.bytes[0] = 0xc0;
    EXPECT_FALSE(DecodedPublicKey::decode(infinity));
    EXPECT_FALSE(DecodedPublicKey::decode(PublicKey{}));
    PublicKey garbage;
    garbage.bytes.fill(0xab);
    EXPECT_FALSE(DecodedPublicKey::decode(garbage));
}

// The cofactors are large: the first point of the curve that small numbers give is not in the group.
TEST(Bls, PublicKey_OnTheCurveButNotInTheGroup_Refused) {
    PublicKey key;
    blst_p1_affine point;
    key.bytes[0] = 0x80;
    while (blst_p1_uncompress(&point, key.data()) != BLST_SUCCESS) ++key.bytes.back();
    ASSERT_TRUE(blst_p1_affine_on_curve(&point) && !blst_p1_affine_in_g1(&point));
    EXPECT_FALSE(DecodedPublicKey::decode(key));
}

TEST(Bls, Signature_OnTheCurveButNotInTheGroup_Refused) {
    Signature signature;
    blst_p2_affine point;
    signature.bytes[0] = 0x80;
    while (blst_p2_uncompress(&point, signature.data()) != BLST_SUCCESS) ++signature.bytes.back();
    ASSERT_TRUE(blst_p2_affine_on_curve(&point) && !blst_p2_affine_in_g2(&point));
    EXPECT_FALSE(bls_aggregate(std::vector{signature}));
    EXPECT_FALSE(bls_verify(derive_public_key(interop_secret(1)), Root{}, signature));
}

TEST(Bls, Signature_Infinity_Refused) {
    Signature infinity;
    infinity.bytes[0] = 0xc0;
    EXPECT_FALSE(bls_verify(derive_public_key(interop_secret(1)), Root{}, infinity));
    EXPECT_FALSE(bls_aggregate(std::vector{infinity}));
}

TEST(Bls, SecretKey_ZeroAndTooLarge_Refused) {
    EXPECT_FALSE(check_secret_key(Secret{}));
    Secret large{};
    large.fill(0xff);
    EXPECT_FALSE(check_secret_key(large));
    EXPECT_TRUE(check_secret_key(interop_secret(3)));
}

TEST(Bls, Aggregate_VerifiesOnlyWithAllItsKeys) {
    const HashedMessage message{Root{{7}}};
    std::vector<Signature> signatures;
    std::vector<DecodedPublicKey> keys;
    for (std::uint64_t i = 0; i < 4; ++i) {
        signatures.push_back(bls_sign(interop_secret(i), message));
        keys.push_back(DecodedPublicKey::decode(derive_public_key(interop_secret(i))).value());
    }
    const auto sum = bls_aggregate(signatures);
    ASSERT_TRUE(sum);
    EXPECT_TRUE(bls_fast_aggregate_verify(keys, Root{{7}}, sum.value()));
    EXPECT_FALSE(bls_fast_aggregate_verify(keys, Root{{8}}, sum.value()));
    keys.pop_back();
    EXPECT_FALSE(bls_fast_aggregate_verify(keys, Root{{7}}, sum.value()));
    EXPECT_FALSE(bls_fast_aggregate_verify({}, Root{{7}}, sum.value()));
    EXPECT_FALSE(bls_aggregate({}));
}

}  // namespace
}  // namespace holdfast::ethereum
