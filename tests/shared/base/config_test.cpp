// Goal: flags and file give the same values, flags win, and everything that is wrong is said at once. Method: one set of every
// kind of option, parsed from arguments and from files written for the test.
#include "shared/base/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

namespace holdfast {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

enum class Colour { kRed, kGreen };

class Config : public testing::Test {
protected:
    Config() {
        options_.list({.name = "nodes", .value = "URL,URL", .help = "nodes to ask", .required = true}, nodes_);
        options_.text({.name = "keys", .help = "where the keys are"}, keys_);
        options_.number({.name = "quorum", .help = "how many"}, quorum_, {1, 9});
        options_.duration({.name = "patience", .help = "how long"}, patience_, milliseconds{10}, seconds{60});
        options_.choice({.name = "colour", .help = "which"}, colour_, {{"red", Colour::kRed}, {"green", Colour::kGreen}});
        options_.toggle({.name = "check", .help = "only look", .in_file = false}, check_);
        options_.toggle({.name = "loud", .help = "say more"}, loud_);
    }

    Problems parse(const std::vector<std::string>& arguments) {
        const OptionSet::Outcome outcome = options_.parse(arguments);
        if (const auto* problems = std::get_if<Problems>(&outcome)) return *problems;
        EXPECT_TRUE(std::holds_alternative<OptionSet::Taken>(outcome));
        return {};
    }

    std::string answer(const std::vector<std::string>& arguments) {
        const OptionSet::Outcome outcome = options_.parse(arguments);
        const auto* answer = std::get_if<OptionSet::Answer>(&outcome);
        return answer == nullptr ? "no answer" : answer->text;
    }

    Problems parse_document(const std::string& content, std::vector<std::string> arguments = {}) {
        std::ofstream{file_} << content;
        arguments.insert(arguments.end(), {"--config", file_});
        return parse(arguments);
    }

