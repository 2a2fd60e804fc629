// A directory of EIP-2335 keystores with their passwords, decrypted side by side.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "shared/base/progress.hpp"
#include "shared/base/result.hpp"
#include "shared/signing/local_door.hpp"

namespace holdfast::signing {

struct KeystoreSource {
    std::filesystem::path keystores;      // every *.json in it
    std::filesystem::path passwords;      // directory with NAME.txt for NAME.json; empty: beside the keystores
    std::filesystem::path password_file;  // one password for all; goes before `passwords`
    std::size_t threads{1};
};

struct KeystoreLoad {
    LoadedKeys loaded;
    std::vector<std::string> warnings;  // files that others may read, memory that could not be locked
};

// All keys, or one failure whose message lists every problem, one a line: wrong password, broken keystore, missing password, a
// key that is there twice, an empty directory. Blocks until done. `progress` is called as keys are decrypted, from any of the
// threads, one at a time.
[[nodiscard]] Result<KeystoreLoad> load_keystores(const KeystoreSource& source, const Progress& progress);

}  // namespace holdfast::signing
