#include "tests/beacon_chain/attestation_json.hpp"

#include <json/reader.h>
#include <json/writer.h>

#include <memory>
#include <string>

namespace holdfast::sim {
namespace {

using ethereum::Checkpoint;
using ethereum::SingleAttestation;

Error malformed(const std::string& what) { return failure(ErrorCode::kMalformed, "Could not decode request body: " + what); }

Result<Json::Value> parse(std::string_view body) {
    Json::CharReaderBuilder builder;
    builder["failIfExtra"] = true;
    builder["stackLimit"] = 64;
    const std::unique_ptr<Json::CharReader> reader{builder.newCharReader()};
    Json::Value result;
    std::string errors;
    try {
        if (!reader->parse(body.data(), body.data() + body.size(), &result, &errors)) return malformed("not JSON");
    } catch (const Json::Exception&) {
        return malformed("not JSON");
    }
    return result;
}

Result<Json::Value> parse_list(std::string_view body) {
    HOLDFAST_TRY(Json::Value list, parse(body));
    if (!list.isArray()) return malformed("not a list");
    return list;
}

Result<const Json::Value*> member(const Json::Value& object, const char* name) {
    if (!object.isObject() || !object.isMember(name)) return malformed(std::string{name} + " is missing");
    return &object[name];
}

Result<std::string> text(const Json::Value& object, const char* name) {
    HOLDFAST_TRY(const Json::Value* value, member(object, name));
    if (!value->isString()) return malformed(std::string{name} + " is not a string");
    return value->asString();
}

template <class Number>
Result<void> number(const Json::Value& object, const char* name, Number& out) {
    HOLDFAST_TRY(const std::string value, text(object, name));
    HOLDFAST_TRY(const std::uint64_t parsed, parse_decimal(value));
    out = Number{parsed};
    return success();
}

template <class Bytes>
Result<void> bytes(const Json::Value& object, const char* name, Bytes& out) {
    HOLDFAST_TRY(const std::string value, text(object, name));
    if (!value.starts_with("0x")) return malformed(std::string{name} + " has no 0x prefix");
    HOLDFAST_TRY(const Bytes parsed, parse_hex<Bytes>(value));
    out = parsed;
    return success();
}

Result<void> checkpoint(const Json::Value& object, const char* name, Checkpoint& out) {
    HOLDFAST_TRY(const Json::Value* value, member(object, name));
    HOLDFAST_TRY(number(*value, "epoch", out.epoch));
    return bytes(*value, "root", out.root);
}

Result<SingleAttestation> parse_one(const Json::Value& json) {
    SingleAttestation result;
    HOLDFAST_TRY(number(json, "committee_index", result.committee_index));
    HOLDFAST_TRY(number(json, "attester_index", result.attester_index));
    HOLDFAST_TRY(const Json::Value* data, member(json, "data"));
    HOLDFAST_TRY(number(*data, "slot", result.data.slot));
    HOLDFAST_TRY(number(*data, "index", result.data.index));
    HOLDFAST_TRY(bytes(*data, "beacon_block_root", result.data.beacon_block_root));
    HOLDFAST_TRY(checkpoint(*data, "source", result.data.source));
    HOLDFAST_TRY(checkpoint(*data, "target", result.data.target));
    HOLDFAST_TRY(bytes(json, "signature", result.signature));
    return result;
}

}  // namespace

Result<std::vector<SingleAttestation>> parse_attestations(std::string_view body) {
    HOLDFAST_TRY(const Json::Value list, parse_list(body));
    std::vector<SingleAttestation> result;
    result.reserve(list.size());
    for (const Json::Value& item : list) {
        auto parsed = parse_one(item);
        if (!parsed) return with_context("attestation " + std::to_string(result.size()), parsed.error());
        result.push_back(parsed.value());
    }
    return result;
}

Result<std::vector<std::string>> parse_strings(std::string_view body) {
    HOLDFAST_TRY(const Json::Value list, parse_list(body));
    std::vector<std::string> result;
    for (const Json::Value& item : list) {
        if (!item.isString()) return malformed("json: cannot unmarshal number into Go value of type string");
        result.push_back(item.asString());
    }
    return result;
}

Result<Json::Value> parse_object(std::string_view body) {
    HOLDFAST_TRY(Json::Value object, parse(body));
    if (!object.isObject()) return malformed("not an object");
    return object;
}

Result<Json::Value> parse_array(std::string_view body) { return parse_list(body); }

std::string one_line(const Json::Value& json) {
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "";
    builder["precision"] = 15;
    return Json::writeString(builder, json);
}

}  // namespace holdfast::sim
