#include "shared/signing/keystore.hpp"

#include <json/reader.h>
#include <json/value.h>
#include <json/writer.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <uninorm.h>
#include <unistr.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <vector>

#include "shared/base/assert.hpp"
#include "shared/ethereum/bls.hpp"

namespace holdfast::signing {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kDerivedSize = 32;
constexpr std::size_t kIvSize = 16;
// Bounds on what a file may ask for: 1 GiB of memory, and a minute or so of work.
constexpr std::uint64_t kScryptMemoryMax = 1ULL << 30U;
constexpr std::uint64_t kPbkdf2RoundsMax = 50'000'000;

// A key derived from a password: wiped when it goes.
struct DerivedKey {
    std::array<std::uint8_t, kDerivedSize> bytes{};
    DerivedKey() = default;
    DerivedKey(const DerivedKey&) = delete;
    DerivedKey& operator=(const DerivedKey&) = delete;
    ~DerivedKey() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

Error malformed(const std::string& why) { return failure(ErrorCode::kMalformed, "not a usable EIP-2335 keystore: " + why); }

Result<Json::Value> member(const Json::Value& object, const std::string& name, Json::ValueType type) {
    if (!object.isObject() || !object.isMember(name)) return malformed("'" + name + "' is missing");
    const Json::Value& value = object[name];
    const bool fits = type == Json::uintValue ? value.isUInt64() : value.type() == type;
    if (!fits) return malformed("'" + name + "' has the wrong type");
    return value;
}

Result<std::uint64_t> number_of(const Json::Value& object, const std::string& name) {
    HOLDFAST_TRY(const auto value, member(object, name, Json::uintValue));
    return value.asUInt64();
}

Result<std::string> text_of(const Json::Value& object, const std::string& name) {
    HOLDFAST_TRY(const auto value, member(object, name, Json::stringValue));
    return value.asString();
}

Result<Bytes> bytes_of(const Json::Value& object, const std::string& name) {
    // Not by HOLDFAST_TRY: GCC 12 at -O2 believes that its moved text may be uninitialised.
    const Result<std::string> found = text_of(object, name);
    if (!found) return found.error();
    const std::string& text = found.value();
    Bytes bytes(text.starts_with("0x") ? text.size() / 2 - 1 : text.size() / 2);
    if (!from_hex(text, bytes.data(), bytes.size())) return malformed("'" + name + "' is not hexadecimal");
    return bytes;
}

Result<void> derive(const char* function, std::vector<OSSL_PARAM> parameters, std::string_view password, Bytes salt,
                    DerivedKey& key) {
    const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf{EVP_KDF_fetch(nullptr, function, nullptr), EVP_KDF_free};
    const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context{EVP_KDF_CTX_new(kdf.get()), EVP_KDF_CTX_free};
    // OpenSSL takes the inputs as non-const pointers but only reads them.
    parameters.push_back(
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, const_cast<char*>(password.data()), password.size()));
    parameters.push_back(OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt.data(), salt.size()));
    parameters.push_back(OSSL_PARAM_construct_end());
    if (!context || EVP_KDF_derive(context.get(), key.bytes.data(), key.bytes.size(), parameters.data()) != 1) {
        return malformed("its key derivation parameters are impossible");
    }
    return success();
}

Result<void> derive_scrypt(std::uint64_t n, std::uint64_t r, std::uint64_t p, std::string_view password, const Bytes& salt,
                           DerivedKey& key) {
    const bool power_of_two = n > 1 && (n & (n - 1)) == 0;
    if (!power_of_two || r == 0 || p == 0 || r > 1024 || p > 64 || n > kScryptMemoryMax / (128 * r)) {
        return malformed("its scrypt parameters are impossible or ask for more than 1 GiB");
    }
    auto rr = static_cast<std::uint32_t>(r);
    auto pp = static_cast<std::uint32_t>(p);
    std::uint64_t memory = 2 * kScryptMemoryMax;
    return derive(
        "SCRYPT",
        {OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n), OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &rr),
         OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &pp),
         OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory)},
        password, salt, key);
}

Result<void> derive_pbkdf2(std::uint64_t rounds, std::string_view password, const Bytes& salt, DerivedKey& key) {
    if (rounds == 0 || rounds > kPbkdf2RoundsMax) return malformed("its number of PBKDF2 rounds is impossible");
    int any_input = 1;  // test keystores have short salts and few rounds, which OpenSSL refuses unless told
    std::string digest = "SHA256";
    return derive(
        "PBKDF2",
        {OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_ITER, &rounds), OSSL_PARAM_construct_int(OSSL_KDF_PARAM_PKCS5, &any_input),
         OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0)},
        password, salt, key);
}

