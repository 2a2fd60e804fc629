// EIP-2335 keystores, version 4: scrypt or PBKDF2-HMAC-SHA256, SHA-256 checksum, AES-128-CTR; all through OpenSSL. Blocking and
// slow by design: on a worker thread. Thread-safe. What a hostile file could make large (memory, rounds) is bounded.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/base/types.hpp"
#include "shared/signing/key_vault.hpp"

namespace holdfast::signing {

// The secret of the keystore in `json`. kRefused: wrong password. kMalformed: not such a keystore, with what is wrong. The
// secret is checked against the file's public key where it names one.
[[nodiscard]] Result<Secret> decrypt_keystore(std::string_view json, std::string_view password);

enum class KeyDerivation { kScrypt, kPbkdf2 };
// `light`: few rounds, for test chains only.
[[nodiscard]] std::string encrypt_keystore(SecretView secret, std::string_view password, KeyDerivation derivation, bool light);

// The password as EIP-2335 wants it: NFKD, control codes taken out. Plain ASCII stays as it is; text whose NFKD form we can't
// make is kInvalidArgument.
[[nodiscard]] Result<std::string> normalise_password(std::string_view password);

}  // namespace holdfast::signing
