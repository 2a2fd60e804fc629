// Goal: types as data refuse what no encoder writes, and give the roots and parts of what they accept. Method: small types,
// worked out by hand; the roots of real types are compared in block_types_test.cpp and own_vectors_test.cpp.
#include "shared/ethereum/schema.hpp"

#include <gtest/gtest.h>

#include "shared/ethereum/hash.hpp"
#include "shared/ethereum/ssz.hpp"
#include "tests/shared/ethereum/sample_objects.hpp"

namespace holdfast::ethereum::schema {
namespace {

using ssz::Bytes;

// 1 + 4 + 1 + 4 fixed bytes.
TypePtr sample() {
    return container(
        {{"small", uint_of(1)}, {"numbers", list_of(uint_of(8), 4)}, {"flag", boolean()}, {"texts", list_of(byte_list(8), 3)}});
}
// small 7, numbers {1}, flag, texts {"\1\2", ""}
Bytes sample_bytes() { return {7, 10, 0, 0, 0, 1, 18, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 10, 0, 0, 0, 1, 2}; }

void expect_refused(const TypePtr& type, const Bytes& bytes, const std::string& why = "") {
    const auto checked = check(*type, bytes);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::kMalformed);
    EXPECT_NE(checked.error().message.find(why), std::string::npos) << checked.error().message;
}
void expect_good(const TypePtr& type, const Bytes& bytes) {
    const auto checked = check(*type, bytes);
    EXPECT_TRUE(checked) << checked.error().message;
}
Bytes changed(Bytes bytes, std::size_t at, std::uint8_t value) {
    bytes.at(at) = value;
    return bytes;
}
Root root_of_byte(std::uint8_t byte) {
    Root root;
    root.bytes[0] = byte;
    return root;
}

TEST(Schema, Container_WrongOffsets_AreRefused) {
    expect_good(sample(), sample_bytes());
    expect_refused(sample(), {}, "ends within its fields");
    expect_refused(sample(), Bytes(9), "ends within its fields");
    expect_refused(sample(), changed(sample_bytes(), 1, 11), "the offset of numbers");  // a gap
    expect_refused(sample(), changed(sample_bytes(), 1, 9), "the offset of numbers");   // into the fixed fields
    expect_refused(sample(), changed(sample_bytes(), 6, 9), "the offset of texts");     // back: it would overlap
    expect_refused(sample(), changed(sample_bytes(), 6, 29), "the offset of texts");    // beyond the end
    expect_refused(sample(), changed(sample_bytes(), 9, 0xff), "the offset of texts");
}

TEST(Schema, Container_OfFixedSize_NothingMoreNothingLess) {
    const TypePtr type = container({{"a", uint_of(8)}, {"b", bytes_of(4)}});
    expect_good(type, Bytes(12));
    expect_refused(type, Bytes(13), "longer");
    expect_refused(type, Bytes(11), "ends within");
    expect_refused(type, {}, "ends within");
}

TEST(Schema, WhatIsWrong_IsSaidWithItsPlace) {
    expect_refused(sample(), changed(sample_bytes(), 5, 2), "flag: ");
    Bytes long_text = sample_bytes();
    long_text.insert(long_text.end(), 9, 0);
    expect_refused(sample(), long_text, "texts: [1]: ");
}

TEST(Schema, Bool_IsZeroOrOne) {
    expect_good(boolean(), {0});
    expect_good(boolean(), {1});
    expect_refused(boolean(), {2}, "boolean");
    expect_refused(boolean(), {0xff}, "boolean");
    expect_refused(boolean(), {}, "0 bytes instead of 1");
    expect_refused(boolean(), {1, 0});
}

TEST(Schema, Bitlist_NeedsItsEndMark_AndKeepsItsLimit) {
    const TypePtr type = bitlist(10);
    expect_good(type, {1});           // no bits
    expect_good(type, {0xff, 0x07});  // 10 bits
    expect_refused(type, {}, "end mark");
    expect_refused(type, {0}, "end mark");
    expect_refused(type, {1, 0}, "end mark");
    expect_refused(type, {0xff, 0x08}, "more than 10 bits");
    expect_refused(type, {0xff, 0xff, 0xff}, "more than 10 bits");
    expect_good(bitlist(kProgressive), Bytes(1000, 1));
}

TEST(Schema, Bitvector_HasItsSize_AndNothingBeyond) {
    expect_good(bitvector(4), {0x0f});
    expect_refused(bitvector(4), {0x10}, "beyond its end");
    expect_refused(bitvector(4), {}, "instead of 1");
    expect_refused(bitvector(4), {0, 0}, "instead of 1");
    expect_good(bitvector(8), {0xff});
}

TEST(Schema, Lists_KeepTheirLimits) {
    expect_good(list_of(uint_of(8), 2), {});
    expect_good(list_of(uint_of(8), 2), Bytes(16));
    expect_refused(list_of(uint_of(8), 2), Bytes(24), "more than 2 elements");
    expect_refused(list_of(uint_of(8), 2), Bytes(9), "cut off");
    expect_refused(byte_list(2), Bytes(3), "more than 2 bytes");
    expect_good(list_of(uint_of(8), kProgressive), Bytes(8 * 5000));
    expect_refused(list_of(boolean(), 4), {1, 0, 2}, "[2]: ");
}

TEST(Schema, Lists_OfVaryingElements_WrongOffsets_AreRefused) {
    const TypePtr texts = list_of(byte_list(8), 3);
    expect_good(texts, {});
    expect_good(texts, {4, 0, 0, 0});
    expect_good(texts, {8, 0, 0, 0, 9, 0, 0, 0, 1});
    expect_refused(texts, {0});
    expect_refused(texts, {0, 0, 0, 0}, "first offset");
    expect_refused(texts, {3, 0, 0, 0}, "first offset");
    expect_refused(texts, {8, 0, 0, 0}, "first offset");               // beyond the end
    expect_refused(texts, {6, 0, 0, 0, 6, 0}, "first offset");         // no whole number of offsets
    expect_refused(texts, {8, 0, 0, 0, 7, 0, 0, 0}, "goes back");      // overlapping
    expect_refused(texts, {8, 0, 0, 0, 10, 0, 0, 0, 1}, "goes back");  // beyond the end
    expect_refused(texts, {16, 0, 0, 0, 16, 0, 0, 0, 16, 0, 0, 0, 16, 0, 0, 0}, "more than 3 elements");
}

TEST(Schema, Vectors_HaveTheirNumberOfElements) {
    expect_refused(vector_of(uint_of(8), 2), Bytes(8));
    expect_refused(vector_of(uint_of(8), 2), Bytes(24));
    const TypePtr texts = vector_of(byte_list(8), 2);
    expect_good(texts, {8, 0, 0, 0, 8, 0, 0, 0});
    expect_refused(texts, {4, 0, 0, 0}, "1 elements instead of 2");
    expect_refused(texts, {}, "0 elements instead of 2");
}

TEST(Schema, ProgressiveList_RootIsATreeOfGrowingTrees) {
    const TypePtr type = list_of(bytes_of(32), kProgressive);
    Bytes bytes(32 * 6);
    for (std::size_t i = 0; i < 6; ++i) bytes[32 * i] = static_cast<std::uint8_t>(i + 1);
    // One leaf, then four, then sixteen: hash(this subtree, the rest).
    const Root four = hash_pair(hash_pair(root_of_byte(2), root_of_byte(3)), hash_pair(root_of_byte(4), root_of_byte(5)));
    Root sixteen = root_of_byte(6);
    for (Root zero; const int level : {0, 1, 2, 3}) {
        static_cast<void>(level);
        sixteen = hash_pair(sixteen, zero);
        zero = hash_pair(zero, zero);
    }
    const Root tree = hash_pair(root_of_byte(1), hash_pair(four, hash_pair(sixteen, Root{})));
    EXPECT_EQ(to_hex(hash_tree_root(*type, bytes)), to_hex(mix_in_length(tree, 6)));
    EXPECT_EQ(hash_tree_root(*type, Bytes{}), mix_in_length(Root{}, 0));
}

TEST(Schema, ProgressiveContainer_MixesInWhichFieldsThereAre) {
    const TypePtr type = progressive_container({{"a", uint_of(8)}, {"b", uint_of(8)}});
    Bytes bytes(16);
    bytes[0] = 5;
    bytes[8] = 6;
    const Root four = hash_pair(hash_pair(root_of_byte(6), Root{}), hash_pair(Root{}, Root{}));
    EXPECT_EQ(hash_tree_root(*type, bytes), hash_pair(hash_pair(root_of_byte(5), hash_pair(four, Root{})), root_of_byte(3)));
}

TEST(Object, IsMadeOfWhatIsGoodOnly) {
    const auto made = Object::make(sample(), sample_bytes());
    ASSERT_TRUE(made);
    EXPECT_EQ(made.value().root(), hash_tree_root(*sample(), sample_bytes()));
    const auto refused = Object::make(sample(), Bytes(3));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kMalformed);
}

