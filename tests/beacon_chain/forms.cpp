#include "tests/beacon_chain/forms.hpp"

#include <algorithm>
#include <string_view>

namespace holdfast::sim {
namespace {

using ethereum::schema::Kind;

constexpr std::size_t kOffset = 4;

std::size_t place_of(const Type& type) { return type.fixed_size > 0 ? type.fixed_size : kOffset; }

void append_offset(std::size_t offset, Bytes& out) {
    for (unsigned shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::uint8_t>(offset >> shift));
}

// What varies stands behind what has its place.
Bytes joined(const std::vector<const Type*>& types, const std::vector<Bytes>& parts) {
    std::size_t head = 0;
    for (const Type* type : types) head += place_of(*type);
    Bytes fixed;
    Bytes rest;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const bool here = types[i]->fixed_size > 0;
        if (!here) append_offset(head + rest.size(), fixed);
        Bytes& place = here ? fixed : rest;
        place.insert(place.end(), parts[i].begin(), parts[i].end());
    }
    fixed.insert(fixed.end(), rest.begin(), rest.end());
    return fixed;
}

Error malformed(const std::string& what) { return failure(ErrorCode::kMalformed, what); }

// A little-endian number of any length in decimal, and back.
std::string decimal(View bytes) {
    Bytes rest(bytes.begin(), bytes.end());
    std::string digits;
    while (std::ranges::any_of(rest, [](std::uint8_t byte) { return byte != 0; })) {
        unsigned remainder = 0;
        for (std::size_t i = rest.size(); i-- > 0;) {
            const unsigned value = remainder * 256 + rest[i];
            rest[i] = static_cast<std::uint8_t>(value / 10);
            remainder = value % 10;
        }
        digits.insert(digits.begin(), static_cast<char>('0' + remainder));
    }
    return digits.empty() ? "0" : digits;
}

Result<Bytes> from_decimal(const Json::Value& json, std::size_t size) {
    if (!json.isString() || json.asString().empty()) return malformed("is not a decimal number in quotes");
    Bytes bytes(size);
    for (const char digit : json.asString()) {
        if (digit < '0' || digit > '9') return malformed("is not a decimal number");
        auto carry = static_cast<unsigned>(digit - '0');
        for (std::uint8_t& byte : bytes) {
            const unsigned value = byte * 10U + carry;
            byte = static_cast<std::uint8_t>(value);
            carry = value >> 8U;
        }
        if (carry != 0) return malformed("is too large a number");
    }
    return bytes;
}

Result<Bytes> from_hex_json(const Json::Value& json) {
    if (!json.isString() || !json.asString().starts_with("0x")) return malformed("is not hex digits behind 0x");
    const std::string text = json.asString();
    Bytes bytes(text.size() / 2 - 1);
    HOLDFAST_TRY(from_hex(text, bytes.data(), bytes.size()));
    return bytes;
}

Result<Bytes> encoded(const Type& type, const Json::Value& json);

Result<Bytes> encoded_list(const Type& type, const Json::Value& json) {
    if (!json.isArray()) return malformed("is not a list");
    std::vector<Bytes> parts;
    for (const Json::Value& item : json) {
        auto part = encoded(*type.element, item);
        if (!part) return with_context("[" + std::to_string(parts.size()) + "]", part.error());
        parts.push_back(std::move(part.value()));
    }
    return list_of(type, parts);
}

Result<Bytes> encoded_container(const Type& type, const Json::Value& json) {
    if (!json.isObject()) return malformed("is not an object");
    std::map<std::string, Bytes> fields;
    for (const auto& field : type.fields) {
        if (!json.isMember(field.name)) return malformed(field.name + " is missing");
        auto part = encoded(*field.type, json[field.name]);
        if (!part) return with_context(field.name, part.error());
        fields[field.name] = std::move(part.value());
    }
    return container(type, fields);
}

Result<Bytes> encoded(const Type& type, const Json::Value& json) {
    switch (type.kind) {
        case Kind::kUint: return from_decimal(json, type.fixed_size);
        case Kind::kBool:
            if (!json.isBool()) return malformed("is not true or false");
            return Bytes{static_cast<std::uint8_t>(json.asBool() ? 1 : 0)};
        case Kind::kVector:
        case Kind::kList: return encoded_list(type, json);
        case Kind::kContainer: return encoded_container(type, json);
        default: return from_hex_json(json);
    }
}

}  // namespace

