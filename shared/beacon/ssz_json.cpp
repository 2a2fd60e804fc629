#include "shared/beacon/ssz_json.hpp"

#include <algorithm>
#include <array>

#include "shared/beacon/json_decode.hpp"
#include "shared/beacon/json_write.hpp"

namespace holdfast::beacon {

using ethereum::schema::Kind;
using ethereum::schema::Type;
using ethereum::schema::View;
using ethereum::ssz::Bytes;
using ethereum::ssz::kOffsetSize;

namespace {

constexpr std::size_t kUintBytesMax = 32;

Error wrong(const std::string& what) { return failure(ErrorCode::kMalformed, what); }

// Decimal digits into `size` bytes, little endian.
Result<void> append_uint(const Json::Value& value, std::size_t size, Bytes& out) {
    if (!value.isString()) return wrong("is not a number in quotes");
    const std::string text = value.asString();
    if (text.empty() || (text.size() > 1 && text[0] == '0')) return wrong("'" + text + "' is not a number");
    std::array<std::uint8_t, kUintBytesMax> number{};
    for (const char digit : text) {
        if (digit < '0' || digit > '9') return wrong("'" + text + "' is not a number");
        auto carry = static_cast<unsigned>(digit - '0');
        for (std::size_t i = 0; i < size; ++i) {
            carry += number[i] * 10U;
            number[i] = static_cast<std::uint8_t>(carry);
            carry >>= 8U;
        }
        if (carry != 0) return wrong("'" + text + "' is too large");
    }
    out.insert(out.end(), number.begin(), number.begin() + static_cast<std::ptrdiff_t>(size));
    return success();
}

std::string uint_text(View bytes) {
    std::vector<std::uint8_t> number(bytes.begin(), bytes.end());
    std::string text;
    do {
        unsigned rest = 0;
        for (std::size_t i = number.size(); i-- > 0;) {
            rest = rest << 8U | number[i];
            number[i] = static_cast<std::uint8_t>(rest / 10);
            rest %= 10;
        }
        text.push_back(static_cast<char>('0' + rest));
    } while (std::ranges::any_of(number, [](std::uint8_t byte) { return byte != 0; }));
    std::ranges::reverse(text);
    return text;
}

Result<void> append_hex(const Json::Value& value, Bytes& out) {
    const char* begin = nullptr;
    const char* end = nullptr;
    if (!value.isString() || !value.getString(&begin, &end)) return wrong("is not a text of 0x and hex digits");
    const std::string_view text{begin, static_cast<std::size_t>(end - begin)};
    if (text.size() < 2 || text.size() % 2 != 0) return wrong("is not a text of 0x and hex digits");
    const std::size_t at = out.size();
    out.resize(at + text.size() / 2 - 1);
    return from_hex(text, out.data() + at, out.size() - at);
}

Result<void> append(const Type& type, const Json::Value& value, Bytes& out);

Result<void> check_size(std::size_t size, std::size_t expected) {
    if (size == expected) return success();
    return wrong("has " + std::to_string(size) + " bytes instead of " + std::to_string(expected));
}

// One after another, or behind a table of offsets.
class Sequence {
public:
    // `head`: the size of what lies in place, offsets included.
    Sequence(Bytes& out, std::size_t head) : out_{out}, start_{out.size()}, at_{out.size()} { out.resize(start_ + head); }

