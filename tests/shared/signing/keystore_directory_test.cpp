// Goal: a directory of keystores is loaded whole, or every problem in it is named at once.
#include "shared/signing/keystore_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "shared/ethereum/bls.hpp"
#include "shared/ethereum/interop_keys.hpp"
#include "shared/signing/keystore.hpp"

namespace holdfast::signing {
namespace {

namespace fs = std::filesystem;

struct KeystoreDirectory : testing::Test {
    fs::path folder;

    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "holdfast-keys-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder = pattern;
    }
    void TearDown() override { fs::remove_all(folder); }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream{folder / name} << text;
        fs::permissions(folder / name, fs::perms::owner_read | fs::perms::owner_write);
    }
    void write_key(const std::string& name, std::uint64_t index) const {
        write(name + ".json", encrypt_keystore(ethereum::interop_secret(index), "pw" + name, KeyDerivation::kPbkdf2, true));
        write(name + ".txt", "pw" + name + "\n");
    }
    [[nodiscard]] Result<KeystoreLoad> load() const { return load_keystores({folder, {}, {}, 2}, {}); }
};

TEST_F(KeystoreDirectory, All_LoadedInOrderOfTheirNames) {
    write_key("b", 1);
    write_key("a", 0);
    write_key("c", 2);
    const auto result = load();
    ASSERT_TRUE(result) << result.error().message;
    const auto& keys = result.value().loaded.keys;
    ASSERT_EQ(keys.size(), 3U);
    for (std::uint64_t i = 0; i < 3; ++i) {
        EXPECT_EQ(keys[i], ethereum::derive_public_key(ethereum::interop_secret(i)));
        EXPECT_TRUE(std::ranges::equal(result.value().loaded.vault.at(i), ethereum::interop_secret(i)));
    }
}

TEST_F(KeystoreDirectory, EveryProblem_NamedAtOnce) {
    write_key("good", 0);
    write_key("twice", 0);
    write_key("wrong", 1);
    write("wrong.txt", "other");
    write("broken.json", "{}");
    write("broken.txt", "x");
    write("without.json", encrypt_keystore(ethereum::interop_secret(5), "x", KeyDerivation::kPbkdf2, true));
    const auto result = load();
    ASSERT_FALSE(result);
    const std::string& message = result.error().message;
    EXPECT_NE(message.find("is there twice: in " + (folder / "good.json").string()), std::string::npos) << message;
    EXPECT_NE(message.find("wrong.json: wrong password"), std::string::npos) << message;
    EXPECT_NE(message.find("broken.json: not a usable EIP-2335 keystore"), std::string::npos) << message;
    EXPECT_NE(message.find("without.json: no password"), std::string::npos) << message;
}

TEST_F(KeystoreDirectory, OnePasswordForAll) {
    write("a.json", encrypt_keystore(ethereum::interop_secret(0), "same", KeyDerivation::kPbkdf2, true));
    write("b.json", encrypt_keystore(ethereum::interop_secret(1), "same", KeyDerivation::kPbkdf2, true));
    write("password", "same\n");
    EXPECT_TRUE(load_keystores({folder, {}, folder / "password", 2}, {}));
}

TEST_F(KeystoreDirectory, PasswordsInAFolderOfTheirOwn) {
    write("a.json", encrypt_keystore(ethereum::interop_secret(0), "first", KeyDerivation::kPbkdf2, true));
    write("b.json", encrypt_keystore(ethereum::interop_secret(1), "second", KeyDerivation::kPbkdf2, true));
    fs::create_directory(folder / "passwords");
    write("passwords/a.txt", "first");
    write("passwords/b.txt", "second\r\n");
    const auto result = load_keystores({folder, folder / "passwords", {}, 2}, {});
    EXPECT_TRUE(result) << result.error().message;
}

TEST_F(KeystoreDirectory, FileThatIsNoKeystoreByItsSize_Refused) {
    write("large.json", std::string((1U << 20U) + 1, ' '));
    write("large.txt", "x");
    const auto result = load();
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find("larger than 1 MiB"), std::string::npos) << result.error().message;
}

TEST_F(KeystoreDirectory, OnlyOwnerReads_NoWarningOfIt) {
    write_key("a", 0);
    const auto result = load();
    ASSERT_TRUE(result);
    for (const std::string& warning : result.value().warnings) EXPECT_EQ(warning.find("chmod"), std::string::npos) << warning;
}

TEST_F(KeystoreDirectory, EmptyOrMissing_Refused) {
    EXPECT_EQ(load().error().code, ErrorCode::kNotFound);
    EXPECT_EQ(load_keystores({folder / "none", {}, {}, 1}, {}).error().code, ErrorCode::kIo);
}

TEST_F(KeystoreDirectory, ReadableByOthers_Warned) {
    write_key("a", 0);
    fs::permissions(folder / "a.txt", fs::perms::group_read, fs::perm_options::add);
    const auto result = load();
    ASSERT_TRUE(result);
    ASSERT_FALSE(result.value().warnings.empty());
    EXPECT_NE(result.value().warnings.front().find("chmod 600"), std::string::npos);
}

TEST_F(KeystoreDirectory, Progress_ReachesTheEnd) {
    write_key("a", 0);
    write_key("b", 1);
    std::size_t last = 0;
    ASSERT_TRUE(load_keystores({folder, {}, {}, 2}, [&last](std::size_t done, std::size_t of) {
        EXPECT_EQ(of, 2U);
        last = done;
    }));
    EXPECT_EQ(last, 2U);
}

}  // namespace
}  // namespace holdfast::signing
