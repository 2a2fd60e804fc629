// Goal: EIP-2335 keystores of other tools open with their password and with no other, and no file can hurt us. Method: the
// EIP's own test vectors, round trips, and files broken in one place each.
#include "shared/signing/keystore.hpp"

#include <gtest/gtest.h>

#include "shared/ethereum/interop_keys.hpp"

namespace holdfast::signing {
namespace {

constexpr const char* kPassword = "𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑";
constexpr const char* kSecret = "0x000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";
constexpr const char* kScrypt = R"({"crypto":{"kdf":{"function":"scrypt","params":{"dklen":32,"n":262144,"p":1,"r":8,
"salt":"d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"},"message":""},
"checksum":{"function":"sha256","params":{},
"message":"d2217fe5f3e9a1e34581ef8a78f7c9928e436d36dacc5e846690a5581e8ea484"},"cipher":{"function":"aes-128-ctr","params":{
"iv":"264daa3f303d7259501c93d997d84fe6"},"message":"06ae90d55fe0a6e9c5c3bc5b170827b2e5cce3929ed3f116c2811e6366dfe20f"}},
"description":"x","pubkey":"9612d7a727c9d0a22e185a1c768478dfe919cada9266988cb32359c11f2b7b27f4ae4040902382ae2910c15e2b420d07",
"path":"m/12381/60/3141592653/589793238","uuid":"1d85ae20-35c5-4611-98e8-aa14a633906f","version":4})";
constexpr const char* kPbkdf2 = R"({"crypto":{"kdf":{"function":"pbkdf2","params":{"dklen":32,"c":262144,"prf":"hmac-sha256",
"salt":"d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"},"message":""},
"checksum":{"function":"sha256","params":{},
"message":"8a9f5d9912ed7e75ea794bc5a89bca5f193721d30868ade6f73043c6ea6febf1"},"cipher":{"function":"aes-128-ctr","params":{
"iv":"264daa3f303d7259501c93d997d84fe6"},"message":"cee03fde2af33149775b7223e7845e4fb2c8ae1792e5f99fe9ecf474cc8c16ad"}},
"description":"x","pubkey":"9612d7a727c9d0a22e185a1c768478dfe919cada9266988cb32359c11f2b7b27f4ae4040902382ae2910c15e2b420d07",
"path":"m/12381/60/0/0","uuid":"64625def-3331-4eea-ab6f-782f3ed16a83","version":4})";

std::string light_keystore() { return encrypt_keystore(ethereum::interop_secret(0), "password", KeyDerivation::kPbkdf2, true); }

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const auto at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), by);
}

void expect_malformed(const std::string& json) {
    const auto secret = decrypt_keystore(json, "password");
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().code, ErrorCode::kMalformed) << secret.error().message;
}

TEST(Keystore, OfficialVectors) {
    for (const char* json : {kScrypt, kPbkdf2}) {
        const auto secret = decrypt_keystore(json, kPassword);
        ASSERT_TRUE(secret) << secret.error().message;
        EXPECT_EQ(to_hex(secret.value().view().data(), kSecretSize), kSecret);
    }
}

TEST(Keystore, Password_NormalisedAndWithoutControlCodes) {
    EXPECT_EQ(normalise_password(kPassword).value(), "testpassword🔑");
    EXPECT_EQ(normalise_password("a\x01\x7f\nb\xC2\x85").value(), "ab");
    EXPECT_FALSE(normalise_password("\xff\xfe"));
}

TEST(Keystore, RoundTrip_BothDerivations) {
    for (const auto derivation : {KeyDerivation::kScrypt, KeyDerivation::kPbkdf2}) {
        const auto secret =
            decrypt_keystore(encrypt_keystore(ethereum::interop_secret(3), "pass word", derivation, true), "pass word");
        ASSERT_TRUE(secret) << secret.error().message;
        EXPECT_TRUE(std::ranges::equal(secret.value().view(), ethereum::interop_secret(3)));
    }
}

TEST(Keystore, WrongPassword_Refused) {
    const auto secret = decrypt_keystore(light_keystore(), "passwore");
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().code, ErrorCode::kRefused);
}

TEST(Keystore, AlteredSecret_Refused) {
    const std::string json = light_keystore();
    const std::string message = "\"message\" : \"";
    std::string altered = json;
    const auto cipher = altered.find("\"iv\"");
    const auto at = altered.find(message, cipher) + message.size();
    altered[at] = altered[at] == '0' ? '1' : '0';
    EXPECT_FALSE(decrypt_keystore(altered, "password"));
}

TEST(Keystore, OtherPublicKeyThanItsSecret_Refused) {
    expect_malformed(replaced(light_keystore(), "a99a76ed7796f7be", "b99a76ed7796f7be"));
}

TEST(Keystore, BrokenFiles_Refused) {
    expect_malformed("");
    expect_malformed("[]");
    expect_malformed("{\"version\":4}");
    expect_malformed(std::string(100'000, '['));
    expect_malformed(replaced(light_keystore(), "\"version\" : 4", "\"version\" : 3"));
    expect_malformed(replaced(light_keystore(), "pbkdf2", "argon2"));
    expect_malformed(replaced(light_keystore(), "aes-128-ctr", "aes-128-cbc"));
    expect_malformed(replaced(light_keystore(), "\"dklen\" : 32", "\"dklen\" : 64"));
    expect_malformed(replaced(light_keystore(), "\"c\" : 1024", "\"c\" : \"1024\""));
}

TEST(Keystore, ParametersThatWouldTakeAllMemoryOrTime_Refused) {
    expect_malformed(replaced(light_keystore(), "\"c\" : 1024", "\"c\" : 99999999999"));
    const std::string json = encrypt_keystore(ethereum::interop_secret(0), "password", KeyDerivation::kScrypt, true);
    expect_malformed(replaced(json, "\"n\" : 1024", "\"n\" : 1073741824"));
    expect_malformed(replaced(json, "\"n\" : 1024", "\"n\" : 1023"));
    // 1.5 GiB: OpenSSL alone would do it
    expect_malformed(replaced(replaced(json, "\"n\" : 1024", "\"n\" : 1048576"), "\"r\" : 8", "\"r\" : 12"));
    expect_malformed(replaced(json, "\"r\" : 8", "\"r\" : 0"));
}

}  // namespace
}  // namespace holdfast::signing
