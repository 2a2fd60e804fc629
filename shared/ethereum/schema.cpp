#include "shared/ethereum/schema.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/ethereum/hash.hpp"
#include "shared/ethereum/ssz.hpp"

namespace holdfast::ethereum::schema {

using ssz::kOffsetSize;
using ssz::malformed;

namespace {

constexpr std::size_t kChunkBytes = 32;

TypePtr make(Type type) { return std::make_shared<const Type>(std::move(type)); }

std::size_t size_in_place(const Type& type) { return type.fixed_size > 0 ? type.fixed_size : kOffsetSize; }

TypePtr make_container(std::vector<Field> fields, bool progressive) {
    std::size_t size = 0;
    bool fixed = true;
    for (const Field& field : fields) {
        size += field.type->fixed_size;
        fixed = fixed && field.type->fixed_size > 0;
    }
    return make({Kind::kContainer, fixed ? size : 0, 0, nullptr, std::move(fields), progressive});
}

// Where each field lies; bytes are split only, what is in them is not looked at.
Result<std::vector<View>> split_fields(const Type& type, View bytes) {
    std::size_t head = 0;
    for (const Field& field : type.fields) head += size_in_place(*field.type);
    if (bytes.size() < head) return malformed("a container ends within its fields");
    std::vector<View> parts(type.fields.size());
    std::size_t at = 0;
    std::size_t previous = parts.size();  // the last field that varies
    std::size_t expected = head;          // the first offset
    std::size_t begin = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const Type& field = *type.fields[i].type;
        const View here = bytes.subspan(at, size_in_place(field));
        at += here.size();
        if (field.fixed_size > 0) {
            parts[i] = here;
            continue;
        }
        const auto offset = static_cast<std::size_t>(ssz::read_uint(here));
        const bool first = previous == parts.size();
        if (offset > bytes.size() || (first ? offset != expected : offset < begin)) {
            return malformed("the offset of " + type.fields[i].name + " is impossible");
        }
        if (!first) parts[previous] = bytes.subspan(begin, offset - begin);
        previous = i;
        begin = offset;
    }
    if (previous < parts.size()) {
        parts[previous] = bytes.subspan(begin);
    } else if (bytes.size() != head) {
        return malformed("a container is longer than its fields");
    }
    return parts;
}

std::size_t count_max(const Type& type) {
    return static_cast<std::size_t>(std::min<std::uint64_t>(type.limit, std::numeric_limits<std::size_t>::max()));
}

Result<std::vector<View>> split_elements(const Type& type, View bytes) {
    std::vector<View> parts;
    const std::size_t size = type.element->fixed_size;
    if (size > 0) {
        if (bytes.size() % size != 0) return malformed("a list's last element is cut off");
        for (std::size_t at = 0; at < bytes.size(); at += size) parts.push_back(bytes.subspan(at, size));
    } else {
        HOLDFAST_TRY(const std::vector<std::size_t> offsets, ssz::read_offsets(bytes, count_max(type)));
        for (std::size_t i = 0; i < offsets.size(); ++i) {
            const std::size_t end = i + 1 < offsets.size() ? offsets[i + 1] : bytes.size();
            parts.push_back(bytes.subspan(offsets[i], end - offsets[i]));
        }
    }
    if (parts.size() > count_max(type)) return malformed("a list has more than " + std::to_string(type.limit) + " elements");
    return parts;
}

Result<void> check_bits(const Type& type, View bytes) {
    const std::size_t used = type.limit % 8;
    if (used != 0 && bytes.back() >> used != 0) return malformed("a bit vector has bits beyond its end");
    return success();
}

Result<void> check_sequence(const Type& type, View bytes) {
    // Elements that can't be wrong, such as numbers, need no look at each.
    const bool plain = type.element->kind == Kind::kUint || type.element->kind == Kind::kBytes;
    HOLDFAST_TRY(const std::vector<View> parts, split_elements(type, bytes));
    if (type.kind == Kind::kVector && parts.size() != type.limit) {
        return malformed("a vector has " + std::to_string(parts.size()) + " elements instead of " + std::to_string(type.limit));
    }
    for (std::size_t i = 0; !plain && i < parts.size(); ++i) {
        const Result<void> checked = check(*type.element, parts[i]);
        if (!checked) return with_context("[" + std::to_string(i) + "]", checked.error());
    }
    return success();
}

Result<void> check_container(const Type& type, View bytes) {
    HOLDFAST_TRY(const std::vector<View> parts, split_fields(type, bytes));
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const Result<void> checked = check(*type.fields[i].type, parts[i]);
        if (!checked) return with_context(type.fields[i].name, checked.error());
    }
    return success();
}

