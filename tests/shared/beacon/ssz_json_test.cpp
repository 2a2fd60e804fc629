// Goal: blocks in JSON and in SSZ are the same blocks. Method: every vector there and back; blocks that a real node gave in
// both forms; hostile JSON.
#include "shared/beacon/ssz_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <json/reader.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "shared/ethereum/block_types.hpp"

namespace holdfast::beacon {
namespace {

using ethereum::BlockTypes;
using ethereum::ForkName;
using testing::HasSubstr;

const BlockTypes& fulu() {
    static const BlockTypes kTypes = make_block_types(ForkName::kFulu, ethereum::kMainnetPreset);
    return kTypes;
}

std::optional<Json::Value> sample(const std::string& name) {
    const char* shared = std::getenv("HOLDFAST_SHARED");
    if (shared == nullptr) return std::nullopt;
    std::ifstream file{std::filesystem::path{shared} / "devnet/samples" / name};
    Json::Value value;
    std::string errors;
    if (!file || !Json::parseFromStream(Json::CharReaderBuilder{}, file, &value, &errors)) return std::nullopt;
    return value["response"]["body"];
}

TEST(SszJson, ANodesBlockInBothForms) {
    const auto json = sample("api/block_v3_json.json");
    const auto ssz = sample("api/block_v3_ssz.json");
    if (!json || !ssz) GTEST_SKIP() << "no devnet/samples beside the project";
    const auto bytes = encode_json(*fulu().block_contents, (*json)["data"]);
    ASSERT_TRUE(bytes) << bytes.error().message;
    EXPECT_EQ(bytes.value().size(), (*ssz)["ssz_bytes"].asUInt());
    const std::string begin = (*ssz)["ssz_hex_start"].asString();
    EXPECT_EQ(to_hex(bytes.value().data(), begin.size() / 2), "0x" + begin);
    EXPECT_EQ(decode_to_json(*fulu().block_contents, bytes.value()), (*json)["data"]);
}

TEST(SszJson, BlocksOfAChain_ThereAndBack) {
    const auto json = sample("api/block_head_v2.json");
    if (!json) GTEST_SKIP() << "no devnet/samples beside the project";
    const auto bytes = encode_json(*fulu().signed_block, (*json)["data"]);
    ASSERT_TRUE(bytes) << bytes.error().message;
    EXPECT_EQ(decode_to_json(*fulu().signed_block, bytes.value()), (*json)["data"]);
}

TEST(SszJson, TextAndValuesSayTheSame) {
    const auto json = sample("api/block_head_v2.json");
    if (!json) GTEST_SKIP() << "no devnet/samples beside the project";
    const auto bytes = encode_json(*fulu().signed_block, (*json)["data"]);
    ASSERT_TRUE(bytes) << bytes.error().message;
    std::string text;
    append_json(*fulu().signed_block, bytes.value(), text);
    Json::Value value;
    const std::unique_ptr<Json::CharReader> reader{Json::CharReaderBuilder{}.newCharReader()};
    ASSERT_TRUE(reader->parse(text.data(), text.data() + text.size(), &value, nullptr));
    EXPECT_EQ(value, (*json)["data"]);
}

// A list says how many elements it has before any of them is read.
TEST(SszJson, AWrongElementEndsALongListAtOnce) {
    const auto type = ethereum::schema::list_of(ethereum::schema::bytes_of(1U << 30U), 1U << 20U);
    Json::Value list{Json::arrayValue};
    for (int i = 0; i < 100'000; ++i) list.append("0x");
    const auto bytes = encode_json(*type, list);
    ASSERT_FALSE(bytes);
    EXPECT_THAT(bytes.error().message, HasSubstr("[0]: has 0 bytes instead of 1073741824"));
}

TEST(SszJson, NumbersUpTo256Bits) {
    const auto type = ethereum::schema::uint_of(32);
    const std::string max = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    for (const std::string& text : {std::string{"0"}, std::string{"1"}, std::string{"18446744073709551616"}, max}) {
        const auto bytes = encode_json(*type, Json::Value{text});
        ASSERT_TRUE(bytes) << text;
        EXPECT_EQ(decode_to_json(*type, bytes.value()).asString(), text);
    }
    const std::string beyond = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
    for (const std::string& text : {std::string{""}, std::string{"01"}, std::string{"-1"}, std::string{"1x"}, beyond}) {
        EXPECT_FALSE(encode_json(*type, Json::Value{text})) << text;
    }
}

TEST(SszJson, WhatIsWrongIsNamed) {
    const auto json = sample("api/block_head_v2.json");
    if (!json) GTEST_SKIP() << "no devnet/samples beside the project";
    const auto why = [&](const auto& damage) {
        Json::Value data = (*json)["data"];
        damage(data["message"]);
        const auto bytes = encode_json(*fulu().signed_block, data);
        return bytes ? std::string{"accepted"} : bytes.error().message;
    };
    EXPECT_THAT(why([](Json::Value& block) { block["slot"] = 7; }), HasSubstr("message: slot: is not a number in quotes"));
    EXPECT_THAT(why([](Json::Value& block) { block["slot"] = "18446744073709551616"; }), HasSubstr("too large"));
    EXPECT_THAT(why([](Json::Value& block) { block.removeMember("body"); }), HasSubstr("body: is missing"));
    EXPECT_THAT(why([](Json::Value& block) { block["parent_root"] = "0x00"; }), HasSubstr("1 bytes instead of 32"));
    EXPECT_THAT(why([](Json::Value& block) { block["parent_root"] = "0xzz"; }), HasSubstr("parent_root"));
    EXPECT_THAT(why([](Json::Value& block) { block["body"] = Json::Value{Json::arrayValue}; }), HasSubstr("is not an object"));
    EXPECT_THAT(why([](Json::Value& block) { block["body"]["deposits"] = "x"; }), HasSubstr("deposits: is not an array"));
    EXPECT_THAT(why([](Json::Value& block) {
                    Json::Value& exits = block["body"]["voluntary_exits"];
                    for (int i = 0; i < 17; ++i) exits.append(Json::Value{Json::objectValue});
                }),
                HasSubstr("more than 16"));
}

}  // namespace
}  // namespace holdfast::beacon