TEST(Object, PartsAreFoundByTheirNames) {
    const TypePtr outer = container({{"slot", uint_of(8)}, {"message", sample()}, {"signature", bytes_of(4)}});
    const Bytes slot{9, 1, 0, 0, 0, 0, 0, 0};
    const Bytes signature{1, 2, 3, 4};
    const Object object = assemble(outer, {slot, sample_bytes(), signature});
    EXPECT_TRUE(check(*outer, object.bytes));
    EXPECT_EQ(object.find({"slot"}).as_uint(), 265U);
    EXPECT_EQ(object.find({"message", "small"}).as_uint(), 7U);
    EXPECT_EQ(object.find({"signature"}).as_bytes<ForkVersion>(), (ForkVersion{{1, 2, 3, 4}}));
    const Part message = object.find({"message"});
    EXPECT_TRUE(std::ranges::equal(message.bytes, sample_bytes()));
    EXPECT_EQ(hash_tree_root(*message.type, message.bytes), hash_tree_root(*sample(), sample_bytes()));
    const std::vector<Part> texts = elements(object.find({"message", "texts"}));
    ASSERT_EQ(texts.size(), 2U);
    EXPECT_TRUE(std::ranges::equal(texts[0].bytes, Bytes{1, 2}));
    EXPECT_TRUE(texts[1].bytes.empty());
    EXPECT_EQ(elements(object.find({"message", "numbers"})).at(0).as_uint(), 1U);
    EXPECT_TRUE(object.find({}).bytes.data() == object.bytes.data());
}

