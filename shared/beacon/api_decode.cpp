#include "shared/beacon/api_decode.hpp"

#include <limits>
#include <map>
#include <unordered_set>

#include "shared/beacon/decode_parts.hpp"
#include "shared/ethereum/containers.hpp"
#include "shared/ethereum/ssz.hpp"

namespace holdfast::beacon {
namespace {

Result<ethereum::Checkpoint> checkpoint_field(const Json::Value& object, const char* name) {
    HOLDFAST_TRY(const Json::Value* value, object_field(object, name));
    ethereum::Checkpoint checkpoint;
    HOLDFAST_TRY(checkpoint.epoch.value, number_field(*value, "epoch"));
    HOLDFAST_TRY(checkpoint.root, bytes_field<Root>(*value, "root"));
    return checkpoint;
}

Result<Validator> decode_validator(const Json::Value& value) {
    constexpr std::size_t kStatusMax = 64;
    Validator validator;
    HOLDFAST_TRY(validator.index.value, number_field(value, "index"));
    HOLDFAST_TRY(const std::string_view status, string_field(value, "status", kStatusMax));
    validator.status = printable(status);
    HOLDFAST_TRY(const Json::Value* details, object_field(value, "validator"));
    HOLDFAST_TRY(validator.key, bytes_field<PublicKey>(*details, "pubkey"));
    return validator;
}

Result<AttesterDuty> decode_duty(const Json::Value& value) {
    AttesterDuty duty;
    HOLDFAST_TRY(duty.key, bytes_field<PublicKey>(value, "pubkey"));
    HOLDFAST_TRY(duty.validator_index.value, number_field(value, "validator_index"));
    HOLDFAST_TRY(duty.slot, slot_field(value, "slot"));
    HOLDFAST_TRY(duty.committee_index.value, number_field(value, "committee_index"));
    HOLDFAST_TRY(duty.committee_length, number_field(value, "committee_length"));
    HOLDFAST_TRY(duty.committees_at_slot, number_field(value, "committees_at_slot"));
    HOLDFAST_TRY(duty.validator_committee_index, number_field(value, "validator_committee_index"));
    if (duty.committee_index.value >= duty.committees_at_slot) {
        return failure(ErrorCode::kMalformed, "field 'committee_index' is not below 'committees_at_slot'");
    }
    if (duty.validator_committee_index >= duty.committee_length) {
        return failure(ErrorCode::kMalformed, "field 'validator_committee_index' is not below 'committee_length'");
    }
    return duty;
}

Result<ProposerDuty> decode_proposal(const Json::Value& value) {
    ProposerDuty duty;
    HOLDFAST_TRY(duty.key, bytes_field<PublicKey>(value, "pubkey"));
    HOLDFAST_TRY(duty.validator_index.value, number_field(value, "validator_index"));
    HOLDFAST_TRY(duty.slot, slot_field(value, "slot"));
    return duty;
}

Result<PtcDuty> decode_ptc_duty(const Json::Value& value) {
    PtcDuty duty;
    HOLDFAST_TRY(duty.key, bytes_field<PublicKey>(value, "pubkey"));
    HOLDFAST_TRY(duty.validator_index.value, number_field(value, "validator_index"));
    HOLDFAST_TRY(duty.slot, slot_field(value, "slot"));
    return duty;
}

Result<Liveness> decode_one_liveness(const Json::Value& value) {
    Liveness one;
    HOLDFAST_TRY(one.validator_index.value, number_field(value, "index"));
    HOLDFAST_TRY(one.is_live, bool_field(value, "is_live"));
    return one;
}

Result<SyncDuty> decode_sync_duty(const Json::Value& value) {
    constexpr std::size_t kCommitteeMax = 512;
    constexpr const char* kPositions = "validator_sync_committee_indices";
    SyncDuty duty;
    HOLDFAST_TRY(duty.key, bytes_field<PublicKey>(value, "pubkey"));
    HOLDFAST_TRY(duty.validator_index.value, number_field(value, "validator_index"));
    HOLDFAST_TRY(const Json::Value* list, array_field(value, kPositions, kCommitteeMax));
    if (list->empty()) return failure(ErrorCode::kMalformed, "field '" + std::string{kPositions} + "' is empty");
    for (const Json::Value& item : *list) {
        const auto position = parse_decimal(item.isString() ? item.asString() : "");
        if (!position || position.value() >= kCommitteeMax) {
            return failure(ErrorCode::kMalformed, "field '" + std::string{kPositions} + "' has no list of positions");
        }
        duty.positions.push_back(position.value());
    }
    return duty;
}

}  // namespace

Result<ethereum::ChainSpec> decode_spec(std::string_view body) {
    constexpr std::size_t kValuesMax = 10'000;
    HOLDFAST_TRY(const Json::Value root, parse_json_object(body));
    HOLDFAST_TRY(const Json::Value* data, object_field(root, "data"));
    if (data->size() > kValuesMax) return failure(ErrorCode::kMalformed, "field 'data' has too many members");
    std::map<std::string, std::string> values;
    for (auto value = data->begin(); value != data->end(); ++value) {
        if (value->isString()) values.emplace(value.name(), value->asString());
    }
    return ethereum::ChainSpec::parse(values);
}

Result<ethereum::Genesis> decode_genesis(std::string_view body) {
    HOLDFAST_TRY(const Json::Value root, parse_json_object(body));
    HOLDFAST_TRY(const Json::Value* data, object_field(root, "data"));
    HOLDFAST_TRY(const std::uint64_t seconds, number_field(*data, "genesis_time"));
    // Nanoseconds since 1970 end in 2262; half of that leaves room for the slots.
    constexpr std::uint64_t kSecondsMax = std::numeric_limits<std::int64_t>::max() / 2'000'000'000;
    if (seconds > kSecondsMax) return failure(ErrorCode::kMalformed, "field 'genesis_time' is not a time");
    ethereum::Genesis genesis;
    genesis.time = WallTime{std::chrono::seconds{static_cast<std::int64_t>(seconds)}};
    HOLDFAST_TRY(genesis.validators_root, bytes_field<Root>(*data, "genesis_validators_root"));
    HOLDFAST_TRY(genesis.fork_version, bytes_field<ForkVersion>(*data, "genesis_fork_version"));
    return genesis;
}

Result<std::string> decode_version(std::string_view body) {
    constexpr std::size_t kVersionMax = 10'000;
    HOLDFAST_TRY(const Json::Value root, parse_json_object(body));
    HOLDFAST_TRY(const Json::Value* data, object_field(root, "data"));
    HOLDFAST_TRY(const std::string_view version, string_field(*data, "version", kVersionMax));
    return printable(version);
}

Result<SyncStatus> decode_syncing(std::string_view body) {
    HOLDFAST_TRY(const Json::Value root, parse_json_object(body));
    HOLDFAST_TRY(const Json::Value* data, object_field(root, "data"));
    SyncStatus status;
    HOLDFAST_TRY(status.head_slot, slot_field(*data, "head_slot"));
    HOLDFAST_TRY(status.is_syncing, bool_field(*data, "is_syncing"));
    HOLDFAST_TRY(status.is_optimistic, bool_field_or(*data, "is_optimistic", false));
    HOLDFAST_TRY(status.el_offline, bool_field_or(*data, "el_offline", false));
    return status;
}

Result<Root> decode_block_root(std::string_view body) {
    HOLDFAST_TRY(const Json::Value root, parse_json_object(body));
    HOLDFAST_TRY(refuse_optimistic(root));
    HOLDFAST_TRY(const Json::Value* data, object_field(root, "data"));
    return bytes_field<Root>(*data, "root");
}

Result<std::vector<Validator>> decode_validators(std::string_view body, const std::vector<PublicKey>& keys) {
    HOLDFAST_TRY(const Json::Value root, parse_json_object(body));
    HOLDFAST_TRY(const Json::Value* data, array_field(root, "data", keys.size()));
    return decode_asked<Validator>(*data, keys, decode_validator, [](const Validator& validator) { return validator.key; });
}

Result<AttesterDuties> decode_attester_duties(std::string_view body, Epoch epoch, const std::vector<ValidatorIndex>& indices) {
    HOLDFAST_TRY(const Json::Value root, parse_json_object(body));
    HOLDFAST_TRY(refuse_optimistic(root));
    AttesterDuties duties;
    duties.epoch = epoch;
    HOLDFAST_TRY(duties.dependent_root, bytes_field<Root>(root, "dependent_root"));
    HOLDFAST_TRY(const Json::Value* data, array_field(root, "data", indices.size()));
    HOLDFAST_TRY(duties.duties, decode_asked<AttesterDuty>(*data, indices, decode_duty,
                                                           [](const AttesterDuty& duty) { return duty.validator_index; }));
    return duties;
}

Result<ProposerDuties> decode_proposer_duties(std::string_view body, Epoch epoch, int version) {
    constexpr std::size_t kSlotsMax = 1024;
    HOLDFAST_TRY(const Json::Value root, parse_json_object(body));
    HOLDFAST_TRY(refuse_optimistic(root));
    HOLDFAST_TRY(const Json::Value* data, array_field(root, "data", kSlotsMax));
    ProposerDuties duties;
    duties.epoch = epoch;
    if (version >= 2) {
        HOLDFAST_TRY(duties.dependent_root, bytes_field<Root>(root, "dependent_root"));
    }
    std::unordered_set<Slot> seen;
    for (Json::ArrayIndex i = 0; i < data->size(); ++i) {
        Result<ProposerDuty> duty = decode_proposal((*data)[i]);
        if (!duty) return at_element(i, std::move(duty).error());
        if (!seen.insert(duty.value().slot).second) {
            return at_element(i, failure(ErrorCode::kMalformed, "is a second proposer of its slot"));
        }
        duties.duties.push_back(duty.value());
    }
    return duties;
}

Result<std::vector<SyncDuty>> decode_sync_duties(std::string_view body, const std::vector<ValidatorIndex>& indices) {
    HOLDFAST_TRY(const Json::Value root, parse_json_object(body));
    HOLDFAST_TRY(refuse_optimistic(root));
    HOLDFAST_TRY(const Json::Value* data, array_field(root, "data", indices.size()));
    return decode_asked<SyncDuty>(*data, indices, decode_sync_duty, [](const SyncDuty& duty) { return duty.validator_index; });
}

Result<PtcDuties> decode_ptc_duties(std::string_view body, Epoch epoch, const std::vector<ValidatorIndex>& indices) {
    HOLDFAST_TRY(const Json::Value root, parse_json_object(body));
    HOLDFAST_TRY(refuse_optimistic(root));
    PtcDuties duties;
    duties.epoch = epoch;
    HOLDFAST_TRY(duties.dependent_root, bytes_field<Root>(root, "dependent_root"));
    HOLDFAST_TRY(const Json::Value* data, array_field(root, "data", indices.size()));
    HOLDFAST_TRY(duties.duties, decode_asked<PtcDuty>(*data, indices, decode_ptc_duty,
                                                      [](const PtcDuty& duty) { return duty.validator_index; }));
    return duties;
}

Result<std::vector<Liveness>> decode_liveness(std::string_view body, const std::vector<ValidatorIndex>& indices) {
    HOLDFAST_TRY(const Json::Value root, parse_json_object(body));
    HOLDFAST_TRY(const Json::Value* data, array_field(root, "data", indices.size()));
    return decode_asked<Liveness>(*data, indices, decode_one_liveness, [](const Liveness& one) { return one.validator_index; });
}

Result<ethereum::AttestationData> decode_attestation_data(std::string_view body) {
    HOLDFAST_TRY(const Json::Value root, parse_json_object(body));
    HOLDFAST_TRY(const Json::Value* value, object_field(root, "data"));
    ethereum::AttestationData data;
    HOLDFAST_TRY(data.slot, slot_field(*value, "slot"));
    HOLDFAST_TRY(data.index.value, number_field(*value, "index"));
    HOLDFAST_TRY(data.beacon_block_root, bytes_field<Root>(*value, "beacon_block_root"));
    HOLDFAST_TRY(data.source, checkpoint_field(*value, "source"));
    HOLDFAST_TRY(data.target, checkpoint_field(*value, "target"));
    return data;
}

Result<ethereum::AttestationData> decode_attestation_data_ssz(std::string_view body) {
    const std::vector<std::uint8_t> copy{body.begin(), body.end()};
    return ethereum::ssz::deserialize<ethereum::AttestationData>(copy);
}

std::string describe_error(std::string_view body) {
    constexpr std::size_t kBodyMax = 1U << 20U;
    if (body.size() > kBodyMax) return printable(body);
    const auto root = parse_json_object(body);
    if (!root) return printable(body);
    const auto message = string_field(root.value(), "message", std::numeric_limits<std::size_t>::max());
    std::string text = message ? printable(message.value()) : printable(body);
    const auto failures = array_field(root.value(), "failures", std::numeric_limits<std::size_t>::max());
    if (!failures || failures.value()->empty()) return text;
    text += " (" + std::to_string(failures.value()->size()) + " refused";
    const auto first = string_field((*failures.value())[0], "message", std::numeric_limits<std::size_t>::max());
    if (first) text += ", the first: " + printable(first.value());
    return text + ")";
}

}  // namespace holdfast::beacon
