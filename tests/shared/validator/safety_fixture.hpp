// Three beacon nodes and a quorum that say what a test wants, over a chain in virtual time (epochs of 8 slots of 12 s), for
// what watches over our validators.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "shared/base/virtual_clock.hpp"
#include "shared/beacon/beacon_nodes.hpp"
#include "tests/shared/validator/fake_chain.hpp"
#include "tests/shared/validator/fakes.hpp"

namespace holdfast::validator {

using namespace std::chrono_literals;
using testing::FakeChain;
using testing::FakeQuorum;
using testing::key_of;

// What a node says; a test changes it.
struct Says {
    bool down{false};
    bool answers_in_part{false};                    // of liveness: not of the first that it is asked for
    std::map<Epoch, std::set<std::uint64_t>> live;  // by index
    std::vector<Epoch> liveness_asked;
    std::map<std::uint64_t, std::string> statuses;     // by index; "active_ongoing" if not there
    std::map<std::string, beacon::ChainBlock> blocks;  // by root
    std::size_t blocks_asked{0};
};

class SafetyNode final : public beacon::BeaconNode {
public:
    SafetyNode(std::string url, const FakeChain& chain, Clock& clock, Says& says)
        : url_{std::move(url)}, chain_{chain}, clock_{clock}, says_{says}, slots_{chain.spec, chain.genesis.time} {}

    [[nodiscard]] const std::string& url() const override { return url_; }
    Task<Result<ethereum::ChainSpec>> spec(SteadyTime) override { return answer(chain_.spec); }
    Task<Result<ethereum::Genesis>> genesis(SteadyTime) override { return answer(chain_.genesis); }
    Task<Result<std::string>> version(SteadyTime) override { return answer(std::string{"Fake/1"}); }
    Task<Result<beacon::SyncStatus>> syncing(SteadyTime) override {
        return answer(beacon::SyncStatus{slots_.slot_at(clock_.now()), false, false, false});
    }
    Task<Result<Root>> block_root(std::string, SteadyTime) override { return answer(Root{}); }
    Task<Result<std::vector<beacon::Validator>>> validators(std::vector<PublicKey> keys, SteadyTime) override {
        std::vector<beacon::Validator> result;
        for (const PublicKey& key : keys) {
            const std::uint64_t index = key.bytes[0] - 1U;
            const auto status = says_.statuses.find(index);
            result.push_back({ValidatorIndex{index}, key, status == says_.statuses.end() ? "active_ongoing" : status->second});
        }
        return answer(std::move(result));
    }
    Task<Result<beacon::AttesterDuties>> attester_duties(Epoch, std::vector<ValidatorIndex>, SteadyTime) override {
        return answer(beacon::AttesterDuties{});
    }
    Task<Result<beacon::ProposerDuties>> proposer_duties(Epoch, SteadyTime) override {
        return answer(beacon::ProposerDuties{});
    }
    Task<Result<std::vector<beacon::SyncDuty>>> sync_duties(Epoch, std::vector<ValidatorIndex>, SteadyTime) override {
        return answer(std::vector<beacon::SyncDuty>{});
    }
    Task<Result<ethereum::AttestationData>> attestation_data(Slot, SteadyTime) override {
        return answer(ethereum::AttestationData{});
    }
    Task<Result<void>> subscribe_committees(std::vector<beacon::CommitteeSubscription>, SteadyTime) override {
        co_return success();
    }
    Task<Result<void>> publish_attestations(std::shared_ptr<const std::string>, ethereum::ForkName, SteadyTime) override {
        co_return success();
    }
    Task<Result<std::vector<beacon::Liveness>>> liveness(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                         SteadyTime) override {
        says_.liveness_asked.push_back(epoch);
        std::vector<beacon::Liveness> result;
        for (const ValidatorIndex index : indices) result.push_back({index, says_.live[epoch].contains(index.value)});
        if (says_.answers_in_part) result.erase(result.begin());
        return answer(std::move(result));
    }
    Task<Result<beacon::ChainBlock>> block(std::string block_id, SteadyTime) override {
        ++says_.blocks_asked;
        const auto found = says_.blocks.find(block_id);
        if (found == says_.blocks.end()) return no_such<beacon::ChainBlock>();
        return answer(found->second);
    }
    Task<Result<void>> follow_events(std::function<void(beacon::NodeEvent)>) override {
        co_await sleep_for(clock_, std::chrono::hours{1000});
        co_return success();
    }

private:
    std::string url_;
    const FakeChain& chain_;
    Clock& clock_;
    Says& says_;
    ethereum::SlotClock slots_;

    template <class T>
    static Task<Result<T>> no_such() {
        co_return failure(ErrorCode::kNotFound, "no such block");
    }
    template <class T>
    Task<Result<T>> answer(T value) {
        co_await sleep_for(clock_, 2ms);
        if (says_.down) co_return failure(ErrorCode::kUnavailable, "connection refused");
        co_return value;
    }
};

class SafetyFixture : public ::testing::Test {
protected:
    boost::asio::io_context io;
    VirtualTime time{io, WallTime{1'800'000'000s}};
    VirtualClock clock{time};
    // Ten epochs old: slot 80, the first of epoch 10, begins with the test.
    FakeChain chain{WallTime{1'800'000'000s} - 80 * 12s};
    ethereum::SlotClock slots{chain.spec, chain.genesis.time};
    std::array<Says, 3> says;
    FakeQuorum quorum;
    std::unordered_map<PublicKey, ValidatorIndex> active;
    std::unique_ptr<beacon::BeaconNodes> nodes;
    TaskGroup group{io.get_executor()};

    static constexpr std::uint64_t kKeys = 4;

    void SetUp() override {
        std::vector<std::unique_ptr<beacon::BeaconNode>> list;
        for (std::size_t i = 0; i < says.size(); ++i) {
            list.push_back(std::make_unique<SafetyNode>("http://node" + std::to_string(i + 1), chain, clock, says[i]));
        }
        nodes = std::make_unique<beacon::BeaconNodes>(io.get_executor(), clock, beacon::BeaconNodesOptions{}, std::move(list));
        for (std::uint64_t i = 0; i < kKeys; ++i) active.emplace(key_of(i), ValidatorIndex{i});
        group.spawn("connect", connect(*nodes, clock));
        time.advance(1s);
        nodes->start();
        time.advance(2s);
        ASSERT_EQ(nodes->fit_count(), 3U);
    }
    void TearDown() override {
        group.cancel();
        group.spawn("stop", nodes->stop());
        time.advance(1s);
        EXPECT_EQ(group.size(), 0U);
    }
    static Task<void> connect(beacon::BeaconNodes& nodes, Clock& clock) {
        const Result<void> connected = co_await nodes.connect(2, clock.steady() + 30s);
        EXPECT_TRUE(connected);
    }

    static std::vector<PublicKey> keys(std::uint64_t count = kKeys) {
        std::vector<PublicKey> result;
        for (std::uint64_t i = 0; i < count; ++i) result.push_back(key_of(i));
        return result;
    }
    // To the start of a slot.
    void go_to(std::uint64_t slot) {
        const WallTime when = slots.start_of(Slot{slot});
        ASSERT_GE(when, time.wall());
        time.advance(when - time.wall());
    }
    void go_to_epoch(std::uint64_t epoch) { go_to(epoch * FakeChain::kSlotsPerEpoch); }
};

}  // namespace holdfast::validator
