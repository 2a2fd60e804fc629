// The programs of the pair themselves with bad input that needs no network: one clear sentence and the exit code.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "shared/signing/keystore.hpp"

namespace holdfast::instance {

namespace fs = std::filesystem;

struct Ended {
    int code{-1};
    std::string output;
};

// A program of the pair in a folder of its own; `always`: options that it is given besides the usual ones.
class ProcessTest : public testing::Test {
protected:
    explicit ProcessTest(std::string program, std::string always = {})
        : program_{std::move(program)}, always_{std::move(always)} {}

    fs::path folder;

    void SetUp() override {
        std::string pattern = testing::TempDir() + program_ + "-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
        fs::create_directory(folder / "keys");
    }
    void TearDown() override { fs::remove_all(folder); }

    [[nodiscard]] Ended run(const std::string& arguments) const {
        const char* bin = std::getenv("HOLDFAST_BIN");
        if (bin == nullptr) return {-1, "HOLDFAST_BIN is not set"};
        const std::string command = "timeout 20 " + std::string{bin} + "/" + program_ + " " + arguments + " 2>&1";
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
    [[nodiscard]] Ended run_with(const std::string& more, int quorum = 2, const char* mode = "fenced") const {
        std::ofstream cluster{folder / "cluster.toml"};
        cluster << "name = \"test\"\nquorum = " << quorum << "\nmode = \"" << mode << "\"\nunknown-validators = \"accept\"\n"
                << "[chain]\ngenesis-time = 1606824023\ngenesis-validators-root = \"0x" << std::string(64, '7')
                << "\"\nslot-duration-ms = 12000\nslots-per-epoch = 32\n";
        for (int i = 1; i <= 3; ++i) {
            cluster << "[[member]]\nname = \"p" << i << "\"\nurl = \"http://127.0.0.1:" << i << "\"\n";
        }
        cluster.close();
        return run("--beacon-nodes http://127.0.0.1:1 --keystores " + (folder / "keys").string() + " --cluster " +
                   (folder / "cluster.toml").string() + " --listen 127.0.0.1:0 --control-socket none --start-timeout 1 " +
                   always_ + " " + more);
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

private:
    std::string program_;
    std::string always_;
};

}  // namespace holdfast::instance
