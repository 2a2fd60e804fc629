// Goal: blocks and payloads of every fork are checked and hashed as the executable consensus-specs do, and as real nodes did.
// Method: the vectors and samples beside the project; skipped, visibly, where they are not. Damaged encodings are refused.
#include "shared/ethereum/block_types.hpp"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "shared/ethereum/ssz.hpp"
#include "tests/shared/ethereum/sample_objects.hpp"
#include "tests/shared/ethereum/vectors.hpp"

namespace holdfast::ethereum {
namespace {

void run(const std::string& file, ForkName fork, const BlockPreset& preset, std::size_t at_least) {
    const auto folder = shared_folder("vectors/ssz");
    if (!folder) GTEST_SKIP() << "no vectors/ssz beside the project";
    const NamedTypes types = named_types(make_block_types(fork, preset));
    std::size_t count = 0;
    for (const auto& vector : read_json_lines(*folder / file)) {
        const auto type = types.find(vector["type"].asString());
        if (type == types.end()) continue;
        SCOPED_TRACE(type->first);
        const ssz::Bytes bytes = bytes_from_hex(vector["ssz"].asString());
        const auto checked = schema::check(*type->second, bytes);
        ASSERT_TRUE(checked) << checked.error().message;
        const Root root = schema::hash_tree_root(*type->second, bytes);
        EXPECT_EQ(to_hex(root), vector["root"].asString());
        expect_damage_is_seen(*type->second, bytes, root);
        ++count;
    }
    EXPECT_GE(count, at_least);
}

TEST(BlockTypes, ElectraMainnetVectors) { run("electra-mainnet.jsonl.gz", ForkName::kElectra, kMainnetPreset, 70); }
TEST(BlockTypes, FuluMinimalVectors) { run("fulu-minimal.jsonl.gz", ForkName::kFulu, kMinimalPreset, 70); }
TEST(BlockTypes, GloasMinimalVectors) { run("gloas-minimal.jsonl.gz", ForkName::kGloas, kMinimalPreset, 95); }

// Slot -> root of the block, from the "head" events of the same recording.
std::map<std::uint64_t, std::string> recorded_heads(const std::filesystem::path& folder) {
    std::map<std::uint64_t, std::string> heads;
    for (const char* file : {"GET_eth_v1_events.200.json", "GET_eth_v1_events.200.2.json"}) {
        std::istringstream lines{read_json(folder / file)["response"]["body"].asString()};
        for (std::string line; std::getline(lines, line);) {
            const auto at = line.find("{");
            if (!line.starts_with("data:") || at == std::string::npos) continue;
            const Json::Value event = parse_json(line.substr(at));
            if (event.isMember("block")) heads[std::stoull(event["slot"].asString())] = event["block"].asString();
        }
    }
    return heads;
}

// What Prysm's client published, and the root that the node then named.
TEST(BlockTypes, RealBlocks_HaveTheRootsThatTheNodeGave) {
    const auto folder = shared_folder("devnet/samples/minimal/recorded");
    if (!folder) GTEST_SKIP() << "no devnet/samples beside the project";
    const auto heads = recorded_heads(*folder);
    const BlockTypes types = make_block_types(ForkName::kFulu, kMinimalPreset);
    for (const char* file : {"POST_eth_v2_beacon_blocks.200.ssz.json", "POST_eth_v2_beacon_blocks.200.ssz.2.json"}) {
        const Json::Value body = read_json(*folder / file)["request"]["body"];
        const auto contents =
            schema::Object::make(types.signed_block_contents, bytes_from_hex("0x" + body["ssz_hex"].asString()));
        ASSERT_TRUE(contents) << contents.error().message;
        const schema::Part block = contents.value().find({"signed_block", "message"});
        const std::uint64_t slot = contents.value().find({"signed_block", "message", "slot"}).as_uint();
        ASSERT_TRUE(heads.contains(slot)) << slot;
        EXPECT_EQ(to_hex(schema::hash_tree_root(*block.type, block.bytes)), heads.at(slot));
    }
}

TEST(BlockTypes, RealBlocks_AsTheNodeMakesThem) {
    const auto folder = shared_folder("devnet/samples/minimal");
    if (!folder) GTEST_SKIP() << "no devnet/samples beside the project";
    const BlockTypes types = make_block_types(ForkName::kFulu, kMinimalPreset);
    const Json::Value body = read_json(*folder / "block_v3_ssz.json")["response"]["body"];
    const auto contents = schema::Object::make(types.block_contents, bytes_from_hex("0x" + body["ssz_hex"].asString()));
    ASSERT_TRUE(contents) << contents.error().message;
    const Json::Value json = read_json(*folder / "block_v3_json.json")["response"]["body"]["data"]["block"];
    const schema::Object& object = contents.value();
    EXPECT_EQ(std::to_string(object.find({"block", "slot"}).as_uint()), json["slot"].asString());
    EXPECT_EQ(to_hex(object.find({"block", "parent_root"}).as_bytes<Root>()), json["parent_root"].asString());
    EXPECT_EQ(to_hex(object.find({"block", "body", "execution_payload", "fee_recipient"}).as_bytes<Address>()),
              json["body"]["execution_payload"]["fee_recipient"].asString());
    EXPECT_EQ(elements(object.find({"block", "body", "attestations"})).size(), json["body"]["attestations"].size());
    const auto data = shared_folder("devnet/samples/minimal/attestation_data_ssz.json");
    const auto bytes = bytes_from_hex("0x" + read_json(*data)["response"]["body"]["ssz_hex"].asString());
    EXPECT_TRUE(schema::check(*schema::type_of(*types.attestation, "data"), bytes));
}

}  // namespace
}  // namespace holdfast::ethereum
