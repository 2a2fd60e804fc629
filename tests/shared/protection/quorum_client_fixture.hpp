// A quorum client over protectors in memory, in virtual time.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>

#include "shared/base/virtual_clock.hpp"
#include "shared/protection/http_quorum_client.hpp"
#include "tests/shared/protection/fake_protectors.hpp"

namespace holdfast::protection {

template <class T>
Task<void> store_result(Task<T> task, Clock& clock, std::optional<T>& result, SteadyTime& when) {
    T value = co_await std::move(task);
    when = clock.steady();
    result.emplace(std::move(value));
}

struct QuorumClientFixture : testing::Test {
    boost::asio::io_context io;
    VirtualTime time{io};
    VirtualClock clock{time};
    SeededRandom random{1};
    FakeNetwork network{clock};
    Cluster cluster;
    std::unique_ptr<HttpQuorumClient> client;
    TaskGroup group{io.get_executor()};
    Duration took{};  // by the last run()

    // Generation 1 is ours.
    QuorumClientFixture() {
        make(4, 3);
        EXPECT_TRUE(run(client->acquire(clock.steady() + std::chrono::seconds{2})));
    }

    // What still goes on uses the clock and the network.
    void TearDown() override {
        group.cancel();
        client.reset();
        time.advance(std::chrono::milliseconds{1});
    }

    void make(std::size_t members, std::size_t quorum, Mode mode = Mode::kFenced) {
        cluster = {};
        cluster.name = "test";
        cluster.quorum = quorum;
        cluster.mode = mode;
        cluster.chain.genesis_validators_root = root(99);
        cluster.chain.slot_duration = std::chrono::seconds{12};
        for (std::size_t i = 1; i <= members; ++i) cluster.members.push_back({"p" + std::to_string(i), url(i)});
        for (const ClusterMember& member : cluster.members) {
            FakeProtector& fake = network.protectors[member.url];
            fake = {};
            fake.node = member.name;
            fake.cluster = cluster.id();
            fake.mode = mode;
        }
        client = make_client("primary");
    }
    std::unique_ptr<HttpQuorumClient> make_client(const std::string& instance) {
        HttpQuorumOptions options;
        options.cluster = cluster;
        options.instance = instance;
        return HttpQuorumClient::create(io.get_executor(), clock, random, network, std::move(options)).value();
    }

    static std::string url(std::size_t number) { return "http://127.0.0.1:" + std::to_string(number); }
    FakeProtector& protector(std::size_t number) { return network.protectors.at(url(number)); }

    // Begins the task, lets `for_time` pass, and expects it to have ended.
    template <class T>
    T run(Task<T> task, Duration for_time = std::chrono::seconds{3}) {
        std::optional<T> result;
        SteadyTime ended;
        const SteadyTime start = clock.steady();
        group.spawn("test", store_result(std::move(task), clock, result, ended));
        time.advance(for_time);
        EXPECT_TRUE(result.has_value()) << "it has not ended";
        if (!result) std::abort();
        took = ended - start;
        return std::move(*result);
    }
    Decision decide(ethereum::AttestationData data, std::vector<PublicKey> asked, Duration limit = std::chrono::seconds{2}) {
        return run(client->approve_attestation(data, attester_domain(), std::move(asked), clock.steady() + limit),
                   limit + std::chrono::seconds{1});
    }
};

}  // namespace holdfast::protection
