// Goal: words reach the command they name; lists may be given again and again; what stands without a flag is told from values;
// wrong words give exit code 2.
#include "cli/command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/base/program.hpp"

namespace holdfast::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

CommandGroup group(Words& seen, int code) {
    const auto run = [&seen, code](const Words& words) {
        seen = words;
        return code;
    };
    return {
        "test", "a test", {{"first", "one", [](const Words&) { return 9; }}, {"second", "two", run}}, "Examples:\n  none\n"};
}

struct ReadWordsTest : testing::Test {
    std::vector<std::string> members;
    std::string name;
    bool fast{false};
    Words operands;
    Form form{.program = "test", .repeatable = {"member"}, .operands = "one FILE", .operands_max = 1};

    std::optional<int> read(const Words& words) {
        OptionSet set{"test", "a test"};
        set.list({.name = "member"}, members);
        set.text({.name = "name"}, name);
        set.toggle({.name = "fast"}, fast);
        return read_words(set, form, words, operands);
    }
};

TEST(Dispatch, TheCommandGetsTheOtherWords) {
    Words seen;
    EXPECT_EQ(dispatch(group(seen, 7), {"second", "--a", "b"}), 7);
    EXPECT_THAT(seen, ElementsAre("--a", "b"));
}

TEST(Dispatch, NoCommandOrAnUnknownOne_IsWrongUse) {
    Words seen;
    EXPECT_EQ(dispatch(group(seen, 0), {}), kExitUsage);
    testing::internal::CaptureStderr();
    EXPECT_EQ(dispatch(group(seen, 0), {"third"}), kExitUsage);
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("no command 'third'; there are: first, second"));
}

TEST(Dispatch, Help_NamesEveryCommand) {
    Words seen;
    testing::internal::CaptureStdout();
    EXPECT_EQ(dispatch(group(seen, 0), {"--help"}), kExitDone);
    const std::string text = testing::internal::GetCapturedStdout();
    EXPECT_THAT(text, HasSubstr("first   one\n"));
    EXPECT_THAT(text, HasSubstr("second  two\n"));
}

TEST_F(ReadWordsTest, ListsAreJoined) {
    EXPECT_EQ(read({"--member", "a=http://x", "--member=b=http://y", "--name", "n", "--member", "c,d"}), std::nullopt);
    EXPECT_THAT(members, ElementsAre("a=http://x", "b=http://y", "c", "d"));
    EXPECT_EQ(name, "n");
}

TEST_F(ReadWordsTest, OperandsStandAnywhere) {
    EXPECT_EQ(read({"--fast", "file", "--name", "n"}), std::nullopt);
    EXPECT_THAT(operands, ElementsAre("file"));
    EXPECT_TRUE(fast);
    EXPECT_EQ(read({"--name", "n", "-"}), std::nullopt);
    EXPECT_THAT(operands, ElementsAre("-"));
}

TEST_F(ReadWordsTest, TooManyOrTooFewOperands) {
    EXPECT_EQ(read({"one", "two"}), kExitUsage);
    form.operands_min = 1;
    EXPECT_EQ(read({}), kExitUsage);
    EXPECT_EQ(read({"one"}), std::nullopt);
    form = {.program = "test"};
    EXPECT_EQ(read({"one"}), kExitUsage);
}

TEST_F(ReadWordsTest, WrongFlags) {
    EXPECT_EQ(read({"--bogus"}), kExitUsage);
    EXPECT_EQ(read({"--member"}), kExitUsage);
    EXPECT_EQ(read({"--name", "a", "--name", "b"}), kExitUsage);
    EXPECT_THAT(members, IsEmpty());
}

TEST_F(ReadWordsTest, Help_EndsWell) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(read({"--help"}), kExitDone);
    EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("--member"));
}

}  // namespace
}  // namespace holdfast::cli
