// The whole engine in virtual time, over a chain and three nodes that see it, a quorum and a door that do what the test says.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "shared/base/virtual_clock.hpp"
#include "shared/validator/engine.hpp"
#include "tests/shared/validator/fake_chain.hpp"
#include "tests/shared/validator/fakes.hpp"

namespace holdfast::validator {

using namespace std::chrono_literals;
using testing::FakeChain;
using testing::FakeDoor;
using testing::FakeNode;
using testing::FakeQuorum;
using testing::key_of;

inline constexpr Duration kSlotTime = 12s;

struct EngineStart {
    bool connected{false};
    bool started{false};
    bool on_duty{false};
    bool running{false};
    bool ended{false};
    std::string error;
};

// `warm`: not on duty.
inline Task<void> run_engine(beacon::BeaconNodes& nodes, Engine& engine, Clock& clock, std::size_t threshold, bool warm,
                             EngineStart& result) {
    const Result<void> connected = co_await nodes.connect(threshold, clock.steady() + 30s);
    result.connected = connected.has_value();
    if (!connected) result.error = connected.error().message;
    if (!connected) co_return;
    const Result<void> started = co_await engine.start(clock.steady() + 30s);
    result.started = started.has_value();
    if (!started) result.error = started.error().message;
    if (!started) co_return;
    if (!warm) {
        const Result<void> on_duty = co_await engine.take_over(clock.steady() + 30s);
        result.on_duty = on_duty.has_value();
        if (!on_duty) result.error = on_duty.error().message;
        if (!on_duty) co_return;
    }
    result.running = true;
    co_await engine.run();
    result.ended = true;
}

class EngineFixture : public ::testing::Test {
protected:
    boost::asio::io_context io;
    VirtualTime time{io, WallTime{1'800'000'000s}};
    VirtualClock clock{time};
    VirtualClock node_clock{time};
    bool nodes_have_their_own_clock{false};
    FakeChain chain{WallTime{1'800'000'000s} - 16 * kSlotTime + 2s};  // two epochs old; slot 16 begins in 2 s
    std::array<FakeNode::Control, 3> controls;
    FakeQuorum quorum;
    std::vector<duties::SlotReport> reports;       // of what was performed, or should have been
    std::vector<duties::SlotReport> only_decided;  // gate closed
    std::vector<duties::DutyReport> others;        // of all duties but attestations
    std::size_t turns{0};
    bool well{true};
    bool doppelganger_detection{false};
    EngineOptions options;
    std::unique_ptr<FakeDoor> door;
    std::unique_ptr<beacon::BeaconNodes> nodes;
    std::unique_ptr<Engine> engine;
    std::unique_ptr<TaskGroup> group;
    EngineStart start;

    static constexpr std::uint64_t kKeys = 16;

    void begin(std::size_t threshold = 2, bool warm = false) {
        std::vector<std::unique_ptr<beacon::BeaconNode>> list;
        Clock& seen_by_nodes = nodes_have_their_own_clock ? node_clock : clock;
        for (std::size_t i = 0; i < controls.size(); ++i) {
            list.push_back(
                std::make_unique<FakeNode>("http://node" + std::to_string(i + 1), chain, seen_by_nodes, controls[i]));
        }
        nodes = std::make_unique<beacon::BeaconNodes>(io.get_executor(), clock, beacon::BeaconNodesOptions{}, std::move(list));
        std::vector<PublicKey> keys;
        for (std::uint64_t i = 0; i < kKeys; ++i) keys.push_back(key_of(i));
        door = std::make_unique<FakeDoor>(keys);
        options.attestation.threshold = threshold;
        options.safety.doppelganger.enabled = doppelganger_detection;
        EngineHooks hooks;
        hooks.on_report = [this](const duties::SlotReport& report) {
            if (!report.only_decided) reports.push_back(report);
            if (report.only_decided) only_decided.push_back(report);
        };
        hooks.on_duty = [this](const duties::DutyReport& report) { others.push_back(report); };
        hooks.on_turn = [this] { ++turns; };
        hooks.well = [this] { return well; };
        engine = std::make_unique<Engine>(io.get_executor(), clock, *nodes, *door, quorum, options, std::move(hooks));
        group = std::make_unique<TaskGroup>(io.get_executor());
        group->spawn("engine", run_engine(*nodes, *engine, clock, threshold, warm, start));
        time.advance(1s);
        ASSERT_TRUE(start.started) << start.error;
    }

    void TearDown() override {
        if (!engine) return;
        if (start.running && !start.ended) {
            engine->request_stop();
            time.advance(5 * kSlotTime);
        }
        EXPECT_EQ(start.ended, start.running) << "the engine did not stop";
        group->cancel();
        group->spawn("stop", nodes->stop());
        time.advance(1s);
    }

    void begin_warm() { begin(2, true); }

    // To `into` that slot; 16 is the first that begins.
    void go_to(std::uint64_t slot, Duration into) {
        const WallTime when = chain.genesis.time + kSlotTime * static_cast<std::int64_t>(slot) + into;
        ASSERT_GE(when, time.wall());
        time.advance(when - time.wall());
    }

    // Who attested at which slots, as a node received it; the same vote once more (LateDelivery) counts once, another one
    // twice.
    static std::multimap<std::uint64_t, Slot> by_validator(const FakeNode::Control& control) {
        std::set<std::tuple<std::uint64_t, Slot, Root>> votes;
        for (const FakeNode::Sent& sent : control.sent) votes.emplace(sent.validator.value, sent.slot, sent.block);
        std::multimap<std::uint64_t, Slot> result;
        for (const auto& [validator, slot, block] : votes) result.emplace(validator, slot);
        return result;
    }
    void expect_all_attested(std::uint64_t first_epoch, std::uint64_t epochs, const FakeNode::Control& control) const {
        const auto sent = by_validator(control);
        for (std::uint64_t index = 0; index < kKeys; ++index) {
            std::vector<Slot> slots;
            const auto [from, to] = sent.equal_range(index);
            for (auto it = from; it != to; ++it) {
                const std::uint64_t epoch = it->second.value / FakeChain::kSlotsPerEpoch;
                if (epoch >= first_epoch && epoch < first_epoch + epochs) slots.push_back(it->second);
            }
            ASSERT_EQ(slots.size(), epochs) << "validator " << index;
            for (std::uint64_t i = 0; i < epochs; ++i) {
                EXPECT_EQ(slots[i], chain.duty_slot(Epoch{first_epoch + i}, index)) << "validator " << index;
            }
        }
    }
    void expect_right_heads(const FakeNode::Control& control) const {
        for (const FakeNode::Sent& sent : control.sent) {
            EXPECT_EQ(sent.block, chain.block(chain.head_at(sent.slot))) << "slot " << sent.slot.value;
        }
    }
    const duties::SlotReport* report_of(std::uint64_t slot) const {
        for (const duties::SlotReport& report : reports) {
            if (report.slot.value == slot) return &report;
        }
        return nullptr;
    }
};

}  // namespace holdfast::validator
