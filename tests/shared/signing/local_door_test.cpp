// Goal: nothing slashable passes the door without the quorum's approval; what passes is signed right.
#include "shared/signing/local_door.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <future>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

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

struct BusyDoorTest : testing::Test {
    boost::asio::io_context io;
    TaskGroup group{io.get_executor()};
    WorkerPool workers{1};
    std::vector<PublicKey> keys;
    std::unique_ptr<LocalDoor> door;
    std::vector<std::string> finished;
    std::promise<void> latch;
    std::promise<void> at_work;
    const Domain ahead{ethereum::compute_domain(ethereum::kDomainSelectionProof, ForkVersion{}, Root{})};
    const Domain block{ethereum::compute_domain(ethereum::kDomainRandao, ForkVersion{}, Root{})};

    void SetUp() override {
        door = std::make_unique<LocalDoor>(interop_keys(3), workers);
        // Some keys many times: the same work as many keys.
        for (int i = 0; i < 100; ++i) keys.push_back(door->keys()[static_cast<std::size_t>(i % 3)]);
    }
    static Task<void> hold(WorkerPool& pool, std::promise<void>& entered, std::shared_future<void> until) {
        auto work = [&entered, until] {
            entered.set_value();
            until.wait();
            return true;
        };
        co_await pool.run(std::move(work), 0);
    }
    static Task<void> sign(LocalDoor& door, Message message, std::vector<PublicKey> keys, Urgency urgency, std::string name,
                           std::vector<std::string>& finished) {
        const auto result = co_await door.sign(std::move(message), std::move(keys), urgency);
        if (result) finished.push_back(std::move(name));
    }
    static Task<void> sign_approved(LocalDoor& door, Approval approval, std::vector<std::string>& finished) {
        const auto result = co_await door.sign_approved(std::move(approval));
        if (result) finished.emplace_back("approved");
    }
    // The only thread is held up until `latch`.
    void occupy() {
        group.spawn("hold", hold(workers, at_work, latch.get_future().share()));
        io.poll();
        at_work.get_future().wait();
    }
    void ask(const Domain& domain, MessageKind kind, Urgency urgency, const std::string& name) {
        group.spawn(name, sign(*door, Message{kind, Root{{1}}, domain}, keys, urgency, name, finished));
        io.poll();
    }
};

TEST_F(BusyDoorTest, UrgentMessages_OvertakeWhatWasAskedBefore) {
    occupy();
    ask(ahead, MessageKind::kSelectionProof, Urgency::kAhead, "ahead");
    ask(ahead, MessageKind::kSelectionProof, Urgency::kSoon, "soon");
    ask(block, MessageKind::kRandaoReveal, Urgency::kBlock, "block");
    group.spawn("approved", sign_approved(*door, protection::ApprovalIssuer::issue(Root{{7}}, keys), finished));
    io.poll();
    latch.set_value();
    io.run();
    EXPECT_EQ(finished, (std::vector<std::string>{"block", "approved", "soon", "ahead"}));
}

TEST_F(BusyDoorTest, PiecesAreSmall_AndEveryThreadHasWork) {
    EXPECT_EQ(LocalDoor::piece_size(10'000, 2), 16U);
    EXPECT_EQ(LocalDoor::piece_size(13, 2), 2U);
    EXPECT_EQ(LocalDoor::piece_size(1, 8), 1U);
    EXPECT_EQ(LocalDoor::piece_size(40, 0), 10U);
}

TEST_F(BusyDoorTest, DoorAndDutyGone_ThreadsFinishWithoutThem) {
    occupy();
    ask(ahead, MessageKind::kSelectionProof, Urgency::kAhead, "ahead");
    group.cancel();
    io.poll();
    door.reset();
    latch.set_value();
    io.run();
    EXPECT_TRUE(finished.empty());
    EXPECT_EQ(group.size(), 0U);
}

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