    std::string file_{testing::TempDir() + "config_test.toml"};
    std::vector<std::string> nodes_;
    std::string keys_{"/etc/keys"};
    std::uint64_t quorum_{3};
    Duration patience_{seconds{2}};
    Colour colour_{Colour::kRed};
    bool check_{false};
    bool loud_{false};
    OptionSet options_{"holdfast-test", "a program for a test", "Examples:\n  holdfast-test --nodes a,b"};
};

TEST_F(Config, Flags_FillEveryKind) {
    EXPECT_THAT(parse({"--nodes", "a, b,,c", "--keys=/k", "--quorum", "4", "--patience", "1500ms", "--colour", "green",
                       "--check", "--loud"}),
                IsEmpty());
    EXPECT_THAT(nodes_, ElementsAre("a", "b", "c"));
    EXPECT_EQ(keys_, "/k");
    EXPECT_EQ(quorum_, 4U);
    EXPECT_EQ(patience_, milliseconds{1500});
    EXPECT_EQ(colour_, Colour::kGreen);
    EXPECT_TRUE(check_);
    EXPECT_TRUE(loud_);
}

TEST_F(Config, NotGiven_DefaultsStay) {
    EXPECT_THAT(parse({"--nodes", "a"}), IsEmpty());
    EXPECT_EQ(keys_, "/etc/keys");
    EXPECT_EQ(quorum_, 3U);
    EXPECT_EQ(patience_, seconds{2});
    EXPECT_FALSE(loud_);
}

TEST_F(Config, File_FillsEveryKind) {
    EXPECT_THAT(parse_document("nodes = ['a', 'b']\nkeys = '/k'\nquorum = 5\npatience = '1s'\ncolour = 'green'\nloud = true\n"),
                IsEmpty());
    EXPECT_THAT(nodes_, ElementsAre("a", "b"));
    EXPECT_EQ(keys_, "/k");
    EXPECT_EQ(quorum_, 5U);
    EXPECT_EQ(patience_, seconds{1});
    EXPECT_EQ(colour_, Colour::kGreen);
    EXPECT_TRUE(loud_);
}

TEST_F(Config, Flags_WinOverFile) {
    EXPECT_THAT(parse_document("nodes = ['a']\nquorum = 5\nloud = true\n", {"--quorum", "7", "--loud=false"}), IsEmpty());
    EXPECT_THAT(nodes_, ElementsAre("a"));
    EXPECT_EQ(quorum_, 7U);
    EXPECT_FALSE(loud_);
}

TEST_F(Config, EverythingWrong_IsSaidAtOnce) {
    const Problems problems = parse({"--quorum", "12", "--patience", "5", "--colour", "blue", "--unknown", "value", "stray"});
    EXPECT_THAT(problems, testing::UnorderedElementsAre(HasSubstr("--unknown is not an option"), HasSubstr("'stray'"),
                                                        "nodes: is required", "quorum: '12' is not a whole number from 1 to 9",
                                                        "patience: '5' is not a time like 500ms or 12s",
                                                        "colour: 'blue' is none of red, green"));
}

TEST_F(Config, Value_MissingDoubledOrEmpty) {
    EXPECT_THAT(parse({"--nodes", "--quorum", "3"}), ElementsAre("nodes: needs a value: URL,URL"));
    EXPECT_THAT(parse({"--nodes", "a", "--keys="}), ElementsAre("keys: needs a value: TEXT"));
    EXPECT_THAT(parse({"--nodes", "a", "--quorum", "3", "--quorum", "4"}), ElementsAre("quorum: is given twice"));
    EXPECT_THAT(parse({"--nodes", "a", "--quorum", "-1"}), ElementsAre(StartsWith("quorum: '-1' is not")));
    EXPECT_THAT(parse({"--nodes", ","}), ElementsAre("nodes: must name at least one"));
    EXPECT_THAT(parse({"--nodes", "a", "--config"}), ElementsAre("config: needs a value: FILE"));
    EXPECT_THAT(parse({"--nodes", "a", "--check=perhaps"}), testing::SizeIs(1));
}

TEST_F(Config, File_UnknownKeysAndWrongTypes_WithTheirLines) {
    const Problems problems =
        parse_document("nodes = 3\nquorum = '3'\nkyes = '/k'\nloud = 1\ncheck = true\npatience = 2\n[table]\nnodes = 'a'\n");
    const std::string line = file_ + " line ";
    EXPECT_THAT(problems, testing::UnorderedElementsAre(
                              line + "1: 'nodes' must be an array of strings", line + "2: 'quorum' must be a whole number",
                              line + "3: 'kyes' is not a key of the configuration", line + "4: 'loud' must be true or false",
                              line + "5: 'check' can be given as a flag only", line + "6: 'patience' must be a string",
                              line + "7: 'table' is not a key of the configuration"));
}

TEST_F(Config, File_NotTomlOrNotThere) {
    EXPECT_THAT(parse_document("nodes = [\n", {"--nodes", "a"}), ElementsAre(HasSubstr("not TOML")));
    EXPECT_THAT(parse({"--nodes", "a", "--config", "/nowhere/x.toml"}),
                ElementsAre(StartsWith("config: can't open /nowhere/x.toml")));
    EXPECT_THAT(parse({"--nodes", "a", "--config", testing::TempDir()}), ElementsAre(HasSubstr("is a directory")));
}

TEST_F(Config, File_NumberOutOfRange) {
    EXPECT_THAT(parse_document("nodes = ['a']\nquorum = -1\n"), ElementsAre("quorum: '-1' is not a whole number from 1 to 9"));
}

TEST_F(Config, OwnChecks_AddProblems_ButNotOfWhatFailedAlready) {
    options_.check_with([this](Problems& problems) {
        problems.push_back("quorum: " + std::to_string(quorum_) + " is too many");
        problems.emplace_back("keys: are not there");
    });
    EXPECT_THAT(parse({"--nodes", "a", "--quorum", "99"}), ElementsAre(StartsWith("quorum: '99'"), "keys: are not there"));
    EXPECT_THAT(parse({"--nodes", "a"}), ElementsAre("quorum: 3 is too many", "keys: are not there"));
}

TEST_F(Config, HelpAndVersion_AnswerBeforeAnyProblem) {
    const std::string help = answer({"--quorum", "99", "--help"});
    EXPECT_THAT(help, StartsWith("holdfast-test "));
    EXPECT_THAT(help, HasSubstr("--nodes URL,URL"));
    EXPECT_THAT(help, HasSubstr("nodes to ask (required)"));
    EXPECT_THAT(help, HasSubstr("how long (default 2s)"));
    EXPECT_THAT(help, HasSubstr("which (default red)"));
    EXPECT_THAT(help, HasSubstr("holdfast-test --nodes a,b\n"));
    EXPECT_THAT(answer({"--version"}), testing::MatchesRegex("holdfast-test [0-9.]+\n"));
}

TEST_F(Config, Options_AreListedWithTheirDefaults) {
    const std::vector<OptionInfo> all = options_.options();
    ASSERT_EQ(all.size(), 10U);
    EXPECT_EQ(all[2].name, "quorum");
    EXPECT_EQ(all[2].standard, "3");
    EXPECT_EQ(all.back().name, "help");
}

TEST(ConfigDuration, OnlyMillisecondsAndSeconds) {
    EXPECT_EQ(parse_duration("12s").value(), seconds{12});
    EXPECT_EQ(parse_duration("0ms").value(), Duration{});
    EXPECT_FALSE(parse_duration("12"));
    EXPECT_FALSE(parse_duration("s"));
    EXPECT_FALSE(parse_duration("-1s"));
    EXPECT_FALSE(parse_duration("1.5s"));
    EXPECT_FALSE(parse_duration("18446744073709551615s"));
    EXPECT_FALSE(parse_duration("18446744073709551615ms"));
    EXPECT_EQ(format_duration(milliseconds{1500}), "1500ms");
}

}  // namespace
}  // namespace holdfast