Result<void> derive_from(const Json::Value& kdf, std::string_view password, DerivedKey& key) {
    HOLDFAST_TRY(const auto function, text_of(kdf, "function"));
    HOLDFAST_TRY(const auto parameters, member(kdf, "params", Json::objectValue));
    HOLDFAST_TRY(const auto salt, bytes_of(parameters, "salt"));
    HOLDFAST_TRY(const auto size, number_of(parameters, "dklen"));
    if (size != kDerivedSize) return malformed("'dklen' is not 32");
    if (function == "scrypt") {
        HOLDFAST_TRY(const auto n, number_of(parameters, "n"));
        HOLDFAST_TRY(const auto r, number_of(parameters, "r"));
        HOLDFAST_TRY(const auto p, number_of(parameters, "p"));
        return derive_scrypt(n, r, p, password, salt, key);
    }
    if (function == "pbkdf2") {
        HOLDFAST_TRY(const auto prf, text_of(parameters, "prf"));
        if (prf != "hmac-sha256") return malformed("its PBKDF2 function '" + prf + "' is not hmac-sha256");
        HOLDFAST_TRY(const auto rounds, number_of(parameters, "c"));
        return derive_pbkdf2(rounds, password, salt, key);
    }
    return malformed("its key derivation '" + function + "' is neither scrypt nor pbkdf2");
}

std::array<std::uint8_t, 32> checksum(const DerivedKey& key, std::span<const std::uint8_t> text) {
    Bytes input{key.bytes.begin() + 16, key.bytes.end()};
    input.insert(input.end(), text.begin(), text.end());
    std::array<std::uint8_t, 32> digest{};
    SHA256(input.data(), input.size(), digest.data());
    OPENSSL_cleanse(input.data(), input.size());
    return digest;
}

// AES-128-CTR, the same in both directions.
void apply_cipher(const DerivedKey& key, const std::uint8_t* iv, std::span<const std::uint8_t> in, std::uint8_t* out) {
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context{EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free};
    int size = 0;
    HOLDFAST_ASSERT(context && EVP_EncryptInit_ex(context.get(), EVP_aes_128_ctr(), nullptr, key.bytes.data(), iv) == 1 &&
                    EVP_EncryptUpdate(context.get(), out, &size, in.data(), static_cast<int>(in.size())) == 1);
}

Result<Json::Value> parse(std::string_view json) {
    Json::Value root;
    std::string errors;
    Json::CharReaderBuilder builder;
    builder["stackLimit"] = 32;
    const std::unique_ptr<Json::CharReader> reader{builder.newCharReader()};
    try {
        if (!reader->parse(json.data(), json.data() + json.size(), &root, &errors) || !root.isObject())
            return malformed("it is not a JSON object");
    } catch (const Json::Exception&) {
        return malformed("it is not a JSON object");
    }
    return root;
}

Result<void> check_public_key(const Json::Value& root, SecretView secret) {
    HOLDFAST_TRY(ethereum::check_secret_key(secret));
    if (!root.isMember("pubkey")) return success();
    HOLDFAST_TRY(const auto text, text_of(root, "pubkey"));
    if (text.empty()) return success();
    const auto named = parse_hex<PublicKey>(text);
    if (!named) return malformed("'pubkey' is not a public key");
    if (named.value() != ethereum::derive_public_key(secret))
        return malformed("its secret does not belong to its public key " + to_hex(named.value()));
    return success();
}

std::string hex_without_prefix(std::span<const std::uint8_t> bytes) { return to_hex(bytes.data(), bytes.size()).substr(2); }

}  // namespace

Result<std::string> normalise_password(std::string_view password) {
    if (password.empty()) return std::string{};
    const auto* text = reinterpret_cast<const std::uint8_t*>(password.data());
    std::size_t size = 0;
    const auto wipe = [&size](std::uint8_t* bytes) {
        OPENSSL_cleanse(bytes, size);
        std::free(bytes);
    };
    std::unique_ptr<std::uint8_t, decltype(wipe)> normal{nullptr, wipe};
    if (u8_check(text, password.size()) == nullptr)
        normal.reset(u8_normalize(UNINORM_NFKD, text, password.size(), nullptr, &size));
    if (!normal) return failure(ErrorCode::kInvalidArgument, "the password is not UTF-8 text");
    std::string result;
    result.reserve(size);  // growing would leave copies behind
    for (std::size_t i = 0; i < size; ++i) {
        const std::uint8_t byte = normal.get()[i];
        const bool c1_control = byte == 0xC2 && i + 1 < size && normal.get()[i + 1] < 0xA0;
        if (c1_control) {
            ++i;
        } else if (byte >= 0x20 && byte != 0x7F) {
            result.push_back(static_cast<char>(byte));
        }
    }
    return result;
}

