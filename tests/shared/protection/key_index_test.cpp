// Goal: a key is found exactly where it was put. Method: against std::map, with keys that differ in one bit and keys that begin
// alike.
#include "shared/protection/key_index.hpp"

#include <gtest/gtest.h>

#include <map>

#include "shared/base/random.hpp"

namespace holdfast::protection {
namespace {

class KeyIndexTest : public ::testing::Test {
protected:
    std::vector<PublicKey> list_;
    KeyIndex index_;

    [[nodiscard]] std::uint32_t find(const PublicKey& key) const {
        return index_.find(key, [this](std::uint32_t at) -> const PublicKey& { return list_[at]; });
    }
    void insert(const PublicKey& key) {
        index_.insert(key, static_cast<std::uint32_t>(list_.size()));
        list_.push_back(key);
    }
};

TEST_F(KeyIndexTest, AnEmptyOneFindsNothing) {
    EXPECT_EQ(find(PublicKey{}), KeyIndex::kNone);
    index_.prefetch(PublicKey{});
}

TEST_F(KeyIndexTest, KeysThatDifferInOneBitAreDifferent) {
    insert(PublicKey{});
    for (std::size_t bit = 0; bit < 8 * PublicKey::kSize; ++bit) {
        PublicKey key;
        key.bytes[bit / 8] = static_cast<std::uint8_t>(1U << (bit % 8));
        EXPECT_EQ(find(key), KeyIndex::kNone);
        insert(key);
        EXPECT_EQ(find(key), list_.size() - 1);
    }
    EXPECT_EQ(find(PublicKey{}), 0U);
}

TEST_F(KeyIndexTest, AgreesWithAMap) {
    SeededRandom random{4};
    std::map<PublicKey, std::uint32_t> expected;
    for (int i = 0; i < 20'000; ++i) {
        PublicKey key;
        const std::uint64_t number = random.below(15'000);
        std::memcpy(key.data() + PublicKey::kSize - sizeof number, &number, sizeof number);
        const auto known = expected.find(key);
        ASSERT_EQ(find(key), known == expected.end() ? KeyIndex::kNone : known->second);
        if (known != expected.end()) continue;
        expected.emplace(key, static_cast<std::uint32_t>(list_.size()));
        insert(key);
    }
    EXPECT_GT(list_.size(), 10'000U);
}

}  // namespace
}  // namespace holdfast::protection