Root merkleize_progressive(std::span<Root> chunks, std::uint64_t leaves = 1) {
    if (chunks.empty()) return Root{};
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(leaves, chunks.size()));
    const Root rest = merkleize_progressive(chunks.subspan(count), 4 * leaves);
    return hash_pair(merkleize(chunks.first(count), leaves), rest);
}

// `per_chunk`: elements in a chunk.
Root root_of_list(std::vector<Root> chunks, std::uint64_t limit, std::uint64_t per_chunk, std::uint64_t length) {
    const Root root = limit == kProgressive
                          ? merkleize_progressive(chunks)
                          : merkleize(chunks, std::max<std::uint64_t>(1, limit / per_chunk + (limit % per_chunk != 0 ? 1 : 0)));
    return mix_in_length(root, length);
}

std::vector<Root> roots_of(const Type& element, const std::vector<View>& parts) {
    std::vector<Root> roots;
    roots.reserve(parts.size());
    for (const View part : parts) roots.push_back(hash_tree_root(element, part));
    return roots;
}

Root root_of_sequence(const Type& type, View bytes) {
    const Type& element = *type.element;
    const bool list = type.kind == Kind::kList;
    if (element.basic()) {
        const std::uint64_t per_chunk = kChunkBytes / element.fixed_size;
        std::vector<Root> chunks = ssz::pack(bytes);
        if (list) return root_of_list(std::move(chunks), type.limit, per_chunk, bytes.size() / element.fixed_size);
        return merkleize(chunks, std::max<std::size_t>(1, chunks.size()));
    }
    const std::vector<View> parts = split_elements(type, bytes).value();
    std::vector<Root> roots = roots_of(element, parts);
    if (list) return root_of_list(std::move(roots), type.limit, 1, parts.size());
    return merkleize(roots, type.limit);
}

Root root_of_bitlist(const Type& type, View bytes) {
    ssz::Bytes bits;
    std::size_t size = 0;
    HOLDFAST_ASSERT(ssz::read_bitlist(bytes, type.limit, bits, size));
    return root_of_list(ssz::pack(bits), type.limit, 8 * kChunkBytes, size);
}

Root root_of_container(const Type& type, View bytes) {
    const std::vector<View> parts = split_fields(type, bytes).value();
    std::vector<Root> roots;
    roots.reserve(parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) roots.push_back(hash_tree_root(*type.fields[i].type, parts[i]));
    if (!type.progressive) return merkleize(roots, roots.size());
    Root active;
    for (std::size_t i = 0; i < parts.size(); ++i) active.bytes[i / 8] = ssz::with_bit(active.bytes[i / 8], i % 8);
    return hash_pair(merkleize_progressive(roots), active);
}

}  // namespace

TypePtr uint_of(std::size_t bytes) { return make({Kind::kUint, bytes}); }
TypePtr boolean() { return make({Kind::kBool, 1}); }
TypePtr bytes_of(std::size_t count) { return make({Kind::kBytes, count, count}); }
TypePtr byte_list(std::uint64_t limit) { return make({Kind::kByteList, 0, limit}); }
TypePtr bitvector(std::size_t bits) { return make({Kind::kBitvector, (bits + 7) / 8, bits}); }
TypePtr bitlist(std::uint64_t limit) { return make({Kind::kBitlist, 0, limit}); }
TypePtr list_of(TypePtr element, std::uint64_t limit) { return make({Kind::kList, 0, limit, std::move(element)}); }
TypePtr container(std::vector<Field> fields) { return make_container(std::move(fields), false); }
TypePtr progressive_container(std::vector<Field> fields) { return make_container(std::move(fields), true); }

TypePtr vector_of(TypePtr element, std::uint64_t count) {
    const std::size_t size = element->fixed_size * static_cast<std::size_t>(count);
    return make({Kind::kVector, size, count, std::move(element)});
}

