// Goal: the chain's constants are read as nodes write them, of any preset and slot length, and nothing impossible is believed.
#include "shared/ethereum/chain_spec.hpp"

#include <gtest/gtest.h>

#include "tests/shared/ethereum/vectors.hpp"

namespace holdfast::ethereum {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::map<std::string, std::string> old_values() {
    return {{"SECONDS_PER_SLOT", "12"},
            {"SLOTS_PER_EPOCH", "32"},
            {"GENESIS_FORK_VERSION", "0x00000000"},
            {"ALTAIR_FORK_EPOCH", "10"},
            {"ALTAIR_FORK_VERSION", "0x01000000"},
            {"ELECTRA_FORK_EPOCH", "20"},
            {"ELECTRA_FORK_VERSION", "0x05000000"},
            {"FULU_FORK_EPOCH", "18446744073709551615"},
            {"FULU_FORK_VERSION", "0x06000000"}};
}

TEST(ChainSpec, WithoutBasisPoints_OldThirds) {
    const auto spec = ChainSpec::parse(old_values());
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec.value().slot_duration(), seconds{12});
    EXPECT_EQ(spec.value().attestation_due(Slot{0}), seconds{4});
    EXPECT_EQ(spec.value().aggregate_due(Slot{0}), seconds{8});
}

TEST(ChainSpec, BasisPoints_OfTheForkInForce) {
    auto values = old_values();
    values["SLOT_DURATION_MS"] = "6000";
    values["ATTESTATION_DUE_BPS"] = "3333";
    values["ATTESTATION_DUE_BPS_GLOAS"] = "2500";
    values["GLOAS_FORK_EPOCH"] = "30";
    values["GLOAS_FORK_VERSION"] = "0x07000000";
    const auto spec = ChainSpec::parse(values).value();
    EXPECT_EQ(spec.slot_duration(), seconds{6});
    EXPECT_EQ(spec.attestation_due(Slot{30 * 32 - 1}), std::chrono::microseconds{1'999'800});
    EXPECT_EQ(spec.attestation_due(Slot{30 * 32}), milliseconds{1500});
}

TEST(ChainSpec, OtherDeadlines_DefaultsOfEachFork) {
    auto values = old_values();
    values["GLOAS_FORK_EPOCH"] = "30";
    values["GLOAS_FORK_VERSION"] = "0x07000000";
    const auto spec = ChainSpec::parse(values).value();
    const Slot before{30 * 32 - 1};
    const Slot after{30 * 32};
    EXPECT_EQ(spec.sync_message_due(before), seconds{4});
    EXPECT_EQ(spec.contribution_due(before), seconds{8});
    EXPECT_EQ(spec.attestation_due(after), seconds{3});
    EXPECT_EQ(spec.aggregate_due(after), seconds{6});
    EXPECT_EQ(spec.sync_message_due(after), seconds{3});
    EXPECT_EQ(spec.contribution_due(after), seconds{6});
    EXPECT_EQ(spec.payload_due(after), seconds{6});
    EXPECT_EQ(spec.payload_attestation_due(after), seconds{9});
}

