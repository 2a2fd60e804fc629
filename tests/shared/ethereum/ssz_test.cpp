// Goal: SSZ decodes only what an encoder writes, and hashes as the specification says, on small examples worked out by hand.
#include "shared/ethereum/ssz.hpp"

#include <gtest/gtest.h>

#include "shared/ethereum/containers.hpp"

namespace holdfast::ethereum {

// A container with everything of varying size, for these tests only.
struct Sample {
    std::uint8_t small{0};
    ssz::List<std::uint64_t, 4> numbers;
    bool flag{false};
    ssz::List<ssz::ByteList<8>, 3> texts;
    friend bool operator==(const Sample&, const Sample&) = default;
};
namespace ssz {
template <>
struct Fields<Sample> {
    static constexpr auto kAll = std::tuple{&Sample::small, &Sample::numbers, &Sample::flag, &Sample::texts};
};
}  // namespace ssz

namespace {

using ssz::Bytes;

TEST(Ssz, Checkpoint_RootIsTheHashOfItsTwoFields) {
    Checkpoint checkpoint{Epoch{5}, {}};
    checkpoint.root.bytes[0] = 9;
    Root epoch;
    epoch.bytes[0] = 5;
    EXPECT_EQ(ssz::hash_tree_root(checkpoint), hash_pair(epoch, checkpoint.root));
}

TEST(Ssz, Sha256_KnownAnswer) {
    EXPECT_EQ(to_hex(sha256({})), "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Ssz, AttestationData_Is128Bytes) { EXPECT_EQ(ssz::serialize(AttestationData{}).size(), 128U); }

TEST(Ssz, Sample_RoundTrip) {
    Sample sample;
    sample.small = 7;
    sample.numbers.elements = {1, 2, 3};
    sample.flag = true;
    sample.texts.elements = {{{1, 2}}, {{}}, {{3}}};
    const Bytes bytes = ssz::serialize(sample);
    // 1 + 4 + 1 + 4 fixed, 24 of numbers, 12 of offsets, 3 of text
    EXPECT_EQ(bytes.size(), 10U + 24U + 12U + 3U);
    const auto back = ssz::deserialize<Sample>(bytes);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back.value(), sample);
}

TEST(Ssz, List_RootMixesInItsLength) {
    ssz::List<std::uint64_t, 4> list;
    list.elements = {1};
    Root one;
    one.bytes[0] = 1;
    EXPECT_EQ(ssz::hash_tree_root(list), mix_in_length(one, 1));
    // 64 numbers are 16 chunks: a tree of depth 4
    ssz::List<std::uint64_t, 64> longer;
    Root zero;
    for (int i = 0; i < 4; ++i) zero = hash_pair(zero, zero);
    EXPECT_EQ(ssz::hash_tree_root(longer), mix_in_length(zero, 0));
}

Root root_of_byte(std::uint8_t byte) {
    Root root;
    root.bytes[0] = byte;
    return root;
}

TEST(Ssz, Vector_BasicElementsShareChunks) {
    const std::array<std::uint64_t, 5> numbers{1, 2, 3, 4, 5};
    const Bytes bytes = ssz::serialize(numbers);
    EXPECT_EQ(bytes.size(), 40U);
    Root first;
    for (std::size_t i = 0; i < 4; ++i) first.bytes[8 * i] = static_cast<std::uint8_t>(i + 1);
    EXPECT_EQ(ssz::hash_tree_root(numbers), hash_pair(first, root_of_byte(5)));
    EXPECT_EQ((ssz::deserialize<std::array<std::uint64_t, 5>>(bytes).value()), numbers);
}

TEST(Ssz, Vector_OthersByTheirRoots) {
    const std::array<Root, 3> roots{root_of_byte(1), root_of_byte(2), root_of_byte(3)};
    const Root expected = hash_pair(hash_pair(roots[0], roots[1]), hash_pair(roots[2], Root{}));
    EXPECT_EQ(ssz::hash_tree_root(roots), expected);
    EXPECT_EQ((ssz::deserialize<std::array<Root, 3>>(ssz::serialize(roots)).value()), roots);
}

TEST(Ssz, Bitvector_RootPacksItsBits) {
    ssz::Bitvector<300> bits;
    bits.set(0);
    bits.set(299);
    Root second;
    second.bytes[5] = 0x08;
    EXPECT_EQ(ssz::hash_tree_root(bits), hash_pair(root_of_byte(1), second));
}

template <class T>
void expect_refused(const Bytes& bytes) {
    const auto value = ssz::deserialize<T>(bytes);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().code, ErrorCode::kMalformed);
}

TEST(Ssz, WrongSize_Refused) {
    expect_refused<Checkpoint>(Bytes(39));
    expect_refused<Checkpoint>(Bytes(41));
    expect_refused<Checkpoint>({});
}

TEST(Ssz, BooleanOtherThanZeroAndOne_Refused) { expect_refused<bool>({2}); }

TEST(Ssz, ContainerOffsets_WrongOnes_Refused) {
    Sample sample;
    sample.numbers.elements = {1, 2};
    const Bytes good = ssz::serialize(sample);
    ASSERT_TRUE(ssz::deserialize<Sample>(good));
    Bytes gap = good;
    gap[1] = 11;  // the first offset leaves a hole
    expect_refused<Sample>(gap);
    Bytes back = good;
    back[6] = 9;  // the second points before the first
    expect_refused<Sample>(back);
    Bytes beyond = good;
    beyond[6] = 200;
    expect_refused<Sample>(beyond);
    expect_refused<Sample>(Bytes(good.begin(), good.begin() + 9));
    Bytes trailing = good;
    trailing.push_back(0);
    expect_refused<Sample>(trailing);
}

TEST(Ssz, VectorOfAnotherLength_Refused) {
    expect_refused<std::array<std::uint64_t, 2>>(Bytes(8));
    expect_refused<std::array<std::uint64_t, 2>>(Bytes(24));
    using Texts = std::array<ssz::ByteList<8>, 2>;
    EXPECT_TRUE(ssz::deserialize<Texts>(Bytes{8, 0, 0, 0, 8, 0, 0, 0}));
    expect_refused<Texts>({4, 0, 0, 0});
    expect_refused<Texts>({12, 0, 0, 0, 12, 0, 0, 0, 12, 0, 0, 0});
}

TEST(Ssz, ListOverItsLimit_Refused) {
    expect_refused<ssz::List<std::uint64_t, 2>>(Bytes(24));
    expect_refused<ssz::ByteList<2>>(Bytes(3));
    expect_refused<ssz::List<std::uint64_t, 2>>(Bytes(9));
}

TEST(Ssz, ListOffsets_WrongOnes_Refused) {
    using Texts = ssz::List<ssz::ByteList<8>, 3>;
    EXPECT_TRUE(ssz::deserialize<Texts>(Bytes{}));
    expect_refused<Texts>({0, 0, 0, 0});
    expect_refused<Texts>({3, 0, 0, 0});
    expect_refused<Texts>({8, 0, 0, 0});
    expect_refused<Texts>({8, 0, 0, 0, 7, 0, 0, 0});
    expect_refused<Texts>({16, 0, 0, 0, 16, 0, 0, 0, 16, 0, 0, 0, 16, 0, 0, 0});
}

TEST(Ssz, Bitlist_EndMarkIsNeeded) {
    using Bits = ssz::Bitlist<10>;
    expect_refused<Bits>({});
    expect_refused<Bits>({0});
    expect_refused<Bits>({1, 0});
    expect_refused<Bits>({0xFF, 0x08});  // 11 bits
    const auto bits = ssz::deserialize<Bits>(Bytes{0x01, 0x01});
    ASSERT_TRUE(bits);
    EXPECT_EQ(bits.value().size, 8U);
    EXPECT_TRUE(bits.value().get(0));
    EXPECT_EQ(ssz::serialize(bits.value()), (Bytes{0x01, 0x01}));
    EXPECT_EQ(ssz::serialize(Bits{}), (Bytes{0x01}));
}

TEST(Ssz, Bitvector_BitsBeyondItsEnd_Refused) {
    EXPECT_TRUE(ssz::deserialize<ssz::Bitvector<4>>(Bytes{0x0F}));
    expect_refused<ssz::Bitvector<4>>({0x10});
}

}  // namespace
}  // namespace holdfast::ethereum
