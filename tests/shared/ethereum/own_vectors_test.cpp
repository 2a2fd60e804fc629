// Goal: without the official vectors too, what is hashed stays as it is. Method: objects made from seeds, of every type of
// every fork; their roots are in own_vectors.txt, made when the official vectors and the executable consensus-specs agreed with
// this code on the same types (docs/ssz.md). Damaged encodings of the same objects are refused, or are other objects.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/shared/ethereum/sample_objects.hpp"
#include "tests/shared/ethereum/vectors.hpp"

namespace holdfast::ethereum {
namespace {

struct Chain {
    const char* fork_name;
    const char* preset_name;
    ForkName fork;
    BlockPreset preset;
};

const std::vector<Chain>& chains() {
    static const std::vector<Chain> kChains{
        {"electra", "mainnet", ForkName::kElectra, kMainnetPreset}, {"electra", "minimal", ForkName::kElectra, kMinimalPreset},
        {"fulu", "mainnet", ForkName::kFulu, kMainnetPreset},       {"fulu", "minimal", ForkName::kFulu, kMinimalPreset},
        {"gloas", "mainnet", ForkName::kGloas, kMainnetPreset},     {"gloas", "minimal", ForkName::kGloas, kMinimalPreset}};
    return kChains;
}

// Calls see(name, type, seed, bytes) for each object of a chain's types.
template <class See>
void each_object(const Chain& chain, See see) {
    for (const auto& [name, type] : named_types(make_block_types(chain.fork, chain.preset))) {
        for (const std::uint64_t seed : {0U, 1U}) see(name, *type, seed, make_object(*type, seed));
    }
}

// "gloas minimal Attestation 1: 237 bytes, 0x..."
std::string line(const Chain& chain, const std::string& name, const schema::Type& type, std::uint64_t seed,
                 schema::View bytes) {
    return std::string{chain.fork_name} + " " + chain.preset_name + " " + name + " " + std::to_string(seed) + ": " +
           std::to_string(bytes.size()) + " bytes, " + to_hex(schema::hash_tree_root(type, bytes));
}

std::vector<std::string> pinned() {
    std::ifstream file{HOLDFAST_OWN_VECTORS};
    std::vector<std::string> lines;
    for (std::string text; std::getline(file, text);) {
        if (!text.empty() && text.front() != '#') lines.push_back(text);
    }
    return lines;
}

// With HOLDFAST_NEW_VECTORS=FILE each line is written there too, and after it the object's bytes: for another implementation
// to compare, and for a new own_vectors.txt.
TEST(OwnVectors, RootsAreAsPinned) {
    std::vector<std::string> lines;
    const char* new_file = std::getenv("HOLDFAST_NEW_VECTORS");
    std::ofstream written{new_file != nullptr ? new_file : "/dev/null"};
    for (const Chain& chain : chains()) {
        each_object(chain, [&](const std::string& name, const schema::Type& type, std::uint64_t seed, schema::View bytes) {
            const auto checked = schema::check(type, bytes);
            ASSERT_TRUE(checked) << name << ": " << checked.error().message;
            lines.push_back(line(chain, name, type, seed, bytes));
            written << lines.back() << " " << to_hex(bytes.data(), bytes.size()) << "\n";
        });
    }
    const std::vector<std::string> expected = pinned();
    for (std::size_t i = 0; i < std::min(lines.size(), expected.size()); ++i) EXPECT_EQ(lines[i], expected[i]);
    EXPECT_EQ(lines.size(), expected.size());
}

TEST(OwnVectors, WhatIsCutOffOrTooLong_IsRefusedOrAnotherObject) {
    for (const Chain& chain : chains()) {
        each_object(chain, [](const std::string& name, const schema::Type& type, std::uint64_t, const ssz::Bytes& bytes) {
            SCOPED_TRACE(name);
            expect_damage_is_seen(type, bytes, schema::hash_tree_root(type, bytes));
        });
    }
}

// Which of a container's fields varies in size, and where its offset lies.
std::vector<std::size_t> offsets_of(const schema::Type& type) {
    std::vector<std::size_t> places;
    std::size_t at = 0;
    for (const schema::Field& field : type.fields) {
        if (field.type->fixed_size == 0) places.push_back(at);
        at += field.type->fixed_size > 0 ? field.type->fixed_size : ssz::kOffsetSize;
    }
    return places;
}

ssz::Bytes with_offset(ssz::Bytes bytes, std::size_t at, std::uint64_t offset) {
    for (std::size_t i = 0; i < ssz::kOffsetSize; ++i) bytes[at + i] = static_cast<std::uint8_t>(offset >> 8 * i);
    return bytes;
}

TEST(OwnVectors, WrongOffsets_AreRefused) {
    std::size_t tried = 0;
    for (const Chain& chain : chains()) {
        each_object(chain, [&](const std::string& name, const schema::Type& type, std::uint64_t, const ssz::Bytes& bytes) {
            SCOPED_TRACE(name);
            const std::vector<std::size_t> places = offsets_of(type);
            for (const std::size_t at : places) {
                const std::uint64_t offset = ssz::read_uint(schema::View{bytes}.subspan(at, ssz::kOffsetSize));
                EXPECT_FALSE(schema::check(type, with_offset(bytes, at, bytes.size() + 1))) << "beyond the end";
                EXPECT_FALSE(schema::check(type, with_offset(bytes, at, 0xffffffff))) << "far beyond the end";
                EXPECT_FALSE(schema::check(type, with_offset(bytes, at, 0))) << "into the fixed fields";
                if (at != places.front()) continue;
                EXPECT_FALSE(schema::check(type, with_offset(bytes, at, offset - 1))) << "the first, overlapping";
                EXPECT_FALSE(schema::check(type, with_offset(bytes, at, offset + 1))) << "the first, leaving a gap";
                ++tried;
            }
        });
    }
    EXPECT_GT(tried, 100U);
}

}  // namespace
}  // namespace holdfast::ethereum
