// The program itself with bad input that needs no network: one clear sentence and the exit code.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "shared/signing/keystore.hpp"

namespace holdfast::primary {
namespace {

namespace fs = std::filesystem;

struct Ended {
    int code{-1};
    std::string output;
};

class PrimaryProcessTest : public testing::Test {
protected:
    fs::path folder;

    void SetUp() override {
        std::string pattern = testing::TempDir() + "holdfast-primary-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
        fs::create_directory(folder / "keys");
    }
    void TearDown() override { fs::remove_all(folder); }

    static Ended run(const std::string& arguments) {
        const char* bin = std::getenv("HOLDFAST_BIN");
        if (bin == nullptr) return {-1, "HOLDFAST_BIN is not set"};
        const std::string command = "timeout 20 " + std::string{bin} + "/holdfast-primary " + arguments + " 2>&1";
        FILE* pipe = ::popen(command.c_str(), "r");
        if (pipe == nullptr) return {};
        Ended ended;
        std::array<char, 4096> buffer{};
        for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
            ended.output.append(buffer.data(), n);
        const int status = ::pclose(pipe);
        ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        return ended;
    }
    // With usable settings but what `more` says; nothing is reached before the keys are loaded.
    [[nodiscard]] Ended run_with(const std::string& more, int quorum = 2) const {
        std::ofstream cluster{folder / "cluster.toml"};
        cluster << "name = \"test\"\nquorum = " << quorum << "\nmode = \"fenced\"\nunknown-validators = \"accept\"\n"
                << "[chain]\ngenesis-time = 1606824023\ngenesis-validators-root = \"0x" << std::string(64, '7')
                << "\"\nslot-duration-ms = 12000\nslots-per-epoch = 32\n";
        for (int i = 1; i <= 3; ++i) {
            cluster << "[[member]]\nname = \"p" << i << "\"\nurl = \"http://127.0.0.1:" << i << "\"\n";
        }
        cluster.close();
        return run("--beacon-nodes http://127.0.0.1:1 --keystores " + (folder / "keys").string() + " --cluster " +
                   (folder / "cluster.toml").string() + " --listen 127.0.0.1:0 --start-timeout 1 " + more);
    }
    void write_key(const std::string& name, std::uint8_t number, const std::string& password,
                   const std::string& said_password) const {
        std::array<std::uint8_t, 32> secret{};
        secret[31] = number;
        std::ofstream{folder / "keys" / (name + ".json")}
            << signing::encrypt_keystore(signing::SecretView{secret}, password, signing::KeyDerivation::kPbkdf2, true);
        std::ofstream{folder / "keys" / (name + ".txt")} << said_password;
    }
    static void expect(const Ended& ended, int code, std::initializer_list<const char*> words) {
        EXPECT_EQ(ended.code, code) << ended.output;
        for (const char* word : words)
            EXPECT_NE(ended.output.find(word), std::string::npos) << "no '" << word << "' in: " << ended.output;
    }
};

TEST_F(PrimaryProcessTest, HelpAndVersion) {
    expect(run("--help"), 0, {"--beacon-nodes", "--cluster", "--check"});
    expect(run("--version"), 0, {"holdfast-primary"});
    expect(run("--version --nonsense"), 0, {"holdfast-primary"});
}

TEST_F(PrimaryProcessTest, WrongOptions) {
    expect(run(""), 2, {"beacon-nodes", "keystores", "cluster"});
    expect(run_with("", 1), 2, {"cluster", "quorum", "1", "3"});
    expect(run_with("--colour"), 2, {"colour"});
    expect(run_with("--passwords /nonexistent/folder"), 2, {"/nonexistent/folder"});
    std::ofstream{folder / "config.toml"} << "clusterr = 3\n";
    expect(run_with("--config " + (folder / "config.toml").string()), 2, {"clusterr"});
    expect(run_with("--config " + (folder / "absent.toml").string()), 2, {"absent.toml"});
    expect(run_with("--config " + folder.string()), 2, {"config"});
}

TEST_F(PrimaryProcessTest, NoKeystores) { expect(run_with(""), 1, {(folder / "keys").c_str()}); }

TEST_F(PrimaryProcessTest, WrongPassword) {
    write_key("one", 1, "right", "right");
    write_key("two", 2, "right", "wrong");
    expect(run_with(""), 1, {"two.json", "password"});
}

TEST_F(PrimaryProcessTest, BrokenKeystore) {
    write_key("one", 1, "right", "right");
    std::ofstream{folder / "keys" / "one.json"} << "{\"crypto\": 1";
    expect(run_with(""), 1, {"one.json"});
}

TEST_F(PrimaryProcessTest, DuplicatedKey) {
    write_key("one", 1, "a", "a");
    write_key("two", 1, "b", "b");
    expect(run_with(""), 1, {"one.json", "two.json"});
}

TEST_F(PrimaryProcessTest, UnreachableBeaconNodes) {
    write_key("one", 1, "a", "a");
    expect(run_with(""), 1, {"http://127.0.0.1:1"});
    expect(run_with("--check"), 1, {"http://127.0.0.1:1"});
}

}  // namespace
}  // namespace holdfast::primary
