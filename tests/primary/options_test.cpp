#include "primary/options.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace holdfast::primary {
namespace {

namespace fs = std::filesystem;

class OptionsTest : public testing::Test {
protected:
    fs::path folder;

    void SetUp() override {
        std::string pattern = testing::TempDir() + "holdfast-options-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
    }
    void TearDown() override { fs::remove_all(folder); }

    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream{folder / name} << text;
        return (folder / name).string();
    }
    std::vector<std::string> good() const {
        return {"--beacon-nodes", "http://127.0.0.1:5052,http://10.0.0.7:3500",
                "--keystores",    folder.string(),
                "--protectors",   "http://127.0.0.1:7701,http://127.0.0.1:7702,http://127.0.0.1:7703",
                "--quorum",       "2"};
    }
    std::vector<std::string> good_with(std::vector<std::string> more) const {
        std::vector<std::string> all = good();
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    // `name` of the good ones with another value.
    std::vector<std::string> changed(const std::string& name, const std::string& value) const {
        std::vector<std::string> all = good();
        for (std::size_t i = 0; i + 1 < all.size(); ++i) {
            if (all[i] == name) all[i + 1] = value;
        }
        return all;
    }
    static Settings settings(const std::vector<std::string>& arguments) {
        Settings result;
        for (const std::string& problem : parse(arguments, result)) ADD_FAILURE() << problem;
        return result;
    }
    static Problems problems(const std::vector<std::string>& arguments) {
        Settings result;
        return parse(arguments, result);
    }
    static Problems parse(const std::vector<std::string>& arguments, Settings& result) {
        const OptionSet::Outcome outcome = make_options(result).parse(arguments);
        const auto* found = std::get_if<Problems>(&outcome);
        return found == nullptr ? Problems{} : *found;
    }
    static void expect_one(const Problems& found, const std::vector<std::string>& words) {
        ASSERT_EQ(found.size(), 1U) << (found.empty() ? "no problem" : found[0] + " | " + found.back());
        for (const std::string& word : words)
            EXPECT_NE(found[0].find(word), std::string::npos) << found[0] << " lacks " << word;
    }
};

TEST_F(OptionsTest, FlagsAndDefaults) {
    const Settings s = settings(good());
    EXPECT_EQ(s.beacon_nodes, (std::vector<std::string>{"http://127.0.0.1:5052", "http://10.0.0.7:3500"}));
    EXPECT_EQ(s.quorum, 2U);
    EXPECT_EQ(s.threshold(), 2U);
    EXPECT_EQ(s.listen, "127.0.0.1:7770");
    EXPECT_EQ(s.start_timeout, 300U);
    EXPECT_EQ(s.log_level, LogLevel::kInfo);
    EXPECT_FALSE(s.check);
    EXPECT_GE(s.threads(), 1U);
}

TEST_F(OptionsTest, FlagsWinOverTheFile) {
    const std::string file = write("c.toml", "quorum = 3\nlog-level = \"debug\"\nbeacon-nodes = [\"http://127.0.0.1:1\"]\n");
    const Settings s = settings(good_with({"--config=" + file, "--check", "--attestation-threshold", "1"}));
    EXPECT_EQ(s.quorum, 2U);
    EXPECT_EQ(s.log_level, LogLevel::kDebug);
    EXPECT_EQ(s.beacon_nodes.size(), 2U);
    EXPECT_EQ(s.threshold(), 1U);
    EXPECT_TRUE(s.check);
}

TEST_F(OptionsTest, AFileAloneSuffices) {
    const std::string file =
        write("c.toml", "beacon-nodes = [\"http://127.0.0.1:1\", \"http://127.0.0.1:2\"]\nkeystores = \"" + folder.string() +
                            "\"\nprotectors = \"http://127.0.0.1:3\"\nquorum = 1\nstart-timeout = 7\n");
    const Settings s = settings({"--config", file});
    EXPECT_EQ(s.beacon_nodes.size(), 2U);
    EXPECT_EQ(s.protectors.size(), 1U);
    EXPECT_EQ(s.start_timeout, 7U);
}

TEST_F(OptionsTest, UnsafeQuorums) {
    for (const char* quorum : {"1", "4"}) expect_one(problems(changed("--quorum", quorum)), {"quorum", quorum, "3"});
    for (const char* quorum : {"0", "-1", "two", "2.5", ""}) expect_one(problems(changed("--quorum", quorum)), {"quorum"});
}

TEST_F(OptionsTest, UnknownFlagAndUnknownKey) {
    expect_one(problems(good_with({"--quorumm", "3"})), {"quorumm"});
    expect_one(problems(good_with({"stray"})), {"stray"});
    const std::string file = write("c.toml", "log-level = \"info\"\n\nquorumm = 3\n");
    expect_one(problems(good_with({"--config", file})), {"quorumm"});
    const std::string nested = write("d.toml", "[quorum]\nvalue = 3\n");
    expect_one(problems(good_with({"--config", nested})), {"quorum"});
    const std::string only_flag = write("e.toml", "check = \"yes\"\n");
    expect_one(problems(good_with({"--config", only_flag})), {"check"});
}

TEST_F(OptionsTest, UnreadableAndMalformedFiles) {
    expect_one(problems(good_with({"--config", (folder / "absent.toml").string()})), {"absent.toml"});
    expect_one(problems(good_with({"--config", write("c.toml", "quorum = = 3\n")})), {"c.toml"});
}

TEST_F(OptionsTest, DirectoriesAndFiles) {
    expect_one(problems(changed("--keystores", (folder / "none").string())), {"keystores", "does not exist"});
    const std::string file = write("file", "x");
    expect_one(problems(changed("--keystores", file)), {"keystores", "is not a directory"});
    expect_one(problems(good_with({"--passwords", (folder / "none").string()})), {"passwords", "does not exist"});
    expect_one(problems(good_with({"--password-file", folder.string()})), {"password-file", "is a directory"});
    expect_one(problems(good_with({"--passwords", folder.string(), "--password-file", file})), {"passwords", "password-file"});
}

TEST_F(OptionsTest, Urls) {
    expect_one(problems(changed("--beacon-nodes", "ftp://127.0.0.1")), {"beacon-nodes"});
    expect_one(problems(changed("--beacon-nodes", "http://127.0.0.1:1,http://127.0.0.1:1/")), {"beacon-nodes", "twice"});
    expect_one(problems(changed("--beacon-nodes", ",")), {"beacon-nodes"});
    expect_one(problems(changed("--protectors", "http://127.0.0.1:1,http://127.0.0.1:2,http://127.0.0.1:2")),
               {"protectors", "twice"});
    expect_one(problems(changed("--protectors", "http://127.0.0.1:1,http://10.0.0.1:2,http://127.0.0.1:3")),
               {"protectors", "10.0.0.1", "loopback"});
    expect_one(problems(changed("--protectors", "http://127.0.0.1.example:1,http://127.0.0.1:2,http://127.0.0.1:3")),
               {"protectors", "loopback"});
}

TEST_F(OptionsTest, OtherValues) {
    expect_one(problems(good_with({"--attestation-threshold", "3"})), {"attestation-threshold", "3"});
    for (const char* listen : {"7770", "127.0.0.1", "127.0.0.1:99999", ":7770", "127.0.0.1:x"}) {
        expect_one(problems(good_with({"--listen", listen})), {"listen", listen});
    }
    expect_one(problems(good_with({"--log-level", "loud"})), {"log-level", "loud"});
    expect_one(problems(good_with({"--start-timeout", "0"})), {"start-timeout"});
    expect_one(problems(good_with({"--listen"})), {"listen"});
}

TEST_F(OptionsTest, EverythingWrongIsSaidAtOnce) {
    EXPECT_EQ(problems({}).size(), 4U);
    const Problems found = problems({"--beacon-nodes", "nonsense", "--keystores", "/nonexistent", "--protectors",
                                     "http://127.0.0.1:1", "--quorum", "2", "--listen", "x", "--colour"});
    EXPECT_EQ(found.size(), 5U);
}

TEST_F(OptionsTest, RisksAreNamed) {
    Settings s;
    s.beacon_nodes = {"a", "b", "c", "d"};
    s.protectors = {"p", "q", "r", "s"};
    s.quorum = 3;
    EXPECT_TRUE(find_risks(s).empty());
    s.attestation_threshold = 2;
    EXPECT_EQ(find_risks(s).size(), 1U);
    s.protectors = {"p"};
    s.quorum = 1;
    EXPECT_EQ(find_risks(s).size(), 2U);
}

// The row of each option in docs/configuration.md, and no other row.
TEST(Configuration, TheDocumentListsWhatHelpSays) {
    std::ifstream file{HOLDFAST_SOURCE_DIR "/docs/configuration.md"};
    ASSERT_TRUE(file);
    std::stringstream text;
    text << file.rdbuf();
    Settings defaults;
    const OptionSet options = make_options(defaults);
    std::size_t rows = 0;
    for (std::size_t at = text.str().find("| `--"); at != std::string::npos; at = text.str().find("| `--", at + 1)) ++rows;
    EXPECT_EQ(rows, options.options().size());
    const auto cell = [](const std::string& value) { return value.empty() ? std::string{" |"} : " " + value + " |"; };
    for (const OptionInfo& option : options.options()) {
        const std::string standard = option.required ? "(required)" : option.standard;
        const std::string row = "| `--" + option.name + "` |" + cell(option.value) + cell(standard) + cell(option.help);
        EXPECT_NE(text.str().find(row + "\n"), std::string::npos) << "no row: " << row;
        EXPECT_NE(options.help().find("  --" + option.name), std::string::npos);
    }
}

}  // namespace
}  // namespace holdfast::primary
