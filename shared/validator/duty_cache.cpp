#include "shared/validator/duty_cache.hpp"

#include <json/json.h>

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_map>
#include <utility>

#include "shared/base/file.hpp"
#include "shared/base/log.hpp"
#include "shared/ethereum/hash.hpp"

namespace holdfast::validator {

using beacon::AttesterDuties;
using beacon::AttesterDuty;
using beacon::ProposerDuties;
using beacon::ProposerDuty;
using beacon::Validator;

namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kBytesMax = std::size_t{256} << 20U;

using KeyOf = std::unordered_map<ValidatorIndex, PublicKey>;

std::string digest(std::vector<PublicKey> keys) {
    std::ranges::sort(keys);
    std::vector<std::uint8_t> all;
    for (const PublicKey& key : keys) all.insert(all.end(), key.bytes.begin(), key.bytes.end());
    return to_hex(ethereum::sha256(all));
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

template <class Items, class Render>
std::string list(const Items& items, Render render) {
    std::string text = "[";
    for (const auto& item : items) text += (text.size() > 1 ? ",\n" : "") + render(item);
    return text + "]";
}

template <std::size_t N>
std::string row(const std::array<std::uint64_t, N>& numbers) {
    return list(numbers, [](std::uint64_t number) { return std::to_string(number); });
}

std::string epoch_of(Epoch epoch, const std::optional<Root>& root, const std::string& duties) {
    return "{\"epoch\":" + to_string(epoch) + ",\"dependent_root\":" + (root ? quoted(to_hex(*root)) : "null") +
           ",\"duties\":" + duties + "}";
}

std::string render(const AttesterDuties& of) {
    return epoch_of(of.epoch, of.dependent_root, list(of.duties, [](const AttesterDuty& duty) {
                        return row<6>({duty.validator_index.value, duty.slot.value, duty.committee_index.value,
                                       duty.committee_length, duty.committees_at_slot, duty.validator_committee_index});
                    }));
}

std::string render(const ProposerDuties& of) {
    return epoch_of(of.epoch, of.dependent_root, list(of.duties, [](const ProposerDuty& duty) {
                        return row<2>({duty.validator_index.value, duty.slot.value});
                    }));
}

Error malformed(const std::string& what) { return failure(ErrorCode::kMalformed, what); }

template <std::size_t N>
Result<std::array<std::uint64_t, N>> take_row(const Json::Value& value) {
    if (!value.isArray() || value.size() != N) return malformed("a duty is no row of " + std::to_string(N) + " numbers");
    std::array<std::uint64_t, N> numbers{};
    for (Json::ArrayIndex i = 0; i < N; ++i) {
        if (!value[i].isUInt64()) return malformed("a duty has something that is no number");
        numbers[i] = value[i].asUInt64();
    }
    return numbers;
}

Result<PublicKey> take_key(const KeyOf& keys, std::uint64_t index) {
    const auto key = keys.find(ValidatorIndex{index});
    if (key == keys.end()) return malformed("validator " + std::to_string(index) + " is not among the validators");
    return key->second;
}

Result<std::vector<Validator>> take_validators(const Json::Value& list) {
    if (!list.isArray()) return malformed("there are no validators");
    std::vector<Validator> validators;
    for (const Json::Value& value : list) {
        const bool good =
            value.isArray() && value.size() == 3 && value[0].isUInt64() && value[1].isString() && value[2].isString();
        if (!good) return malformed("a validator is no row of index, key and status");
        HOLDFAST_TRY(const PublicKey key, parse_hex<PublicKey>(value[1].asString()));
        validators.push_back({ValidatorIndex{value[0].asUInt64()}, key, value[2].asString()});
    }
    return validators;
}

struct OfEpoch {
    Epoch epoch;
    std::optional<Root> dependent_root;
};

Result<OfEpoch> take_epoch(const Json::Value& value) {
    if (!value.isObject() || !value["epoch"].isUInt64() || !value["duties"].isArray()) return malformed("an epoch is none");
    OfEpoch of{Epoch{value["epoch"].asUInt64()}, std::nullopt};
    if (value["dependent_root"].isNull()) return of;
    if (!value["dependent_root"].isString()) return malformed("a dependent root is no text");
    HOLDFAST_TRY(of.dependent_root, parse_hex<Root>(value["dependent_root"].asString()));
    return of;
}

Result<AttesterDuties> take_attesters(const Json::Value& value, const KeyOf& keys) {
    HOLDFAST_TRY(const OfEpoch of, take_epoch(value));
    AttesterDuties duties{of.epoch, of.dependent_root.value_or(Root{}), {}};
    for (const Json::Value& item : value["duties"]) {
        HOLDFAST_TRY(const auto n, take_row<6>(item));
        HOLDFAST_TRY(const PublicKey key, take_key(keys, n[0]));
        duties.duties.push_back({key, ValidatorIndex{n[0]}, Slot{n[1]}, CommitteeIndex{n[2]}, n[3], n[4], n[5]});
    }
    return duties;
}

Result<ProposerDuties> take_proposers(const Json::Value& value, const KeyOf& keys) {
    HOLDFAST_TRY(const OfEpoch of, take_epoch(value));
    ProposerDuties duties{of.epoch, {}, of.dependent_root};
    for (const Json::Value& item : value["duties"]) {
        HOLDFAST_TRY(const auto n, take_row<2>(item));
        HOLDFAST_TRY(const PublicKey key, take_key(keys, n[0]));
        duties.duties.push_back({key, ValidatorIndex{n[0]}, Slot{n[1]}});
    }
    return duties;
}

Result<Json::Value> parse(std::string_view text) {
    Json::CharReaderBuilder builder;
    Json::CharReaderBuilder::strictMode(&builder.settings_);
    const std::unique_ptr<Json::CharReader> reader{builder.newCharReader()};
    Json::Value root;
    std::string errors;
    try {
        if (reader->parse(text.data(), text.data() + text.size(), &root, &errors) && root.isObject()) return root;
    } catch (const Json::Exception&) {
        // Nested too deeply.
    }
    return malformed("it is not a JSON object");
}

Result<void> check_whose(const Json::Value& root, const Root& chain, const std::vector<PublicKey>& keys) {
    if (!root["version"].isUInt64() || root["version"].asUInt64() != kVersion) return malformed("it is of another version");
    if (!root["chain"].isString() || root["chain"].asString() != to_hex(chain)) {
        return failure(ErrorCode::kInvalidArgument, "it is of another chain");
    }
    if (!root["keys"].isString() || root["keys"].asString() != digest(keys)) {
        return failure(ErrorCode::kInvalidArgument, "it is of other keys");
    }
    return success();
}

}  // namespace

bool KeptDuties::has(Epoch epoch) const {
    return std::ranges::any_of(attesters, [epoch](const AttesterDuties& duties) { return duties.epoch == epoch; });
}

std::string encode(const KeptDuties& duties, const std::vector<PublicKey>& keys) {
    const auto validator = [](const Validator& one) {
        return "[" + to_string(one.index) + "," + quoted(to_hex(one.key)) + "," + quoted(one.status) + "]";
    };
    const auto any = [](const auto& of) { return render(of); };
    return "{\"version\":" + std::to_string(kVersion) + ",\"chain\":" + quoted(to_hex(duties.chain)) +
           ",\"keys\":" + quoted(digest(keys)) + ",\n\"validators\":" + list(duties.validators, validator) +
           ",\n\"attesters\":" + list(duties.attesters, any) + ",\n\"proposers\":" + list(duties.proposers, any) + "}\n";
}

Result<KeptDuties> decode_duties(std::string_view text, const Root& chain, const std::vector<PublicKey>& keys) {
    HOLDFAST_TRY(const Json::Value root, parse(text));
    HOLDFAST_TRY(check_whose(root, chain, keys));
    KeptDuties duties;
    duties.chain = chain;
    HOLDFAST_TRY(duties.validators, take_validators(root["validators"]));
    KeyOf key_of;
    for (const Validator& validator : duties.validators) key_of[validator.index] = validator.key;
    if (!root["attesters"].isArray() || !root["proposers"].isArray()) return malformed("duties are missing");
    for (const Json::Value& value : root["attesters"]) {
        HOLDFAST_TRY(AttesterDuties of, take_attesters(value, key_of));
        duties.attesters.push_back(std::move(of));
    }
    for (const Json::Value& value : root["proposers"]) {
        HOLDFAST_TRY(ProposerDuties of, take_proposers(value, key_of));
        duties.proposers.push_back(std::move(of));
    }
    return duties;
}

DutyCache::DutyCache(const std::string& directory, std::size_t threads)
    : path_{directory.empty() ? "" : directory + "/" + kFileName}, disk_{directory.empty() ? 0 : threads} {}

Task<std::optional<KeptDuties>> DutyCache::load(Root chain, std::vector<PublicKey> keys) {
    if (!on()) co_return std::nullopt;
    auto work = [path = path_, chain, keys = std::move(keys)]() -> std::unique_ptr<Result<KeptDuties>> {
        const Result<std::string> text = read_file(path, kBytesMax);
        if (!text) return std::make_unique<Result<KeptDuties>>(text.error());
        return std::make_unique<Result<KeptDuties>>(decode_duties(text.value(), chain, keys));
    };
    const std::unique_ptr<Result<KeptDuties>> result = co_await disk_.run(std::move(work));
    if (*result) co_return std::move(*result).value();
    if (result->error().code != ErrorCode::kNotFound) {
        log_warn("the duties kept in {} are left aside: {}", path_, result->error().message);
    }
    co_return std::nullopt;
}

Task<void> DutyCache::store(KeptDuties duties, std::vector<PublicKey> keys) {
    if (!on()) co_return;
    auto work = [path = path_, duties = std::move(duties), keys = std::move(keys)] {
        return std::make_unique<Result<void>>(write_private_file(path, encode(duties, keys)));
    };
    const std::unique_ptr<Result<void>> written = co_await disk_.run(std::move(work));
    if (!*written) log_warn("duties could not be kept for a restart: {}", written->error().message);
}

}  // namespace holdfast::validator
