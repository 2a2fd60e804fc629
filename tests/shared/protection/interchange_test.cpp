// Goal: EIP-3076 files are reduced to what counts, and refused whole when anything in them is wrong.
#include "shared/protection/interchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protection {
namespace {

using testing::HasSubstr;

std::string hex(const PublicKey& of) { return to_hex(of); }

std::string file(const std::string& data, const std::string& version = "5", const Root& chain = root(99)) {
    return R"({"metadata":{"interchange_format_version":")" + version + R"(","genesis_validators_root":")" + to_hex(chain) +
           R"("},"data":[)" + data + "]}";
}

std::string validator(const std::string& blocks, const std::string& attestations, const PublicKey& of = key(1)) {
    return R"({"pubkey":")" + hex(of) + R"(","signed_blocks":[)" + blocks + R"(],"signed_attestations":[)" + attestations +
           "]}";
}

std::string attestation(int source, int target, std::optional<Root> signing_root = {}) {
    return R"({"source_epoch":")" + std::to_string(source) + R"(","target_epoch":")" + std::to_string(target) + '"' +
           (signing_root ? R"(,"signing_root":")" + to_hex(*signing_root) + '"' : "") + "}";
}

std::vector<MemberRecords::Entry> good(const std::string& text) {
    auto parsed = parse_interchange(text, root(99));
    EXPECT_TRUE(parsed) << parsed.error().message;
    return parsed ? parsed.value() : std::vector<MemberRecords::Entry>{};
}

std::string why_not(const std::string& text) {
    const auto parsed = parse_interchange(text, root(99));
    return parsed ? "it was taken" : parsed.error().message;
}

TEST(Interchange, CompleteFile_ReducedToTheHighest) {
    const auto entries =
        good(file(validator(R"({"slot":"7"},{"slot":"9","signing_root":")" + to_hex(root(5)) + R"("},{"slot":"8"})",
                            attestation(1, 2) + "," + attestation(2, 3, root(6)))));
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].key, key(1));
    EXPECT_EQ(*entries[0].record.attestation, vote(2, 3, 6));
    EXPECT_EQ(*entries[0].record.block, block(9, 5));
    EXPECT_TRUE(entries[0].record.enrolled);
}

TEST(Interchange, HighestSourceAndTargetOfDifferentMessages_NoSigningRoot) {
    const auto entries = good(file(validator("", attestation(5, 6, root(1)) + "," + attestation(3, 8, root(2)))));
    EXPECT_EQ(*entries[0].record.attestation, (AttestationMark{Epoch{5}, Epoch{8}, {}}));
}

TEST(Interchange, AValidatorThatComesTwice_Merged) {
    const auto entries = good(file(validator("", attestation(1, 2)) + "," + validator("", attestation(2, 3)) + "," +
                                   validator("", attestation(1, 9), key(2))));
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].record.attestation->target, Epoch{3});
}

TEST(Interchange, DataBeforeMetadata_AndMembersNobodyKnows) {
    const std::string text = R"({"comment":{"by":["x"]},"data":[)" + validator("", attestation(1, 2)) +
                             R"(],"metadata":{"x":1,"genesis_validators_root":")" + to_hex(root(99)) +
                             R"(","interchange_format_version":"5"}})";
    EXPECT_EQ(good(text).size(), 1U);
}

TEST(Interchange, WhatIsWrong_OneSentence) {
    EXPECT_THAT(why_not(file("", "4")), HasSubstr("version '4'"));
    EXPECT_THAT(why_not(file("", "5", root(98))), HasSubstr("another chain"));
    EXPECT_THAT(why_not(file(R"({"signed_blocks":[],"signed_attestations":[]})")), HasSubstr("without pubkey"));
    EXPECT_THAT(why_not(file(validator(R"({"signing_root":"0x00"})", ""))), HasSubstr("hexadecimal"));
    EXPECT_THAT(why_not(file(validator("{}", ""))), HasSubstr("without slot"));
    EXPECT_THAT(why_not(file(validator("", R"({"source_epoch":"1"})"))), HasSubstr("without source_epoch or target_epoch"));
    EXPECT_THAT(why_not(R"({"data":[]})"), HasSubstr("interchange_format_version is missing"));
    EXPECT_NE(why_not(file("") + "x"), "it was taken");
    EXPECT_NE(why_not(file(validator("", attestation(-1, 2)))), "it was taken");
    const std::string whole = file(validator("", attestation(1, 2)));
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_NE(why_not(whole.substr(0, size)), "it was taken") << size;
}

TEST(Interchange, Progress_RisesAndIsSparse) {
    std::vector<MemberRecords::Entry> entries;
    for (std::uint8_t i = 1; i != 0; ++i) entries.push_back({key(i), {vote(2, 3, 6), nullptr, {}, false, true}});
    const std::string text = render_interchange(entries, root(99));
    std::vector<std::size_t> told;
    const Progress progress = [&](std::size_t done, std::size_t of) {
        EXPECT_EQ(of, text.size());
        told.push_back(done);
    };
    ASSERT_TRUE(parse_interchange(text, root(99), progress));
    EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
    EXPECT_GT(told.size(), 50U);
    EXPECT_LE(told.size(), 100U);
    EXPECT_LE(told.back(), text.size());
}

TEST(Interchange, WrittenAndReadAgain_TheSame) {
    std::vector<MemberRecords::Entry> entries;
    entries.push_back({key(1), {vote(2, 3, 6), nullptr, block(9, 5), false, true}});
    entries.push_back({key(2), {AttestationMark{Epoch{5}, Epoch{8}, {}}, nullptr, {}, false, true}});
    entries.push_back({key(3), {{}, nullptr, BlockMark{Slot{1}, {}}, false, true}});
    const auto again = good(render_interchange(entries, root(99)));
    ASSERT_EQ(again.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(again[i].key, entries[i].key);
        EXPECT_EQ(again[i].record.attestation, entries[i].record.attestation);
        EXPECT_EQ(again[i].record.block, entries[i].record.block);
    }
}

}  // namespace
}  // namespace holdfast::protection
