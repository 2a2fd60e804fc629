// Goal: a chain's types follow its forks and its preset, whatever a node says of the latter.
#include "shared/ethereum/type_table.hpp"

#include <gtest/gtest.h>

#include "tests/shared/ethereum/sample_objects.hpp"
#include "tests/shared/ethereum/vectors.hpp"

namespace holdfast::ethereum {
namespace {

TypeTable table_with(std::map<std::string, std::string> values) {
    values.insert({{"SECONDS_PER_SLOT", "12"}, {"SLOTS_PER_EPOCH", "8"}, {"GENESIS_FORK_VERSION", "0x00000000"}});
    return TypeTable{ChainSpec::parse(values).value()};
}

std::string root_of(const BlockTypes& types, const std::string& name) {
    const schema::TypePtr type = named_types(types).at(name);
    return to_hex(schema::hash_tree_root(*type, make_object(*type, 0)));
}

TEST(TypeTable, SilentAboutItsPreset_Mainnet) {
    const TypeTable table = table_with({});
    EXPECT_EQ(table.preset().sync_committee_size, 512U);
    EXPECT_EQ(table.of(ForkName::kElectra).sync_contribution->fixed_size, 8 + 32 + 8 + 16 + 96U);
}

TEST(TypeTable, PresetFromTheSpecification) {
    const TypeTable table = table_with({{"MAX_COMMITTEES_PER_SLOT", "4"},
                                        {"SYNC_COMMITTEE_SIZE", "32"},
                                        {"MAX_WITHDRAWALS_PER_PAYLOAD", "4"},
                                        {"PTC_SIZE", "16"}});
    for (const ForkName fork : {ForkName::kElectra, ForkName::kFulu, ForkName::kGloas}) {
        const NamedTypes expected = named_types(make_block_types(fork, kMinimalPreset));
        for (const auto& [name, type] : expected) {
            EXPECT_EQ(root_of(table.of(fork), name), to_hex(schema::hash_tree_root(*type, make_object(*type, 0)))) << name;
        }
    }
}

TEST(TypeTable, ForksBeforeElectra_HaveItsTypes) {
    const TypeTable table = table_with({});
    EXPECT_EQ(&table.of(ForkName::kPhase0), &table.of(ForkName::kElectra));
    EXPECT_EQ(&table.of(ForkName::kDeneb), &table.of(ForkName::kElectra));
    EXPECT_NE(root_of(table.of(ForkName::kGloas), "BeaconBlock"), root_of(table.of(ForkName::kFulu), "BeaconBlock"));
}

// A bit vector without bits, or of more than memory, would be no type at all.
TEST(TypeTable, ImpossiblePresets_AreNotBelieved) {
    for (const char* value : {"0", "1", "3", "18446744073709551615", "9223372036854775808", "many", ""}) {
        const TypeTable table = table_with({{"MAX_COMMITTEES_PER_SLOT", value},
                                            {"SYNC_COMMITTEE_SIZE", value},
                                            {"MAX_WITHDRAWALS_PER_PAYLOAD", value},
                                            {"PTC_SIZE", value}});
        EXPECT_EQ(table.preset().sync_committee_size, kMainnetPreset.sync_committee_size) << value;
        for (const auto& [name, type] : named_types(table.of(ForkName::kGloas))) {
            EXPECT_TRUE(schema::check(*type, make_object(*type, 1))) << name;
        }
    }
}

TEST(TypeTable, RealNode_MainnetAndMinimal) {
    const auto folder = shared_folder("devnet/samples");
    if (!folder) GTEST_SKIP() << "no devnet/samples beside the project";
    const auto preset_of = [&](const char* file) {
        const Json::Value data = read_json(*folder / file)["response"]["body"]["data"];
        std::map<std::string, std::string> values;
        for (const auto& name : data.getMemberNames()) {
            if (data[name].isString()) values[name] = data[name].asString();
        }
        return TypeTable{ChainSpec::parse(values).value()}.preset();
    };
    EXPECT_EQ(preset_of("api/config_spec.json").sync_committee_size, 512U);
    EXPECT_EQ(preset_of("minimal/config_spec.json").sync_committee_size, 32U);
    EXPECT_EQ(preset_of("minimal/config_spec.json").committees_per_slot_max, 4U);
    EXPECT_EQ(preset_of("minimal/config_spec.json").withdrawals_per_payload_max, 4U);
}

}  // namespace
}  // namespace holdfast::ethereum
