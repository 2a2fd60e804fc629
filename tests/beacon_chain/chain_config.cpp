#include "tests/beacon_chain/chain_config.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "tests/beacon_chain/digest.hpp"

namespace holdfast::sim {
namespace {

using Values = std::vector<std::pair<std::string, std::string>>;

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

// Where the minimal preset differs from mainnet, as far as a validator client may look.
Values preset_values(const ChainConfig& config) {
    const bool minimal = config.preset == "minimal";
    return {{"PRESET_BASE", config.preset},
            {"CONFIG_NAME", "holdfast-sim"},
            {"SLOTS_PER_EPOCH", std::to_string(config.slots_per_epoch)},
            {"MAX_COMMITTEES_PER_SLOT", std::to_string(config.max_committees_per_slot)},
            {"TARGET_COMMITTEE_SIZE", std::to_string(config.target_committee_size)},
            {"SHUFFLE_ROUND_COUNT", minimal ? "10" : "90"},
            {"SYNC_COMMITTEE_SIZE", std::to_string(sync_committee_size(config))},
            {"EPOCHS_PER_SYNC_COMMITTEE_PERIOD", minimal ? "8" : "256"},
            {"MAX_WITHDRAWALS_PER_PAYLOAD", minimal ? "4" : "16"},
            {"SLOTS_PER_HISTORICAL_ROOT", minimal ? "64" : "8192"},
            {"PTC_SIZE", std::to_string(ptc_size(config))},
            {"SLOT_DURATION_MS", std::to_string(config.slot_ms)},
            {"SECONDS_PER_SLOT", std::to_string((config.slot_ms + 999) / 1000)},
            {"MIN_GENESIS_ACTIVE_VALIDATOR_COUNT", std::to_string(config.validators)}};
}

const Values kConstants{{"AGGREGATE_DUE_BPS", "6667"},
                        {"AGGREGATE_DUE_BPS_GLOAS", "5000"},
                        {"ATTESTATION_DUE_BPS", "3333"},
                        {"ATTESTATION_DUE_BPS_GLOAS", "2500"},
                        {"ATTESTATION_PROPAGATION_SLOT_RANGE", "32"},
                        {"ATTESTATION_SUBNET_COUNT", "64"},
                        {"CONTRIBUTION_DUE_BPS", "6667"},
                        {"CONTRIBUTION_DUE_BPS_GLOAS", "5000"},
                        {"DEPOSIT_CHAIN_ID", "1337"},
                        {"DEPOSIT_NETWORK_ID", "1337"},
                        {"DOMAIN_AGGREGATE_AND_PROOF", "0x06000000"},
                        {"DOMAIN_BEACON_ATTESTER", "0x01000000"},
                        {"DOMAIN_BEACON_PROPOSER", "0x00000000"},
                        {"DOMAIN_CONTRIBUTION_AND_PROOF", "0x09000000"},
                        {"DOMAIN_DEPOSIT", "0x03000000"},
                        {"DOMAIN_RANDAO", "0x02000000"},
                        {"DOMAIN_SELECTION_PROOF", "0x05000000"},
                        {"DOMAIN_SYNC_COMMITTEE", "0x07000000"},
                        {"DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF", "0x08000000"},
                        {"DOMAIN_VOLUNTARY_EXIT", "0x04000000"},
                        {"EPOCHS_PER_SUBNET_SUBSCRIPTION", "256"},
                        {"GENESIS_DELAY", "0"},
                        {"MAXIMUM_GOSSIP_CLOCK_DISPARITY", "500"},
                        {"MAX_EFFECTIVE_BALANCE", "32000000000"},
                        {"MAX_EFFECTIVE_BALANCE_ELECTRA", "2048000000000"},
                        {"MAX_VALIDATORS_PER_COMMITTEE", "2048"},
                        {"MIN_ATTESTATION_INCLUSION_DELAY", "1"},
                        {"MIN_SEED_LOOKAHEAD", "1"},
                        {"MAX_SEED_LOOKAHEAD", "4"},
                        {"PAYLOAD_ATTESTATION_DUE_BPS", "7500"},
                        {"PAYLOAD_DUE_BPS", "5000"},
                        {"PROPOSER_REORG_CUTOFF_BPS", "1667"},
                        {"SHARD_COMMITTEE_PERIOD", "2"},
                        {"SYNC_COMMITTEE_SUBNET_COUNT", "4"},
                        {"SYNC_MESSAGE_DUE_BPS", "3333"},
                        {"SYNC_MESSAGE_DUE_BPS_GLOAS", "2500"},
                        {"TARGET_AGGREGATORS_PER_COMMITTEE", "16"},
                        {"TARGET_AGGREGATORS_PER_SYNC_SUBCOMMITTEE", "16"}};

}  // namespace

Result<ChainConfig> config_of_preset(std::string_view preset) {
    ChainConfig config;
    if (preset == "minimal") return config;
    if (preset != "mainnet")
        return failure(ErrorCode::kInvalidArgument, fmt::format("preset {} is not minimal or mainnet", preset));
    config.preset = "mainnet";
    config.slots_per_epoch = 32;
    config.max_committees_per_slot = 64;
    config.target_committee_size = 128;
    return config;
}

std::uint64_t sync_committee_size(const ChainConfig& config) { return config.preset == "minimal" ? 32 : 512; }
std::uint64_t ptc_size(const ChainConfig& config) { return config.preset == "minimal" ? 16 : 512; }

std::vector<ForkEntry> forks_of(const ChainConfig& config) {
    std::vector<ForkEntry> forks;
    const char* const names[] = {"phase0", "altair", "bellatrix", "capella", "deneb", "electra", "fulu", "gloas"};
    std::uint8_t first_byte = 0x10;
    for (const char* name : names) {
        forks.push_back({name, ForkVersion{{first_byte, 0, 0, 0x53}}, Epoch{0}});
        first_byte = static_cast<std::uint8_t>(first_byte + 0x10);
    }
    forks[6].epoch = config.fulu_epoch;
    forks[7].epoch = config.gloas_epoch;
    return forks;
}

ForkEntry fork_at(const ChainConfig& config, Epoch epoch) {
    ForkEntry current;
    for (ForkEntry& fork : forks_of(config)) {
        if (fork.epoch <= epoch && fork.epoch != kFarFutureEpoch) current = std::move(fork);
    }
    return current;
}

std::string spec_json(const ChainConfig& config) {
    std::string body{R"({"data":{"BLOB_SCHEDULE":[])"};
    const auto add = [&body](const std::string& name, const std::string& value) {
        body += fmt::format(R"(,"{}":"{}")", name, value);
    };
    for (const auto& [name, value] : preset_values(config)) add(name, value);
    for (const auto& [name, value] : kConstants) add(name, value);
    for (const ForkEntry& fork : forks_of(config)) {
        add((fork.name == "phase0" ? "GENESIS" : upper(fork.name)) + "_FORK_VERSION", to_hex(fork.version));
        if (fork.name != "phase0") add(upper(fork.name) + "_FORK_EPOCH", to_string(fork.epoch));
    }
    return body + "}}";
}

std::string fork_schedule_json(const ChainConfig& config) {
    std::string body{R"({"data":[)"};
    const std::vector<ForkEntry> forks = forks_of(config);
    ForkVersion previous = forks.front().version;
    for (const ForkEntry& fork : forks) {
        if (fork.epoch == kFarFutureEpoch) continue;
        if (body.back() == '}') body += ',';
        body += fmt::format(R"({{"previous_version":"{}","current_version":"{}","epoch":"{}"}})", to_hex(previous),
                            to_hex(fork.version), fork.epoch.value);
        previous = fork.version;
    }
    return body + "]}";
}

Root genesis_validators_root_of(const ChainConfig& config) {
    return digest("validators", {config.seed, config.validators, config.slots_per_epoch});
}

}  // namespace holdfast::sim