Types::Types(const ChainConfig& config) : config_{config} {
    const ethereum::BlockPreset preset = config.preset == "minimal" ? ethereum::kMinimalPreset : ethereum::kMainnetPreset;
    electra_ = make_block_types(ethereum::ForkName::kElectra, preset);
    fulu_ = make_block_types(ethereum::ForkName::kFulu, preset);
    gloas_ = make_block_types(ethereum::ForkName::kGloas, preset);
}

const ethereum::BlockTypes& Types::at(Epoch epoch) const {
    if (epoch >= config_.gloas_epoch) return gloas_;
    return epoch >= config_.fulu_epoch ? fulu_ : electra_;
}

Bytes number(std::uint64_t value) {
    Bytes bytes;
    for (unsigned shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<std::uint8_t>(value >> shift));
    return bytes;
}

Bytes encoding(const ethereum::AttestationData& data) {
    Bytes bytes;
    const auto add = [&bytes](const Bytes& part) { bytes.insert(bytes.end(), part.begin(), part.end()); };
    add(number(data.slot.value));
    add(number(data.index.value));
    add(bytes_of(data.beacon_block_root));
    for (const ethereum::Checkpoint& point : {data.source, data.target}) {
        add(number(point.epoch.value));
        add(bytes_of(point.root));
    }
    return bytes;
}

Bytes bit_vector(const std::vector<bool>& bits) {
    Bytes bytes((bits.size() + 7) / 8);
    for (std::size_t i = 0; i < bits.size(); ++i) {
        if (bits[i]) bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | (1U << (i % 8)));
    }
    return bytes;
}

Bytes bit_list(const std::vector<bool>& bits) {
    std::vector<bool> ended = bits;
    ended.push_back(true);
    return bit_vector(ended);
}

Bytes list_of(const Type& list, const std::vector<Bytes>& elements) {
    return joined(std::vector<const Type*>(elements.size(), list.element.get()), elements);
}

Bytes blank(const Type& type) {
    if (type.kind == Kind::kContainer) return container(type, {});
    if (type.fixed_size > 0) return Bytes(type.fixed_size);
    return type.kind == Kind::kBitlist ? Bytes{1} : Bytes{};
}

Bytes container(const Type& type, const std::map<std::string, Bytes>& fields) {
    std::vector<const Type*> types;
    std::vector<Bytes> parts;
    for (const auto& field : type.fields) {
        const auto given = fields.find(field.name);
        types.push_back(field.type.get());
        parts.push_back(given == fields.end() ? blank(*field.type) : given->second);
    }
    return joined(types, parts);
}

Json::Value to_json(const Type& type, View bytes) {
    switch (type.kind) {
        case Kind::kUint: return decimal(bytes);
        case Kind::kBool: return bytes[0] == 1;
        case Kind::kVector:
        case Kind::kList: {
            Json::Value list = Json::arrayValue;
            for (const Part& part : elements(Part{&type, bytes})) list.append(to_json(*part.type, part.bytes));
            return list;
        }
        case Kind::kContainer: {
            Json::Value object = Json::objectValue;
            for (const auto& field : type.fields) {
                const Part part = find(type, bytes, {field.name});
                object[field.name] = to_json(*part.type, part.bytes);
            }
            return object;
        }
        default: return to_hex(bytes.data(), bytes.size());
    }
}

Result<Object> from_json(const ethereum::schema::TypePtr& type, const Json::Value& json) {
    HOLDFAST_TRY(Bytes bytes, encoded(*type, json));
    return Object::make(type, std::move(bytes));
}

}  // namespace holdfast::sim