TEST(Object, FieldsAndTheirTypes) {
    EXPECT_TRUE(has_field(*sample(), "flag"));
    EXPECT_FALSE(has_field(*sample(), "flags"));
    EXPECT_FALSE(has_field(*uint_of(8), "flag"));
    const TypePtr type = sample();
    EXPECT_EQ(type_of(*type, "texts"), type->fields[3].type);
    EXPECT_DEATH(static_cast<void>(type_of(*type, "flags")), "");
    const Object object{type, sample_bytes()};
    EXPECT_DEATH(static_cast<void>(object.find({"flags"})), "");
    EXPECT_DEATH(static_cast<void>(object.find({"numbers"}).as_uint()), "");
}

TEST(Object, AssembleIsTheOppositeOfFind) {
    const auto put_together_again = [](const TypePtr& type, const Bytes& bytes) {
        const auto part = [&](std::size_t i) { return find(*type, bytes, {type->fields.at(i).name}).bytes; };
        return type->fields.size() == 2 ? assemble(type, {part(0), part(1)}) : assemble(type, {part(0), part(1), part(2)});
    };
    std::size_t tried = 0;
    for (const ForkName fork : {ForkName::kElectra, ForkName::kFulu, ForkName::kGloas}) {
        for (const auto& [name, type] : named_types(make_block_types(fork, kMinimalPreset))) {
            if (type->fields.size() != 2 && type->fields.size() != 3) continue;
            const Bytes bytes = make_object(*type, 3);
            EXPECT_EQ(put_together_again(type, bytes).bytes, bytes) << name;
            ++tried;
        }
    }
    EXPECT_GT(tried, 20U);
    EXPECT_DEATH(static_cast<void>(assemble(sample(), {})), "");
}

TEST(Object, EqualIfItsBytesAre) {
    const Object one{sample(), sample_bytes()};
    EXPECT_EQ(one, (Object{sample(), sample_bytes()}));
    EXPECT_NE(one, (Object{sample(), changed(sample_bytes(), 0, 8)}));
}

}  // namespace
}  // namespace holdfast::ethereum::schema
