// Goal: the octet-stream forms are exactly those that docs/protector-api.md lays out, what one side writes the other reads, and
// nothing else is accepted.
#include "shared/protection/wire.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/shared/protection/message_fixtures.hpp"

namespace holdfast::protection::wire {
namespace {

using testing::HasSubstr;

std::string little_endian(std::uint64_t value, std::size_t size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(static_cast<std::uint8_t>(value >> (8 * i)));
    return bytes;
}
std::string u8(std::uint64_t value) { return little_endian(value, 1); }
std::string u32(std::uint64_t value) { return little_endian(value, 4); }
std::string u64(std::uint64_t value) { return little_endian(value, 8); }
template <class Bytes>
std::string raw(const Bytes& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

const std::string kHeadBytes = raw(request_head().cluster) + raw(root(99)) + u64(7) + u64(0x1122334455667788) + "\x07primary";
const std::string kAnswerHeadBytes =
    u64(0x1122334455667788) + "\x02p1" + u64(2) + u64(1041) + u64(7) + u64(1'795'244'400) + "\x09secondary";
const std::string kDataBytes =
    u64(128) + u64(0) + raw(root(5)) + u64(3) + raw(root(3)) + u64(4) + raw(root(4));  // attestation_data(3, 4, 5)
const std::string kVoteBytes = u64(1) + u64(2) + raw(root(9));                         // vote(1, 2, 9)
const std::string kBlockBytes = u64(3) + raw(root(8));                                 // block(3, 8)

// One message of each kind, and its reader.
struct Kind {
    std::string name;
    std::string bytes;
    std::function<Result<void>(std::string_view)> decode;
};

template <class F>
auto only_outcome(F decode) {
    return [decode](std::string_view bytes) -> Result<void> {
        HOLDFAST_TRY(decode(bytes));
        return success();
    };
}

std::vector<Verdict> some_verdicts() {
    return {{},
            {Outcome::kApproved, Reason::kNone, {}},
            {Outcome::kRefused, Reason::kOtherVoteForTarget, vote(1, 2, 9)},
            {Outcome::kRepeated, Reason::kNone, {}},
            {Outcome::kRefused, Reason::kFenced, {}},
            {Outcome::kRefused, Reason::kSlotBelowRecord, block(3, 8)}};
}

std::vector<Kind> all_kinds() {
    const auto attestations = only_outcome(decode_attestation_request);
    return {
        {"data", encode_attestation_request(request_head(), attestation_data(3, 4, 5), attester_domain(), keys(2)),
         attestations},
        {"marks", encode_attestation_request(request_head(), keys(2), std::vector{vote(1, 2, 9), vote(2, 3, 4)}), attestations},
        {"blocks", encode_block_request(request_head(), keys(2), std::vector{block(3, 8), block(4, 9)}),
         only_outcome(decode_block_request)},
        {"answer", encode_answer(answer_head(), some_verdicts()), only_outcome(decode_answer)},
        {"records", encode_records(records_answer()), only_outcome(decode_records)},
        {"all records", encode_all_records(member_records()), only_outcome(decode_all_records)},
    };
}

TEST(Wire, AttestationRequestWithData_HasTheDocumentedBytes) {
    const auto data = attestation_data(3, 4, 5);
    const std::string bytes = encode_attestation_request(request_head(), data, attester_domain(), keys(2));
    EXPECT_EQ(bytes, "HFA1" + kHeadBytes + u8(1) + kDataBytes + raw(attester_domain()) + u32(2) + raw(key(0)) + raw(key(1)));
    const auto request = decode_attestation_request(bytes);
    ASSERT_TRUE(request) << request.error().message;
    expect_same(request.value().head, request_head());
    ASSERT_TRUE(request.value().data);
    EXPECT_EQ(*request.value().data, data);
    EXPECT_EQ(request.value().domain, attester_domain());
    EXPECT_EQ(request.value().keys, keys(2));
    EXPECT_TRUE(request.value().marks.empty());
}

TEST(Wire, AttestationRequestWithMarks_HasTheDocumentedBytes) {
    const std::vector<AttestationMark> marks{vote(1, 2, 9), vote(~std::uint64_t{0}, 0, 4)};
    const std::string bytes = encode_attestation_request(request_head(), keys(2), marks);
    EXPECT_EQ(bytes, "HFA1" + kHeadBytes + u8(2) + u32(2) + raw(key(0)) + raw(key(1)) + kVoteBytes + u64(~std::uint64_t{0}) +
                         u64(0) + raw(root(4)));
    const auto request = decode_attestation_request(bytes);
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_FALSE(request.value().data);
    EXPECT_EQ(request.value().keys, keys(2));
    EXPECT_EQ(request.value().marks, marks);
}

TEST(Wire, BlockRequest_HasTheDocumentedBytes) {
    const std::vector<BlockMark> marks{block(3, 8)};
    const std::string bytes = encode_block_request(request_head(), keys(1), marks);
    EXPECT_EQ(bytes, "HFB1" + kHeadBytes + u32(1) + raw(key(0)) + kBlockBytes);
    const auto request = decode_block_request(bytes);
    ASSERT_TRUE(request) << request.error().message;
    expect_same(request.value().head, request_head());
    EXPECT_EQ(request.value().keys, keys(1));
    EXPECT_EQ(request.value().marks, marks);
}

TEST(Wire, Answer_HasTheDocumentedBytes) {
    const std::string bytes = encode_answer(answer_head(), some_verdicts());
    const std::string codes = u8(0) + u8(1) + u8(0x80 + 3) + u8(2) + u8(0x40 + 12) + u8(0xC0 + 8);
    EXPECT_EQ(bytes, "HFV1" + kAnswerHeadBytes + u32(6) + codes + kVoteBytes + kBlockBytes);
    const auto answer = decode_answer(bytes);
    ASSERT_TRUE(answer) << answer.error().message;
    expect_same(answer.value().head, answer_head());
    expect_same(answer.value().verdicts, some_verdicts());
}

TEST(Wire, EveryReason_ComesBack) {
    for (unsigned reason = 0; reason <= static_cast<unsigned>(Reason::kNotVoting); ++reason) {
        const std::vector<Verdict> verdicts{{Outcome::kRefused, static_cast<Reason>(reason), {}},
                                            {Outcome::kRefused, static_cast<Reason>(reason), vote(1, 2, 9)},
                                            {Outcome::kRefused, static_cast<Reason>(reason), block(3, 8)}};
        const auto answer = decode_answer(encode_answer(answer_head(), verdicts));
        ASSERT_TRUE(answer) << answer.error().message;
        expect_same(answer.value().verdicts, verdicts);
    }
}

TEST(Wire, UnknownCodesOfVerdicts_AreMalformed) {
    const std::string head = "HFV1" + kAnswerHeadBytes + u32(1);
    for (unsigned code = 0; code < 256; ++code) {
        const unsigned reason = code & 0x3FU;
        const std::string record = code < 0x80 ? "" : code < 0xC0 ? kVoteBytes : kBlockBytes;
        const bool known = code <= 2 || (code >= 0x40 && reason <= 14);
        EXPECT_EQ(decode_answer(head + u8(code) + record).has_value(), known) << code;
    }
}

TEST(Wire, Records_HaveTheDocumentedBytes) {
    const std::string bytes = encode_records(records_answer());
    EXPECT_EQ(bytes, "HFR1" + kAnswerHeadBytes + u32(2) +                                              //
                         u64(3) + u64(4) + raw(root(1)) + u8(1) + kDataBytes + u32(1) + raw(key(0)) +  //
                         u64(2) + u64(4) + raw(root(2)) + u8(0) + u32(2) + raw(key(1)) + raw(key(2)));
    const auto answer = decode_records(bytes);
    ASSERT_TRUE(answer) << answer.error().message;
    expect_same(answer.value(), records_answer());
}

TEST(Wire, AllRecords_HaveTheDocumentedBytes) {
    const std::string bytes = encode_all_records(member_records());
    EXPECT_EQ(bytes, "HFM1\x02p1" + u8(1) + u64(5) + u64(163) +                                                     //
                         u64(7) + u64(1'795'244'400) + "\x09secondary" + u64(2) + u64(40) +                         //
                         u64(4) + u64(160) + u32(1) + kDataBytes + u32(4) +                                         //
                         raw(key(0)) + u8(1 + 2) + u64(3) + u64(4) + raw(root(1)) + u32(0) +                        //
                         raw(key(1)) + u8(1 + 2 + 4 + 8) + u64(3) + u64(4) + raw(root(1)) + u32(0) + kBlockBytes +  //
                         raw(key(2)) + u8(1) + kVoteBytes +                                                         //
                         raw(key(3)) + u8(16));
    const auto records = decode_all_records(bytes);
    ASSERT_TRUE(records) << records.error().message;
    expect_same(records.value(), member_records());
    // Data that many share is sent once and shared again.
    EXPECT_EQ(records.value().entries[0].record.data, records.value().entries[1].record.data);
}

TEST(Wire, EmptyLists_ComeBack) {
    const auto request = decode_attestation_request(
        encode_attestation_request(request_head(), attestation_data(3, 4, 5), attester_domain(), {}));
    ASSERT_TRUE(request);
    EXPECT_TRUE(request.value().keys.empty());
    EXPECT_TRUE(decode_answer(encode_answer({}, {})));
    EXPECT_TRUE(decode_records(encode_records({})));
    EXPECT_TRUE(decode_all_records(encode_all_records({})));
}

TEST(Wire, EveryTruncation_IsMalformed) {
    for (const Kind& kind : all_kinds()) {
        ASSERT_TRUE(kind.decode(kind.bytes)) << kind.name;
        for (std::size_t size = 0; size < kind.bytes.size(); ++size) {
            const auto decoded = kind.decode(std::string_view{kind.bytes}.substr(0, size));
            ASSERT_FALSE(decoded) << kind.name << " cut to " << size;
            EXPECT_EQ(decoded.error().code, ErrorCode::kMalformed);
            EXPECT_THAT(decoded.error().message, HasSubstr("byte"));
        }
    }
}

TEST(Wire, OneMoreByte_IsMalformed) {
    for (const Kind& kind : all_kinds()) {
        const auto decoded = kind.decode(kind.bytes + '\0');
        ASSERT_FALSE(decoded) << kind.name;
        EXPECT_EQ(decoded.error().code, ErrorCode::kMalformed);
    }
}

TEST(Wire, AnotherKindOrVersion_IsMalformed) {
    const auto kinds = all_kinds();
    for (const Kind& kind : kinds) {
        for (const Kind& other : kinds) {
            if (kind.bytes.substr(0, 4) == other.bytes.substr(0, 4)) continue;
            EXPECT_FALSE(kind.decode(other.bytes)) << kind.name << " read " << other.name;
        }
        std::string later = kind.bytes;
        later[3] = '2';
        const auto decoded = kind.decode(later);
        ASSERT_FALSE(decoded) << kind.name;
        EXPECT_THAT(decoded.error().message, HasSubstr(kind.bytes.substr(0, 4)));
    }
}

// With a count of four billion elements a decoder that believed it would take hundreds of gigabytes.
TEST(Wire, CountsThatLie_AreMalformedAndTakeNoMemory) {
    const std::string lie = u32(0xFFFFFFFF);
    const std::string rest(1000, '\0');
    EXPECT_FALSE(decode_attestation_request("HFA1" + kHeadBytes + u8(1) + kDataBytes + raw(attester_domain()) + lie + rest));
    EXPECT_FALSE(decode_attestation_request("HFA1" + kHeadBytes + u8(2) + lie + rest));
    EXPECT_FALSE(decode_block_request("HFB1" + kHeadBytes + lie + rest));
    EXPECT_FALSE(decode_answer("HFV1" + kAnswerHeadBytes + lie + rest));
    EXPECT_FALSE(decode_records("HFR1" + kAnswerHeadBytes + lie + rest));
    EXPECT_FALSE(decode_records("HFR1" + kAnswerHeadBytes + u32(1) + kVoteBytes + u8(0) + lie + rest));
    const std::string all = encode_all_records({});
    EXPECT_FALSE(decode_all_records(all.substr(0, all.size() - 8) + lie + rest));
    EXPECT_FALSE(decode_all_records(all.substr(0, all.size() - 4) + lie + rest));
}

TEST(Wire, CountsOneOff_AreMalformed) {
    for (const std::uint64_t count : {1U, 3U}) {
        EXPECT_FALSE(
            decode_block_request("HFB1" + kHeadBytes + u32(count) + raw(key(0)) + raw(key(1)) + kBlockBytes + kBlockBytes));
        EXPECT_FALSE(decode_answer("HFV1" + kAnswerHeadBytes + u32(count) + u8(1) + u8(1)));
    }
    EXPECT_TRUE(decode_answer("HFV1" + kAnswerHeadBytes + u32(2) + u8(1) + u8(1)));
}

TEST(Wire, UnknownFormsFlagsAndNumbers_AreMalformed) {
    const std::string marks = u32(1) + raw(key(0)) + kVoteBytes;
    EXPECT_TRUE(decode_attestation_request("HFA1" + kHeadBytes + u8(2) + marks));
    EXPECT_FALSE(decode_attestation_request("HFA1" + kHeadBytes + u8(0) + marks));
    EXPECT_FALSE(decode_attestation_request("HFA1" + kHeadBytes + u8(3) + marks));
    const std::string group = "HFR1" + kAnswerHeadBytes + u32(1) + kVoteBytes;
    EXPECT_TRUE(decode_records(group + u8(1) + kDataBytes + u32(0)));
    EXPECT_FALSE(decode_records(group + u8(2) + kDataBytes + u32(0)));
    EXPECT_TRUE(decode_records(group + u8(0) + u32(0)));
    EXPECT_FALSE(decode_records(group + u8(2) + u32(0)));
    const std::string all = encode_all_records({});
    const auto with_entry = [&all](const std::string& parts) {
        return decode_all_records(all.substr(0, all.size() - 4) + u32(1) + raw(key(0)) + parts);
    };
    EXPECT_TRUE(with_entry(u8(8)));
    EXPECT_FALSE(with_entry(u8(32)));
    const std::string lone = all.substr(0, all.size() - 8) + u32(1) + kDataBytes + u32(1) + raw(key(0));
    EXPECT_TRUE(decode_all_records(lone + u8(1 + 2) + kVoteBytes + u32(0)));
    EXPECT_FALSE(decode_all_records(lone + u8(2) + u32(0)));    // data without a vote
    EXPECT_FALSE(with_entry(u8(1 + 2) + kVoteBytes + u32(0)));  // data that is in no table
}

TEST(Wire, BadNamesAndTimes_AreMalformed) {
    const std::string before = "HFB1" + kHeadBytes.substr(0, kHeadBytes.size() - 8);
    EXPECT_TRUE(decode_block_request(before + u8(0) + u32(0)));
    EXPECT_TRUE(decode_block_request(before + u8(48) + std::string(48, 'a') + u32(0)));
    EXPECT_FALSE(decode_block_request(before + u8(49) + std::string(49, 'a') + u32(0)));
    EXPECT_FALSE(decode_block_request(before + u8(3) + "a\nb" + u32(0)));
    const auto since = [](std::uint64_t seconds) {
        return decode_answer("HFV1" + u64(0) + u8(0) + u64(0) + u64(0) + u64(1) + u64(seconds) + u8(0) + u32(0));
    };
    EXPECT_TRUE(since(kWireTimeMax));
    EXPECT_FALSE(since(kWireTimeMax + 1));
}

TEST(Wire, MoreKeysThanARequestMayHave_AreMalformed) {
    const auto many = keys(kRequestKeysMax + 1);
    const auto all = std::span{many}.first(kRequestKeysMax);
    const auto data = attestation_data(3, 4, 5);
    const auto most = decode_attestation_request(encode_attestation_request(request_head(), data, attester_domain(), all));
    ASSERT_TRUE(most) << most.error().message;
    EXPECT_EQ(most.value().keys.size(), kRequestKeysMax);
    EXPECT_EQ(most.value().keys.back(), many[kRequestKeysMax - 1]);
    const auto surplus = decode_attestation_request(encode_attestation_request(request_head(), data, attester_domain(), many));
    ASSERT_FALSE(surplus);
    EXPECT_THAT(surplus.error().message, HasSubstr("100000"));
    EXPECT_FALSE(decode_block_request(encode_block_request(request_head(), many, std::vector<BlockMark>(many.size()))));
}

}  // namespace
}  // namespace holdfast::protection::wire