Result<Secret> decrypt_keystore(std::string_view json, std::string_view password) {
    HOLDFAST_TRY(const auto root, parse(json));
    HOLDFAST_TRY(const auto version, number_of(root, "version"));
    if (version != 4) return malformed("its version is " + std::to_string(version) + ", not 4");
    HOLDFAST_TRY(const auto crypto, member(root, "crypto", Json::objectValue));
    HOLDFAST_TRY(const auto kdf, member(crypto, "kdf", Json::objectValue));
    HOLDFAST_TRY(const auto check, member(crypto, "checksum", Json::objectValue));
    HOLDFAST_TRY(const auto cipher, member(crypto, "cipher", Json::objectValue));
    HOLDFAST_TRY(const auto check_function, text_of(check, "function"));
    HOLDFAST_TRY(const auto cipher_function, text_of(cipher, "function"));
    if (check_function != "sha256") return malformed("its checksum '" + check_function + "' is not sha256");
    if (cipher_function != "aes-128-ctr") return malformed("its cipher '" + cipher_function + "' is not aes-128-ctr");
    HOLDFAST_TRY(const auto expected, bytes_of(check, "message"));
    HOLDFAST_TRY(const auto text, bytes_of(cipher, "message"));
    HOLDFAST_TRY(const auto cipher_parameters, member(cipher, "params", Json::objectValue));
    HOLDFAST_TRY(const auto iv, bytes_of(cipher_parameters, "iv"));
    if (text.size() != kSecretSize) return malformed("its secret is not 32 bytes long");
    if (iv.size() != kIvSize) return malformed("'iv' is not 16 bytes long");
    HOLDFAST_TRY(auto normal, normalise_password(password));
    DerivedKey key;
    const Result<void> derived = derive_from(kdf, normal, key);
    OPENSSL_cleanse(normal.data(), normal.size());
    HOLDFAST_TRY(derived);
    const auto actual = checksum(key, text);
    if (expected.size() != actual.size() || CRYPTO_memcmp(expected.data(), actual.data(), actual.size()) != 0) {
        return failure(ErrorCode::kRefused, "wrong password");
    }
    Secret secret;
    apply_cipher(key, iv.data(), text, secret.writable().data());
    HOLDFAST_TRY(check_public_key(root, secret.view()));
    return secret;
}

std::string encrypt_keystore(SecretView secret, std::string_view password, KeyDerivation derivation, bool light) {
    Bytes random(32 + kIvSize + 16);
    HOLDFAST_ASSERT(RAND_bytes(random.data(), static_cast<int>(random.size())) == 1);
    const Bytes salt{random.begin(), random.begin() + 32};
    const std::uint8_t* iv = random.data() + 32;
    const std::string normal = normalise_password(password).value();
    const std::uint64_t rounds = light ? 1024 : 262144;
    DerivedKey key;
    Json::Value root;
    Json::Value& kdf = root["crypto"]["kdf"];
    kdf["message"] = "";
    kdf["params"]["dklen"] = static_cast<Json::UInt64>(kDerivedSize);
    kdf["params"]["salt"] = hex_without_prefix(salt);
    if (derivation == KeyDerivation::kScrypt) {
        kdf["function"] = "scrypt";
        kdf["params"]["n"] = static_cast<Json::UInt64>(rounds);
        kdf["params"]["r"] = 8;
        kdf["params"]["p"] = 1;
        HOLDFAST_ASSERT(derive_scrypt(rounds, 8, 1, normal, salt, key).has_value());
    } else {
        kdf["function"] = "pbkdf2";
        kdf["params"]["c"] = static_cast<Json::UInt64>(rounds);
        kdf["params"]["prf"] = "hmac-sha256";
        HOLDFAST_ASSERT(derive_pbkdf2(rounds, normal, salt, key).has_value());
    }
    std::array<std::uint8_t, kSecretSize> text{};
    apply_cipher(key, iv, secret, text.data());
    root["crypto"]["checksum"]["function"] = "sha256";
    root["crypto"]["checksum"]["params"] = Json::Value{Json::objectValue};
    root["crypto"]["checksum"]["message"] = hex_without_prefix(checksum(key, text));
    root["crypto"]["cipher"]["function"] = "aes-128-ctr";
    root["crypto"]["cipher"]["params"]["iv"] = hex_without_prefix({iv, kIvSize});
    root["crypto"]["cipher"]["message"] = hex_without_prefix(text);
    root["pubkey"] = to_hex(ethereum::derive_public_key(secret)).substr(2);
    root["path"] = "";
    std::string uuid = hex_without_prefix({random.data() + 32 + kIvSize, 16});
    uuid[12] = '4';
    uuid[16] = 'a';
    for (const std::size_t place : {20U, 16U, 12U, 8U}) uuid.insert(place, "-");
    root["uuid"] = uuid;
    root["version"] = 4;
    return Json::writeString(Json::StreamWriterBuilder{}, root);
}

}  // namespace holdfast::signing