TEST(ChainSpec, OtherDeadlines_AsTheNodeNamesThem) {
    auto values = old_values();
    values["GLOAS_FORK_EPOCH"] = "30";
    values["GLOAS_FORK_VERSION"] = "0x07000000";
    const auto due = [&](const std::string& name, auto deadline, Slot slot) {
        auto changed = values;
        changed[name] = "1000";
        return (ChainSpec::parse(changed).value().*deadline)(slot);
    };
    const Slot before{30 * 32 - 1};
    const Slot after{30 * 32};
    const milliseconds tenth{1200};
    EXPECT_EQ(due("SYNC_MESSAGE_DUE_BPS", &ChainSpec::sync_message_due, before), tenth);
    EXPECT_EQ(due("SYNC_MESSAGE_DUE_BPS", &ChainSpec::sync_message_due, after), seconds{3});
    EXPECT_EQ(due("SYNC_MESSAGE_DUE_BPS_GLOAS", &ChainSpec::sync_message_due, after), tenth);
    EXPECT_EQ(due("CONTRIBUTION_DUE_BPS", &ChainSpec::contribution_due, before), tenth);
    EXPECT_EQ(due("CONTRIBUTION_DUE_BPS_GLOAS", &ChainSpec::contribution_due, after), tenth);
    EXPECT_EQ(due("AGGREGATE_DUE_BPS_GLOAS", &ChainSpec::aggregate_due, after), tenth);
    EXPECT_EQ(due("PAYLOAD_DUE_BPS", &ChainSpec::payload_due, after), tenth);
    EXPECT_EQ(due("PAYLOAD_ATTESTATION_DUE_BPS", &ChainSpec::payload_attestation_due, after), tenth);
    for (const char* name :
         {"SYNC_MESSAGE_DUE_BPS", "CONTRIBUTION_DUE_BPS_GLOAS", "PAYLOAD_DUE_BPS", "PAYLOAD_ATTESTATION_DUE_BPS"}) {
        auto changed = values;
        changed[name] = "10001";
        EXPECT_FALSE(ChainSpec::parse(changed)) << name;
    }
}

TEST(ChainSpec, Number_AnyValueByItsName) {
    auto values = old_values();
    values["PTC_SIZE"] = "16";
    const auto spec = ChainSpec::parse(values).value();
    EXPECT_EQ(spec.number("PTC_SIZE").value(), 16U);
    EXPECT_EQ(spec.number("MAX_BLOBS").error().code, ErrorCode::kNotFound);
    EXPECT_FALSE(spec.number("GENESIS_FORK_VERSION"));
}

TEST(ChainSpec, ForkAt_UnscheduledForksAreLeftOut) {
    const auto spec = ChainSpec::parse(old_values()).value();
    EXPECT_EQ(spec.forks().size(), 3U);
    EXPECT_EQ(spec.fork_at(Epoch{9}).name, ForkName::kPhase0);
    EXPECT_EQ(spec.fork_at(Epoch{10}).name, ForkName::kAltair);
    EXPECT_EQ(spec.fork_at(kFarFutureEpoch).name, ForkName::kElectra);
}

TEST(ChainSpec, SeveralForksAtOneEpoch_TheLastIsInForce) {
    auto values = old_values();
    values["ALTAIR_FORK_EPOCH"] = "0";
    values["ELECTRA_FORK_EPOCH"] = "0";
    EXPECT_EQ(ChainSpec::parse(values).value().fork_at(Epoch{0}).name, ForkName::kElectra);
}

TEST(ChainSpec, ImpossibleValues_RefusedByName) {
    const auto refused = [](const std::string& name, const std::string& value) {
        auto values = old_values();
        values[name] = value;
        const auto spec = ChainSpec::parse(values);
        ASSERT_FALSE(spec) << name;
        EXPECT_EQ(spec.error().code, ErrorCode::kMalformed);
    };
    refused("SECONDS_PER_SLOT", "0");
    refused("SECONDS_PER_SLOT", "18446744073709551615");
    refused("SECONDS_PER_SLOT", "twelve");
    refused("SLOTS_PER_EPOCH", "0");
    refused("GENESIS_FORK_VERSION", "0x00");
    refused("ELECTRA_FORK_EPOCH", "5");
    refused("ATTESTATION_DUE_BPS", "10001");
    auto missing = old_values();
    missing.erase("SLOTS_PER_EPOCH");
    EXPECT_EQ(ChainSpec::parse(missing).error().message, "chain specification: SLOTS_PER_EPOCH is missing");
}