Result<void> check(const Type& type, View bytes) {
    if (type.fixed_size > 0 && type.kind != Kind::kContainer) {
        HOLDFAST_TRY(ssz::expect_size(bytes, type.fixed_size));
    }
    switch (type.kind) {
        case Kind::kUint:
        case Kind::kBytes: return success();
        case Kind::kBool:
            if (bytes[0] > 1) return malformed("a boolean is neither 0 nor 1");
            return success();
        case Kind::kByteList:
            if (bytes.size() > type.limit) return malformed("more than " + std::to_string(type.limit) + " bytes");
            return success();
        case Kind::kBitvector: return check_bits(type, bytes);
        case Kind::kBitlist: {
            ssz::Bytes bits;
            std::size_t size = 0;
            return ssz::read_bitlist(bytes, type.limit, bits, size);
        }
        case Kind::kVector:
        case Kind::kList: return check_sequence(type, bytes);
        case Kind::kContainer: return check_container(type, bytes);
    }
    return success();
}

Root hash_tree_root(const Type& type, View bytes) {
    switch (type.kind) {
        case Kind::kUint:
        case Kind::kBool:
        case Kind::kBytes:
        case Kind::kBitvector: {
            std::vector<Root> chunks = ssz::pack(bytes);
            return merkleize(chunks, chunks.size());
        }
        case Kind::kByteList: return root_of_list(ssz::pack(bytes), type.limit, kChunkBytes, bytes.size());
        case Kind::kBitlist: return root_of_bitlist(type, bytes);
        case Kind::kVector:
        case Kind::kList: return root_of_sequence(type, bytes);
        case Kind::kContainer: return root_of_container(type, bytes);
    }
    return {};
}

std::uint64_t Part::as_uint() const {
    HOLDFAST_ASSERT(type->basic() && bytes.size() <= sizeof(std::uint64_t));
    return ssz::read_uint(bytes);
}

bool has_field(const Type& type, std::string_view name) {
    return std::ranges::find(type.fields, name, &Field::name) != type.fields.end();
}

Part find(const Type& type, View bytes, std::initializer_list<std::string_view> path) {
    Part part{&type, bytes};
    for (const std::string_view name : path) {
        const auto field = std::ranges::find(part.type->fields, name, &Field::name);
        HOLDFAST_ASSERT(field != part.type->fields.end());
        const std::vector<View> parts = split_fields(*part.type, part.bytes).value();
        part = {field->type.get(), parts[static_cast<std::size_t>(field - part.type->fields.begin())]};
    }
    return part;
}

TypePtr type_of(const Type& type, std::string_view name) {
    const auto field = std::ranges::find(type.fields, name, &Field::name);
    HOLDFAST_ASSERT(field != type.fields.end());
    return field->type;
}

Result<Object> Object::make(TypePtr type, std::vector<std::uint8_t> bytes) {
    HOLDFAST_TRY(check(*type, bytes));
    return Object{std::move(type), std::move(bytes)};
}

Part Object::find(std::initializer_list<std::string_view> path) const { return schema::find(*type, bytes, path); }

Object assemble(TypePtr container, std::initializer_list<View> fields) {
    HOLDFAST_ASSERT(container->fields.size() == fields.size());
    std::size_t fixed = 0;
    for (const Field& field : container->fields)
        fixed += field.type->fixed_size > 0 ? field.type->fixed_size : ssz::kOffsetSize;
    ssz::Bytes head;
    ssz::Bytes tail;
    auto field = container->fields.begin();
    for (const View part : fields) {
        const bool is_fixed = (field++)->type->fixed_size > 0;
        if (!is_fixed) ssz::append_uint(fixed + tail.size(), ssz::kOffsetSize, head);
        ssz::Bytes& place = is_fixed ? head : tail;
        place.insert(place.end(), part.begin(), part.end());
    }
    head.insert(head.end(), tail.begin(), tail.end());
    return {std::move(container), std::move(head)};
}

std::vector<Part> elements(const Part& sequence) {
    const std::vector<View> views = split_elements(*sequence.type, sequence.bytes).value();
    std::vector<Part> parts;
    parts.reserve(views.size());
    for (const View view : views) parts.push_back({sequence.type->element.get(), view});
    return parts;
}

}  // namespace holdfast::ethereum::schema
