// Some fake nodes as one, in virtual time.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "shared/base/task_group.hpp"
#include "shared/base/virtual_clock.hpp"
#include "shared/beacon/beacon_nodes.hpp"
#include "tests/shared/beacon/fake_beacon_node.hpp"

namespace holdfast::beacon {

using testing::FakeBeaconNode;

template <class T>
Task<void> store(Task<T> task, std::optional<T>& into) {
    into.emplace(co_await std::move(task));
}

class BeaconNodesTest : public ::testing::Test {
protected:
    BeaconNodesTest() { make(3); }
    ~BeaconNodesTest() override {
        group.spawn("stop", nodes->stop());
        time.advance(std::chrono::seconds{1});
        nodes.reset();
        group.cancel();
        time.advance(std::chrono::seconds{1});
    }

    void make(std::size_t count, const BeaconNodesOptions& options = {}) {
        std::vector<std::unique_ptr<BeaconNode>> made;
        fakes.clear();
        for (std::size_t i = 0; i < count; ++i) {
            auto node = std::make_unique<FakeBeaconNode>(clock, "http://node" + std::to_string(i));
            fakes.push_back(node.get());
            made.push_back(std::move(node));
        }
        nodes = std::make_unique<BeaconNodes>(io.get_executor(), clock, options, std::move(made));
    }

    template <class T>
    std::optional<T> run(Task<T> task, Duration time_allowed) {
        std::optional<T> result;
        group.spawn("test", store(std::move(task), result));
        // In steps, to see how long it took.
        const SteadyTime begin = clock.steady();
        while (!result && clock.steady() < begin + time_allowed) time.advance(std::chrono::milliseconds{10});
        took = clock.steady() - begin;
        return result;
    }
    Result<void> connect(std::size_t threshold = 2, Duration allowed = std::chrono::seconds{10}) {
        const auto result = run(nodes->connect(threshold, clock.steady() + allowed), allowed + std::chrono::seconds{1});
        return result ? *result : Result<void>{failure(ErrorCode::kInternal, "connect() did not end")};
    }
    void connect_and_start() {
        const auto result = connect();
        ASSERT_TRUE(result.has_value()) << result.error().message;
        nodes->start();
        time.advance(std::chrono::seconds{2});
    }
    void all_heads(std::uint64_t slot) {
        for (FakeBeaconNode* fake : fakes) fake->sync.head_slot = Slot{slot};
    }
    [[nodiscard]] Fitness fitness(std::size_t i) const { return nodes->states()[i].fitness; }
    static HeadEvent head(std::uint64_t slot) {
        HeadEvent event;
        event.slot = Slot{slot};
        return event;
    }
    Result<AttesterDuties> duties(Duration allowed = std::chrono::seconds{10}) {
        auto result = run(nodes->attester_duties(Epoch{1}, {ValidatorIndex{1}}, clock.steady() + allowed),
                          allowed + std::chrono::seconds{1});
        return result ? *result : Result<AttesterDuties>{failure(ErrorCode::kInternal, "attester_duties() did not end")};
    }
    Result<void> publish(Duration allowed = std::chrono::seconds{10}) {
        auto result = run(nodes->publish_attestations({{}}, ethereum::ForkName::kElectra, clock.steady() + allowed),
                          allowed + std::chrono::seconds{1});
        return result ? *result : Result<void>{failure(ErrorCode::kInternal, "publish_attestations() did not end")};
    }

    boost::asio::io_context io;
    VirtualTime time{io};
    VirtualClock clock{time};
    TaskGroup group{io.get_executor()};
    std::vector<FakeBeaconNode*> fakes;
    std::unique_ptr<BeaconNodes> nodes;
    Duration took{};
};

}  // namespace holdfast::beacon