    Result<void> add(const Type& type, const Json::Value& value) {
        if (type.fixed_size > 0) {
            Bytes part;
            HOLDFAST_TRY(append(type, value, part));
            HOLDFAST_TRY(check_size(part.size(), type.fixed_size));
            std::ranges::copy(part, out_.begin() + static_cast<std::ptrdiff_t>(at_));
            at_ += part.size();
            return success();
        }
        const std::size_t offset = out_.size() - start_;
        for (std::size_t i = 0; i < kOffsetSize; ++i) out_[at_++] = static_cast<std::uint8_t>(offset >> (8 * i));
        return append(type, value, out_);
    }

private:
    Bytes& out_;
    std::size_t start_;
    std::size_t at_;
};

std::size_t size_in_place(const Type& type) { return type.fixed_size > 0 ? type.fixed_size : kOffsetSize; }

Result<void> append_container(const Type& type, const Json::Value& value, Bytes& out) {
    if (!value.isObject()) return wrong("is not an object");
    std::size_t head = 0;
    for (const auto& field : type.fields) head += size_in_place(*field.type);
    Sequence sequence{out, head};
    for (const auto& field : type.fields) {
        const Json::Value* member = value.find(field.name.data(), field.name.data() + field.name.size());
        const Result<void> added = member == nullptr ? Result<void>{wrong("is missing")} : sequence.add(*field.type, *member);
        if (!added) return with_context(field.name, added.error());
    }
    return success();
}

// Of a fixed size: one behind the other, so that no more room is taken than what has been read fills.
Result<void> append_fixed(const Type& element, const Json::Value& value, Bytes& out) {
    const std::size_t before = out.size();
    HOLDFAST_TRY(append(element, value, out));
    return check_size(out.size() - before, element.fixed_size);
}

Result<void> append_elements(const Type& type, const Json::Value& value, Bytes& out) {
    if (!value.isArray()) return wrong("is not an array");
    if (value.size() > type.limit) return wrong("has more than " + std::to_string(type.limit) + " elements");
    const bool fixed = type.element->fixed_size > 0;
    Sequence sequence{out, fixed ? 0 : kOffsetSize * value.size()};
    for (Json::ArrayIndex i = 0; i < value.size(); ++i) {
        const Result<void> added = fixed ? append_fixed(*type.element, value[i], out) : sequence.add(*type.element, value[i]);
        if (!added) return with_context("[" + std::to_string(i) + "]", added.error());
    }
    return success();
}

Result<void> append(const Type& type, const Json::Value& value, Bytes& out) {
    switch (type.kind) {
        case Kind::kUint: return append_uint(value, type.fixed_size, out);
        case Kind::kBool:
            if (!value.isBool()) return wrong("is neither true nor false");
            out.push_back(value.asBool() ? 1 : 0);
            return success();
        case Kind::kBytes:
        case Kind::kByteList:
        case Kind::kBitvector:
        case Kind::kBitlist: return append_hex(value, out);
        case Kind::kVector:
        case Kind::kList: return append_elements(type, value, out);
        case Kind::kContainer: return append_container(type, value, out);
    }
    return success();
}

}  // namespace

Result<Bytes> encode_json(const Type& type, const Json::Value& value) {
    Bytes bytes;
    HOLDFAST_TRY(append(type, value, bytes));
    // Lengths of lists and bits are judged there.
    HOLDFAST_TRY(ethereum::schema::check(type, bytes));
    return bytes;
}

Json::Value decode_to_json(const Type& type, View bytes) {
    switch (type.kind) {
        case Kind::kUint: return uint_text(bytes);
        case Kind::kBool: return bytes[0] != 0;
        case Kind::kBytes:
        case Kind::kByteList:
        case Kind::kBitvector:
        case Kind::kBitlist: return to_hex(bytes.data(), bytes.size());
        case Kind::kVector:
        case Kind::kList: {
            Json::Value array{Json::arrayValue};
            for (const auto& part : ethereum::schema::elements({&type, bytes}))
                array.append(decode_to_json(*part.type, part.bytes));
            return array;
        }
        case Kind::kContainer: {
            Json::Value object{Json::objectValue};
            for (const auto& field : type.fields) {
                const auto part = ethereum::schema::find(type, bytes, {field.name});
                object[field.name] = decode_to_json(*part.type, part.bytes);
            }
            return object;
        }
    }
    return {};
}

void append_json(const Type& type, View bytes, std::string& text) {
    switch (type.kind) {
        case Kind::kUint:
            if (bytes.size() <= sizeof(std::uint64_t)) {
                append_number(text, "\"", ethereum::ssz::read_uint(bytes));
            } else {
                text += '"' + uint_text(bytes) + '"';
            }
            break;
        case Kind::kBool: text += bytes[0] != 0 ? "true" : "false"; break;
        case Kind::kBytes:
        case Kind::kByteList:
        case Kind::kBitvector:
        case Kind::kBitlist:
            text += '"';
            append_hex_digits(text, bytes);
            text += '"';
            break;
        case Kind::kVector:
        case Kind::kList: {
            char before = '[';
            for (const auto& part : ethereum::schema::elements({&type, bytes})) {
                text += before;
                append_json(*part.type, part.bytes, text);
                before = ',';
            }
            text += before == '[' ? "[]" : "]";
            break;
        }
        case Kind::kContainer: {
            char before = '{';
            for (const auto& field : type.fields) {
                text += before;
                text += '"' + field.name + "\":";
                const auto part = ethereum::schema::find(type, bytes, {field.name});
                append_json(*part.type, part.bytes, text);
                before = ',';
            }
            text += '}';
            break;
        }
    }
}

}  // namespace holdfast::beacon
