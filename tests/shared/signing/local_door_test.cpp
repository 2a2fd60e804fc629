// Goal: nothing slashable passes the door without the quorum's approval; what passes is signed right.
#include "shared/signing/local_door.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <type_traits>

#include "shared/base/task_group.hpp"
#include "shared/ethereum/bls.hpp"
#include "shared/ethereum/interop_keys.hpp"
#include "shared/ethereum/signing_root.hpp"

// Stands in for the real issuer, which this test does not link: the one class that may make an Approval.
namespace holdfast::protection {
class ApprovalIssuer {
public:
    static signing::Approval issue(const Root& root, std::vector<PublicKey> keys) { return {root, std::move(keys)}; }
};
}  // namespace holdfast::protection

namespace holdfast::signing {
namespace {

static_assert(!std::is_constructible_v<Approval, const Root&, std::vector<PublicKey>>, "only the quorum makes approvals");
static_assert(!std::is_default_constructible_v<Approval>);

LoadedKeys interop_keys(std::uint64_t count) {
    LoadedKeys loaded;
    for (std::uint64_t i = 0; i < count; ++i) {
        loaded.vault.add(ethereum::interop_secret(i));
        loaded.keys.push_back(ethereum::derive_public_key(ethereum::interop_secret(i)));
    }
    return loaded;
}

struct LocalDoorTest : testing::TestWithParam<std::size_t> {
    boost::asio::io_context io;
    WorkerPool workers{GetParam()};
    LocalDoor door{interop_keys(5), workers};

    template <class T>
    static Task<void> keep(Task<T> task, std::optional<T>& out) {
        out = co_await std::move(task);
    }
    template <class T>
    T run(Task<T> task) {
        std::optional<T> out;
        TaskGroup group{io.get_executor()};
        group.spawn("test", keep(std::move(task), out));
        io.restart();
        io.run();
        return std::move(*out);
    }
};

TEST_P(LocalDoorTest, Approved_SignedByEachKeyInOrder) {
    const auto keys = door.keys();
    const auto result = run(door.sign_approved(protection::ApprovalIssuer::issue(Root{{7}}, keys)));
    ASSERT_TRUE(result);
    ASSERT_EQ(result.value().size(), keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        EXPECT_EQ(result.value()[i].key, keys[i]);
        EXPECT_TRUE(ethereum::bls_verify(keys[i], Root{{7}}, result.value()[i].signature));
    }
}

TEST_P(LocalDoorTest, ApprovedKeyThatIsNotHere_NotFound) {
    const auto result = run(door.sign_approved(protection::ApprovalIssuer::issue(Root{}, {PublicKey{{1}}})));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
}

TEST_P(LocalDoorTest, BlockAndAttestationDomains_RefusedWithoutApproval) {
    for (const DomainType type : {ethereum::kDomainBeaconProposer, ethereum::kDomainBeaconAttester}) {
        const Domain domain = ethereum::compute_domain(type, ForkVersion{{6, 0, 0, 0}}, Root{{3}});
        for (const MessageKind kind : {MessageKind::kRandaoReveal, MessageKind::kAggregateAndProof}) {
            const auto result = run(door.sign(Message{kind, Root{{1}}, domain}, {door.keys()[0]}, Urgency::kBlock));
            ASSERT_FALSE(result);
            EXPECT_EQ(result.error().code, ErrorCode::kRefused);
        }
    }
}

TEST_P(LocalDoorTest, AnotherKindsDomain_Refused) {
    const Domain domain = ethereum::compute_domain(ethereum::kDomainVoluntaryExit, ForkVersion{}, Root{});
    const auto result =
        run(door.sign(Message{MessageKind::kRandaoReveal, Root{{1}}, domain}, {door.keys()[0]}, Urgency::kBlock));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kRefused);
}

TEST_P(LocalDoorTest, DomainOfItsKind_SignedWithEachKey) {
    const Domain domain = ethereum::compute_domain(ethereum::kDomainRandao, ForkVersion{}, Root{});
    const auto result = run(door.sign(Message{MessageKind::kRandaoReveal, Root{{1}}, domain}, door.keys(), Urgency::kBlock));
    ASSERT_TRUE(result);
    ASSERT_EQ(result.value().size(), door.keys().size());
    for (const SignedKey& made : result.value()) {
        EXPECT_TRUE(ethereum::bls_verify(made.key, ethereum::compute_signing_root(Root{{1}}, domain), made.signature));
    }
}

INSTANTIATE_TEST_SUITE_P(InPlaceAndOnThreads, LocalDoorTest, testing::Values(0, 3));

TEST(KeyVault, OfAGivenSize_SetInAnyOrder) {
    KeyVault vault{2050};
    EXPECT_EQ(vault.size(), 2050U);
    vault.set(2049, ethereum::interop_secret(9));
    vault.set(0, ethereum::interop_secret(8));
    EXPECT_TRUE(std::ranges::equal(vault.at(2049), ethereum::interop_secret(9)));
    EXPECT_TRUE(std::ranges::equal(vault.at(0), ethereum::interop_secret(8)));
    EXPECT_TRUE(std::ranges::all_of(vault.at(1), [](std::uint8_t byte) { return byte == 0; }));
    EXPECT_EQ(vault.add(ethereum::interop_secret(7)), 2050U);
    EXPECT_TRUE(std::ranges::equal(vault.at(2050), ethereum::interop_secret(7)));
}

TEST(KeyVault, ManyKeys_EachStaysWhereItIs) {
    KeyVault vault;
    for (std::uint64_t i = 0; i < 5000; ++i) EXPECT_EQ(vault.add(ethereum::interop_secret(i)), i);
    for (const std::uint64_t i : {0ULL, 2047ULL, 2048ULL, 4999ULL}) {
        EXPECT_TRUE(std::ranges::equal(vault.at(i), ethereum::interop_secret(i)));
    }
}

}  // namespace
}  // namespace holdfast::signing
