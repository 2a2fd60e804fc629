#include "tests/beacon_chain/signature_check.hpp"

#include <gtest/gtest.h>

namespace holdfast::sim {
namespace {

TEST(InteropKeys, AreThoseOfEveryOtherTool) {
    SignatureChecker keys{4};
    keys.derive(0, 4);
    EXPECT_EQ(to_hex(keys.key(0)),
              "0xa99a76ed7796f7be22d5b7e85deeb7c5677e88e511e0b337618f8c4eb61349b4bf2d153f649f7b53359fe8b94a38e44c");
    EXPECT_EQ(to_hex(keys.key(3)),
              "0x88c141df77cd9d8d7a71a75c826c41a9c9f03c6ee1b180f3e7852f6a280099ded351b58d66e653af8e42816a4d8f532e");
    const SecretBytes secret = interop_secret(0);
    EXPECT_EQ(to_hex(secret.data(), secret.size()), "0x25295f0d1d592a90b333e26e85149708208e9f8e8bc18f6c77bd62f8ad7a6866");
}

class Batch : public testing::Test {
protected:
    Batch() : keys{16} {
        keys.derive(0, 16);
        for (std::uint32_t i = 0; i < 16; ++i) batch.push_back({i, sign(interop_secret(i), message)});
    }
    Root message{{1, 2, 3}};
    SignatureChecker keys;
    std::vector<SignedBy> batch;
};

TEST_F(Batch, AllRight) { EXPECT_EQ(keys.check(message, batch), std::vector<bool>(16, true)); }

TEST_F(Batch, AWrongOneIsFoundAndTheOthersStand) {
    batch[5].signature = sign(interop_secret(5), Root{{9}});
    batch[11].signature.bytes.fill(0xFF);
    std::vector<bool> expected(16, true);
    expected[5] = expected[11] = false;
    EXPECT_EQ(keys.check(message, batch), expected);
}

TEST_F(Batch, SwappedSignaturesAreFoundThoughTheirSumIsRight) {
    std::swap(batch[2].signature, batch[9].signature);
    std::vector<bool> expected(16, true);
    expected[2] = expected[9] = false;
    EXPECT_EQ(keys.check(message, batch), expected);
}

TEST_F(Batch, InfinityIsNoSignature) {
    batch[0].signature = Signature{{0xC0}};
    EXPECT_FALSE(keys.check(message, batch)[0]);
}

TEST_F(Batch, OfManyMessagesTheWrongOnesAreFound) {
    std::vector<Claim> claims;
    for (std::uint8_t i = 0; i < 8; ++i) {
        const Root root{{i}};
        claims.push_back({root, {i, sign(interop_secret(i), root)}});
    }
    claims.push_back({Root{{1}}, {9, sign(interop_secret(9), Root{{1}})}});
    EXPECT_EQ(keys.check(claims), std::vector<bool>(9, true));
    std::swap(claims[2].by.signature, claims[5].by.signature);
    claims[7].by.validator = 1'000'000;
    std::vector<bool> expected(9, true);
    expected[2] = expected[5] = expected[7] = false;
    EXPECT_EQ(keys.check(claims), expected);
}

TEST(SigningRoot, DependsOnForkAndChain) {
    const ethereum::AttestationData data{Slot{9}, CommitteeIndex{0}, Root{{1}}, {Epoch{0}, Root{}}, {Epoch{1}, Root{{2}}}};
    const Root root = signing_root_of(data, ForkVersion{{0x60}}, Root{{1}});
    EXPECT_NE(root, signing_root_of(data, ForkVersion{{0x70}}, Root{{1}}));
    EXPECT_NE(root, signing_root_of(data, ForkVersion{{0x60}}, Root{{2}}));
}

}  // namespace
}  // namespace holdfast::sim
