// Goal: the JSON of verdicts: what one side writes the other reads, and nothing else is accepted.
#include "shared/protection/messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/shared/protection/message_fixtures.hpp"

namespace holdfast::protection {
namespace {

using testing::HasSubstr;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(Messages, AttestationData_RoundTrip) {
    const auto data = attestation_data(3, 4, 5);
    const auto request =
        parse_attestation_request(render_attestation_request(request_head(), data, attester_domain(), keys(3)));
    ASSERT_TRUE(request) << request.error().message;
    expect_same(request.value().head, request_head());
    ASSERT_TRUE(request.value().data);
    EXPECT_EQ(*request.value().data, data);
    EXPECT_EQ(request.value().domain, attester_domain());
    EXPECT_EQ(request.value().keys, keys(3));
}

TEST(Messages, AttestationMarks_RoundTrip) {
    const std::vector<AttestationMark> marks{vote(1, 2, 3), vote(~std::uint64_t{0} - 1, ~std::uint64_t{0}, 4)};
    const auto request = parse_attestation_request(render_attestation_request(request_head(), keys(2), marks));
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_FALSE(request.value().data);
    EXPECT_EQ(request.value().keys, keys(2));
    EXPECT_EQ(request.value().marks, marks);
}

TEST(Messages, Blocks_RoundTrip) {
    const std::vector<BlockMark> marks{block(1, 2), block(3, 4)};
    const auto request = parse_block_request(render_block_request(request_head(), keys(2), marks));
    ASSERT_TRUE(request) << request.error().message;
    expect_same(request.value().head, request_head());
    EXPECT_EQ(request.value().keys, keys(2));
    EXPECT_EQ(request.value().marks, marks);
}

TEST(Messages, RequestId_MayBeLeftOut) {
    const std::string text = render_block_request(request_head(), keys(1), std::vector{block(1, 2)});
    const auto request = parse_block_request(replaced(text, "\"request_id\":\"1234605616436508552\",", ""));
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request.value().head.request_id, 0U);
}

TEST(Messages, Answer_NamesNodeTenurePositionReasonAndRecord) {
    const std::vector<AttestationMark> marks{vote(1, 2, 3)};
    const std::vector<Verdict> verdicts{{Outcome::kApproved, Reason::kNone, {}},
                                        {Outcome::kRepeated, Reason::kNone, {}},
                                        {Outcome::kRefused, Reason::kOtherVoteForTarget, vote(1, 2, 9)},
                                        {Outcome::kRefused, Reason::kHalted, {}}};
    const std::string text = render_answer(answer_head(), keys(4), marks, verdicts);
    EXPECT_THAT(text, testing::StartsWith("{\"node\":\"p1\",\"request_id\":\"1234605616436508552\",\"generation\":\"7\","
                                          "\"holder\":\"secondary\",\"since\":\"1795244400\",\"position\":\"2.1041\","
                                          "\"verdicts\":[{\"pubkey\":\"" +
                                          to_hex(key(0)) + "\",\"verdict\":\"approved\"},{\"pubkey\":\"" + to_hex(key(1)) +
                                          "\",\"verdict\":\"repeated\"},{\"pubkey\":\"" + to_hex(key(2)) +
                                          "\",\"verdict\":\"refused\",\"reason\":\"another vote"));
    EXPECT_THAT(text, HasSubstr("\"record\":{\"signing_root\":\"" + to_hex(root(9)) +
                                "\",\"source_epoch\":\"1\",\"target_epoch\":\"2\"}},"));
    EXPECT_THAT(text, HasSubstr(explain(verdicts[3], marks[0])));
}

TEST(Messages, AnswerForBlocks_NamesTheSlot) {
    const std::vector<Verdict> verdicts{{Outcome::kRefused, Reason::kSlotBelowRecord, block(3, 8)}};
    const std::string text = render_answer(answer_head(), keys(1), std::vector{block(2, 2)}, verdicts);
    EXPECT_THAT(text, HasSubstr("\"record\":{\"slot\":\"3\",\"signing_root\":\"" + to_hex(root(8)) + "\"}}]}"));
}

TEST(Messages, BrokenRequests_AreRefused) {
    const RequestHead head{numbered<ClusterId>(42), "primary", 0, root(99), 5};
    const std::string good = render_attestation_request(head, attestation_data(3, 4, 5), attester_domain(), keys(2));
    const std::string marks = render_attestation_request(head, keys(1), std::vector{vote(1, 2, 3)});
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
        replaced(good, "\"instance\":\"primary\",", ""),
        replaced(good, "\"instance\":\"primary\"", "\"instance\":\"not a name\""),
        replaced(good, "\"instance\":\"primary\"", "\"instance\":\"" + std::string(49, 'a') + "\""),
        replaced(good, "\"cluster\":\"" + to_hex(head.cluster) + "\",", ""),
        replaced(good, "\"cluster\":\"0x", "\"cluster\":\""),
        replaced(good, "\"request_id\":\"5\"", "\"request_id\":5"),
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
    const std::string good = render_attestation_request(request_head(), attestation_data(3, 4, 5), attester_domain(), keys(2));
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(parse_attestation_request(std::string_view{good}.substr(0, size))) << size;
    }
}

TEST(Messages, TooManyKeys_AreRefused) {
    const auto text =
        render_attestation_request(request_head(), attestation_data(3, 4, 5), attester_domain(), keys(kRequestKeysMax + 1));
    const auto parsed = parse_attestation_request(text);
    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().message, HasSubstr("100000"));
    EXPECT_LT(text.size(), kRequestBytesMax);
}

}  // namespace
}  // namespace holdfast::protection
