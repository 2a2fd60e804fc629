#include "shared/beacon/json_decode.hpp"

#include <json/reader.h>

#include <algorithm>
#include <memory>

namespace holdfast::beacon {
namespace {

Error wrong(const char* name, std::string_view why) {
    return failure(ErrorCode::kMalformed, "field '" + std::string{name} + "' " + std::string{why});
}

// Null if there is none.
const Json::Value* find(const Json::Value& object, const char* name) {
    if (!object.isObject()) return nullptr;
    return object.find(name, name + std::char_traits<char>::length(name));
}

Result<const Json::Value*> member(const Json::Value& object, const char* name) {
    const Json::Value* value = find(object, name);
    if (value == nullptr) return wrong(name, "is missing");
    return value;
}

std::unique_ptr<Json::CharReader> make_reader() {
    Json::CharReaderBuilder builder;
    Json::CharReaderBuilder::strictMode(&builder.settings_);
    builder["stackLimit"] = 32;
    return std::unique_ptr<Json::CharReader>{builder.newCharReader()};
}

}  // namespace

Result<Json::Value> parse_json_object(std::string_view text) {
    // A value takes a hundred times the room of its text. The largest answers are duties of 100,000 validators.
    constexpr std::ptrdiff_t kValuesMax = 2'000'000;
    if (std::ranges::count(text, ',') > kValuesMax) return failure(ErrorCode::kMalformed, "the answer has too many values");
    Json::Value root;
    try {
        std::string problem;
        const bool parsed = make_reader()->parse(text.data(), text.data() + text.size(), &root, &problem);
        if (!parsed) return failure(ErrorCode::kMalformed, "the answer is not JSON");
    } catch (const std::exception&) {
        // Nested deeper than the limit.
        return failure(ErrorCode::kMalformed, "the answer is not JSON that we can read");
    }
    if (!root.isObject()) return failure(ErrorCode::kMalformed, "the answer is not a JSON object");
    return root;
}

Result<const Json::Value*> object_field(const Json::Value& object, const char* name) {
    HOLDFAST_TRY(const Json::Value* value, member(object, name));
    if (!value->isObject()) return wrong(name, "is not an object");
    return value;
}

Result<const Json::Value*> array_field(const Json::Value& object, const char* name, std::size_t size_max) {
    HOLDFAST_TRY(const Json::Value* value, member(object, name));
    if (!value->isArray()) return wrong(name, "is not a list");
    if (value->size() > size_max) return wrong(name, "has more than " + std::to_string(size_max) + " elements");
    return value;
}

Result<std::string_view> string_field(const Json::Value& object, const char* name, std::size_t size_max) {
    HOLDFAST_TRY(const Json::Value* value, member(object, name));
    const char* begin = nullptr;
    const char* end = nullptr;
    if (!value->isString() || !value->getString(&begin, &end)) return wrong(name, "is not a string");
    const std::string_view text{begin, static_cast<std::size_t>(end - begin)};
    if (text.size() > size_max) return wrong(name, "is longer than " + std::to_string(size_max) + " bytes");
    return text;
}

Result<std::uint64_t> number_field(const Json::Value& object, const char* name) {
    constexpr std::size_t kDigitsMax = 20;
    HOLDFAST_TRY(const std::string_view text, string_field(object, name, kDigitsMax));
    const auto number = parse_decimal(text);
    if (!number) return wrong(name, "is not a decimal number in quotes");
    return number.value();
}

Result<Slot> slot_field(const Json::Value& object, const char* name) {
    constexpr std::uint64_t kSlotMax = std::uint64_t{1} << 48U;
    HOLDFAST_TRY(const std::uint64_t number, number_field(object, name));
    if (number > kSlotMax) return wrong(name, "is not a slot");
    return Slot{number};
}

Result<bool> bool_field(const Json::Value& object, const char* name) {
    HOLDFAST_TRY(const Json::Value* value, member(object, name));
    if (!value->isBool()) return wrong(name, "is neither true nor false");
    return value->asBool();
}

Result<bool> bool_field_or(const Json::Value& object, const char* name, bool when_absent) {
    if (find(object, name) == nullptr) return when_absent;
    return bool_field(object, name);
}

Result<void> hex_field(const Json::Value& object, const char* name, std::uint8_t* data, std::size_t size) {
    HOLDFAST_TRY(const std::string_view text, string_field(object, name, 2 + 2 * size));
    if (!text.starts_with("0x") || !from_hex(text, data, size)) {
        return wrong(name, "is not " + std::to_string(size) + " bytes in hexadecimal");
    }
    return success();
}

}  // namespace holdfast::beacon