TEST(ChainSpec, Difference_NamesTheFirst) {
    const auto spec = ChainSpec::parse(old_values()).value();
    EXPECT_EQ(spec.difference(spec), "");
    auto values = old_values();
    values["ELECTRA_FORK_EPOCH"] = "21";
    EXPECT_EQ(spec.difference(ChainSpec::parse(values).value()),
              "fork 2 is electra 0x05000000 at epoch 20 instead of electra 0x05000000 at epoch 21");
}

TEST(ChainSpec, Difference_SeesBothDeadlines) {
    const auto spec = ChainSpec::parse(old_values()).value();
    auto values = old_values();
    values["AGGREGATE_DUE_BPS"] = "7500";
    EXPECT_EQ(spec.difference(ChainSpec::parse(values).value()),
              "the aggregate deadline of phase0 is 8000.000000 ms instead of 9000.000000 ms");
    values["ATTESTATION_DUE_BPS"] = "2500";
    EXPECT_EQ(spec.difference(ChainSpec::parse(values).value()),
              "the attestation deadline of phase0 is 4000.000000 ms instead of 3000.000000 ms");
}

TEST(ChainSpec, FirstSlot_BeyondAllSlots_IsTheLast) {
    const auto spec = ChainSpec::parse(old_values()).value();
    EXPECT_EQ(spec.first_slot(Epoch{7}), Slot{224});
    EXPECT_EQ(spec.first_slot(Epoch{1ULL << 59U}), Slot{~0ULL});
    EXPECT_EQ(spec.first_slot(kFarFutureEpoch), Slot{~0ULL});
}

TEST(ChainSpec, RealNode_Parses) {
    const auto folder = shared_folder("devnet/samples/api");
    if (!folder) GTEST_SKIP() << "no devnet/samples beside the project";
    const Json::Value data = read_json(*folder / "config_spec.json")["response"]["body"]["data"];
    std::map<std::string, std::string> values;
    for (const auto& name : data.getMemberNames()) {
        if (data[name].isString()) values[name] = data[name].asString();
    }
    const auto spec = ChainSpec::parse(values);
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec.value().slot_duration(), seconds{4});
    EXPECT_EQ(spec.value().fork_at(Epoch{0}).name, ForkName::kFulu);
    EXPECT_EQ(to_hex(spec.value().fork_at(Epoch{0}).version), "0x70000042");
}

TEST(SlotClock, SlotsBeyondAllTime_StartLate) {
    const auto spec = ChainSpec::parse(old_values()).value();
    const WallTime genesis{seconds{1'600'000'000}};
    const SlotClock clock{spec, genesis};
    const WallTime last = clock.start_of(Slot{~0ULL});
    EXPECT_EQ(clock.start_of(Slot{1'000'000'000}), last);
    EXPECT_GT(last, genesis + std::chrono::years{100});
    EXPECT_GT(WallTime::max() - last, std::chrono::years{10});
    const auto slots = static_cast<std::uint64_t>((last - genesis) / seconds{12});
    EXPECT_EQ(clock.start_of(Slot{slots}), genesis + seconds{12} * slots);
    EXPECT_EQ((SlotClock{spec, WallTime::max()}.start_of(Slot{1})), last);
    EXPECT_EQ((SlotClock{spec, WallTime{seconds{-100}}}.start_of(Slot{1})), WallTime{seconds{-88}});
}

TEST(SlotClock, BeforeGenesis_SlotZero) {
    const auto spec = ChainSpec::parse(old_values()).value();
    const WallTime genesis{seconds{1000}};
    const SlotClock clock{spec, genesis};
    EXPECT_EQ(clock.slot_at(genesis - seconds{5}), Slot{0});
    EXPECT_EQ(clock.slot_at(genesis + seconds{11}), Slot{0});
    EXPECT_EQ(clock.slot_at(genesis + seconds{12}), Slot{1});
    EXPECT_EQ(clock.start_of(Slot{3}), genesis + seconds{36});
}

}  // namespace
}  // namespace holdfast::ethereum
