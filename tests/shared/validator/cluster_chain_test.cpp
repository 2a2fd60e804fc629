#include "shared/validator/cluster_chain.hpp"

#include <gtest/gtest.h>

#include "tests/shared/validator/fake_chain.hpp"

namespace holdfast::validator {
namespace {

using namespace std::chrono_literals;

TEST(ClusterChain, EachDifferenceIsNamed) {
    const testing::FakeChain chain{WallTime{1'800'000'000s}};
    const protection::ChainIdentity same{chain.genesis.time, chain.genesis.validators_root, 12s, 8};
    EXPECT_TRUE(check_same_chain(same, chain.genesis, chain.spec));
    const auto why = [&](const protection::ChainIdentity& cluster) {
        const Result<void> result = check_same_chain(cluster, chain.genesis, chain.spec);
        return result ? std::string{} : result.error().message;
    };
    protection::ChainIdentity other = same;
    other.genesis_validators_root = testing::FakeChain::root(1, 1);
    EXPECT_NE(why(other).find("genesis validators root is 0x01"), std::string::npos) << why(other);
    other = same;
    other.genesis_time += 1s;
    EXPECT_NE(why(other).find("genesis time is 1800000001, theirs is 1800000000"), std::string::npos) << why(other);
    other = same;
    other.slot_duration = 6s;
    EXPECT_NE(why(other).find("slot duration is 6000 ms, theirs is 12000 ms"), std::string::npos) << why(other);
    other = same;
    other.slots_per_epoch = 32;
    EXPECT_NE(why(other).find("slots in an epoch is 32, theirs is 8"), std::string::npos) << why(other);
}

}  // namespace
}  // namespace holdfast::validator
