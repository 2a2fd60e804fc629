// Goal: what one side writes the other reads, and nothing else is accepted.
#include "shared/protection/messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protection {
namespace {

using testing::HasSubstr;

const RequestHead kHead{"", 0, root(99)};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(Messages, AttestationData_RoundTrip) {
    const auto data = attestation_data(3, 4, 5);
    const auto text = render_attestation_request({"c1", 7, root(99)}, data, attester_domain(), keys(3));
    const auto request = parse_attestation_request(text);
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request.value().head.cluster, "c1");
    EXPECT_EQ(request.value().head.generation, 7U);
    EXPECT_EQ(request.value().head.genesis_validators_root, root(99));
    ASSERT_TRUE(request.value().data);
    EXPECT_EQ(*request.value().data, data);
    EXPECT_EQ(request.value().domain, attester_domain());
    EXPECT_EQ(request.value().keys, keys(3));
}

TEST(Messages, AttestationMarks_RoundTrip) {
    const std::vector<AttestationMark> marks{vote(1, 2, 3), vote(~std::uint64_t{0} - 1, ~std::uint64_t{0}, 4)};
    const auto request = parse_attestation_request(render_attestation_request(kHead, keys(2), marks));
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_FALSE(request.value().data);
    EXPECT_EQ(request.value().keys, keys(2));
    EXPECT_EQ(request.value().marks, marks);
}

TEST(Messages, Blocks_RoundTrip) {
    const std::vector<BlockMark> marks{block(1, 2), block(3, 4)};
    const auto request = parse_block_request(render_block_request(kHead, keys(2), marks));
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request.value().keys, keys(2));
    EXPECT_EQ(request.value().marks, marks);
}

TEST(Messages, Answer_RoundTripWithReasonAndRecord) {
    const std::vector<AttestationMark> marks{vote(1, 2, 3)};
    const std::vector<Verdict> verdicts{{Outcome::kApproved, Reason::kNone, {}},
                                        {Outcome::kRepeated, Reason::kNone, {}},
                                        {Outcome::kRefused, Reason::kOtherVoteForTarget, vote(1, 2, 9)}};
    const std::string text = render_answer("node \"1\"\n", keys(3), marks, verdicts);
    EXPECT_THAT(text, HasSubstr("\"record\":{\"signing_root\":\"" + to_hex(root(9)) +
                                "\",\"source_epoch\":\"1\",\"target_epoch\":\"2\"}"));
    const auto answer = parse_verdict_answer(text, 3);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer.value().node, "node \"1\"\n");
    ASSERT_EQ(answer.value().verdicts.size(), 3U);
    EXPECT_EQ(answer.value().verdicts[0].outcome, Outcome::kApproved);
    EXPECT_EQ(answer.value().verdicts[1].outcome, Outcome::kRepeated);
    EXPECT_EQ(answer.value().verdicts[2].outcome, Outcome::kRefused);
    EXPECT_EQ(answer.value().verdicts[2].key, key(2));
    EXPECT_THAT(answer.value().verdicts[2].reason, HasSubstr("another vote"));
}

TEST(Messages, Answer_WithMembersOfALaterVersion_IsRead) {
    const auto answer =
        parse_verdict_answer(R"( {"later":{"a":[1,-2.5e3,null,true,"x\u00e9\n"],"b":{}},"node":"p1","verdicts":[]} )", 0);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer.value().node, "p1");
}

TEST(Messages, Answer_WithUnknownVerdict_IsNoYes) {
    const auto answer =
        parse_verdict_answer(R"({"node":"p","verdicts":[{"pubkey":")" + to_hex(key(1)) + R"(","verdict":"yes"}]})", 1);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer.value().verdicts[0].outcome, Outcome::kUnknown);
}

TEST(Messages, Status_RoundTrip) {
    const auto status =
        parse_status_answer(R"({"node":"p1","version":"v","genesis_validators_root":")" + to_hex(root(1)) + "\"}");
    ASSERT_TRUE(status);
    EXPECT_EQ(status.value().genesis_validators_root, root(1));
    EXPECT_FALSE(parse_status_answer(R"({"node":"p1"})"));
    EXPECT_FALSE(parse_status_answer("<html>"));
}

TEST(Messages, BrokenRequests_AreRefused) {
    const std::string good = render_attestation_request(kHead, attestation_data(3, 4, 5), attester_domain(), keys(2));
    const std::string marks = render_attestation_request(kHead, keys(1), std::vector{vote(1, 2, 3)});
    ASSERT_TRUE(parse_attestation_request(good));
    ASSERT_TRUE(parse_attestation_request(marks));
    const std::string bad[] = {
        "",
        "null",
        "[]",
        "{}",
        good + "x",
        good + good,
        replaced(good, "\"generation\":\"0\"", "\"generation\":0"),
        replaced(good, "\"generation\":\"0\"", "\"generation\":\"-1\""),
        replaced(good, "\"generation\":\"0\"", "\"generation\":\"18446744073709551616\""),
        replaced(good, "\"generation\":\"0\"", "\"generation\":\"0\",\"generation\":\"0\""),
        replaced(good, "\"generation\":\"0\",", ""),
        replaced(good, "\"slot\":", "\"slott\":"),
        replaced(good, "\"data\":{", "\"data\":{\"slot\":\"1\","),
        replaced(good, "\"0x", "\"0y"),
        replaced(good, "\"0x", "\"0x0"),
        replaced(good, "]}", "]"),
        replaced(good, "]}", ",]}"),
        replaced(good, "]}", "],\"messages\":[]}"),
        replaced(good, "]}", "],\"surplus\":1}"),
        replaced(marks, "\"source_epoch\"", "\"source\""),
        replaced(marks, "\"source_epoch\":\"1\",", ""),
        replaced(marks, "\"messages\"", "\"domain\":\"" + to_hex(attester_domain()) + "\",\"messages\""),
    };
    for (const std::string& text : bad) {
        const auto parsed = parse_attestation_request(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, ErrorCode::kMalformed);
        EXPECT_FALSE(parsed.error().message.empty());
    }
}

TEST(Messages, EveryTruncation_IsRefused) {
    const std::string good = render_attestation_request(kHead, attestation_data(3, 4, 5), attester_domain(), keys(2));
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(parse_attestation_request(std::string_view{good}.substr(0, size))) << size;
    }
}

TEST(Messages, DeepNesting_IsRefused) {
    const std::string deep(100'000, '[');
    EXPECT_FALSE(parse_verdict_answer("{\"x\":" + deep, 0));
}

TEST(Messages, TooManyKeys_AreRefused) {
    const auto text =
        render_attestation_request(kHead, attestation_data(3, 4, 5), attester_domain(), keys(kRequestKeysMax + 1));
    const auto parsed = parse_attestation_request(text);
    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().message, HasSubstr("100000"));
    EXPECT_LT(text.size(), kRequestBytesMax);
}

}  // namespace
}  // namespace holdfast::protection
