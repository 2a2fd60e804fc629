// A duty in virtual time, over three nodes, a quorum and a door that do what the test says. Slots of 12 s, epochs of 32; Fulu
// from the start, Gloas from epoch 1 on; genesis is now.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/virtual_clock.hpp"
#include "shared/duties/duty_parts.hpp"
#include "shared/duties/duty_report.hpp"
#include "tests/shared/beacon/fake_beacon_node.hpp"
#include "tests/shared/validator/fakes.hpp"

namespace holdfast::duties {

using namespace std::chrono_literals;
using beacon::testing::FakeBeaconNode;
using validator::testing::FakeDoor;
using validator::testing::FakeQuorum;

inline constexpr Duration kSlotTime = 12s;

inline PublicKey test_key(std::uint8_t number) {
    PublicKey key;
    key.bytes.fill(number);
    return key;
}

class DutyFixture : public ::testing::Test {
protected:
    boost::asio::io_context io;
    VirtualTime time{io};
    VirtualClock clock{time};
    ethereum::ChainSpec spec{ethereum::ChainSpec::parse(values()).value()};
    ethereum::SlotClock slots{spec, beacon::testing::chain_genesis().time};
    Gate gate;
    FakeQuorum quorum;
    FakeDoor door;
    std::vector<FakeBeaconNode*> fakes;
    std::unique_ptr<beacon::BeaconNodes> nodes;
    TaskGroup group{io.get_executor()};
    std::vector<DutyReport> reports;
    DutyObserver observer{[this](const DutyReport& report) { reports.push_back(report); }};

    explicit DutyFixture(std::vector<PublicKey> keys, const beacon::BeaconNodesOptions& options = {}) : door{std::move(keys)} {
        std::vector<std::unique_ptr<beacon::BeaconNode>> made;
        for (std::size_t i = 0; i < 3; ++i) {
            auto node = std::make_unique<FakeBeaconNode>(clock, "http://node" + std::to_string(i + 1));
            node->spec_said = values();
            fakes.push_back(node.get());
            made.push_back(std::move(node));
        }
        nodes = std::make_unique<beacon::BeaconNodes>(io.get_executor(), clock, options, std::move(made));
        group.spawn("connect", connect(*nodes, clock.steady() + 10s));
        time.advance(1s);
        gate.open();
    }
    ~DutyFixture() override {
        group.spawn("stop", nodes->stop());
        time.advance(1s);
        end_tasks();
    }

    // By a test's own fixture before what its tasks use is gone.
    void end_tasks() {
        group.cancel();
        time.advance(1s);
    }
    static std::map<std::string, std::string> values() {
        std::map<std::string, std::string> all = beacon::testing::spec_values();
        all["FULU_FORK_VERSION"] = "0x70000042";
        all["FULU_FORK_EPOCH"] = "0";
        all["GLOAS_FORK_VERSION"] = "0x80000042";
        all["GLOAS_FORK_EPOCH"] = "1";
        return all;
    }
    static Task<void> connect(beacon::BeaconNodes& nodes, SteadyTime deadline) {
        const Result<void> connected = co_await nodes.connect(2, deadline);
        EXPECT_TRUE(connected) << (connected ? "" : connected.error().message);
        nodes.start();
    }
    DutyParts parts() { return {io.get_executor(), clock, *nodes, slots, gate, door, quorum, 2}; }
    void go_to(Slot slot, Duration into = {}) {
        const WallTime when = slots.start_of(slot) + into;
        ASSERT_GE(when, time.wall());
        time.advance(when - time.wall());
    }
    void all_nodes(const std::string& call, const FakeBeaconNode::Behaviour& how) {
        for (FakeBeaconNode* fake : fakes) fake->behaviour[call] = how;
    }
    std::size_t asked(const std::string& call) {
        std::size_t sum = 0;
        for (FakeBeaconNode* fake : fakes) sum += fake->asked[call];
        return sum;
    }
    [[nodiscard]] Domain domain(const DomainType& type, Epoch epoch) const {
        return ethereum::domain_at(spec, beacon::testing::chain_genesis().validators_root, type, epoch);
    }
};

}  // namespace holdfast::duties
