// Goal: an answer counts for the member that it should be from, and the exit code says whether all, a quorum, or fewer did it.
#include "cli/outcome.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/chains.hpp"
#include "cli/cluster_folder.hpp"
#include "cli/command.hpp"
#include "shared/base/program.hpp"
#include "shared/protection/messages.hpp"

namespace holdfast::cli {
namespace {

using testing::HasSubstr;

std::vector<MemberOutcome> outcomes(std::size_t done, std::size_t of) {
    std::vector<MemberOutcome> all;
    for (std::size_t i = 0; i < of; ++i) all.push_back({"p" + std::to_string(i + 1), i < done, "why \"so\""});
    return all;
}

MemberAnswer answer(const std::string& member, std::optional<std::string> body) {
    return {{member, "http://127.0.0.1:1"}, std::move(body), body ? "" : "no connection", {}};
}

TEST(Outcome, ExitCode) {
    EXPECT_EQ(exit_code(outcomes(4, 4), 3), kExitDone);
    EXPECT_EQ(exit_code(outcomes(3, 4), 3), kExitPartly);
    EXPECT_EQ(exit_code(outcomes(2, 4), 3), kExitFailed);
    EXPECT_EQ(exit_code(outcomes(0, 1), 1), kExitFailed);
}

TEST(Outcome, Json) {
    EXPECT_EQ(
        render_json(outcomes(1, 1), "\"validators\":3"),
        "{\"complete\":true,\"members\":[{\"member\":\"p1\",\"done\":true,\"detail\":\"why \\\"so\\\"\"}],\"validators\":3}\n");
    EXPECT_THAT(render_json(outcomes(1, 2)), HasSubstr("\"complete\":false"));
}

TEST(Outcome, AnAnswerOfAnotherMember_DoesNotCount) {
    const std::string body = render(protection::KeysAnswer{"p2", 5});
    const auto all =
        keys_outcomes({answer("p1", body), answer("p2", body), answer("p3", "{}"), answer("p4", std::nullopt)}, "new");
    EXPECT_FALSE(all[0].done);
    EXPECT_THAT(all[0].sentence, HasSubstr("answers 'p2'"));
    EXPECT_TRUE(all[1].done);
    EXPECT_EQ(all[1].sentence, "5 new");
    EXPECT_FALSE(all[2].done);
    EXPECT_FALSE(all[3].done);
}

TEST(Outcome, HostOfUrl) {
    EXPECT_EQ(host_of("https://10.0.0.1:7701"), "10.0.0.1");
    EXPECT_EQ(host_of("https://p1.example"), "p1.example");
    EXPECT_EQ(host_of("https://[fd00::1]:7701"), "fd00::1");
    EXPECT_EQ(host_of("nothing"), "");
}

TEST(Chains, AreKnownByName) {
    EXPECT_EQ(find_chain("mainnet")->slots_per_epoch, 32U);
    EXPECT_EQ(find_chain("gnosis")->slot_duration, std::chrono::seconds{5});
    EXPECT_FALSE(find_chain("goerli"));
    EXPECT_THAT(chain_names(), HasSubstr("hoodi"));
}

}  // namespace
}  // namespace holdfast::cli
