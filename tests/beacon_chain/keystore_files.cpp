#include "tests/beacon_chain/keystore_files.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

namespace holdfast::sim {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr int kRounds = 1024;  // hundreds of keys must load in no time

Bytes random_bytes(Random& random, std::size_t size) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
    return bytes;
}

std::string hex(const Bytes& bytes) { return to_hex(bytes.data(), bytes.size()).substr(2); }

Bytes derive(const std::string& password, const Bytes& salt) {
    Bytes key(32);
    PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt.data(), static_cast<int>(salt.size()), kRounds,
                      EVP_sha256(), static_cast<int>(key.size()), key.data());
    return key;
}

Bytes encrypt(const Bytes& key, const Bytes& iv, const SecretBytes& secret) {
    Bytes out(secret.size());
    int size = 0;
    EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), nullptr, key.data(), iv.data());
    EVP_EncryptUpdate(context, out.data(), &size, secret.data(), static_cast<int>(secret.size()));
    EVP_CIPHER_CTX_free(context);
    return out;
}

std::string uuid(Random& random) {
    Bytes bytes = random_bytes(random, 16);
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0FU) | 0x40U);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3FU) | 0x80U);
    const std::string all = hex(bytes);
    return all.substr(0, 8) + '-' + all.substr(8, 4) + '-' + all.substr(12, 4) + '-' + all.substr(16, 4) + '-' + all.substr(20);
}

std::string keystore(const SecretBytes& secret, const PublicKey& key, const std::string& password, Random& random) {
    const Bytes salt = random_bytes(random, 32);
    const Bytes iv = random_bytes(random, 16);
    const Bytes derived = derive(password, salt);
    const Bytes cipher = encrypt(derived, iv, secret);
    Bytes checked(derived.begin() + 16, derived.end());
    checked.insert(checked.end(), cipher.begin(), cipher.end());
    Bytes checksum(32);
    SHA256(checked.data(), checked.size(), checksum.data());
    return fmt::format(R"({{"crypto":{{"kdf":{{"function":"pbkdf2",)"
                       R"("params":{{"dklen":32,"c":{},"prf":"hmac-sha256","salt":"{}"}},"message":""}},)"
                       R"("checksum":{{"function":"sha256","params":{{}},"message":"{}"}},)"
                       R"("cipher":{{"function":"aes-128-ctr","params":{{"iv":"{}"}},"message":"{}"}}}},)"
                       R"("description":"interop key","pubkey":"{}","path":"","uuid":"{}","version":4}})",
                       kRounds, hex(salt), hex(checksum), hex(iv), hex(cipher), to_hex(key).substr(2), uuid(random));
}

Error cannot_write(const std::string& path) {
    return failure(ErrorCode::kIo, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

Result<void> write_private(const std::string& path, const std::string& content) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return cannot_write(path);
    const bool written = ::write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size());
    const bool closed = ::close(file) == 0;
    if (!written || !closed) return cannot_write(path);
    return success();
}

}  // namespace

Result<void> write_keystores(const std::string& folder, IndexRange range, const SignatureChecker& keys, Random& random) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return failure(ErrorCode::kIo, "cannot make the folder " + folder + ": " + error.message());
    for (std::uint64_t index = range.first; index < range.first + range.count; ++index) {
        const std::string name = fmt::format("{}/keystore-{:04}", folder, index);
        const std::string password = hex(random_bytes(random, 12));
        HOLDFAST_TRY(write_private(name + ".json", keystore(interop_secret(index), keys.key(index), password, random) + "\n"));
        HOLDFAST_TRY(write_private(name + ".txt", password));
    }
    return success();
}

}  // namespace holdfast::sim
