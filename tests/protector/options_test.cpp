// Goal: wrong flags are each told in a clear sentence, all at once; plain HTTP stays on loopback.
#include "protector/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace holdfast::protector {
namespace {

using testing::HasSubstr;

using Words = std::vector<std::string>;

Words good() {
    return {"--listen",
            "127.0.0.1:7001",
            "--data-dir",
            "d",
            "--node-id",
            "p1",
            "--genesis-time",
            "100",
            "--genesis-validators-root",
            "0x" + std::string(64, '7'),
            "--slot-duration-ms",
            "12000",
            "--slots-per-epoch",
            "32"};
}

Words with(const std::string& flag, const std::string& value) {
    Words words = good();
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        if (words[i] == flag) words[i + 1] = value;
    }
    return words;
}

std::string problem(const Words& words) {
    const auto parsed = parse_options(words);
    std::string all;
    if (const auto* problems = std::get_if<Problems>(&parsed)) {
        for (const std::string& one : *problems) all += one + "\n";
    }
    return all;
}

TEST(Options, Good) {
    ASSERT_EQ(problem(good()), "");
    const auto options = std::get<Options>(parse_options(good()));
    EXPECT_EQ(options.address, "127.0.0.1");
    EXPECT_EQ(options.port, 7001);
    EXPECT_EQ(options.slot_duration, std::chrono::seconds{12});
    EXPECT_FALSE(options.init);
}

TEST(Options, Help_ShowsExamples) {
    const auto parsed = parse_options({"--help"});
    ASSERT_TRUE(std::holds_alternative<OptionSet::Answer>(parsed));
    EXPECT_THAT(std::get<OptionSet::Answer>(parsed).text, testing::AllOf(HasSubstr("--init"), HasSubstr("Examples")));
}

TEST(Options, NotLoopback_IsRefused) {
    for (const char* address : {"0.0.0.0:1", "192.168.1.1:1", "[::]:1", "example.org:1"}) {
        EXPECT_THAT(problem(with("--listen", address)), HasSubstr("loopback only")) << address;
    }
    EXPECT_EQ(problem(with("--listen", "[::1]:0")), "");
    EXPECT_EQ(problem(with("--listen", "localhost:0")), "");
}

TEST(Options, WrongValues_AreNamed) {
    EXPECT_THAT(problem(with("--listen", "7001")), HasSubstr("listen"));
    EXPECT_THAT(problem(with("--listen", "127.0.0.1:65536")), HasSubstr("listen"));
    EXPECT_THAT(problem(with("--node-id", "a b")), HasSubstr("node-id"));
    EXPECT_THAT(problem(with("--slot-duration-ms", "0")), HasSubstr("slot-duration-ms"));
    EXPECT_THAT(problem(with("--slots-per-epoch", "0")), HasSubstr("slots-per-epoch"));
    EXPECT_THAT(problem(with("--genesis-validators-root", "0x77")), HasSubstr("genesis-validators-root"));
    EXPECT_THAT(problem(with("--genesis-time", "now")), HasSubstr("genesis-time"));
    EXPECT_THAT(problem({}), HasSubstr("required"));
    Words surplus = good();
    surplus.emplace_back("--no-such-flag");
    EXPECT_THAT(problem(surplus), HasSubstr("no-such-flag"));
}

TEST(Options, AllProblemsAtOnce) {
    Words words = with("--node-id", "");
    words[1] = "0.0.0.0:1";
    EXPECT_THAT(problem(words), testing::AllOf(HasSubstr("node-id"), HasSubstr("listen")));
}

}  // namespace
}  // namespace holdfast::protector
