// Goal: blocks and payloads of every fork are checked and hashed as the executable consensus-specs do, and as real nodes did.
// Method: the vectors and samples beside the project; skipped, visibly, where they are not. Damaged encodings are refused.
#include "shared/ethereum/block_types.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "shared/ethereum/ssz.hpp"
#include "tests/shared/ethereum/vectors.hpp"

namespace holdfast::ethereum {
namespace {

using Named = std::map<std::string, schema::TypePtr>;

Named named(const BlockTypes& types) {
    const auto field = [](const schema::TypePtr& type, std::string_view name) {
        return std::ranges::find(type->fields, name, &schema::Field::name)->type;
    };
    Named all{{"Attestation", types.attestation},
              {"SignedAggregateAndProof", types.signed_aggregate_and_proof},
              {"AggregateAndProof", field(types.signed_aggregate_and_proof, "message")},
              {"ExecutionPayload", types.execution_payload},
              {"ExecutionPayloadHeader", types.execution_payload_header},
              {"BeaconBlock", types.block},
              {"BeaconBlockBody", field(types.block, "body")},
              {"SignedBeaconBlock", types.signed_block},
              {"BlindedBeaconBlock", types.blinded_block},
              {"SignedBlindedBeaconBlock", types.signed_blinded_block},
              {"ExecutionPayloadBid", types.execution_payload_bid},
              {"SignedExecutionPayloadBid", types.signed_execution_payload_bid},
              {"ExecutionPayloadEnvelope", types.execution_payload_envelope},
              {"SignedExecutionPayloadEnvelope", types.signed_execution_payload_envelope},
              {"PayloadAttestation", types.payload_attestation},
              {"PayloadAttestationMessage", types.payload_attestation_message},
              {"ProposerPreferences", types.proposer_preferences},
              {"SignedProposerPreferences", types.signed_proposer_preferences}};
    if (types.blinded_block) all.emplace("BlindedBeaconBlockBody", field(types.blinded_block, "body"));
    std::erase_if(all, [](const auto& entry) { return !entry.second; });
    return all;
}

// What is cut off, and what has another number of bytes, is refused or, seldom, another object; never the same.
void expect_damage_is_seen(const schema::Type& type, const ssz::Bytes& bytes, const Root& root) {
    for (const std::size_t cut : {std::size_t{1}, bytes.size() / 3, bytes.size() / 2, bytes.size() - 1}) {
        const schema::View shorter{bytes.data(), bytes.size() - cut};
        if (schema::check(type, shorter)) {
            EXPECT_NE(schema::hash_tree_root(type, shorter), root);
        }
    }
    ssz::Bytes longer = bytes;
    longer.push_back(0);
    if (schema::check(type, longer)) {
        EXPECT_NE(schema::hash_tree_root(type, longer), root);
    }
}

void run(const std::string& file, ForkName fork, const BlockPreset& preset, std::size_t at_least) {
    const auto folder = shared_folder("vectors/ssz");
    if (!folder) GTEST_SKIP() << "no vectors/ssz beside the project";
    const Named types = named(make_block_types(fork, preset));
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

TEST(BlockTypes, ElectraMainnetVectors) { run("electra-mainnet.jsonl.gz", ForkName::kElectra, kMainnetPreset, 55); }
TEST(BlockTypes, FuluMinimalVectors) { run("fulu-minimal.jsonl.gz", ForkName::kFulu, kMinimalPreset, 55); }
TEST(BlockTypes, GloasMinimalVectors) { run("gloas-minimal.jsonl.gz", ForkName::kGloas, kMinimalPreset, 75); }

}  // namespace
}  // namespace holdfast::ethereum
