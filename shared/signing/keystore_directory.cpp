#include "shared/signing/keystore_directory.hpp"

#include <openssl/crypto.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "shared/ethereum/bls.hpp"
#include "shared/signing/keystore.hpp"

namespace holdfast::signing {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kFileBytesMax = 1U << 20U;

Result<std::string> read_file(const fs::path& file) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    if (error) return failure(ErrorCode::kIo, "can't read " + file.string() + ": " + error.message());
    if (size > kFileBytesMax) return failure(ErrorCode::kMalformed, file.string() + " is larger than 1 MiB");
    std::ifstream stream{file, std::ios::binary};
    std::string content(size, '\0');
    if (!stream.read(content.data(), static_cast<std::streamsize>(size)))
        return failure(ErrorCode::kIo, "can't read " + file.string());
    return content;
}

fs::path password_file_of(const KeystoreSource& source, const fs::path& keystore) {
    if (!source.password_file.empty()) return source.password_file;
    const fs::path folder = source.passwords.empty() ? keystore.parent_path() : source.passwords;
    return folder / keystore.stem().concat(".txt");
}

Result<std::vector<fs::path>> list_keystores(const fs::path& folder) {
    std::error_code error;
    std::vector<fs::path> files;
    for (fs::directory_iterator it{folder, error}, end; !error && it != end; it.increment(error)) {
        if (it->path().extension() == ".json") files.push_back(it->path());
    }
    if (error) return failure(ErrorCode::kIo, "can't read the keystore directory " + folder.string() + ": " + error.message());
    if (files.empty()) return failure(ErrorCode::kNotFound, "no keystore (*.json) in " + folder.string());
    std::ranges::sort(files);
    return files;
}

bool others_may_read(const fs::path& file) {
    struct stat status {};
    return ::stat(file.c_str(), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

// A keystore; its secret goes to the vault, in the place of the item's number.
struct Item {
    fs::path file;
    Result<void> decrypted{failure(ErrorCode::kInternal, "not decrypted")};
    PublicKey key;
};

Result<Secret> decrypt(const KeystoreSource& source, const fs::path& file) {
    HOLDFAST_TRY(const auto json, read_file(file));
    const fs::path password_file = password_file_of(source, file);
    // Its line end is no part of the password: decrypt_keystore takes control codes out.
    auto password = read_file(password_file);
    if (!password) return with_context(file.string() + ": no password", password.error());
    Result<Secret> secret = decrypt_keystore(json, password.value());
    OPENSSL_cleanse(password.value().data(), password.value().size());
    if (secret) return secret;
    if (secret.error().code == ErrorCode::kRefused) {
        return failure(ErrorCode::kRefused, file.string() + ": wrong password (from " + password_file.string() + ")");
    }
    return with_context(file.string(), secret.error());
}

Result<void> decrypt_into(const KeystoreSource& source, Item& item, KeyVault& vault, std::size_t number) {
    HOLDFAST_TRY(const auto secret, decrypt(source, item.file));
    vault.set(number, secret.view());
    item.key = ethereum::derive_public_key(secret.view());
    return success();
}

void decrypt_all(const KeystoreSource& source, std::vector<Item>& items, KeyVault& vault, const Progress& progress) {
    std::atomic<std::size_t> next{0};
    std::size_t done = 0;
    std::mutex progress_lock;
    const auto work = [&] {
        for (std::size_t i = next++; i < items.size(); i = next++) {
            items[i].decrypted = decrypt_into(source, items[i], vault, i);
            const std::lock_guard lock{progress_lock};
            if (progress) progress(++done, items.size());
        }
    };
    std::vector<std::jthread> threads;
    const std::size_t count = std::min(std::max<std::size_t>(1, source.threads), items.size());
    for (std::size_t i = 0; i < count; ++i) threads.emplace_back(work);
}

std::vector<std::string> find_problems(const std::vector<Item>& items) {
    std::vector<std::string> problems;
    std::unordered_map<PublicKey, const Item*> seen;
    for (const Item& item : items) {
        if (!item.decrypted) {
            problems.push_back(item.decrypted.error().message);
            continue;
        }
        const auto [first, is_new] = seen.emplace(item.key, &item);
        if (!is_new) {
            problems.push_back("key " + to_hex(item.key) + " is there twice: in " + first->second->file.string() + " and in " +
                               item.file.string());
        }
    }
    return problems;
}

std::string join_lines(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
    return text;
}

std::vector<std::string> find_warnings(const KeystoreSource& source, const std::vector<Item>& items, const KeyVault& vault) {
    std::vector<std::string> warnings;
    const auto open = std::ranges::count_if(items, [&source](const Item& item) {
        return others_may_read(item.file) || others_may_read(password_file_of(source, item.file));
    });
    if (open > 0)
        warnings.push_back(std::to_string(open) + " keystores or passwords can be read by other users: chmod 600 them");
    if (!vault.locked())
        warnings.emplace_back("the system did not let the keys' memory be locked (RLIMIT_MEMLOCK): it may be swapped to disk");
    return warnings;
}

}  // namespace

Result<KeystoreLoad> load_keystores(const KeystoreSource& source, const Progress& progress) {
    HOLDFAST_TRY(const auto files, list_keystores(source.keystores));
    std::vector<Item> items(files.size());
    for (std::size_t i = 0; i < files.size(); ++i) items[i].file = files[i];
    KeystoreLoad load;
    load.loaded.vault = KeyVault{items.size()};
    decrypt_all(source, items, load.loaded.vault, progress);
    const std::vector<std::string> problems = find_problems(items);
    if (!problems.empty()) return failure(ErrorCode::kInvalidArgument, join_lines(problems));
    for (const Item& item : items) load.loaded.keys.push_back(item.key);
    load.warnings = find_warnings(source, items, load.loaded.vault);
    return load;
}

}  // namespace holdfast::signing
