// Goal: the quorum client asks all, goes on with Q, never waits for the slow, never counts a protector twice. Method: virtual
// time and protectors in memory behind a fake HTTP client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <map>

#include "shared/base/virtual_clock.hpp"
#include "shared/ethereum/signing_root.hpp"
#include "shared/protection/http_quorum_client.hpp"
#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protection {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

enum class Mode { kWell, kDown, kHangs, kBroken, kGarbage, kOtherKeys };

struct FakeProtector {
    std::string node;
    Mode mode{Mode::kWell};
    Duration delay{milliseconds{1}};
    Root genesis_validators_root{root(99)};
    std::size_t requests{0};
    std::size_t recorded{0};
    std::map<PublicKey, ValidatorRecord> records;

    std::string verdicts(const std::string& body, Clock&) {
        const auto request = parse_attestation_request(body).value();
        const AttestationMark mark{request.data->source.epoch, request.data->target.epoch,
                                   ethereum::attestation_signing_root(*request.data, request.domain)};
        std::vector<Verdict> verdicts;
        for (const PublicKey& asked : request.keys) {
            verdicts.push_back(decide_attestation(records[asked], mark, {Epoch{100}, Slot{3200}}));
            if (verdicts.back().outcome != Outcome::kApproved) continue;
            records[asked].attestation = mark;
            ++recorded;
        }
        auto answered = request.keys;
        if (mode == Mode::kOtherKeys) std::swap(answered.front(), answered.back());
        return render_answer(node, answered, std::vector{mark}, verdicts);
    }
};

class FakeNetwork final : public net::HttpClient {
public:
    explicit FakeNetwork(Clock& clock) : clock_{clock} {}
    std::map<std::string, FakeProtector> protectors;

    Task<Result<net::HttpResponse>> send(net::HttpRequest request, SteadyTime deadline) override {
        const auto path = request.url.find("/v1/");
        FakeProtector& protector = protectors.at(request.url.substr(0, path));
        ++protector.requests;
        if (protector.mode == Mode::kDown) co_return failure(ErrorCode::kUnavailable, "connection refused");
        const SteadyTime when = protector.mode == Mode::kHangs ? deadline : clock_.steady() + protector.delay;
        co_await sleep_until(clock_, std::min(when, deadline));
        if (clock_.steady() >= deadline) co_return failure(ErrorCode::kTimeout, "no answer in time");
        if (protector.mode == Mode::kBroken) co_return net::HttpResponse{503, {}, "busy"};
        if (protector.mode == Mode::kGarbage) co_return net::HttpResponse{200, {}, "<html>"};
        if (request.url.ends_with("/v1/status")) {
            co_return net::HttpResponse{200,
                                        {},
                                        R"({"node":")" + protector.node + R"(","version":"v1","genesis_validators_root":")" +
                                            to_hex(protector.genesis_validators_root) + "\"}"};
        }
        co_return net::HttpResponse{200, {}, protector.verdicts(request.body, clock_)};
    }

    Task<Result<void>> stream(net::HttpRequest, Duration, std::function<bool(std::string_view)>) override {
        co_return failure(ErrorCode::kInternal, "not used");
    }

private:
    Clock& clock_;
};

Task<void> ask(QuorumClient& client, ethereum::AttestationData data, std::vector<PublicKey> asked, SteadyTime deadline,
               Clock& clock, std::optional<Decision>& decision, SteadyTime& when) {
    auto result = co_await client.approve_attestation(data, attester_domain(), std::move(asked), deadline);
    when = clock.steady();
    decision = std::move(result);
}

struct QuorumClientTest : testing::Test {
    boost::asio::io_context io;
    VirtualTime time{io};
    VirtualClock clock{time};
    FakeNetwork network{clock};
    std::unique_ptr<HttpQuorumClient> client;
    TaskGroup group{io.get_executor()};
    SteadyTime decided_at;

    QuorumClientTest() { make(4, 3); }

    void make(std::size_t members, std::size_t quorum) {
        HttpQuorumOptions options;
        options.quorum = quorum;
        options.genesis_validators_root = root(99);
        for (std::size_t i = 1; i <= members; ++i) {
            options.urls.push_back(url(i));
            network.protectors[url(i)].node = "p" + std::to_string(i);
        }
        client = HttpQuorumClient::create(io.get_executor(), clock, network, options).value();
    }

    static std::string url(std::size_t number) { return "http://p" + std::to_string(number) + ":1"; }
    FakeProtector& protector(std::size_t number) { return network.protectors.at(url(number)); }

    // Asks and lets `run` pass.
    Decision decide(ethereum::AttestationData data, std::vector<PublicKey> asked, Duration run = seconds{2}) {
        std::optional<Decision> decision;
        const SteadyTime start = clock.steady();
        group.spawn("ask", ask(*client, data, std::move(asked), start + seconds{2}, clock, decision, decided_at));
        time.advance(run);
        EXPECT_TRUE(decision.has_value());
        took = decided_at - start;
        return decision ? std::move(*decision) : Decision{};
    }
    Duration took{};
};

TEST_F(QuorumClientTest, AllWell_OneApprovalWithTheSigningRoot) {
    const auto data = attestation_data(1, 2, 3);
    const Decision decision = decide(data, keys(50));
    ASSERT_THAT(decision.approvals, SizeIs(1));
    EXPECT_EQ(decision.approvals[0].signing_root(), ethereum::attestation_signing_root(data, attester_domain()));
    EXPECT_EQ(decision.approvals[0].keys(), keys(50));
    EXPECT_THAT(decision.denials, IsEmpty());
    for (std::size_t i = 1; i <= 4; ++i) EXPECT_EQ(protector(i).requests, 1U);
}

TEST_F(QuorumClientTest, OneHangs_CostsNothing) {
    protector(2).mode = Mode::kHangs;
    EXPECT_THAT(decide(attestation_data(1, 2, 3), keys(2)).approvals, SizeIs(1));
    EXPECT_EQ(took, milliseconds{1});
}

TEST_F(QuorumClientTest, SlowMember_RecordsInTheBackground) {
    protector(4).delay = seconds{1};
    EXPECT_THAT(decide(attestation_data(1, 2, 3), keys(2)).approvals, SizeIs(1));
    EXPECT_EQ(took, milliseconds{1});
    EXPECT_EQ(protector(4).recorded, 2U);
}

TEST_F(QuorumClientTest, TwoDown_NoQuorumAtTheDeadline) {
    protector(1).mode = protector(3).mode = Mode::kDown;
    const Decision decision = decide(attestation_data(1, 2, 3), keys(2), seconds{3});
    EXPECT_THAT(decision.approvals, IsEmpty());
    ASSERT_THAT(decision.denials, SizeIs(2));
    EXPECT_EQ(decision.denials[0].kind, Denial::Kind::kNoQuorum);
    EXPECT_THAT(decision.denials[0].reason, HasSubstr("http://p1:1: connection refused"));
    EXPECT_LE(took, seconds{2});
    EXPECT_GE(protector(1).requests, 4U);
    EXPECT_FALSE(client->members()[0].reachable);
}

TEST_F(QuorumClientTest, MemberComesBackInTime_Approved) {
    protector(1).mode = Mode::kDown;
    protector(3).mode = Mode::kBroken;
    std::optional<Decision> decision;
    group.spawn("ask",
                ask(*client, attestation_data(1, 2, 3), keys(2), clock.steady() + seconds{2}, clock, decision, decided_at));
    time.advance(milliseconds{300});
    EXPECT_FALSE(decision);
    protector(3).mode = Mode::kWell;
    time.advance(seconds{2});
    ASSERT_TRUE(decision);
    EXPECT_THAT(decision->approvals, SizeIs(1));
}

TEST_F(QuorumClientTest, ConflictingVote_RefusedWithReasons) {
    EXPECT_THAT(decide(attestation_data(1, 2, 3), keys(1)).approvals, SizeIs(1));
    const Decision decision = decide(attestation_data(1, 2, 4), keys(3));
    ASSERT_THAT(decision.approvals, SizeIs(1));
    EXPECT_EQ(decision.approvals[0].keys(), keys(2, 1));
    ASSERT_THAT(decision.denials, SizeIs(1));
    EXPECT_EQ(decision.denials[0].key, key(0));
    EXPECT_EQ(decision.denials[0].kind, Denial::Kind::kRefused);
    EXPECT_THAT(decision.denials[0].reason, HasSubstr("another vote is recorded for target epoch 2"));
}

TEST_F(QuorumClientTest, SameVoteAgain_Approved) {
    EXPECT_THAT(decide(attestation_data(1, 2, 3), keys(1)).approvals, SizeIs(1));
    EXPECT_THAT(decide(attestation_data(1, 2, 3), keys(1)).approvals, SizeIs(1));
}

TEST_F(QuorumClientTest, OneKeyRefusedByOneWhileOneHangs_OthersWaitForTheGraceOnly) {
    protector(1).records[key(0)].attestation = vote(1, 2, 77);
    protector(2).mode = Mode::kHangs;
    const Decision decision = decide(attestation_data(1, 2, 3), keys(3));
    ASSERT_THAT(decision.approvals, SizeIs(1));
    EXPECT_EQ(decision.approvals[0].keys(), keys(2, 1));
    ASSERT_THAT(decision.denials, SizeIs(1));
    EXPECT_EQ(decision.denials[0].kind, Denial::Kind::kNoQuorum);
    EXPECT_EQ(took, milliseconds{101});
}

TEST_F(QuorumClientTest, GarbageAndAnswersForOtherKeys_AreNoYes) {
    protector(1).mode = Mode::kGarbage;
    protector(2).mode = Mode::kOtherKeys;
    const Decision decision = decide(attestation_data(1, 2, 3), keys(2));
    EXPECT_THAT(decision.approvals, IsEmpty());
    ASSERT_THAT(decision.denials, SizeIs(2));
    EXPECT_THAT(decision.denials[0].reason, HasSubstr("other keys"));
    EXPECT_EQ(protector(1).requests, 1U);
}

TEST_F(QuorumClientTest, TwoAddressesOfOneProtector_NothingIsApproved) {
    protector(2).node = "p1";
    for (int round = 0; round < 2; ++round) {
        const Decision decision = decide(attestation_data(1, 2, 3), keys(2));
        EXPECT_THAT(decision.approvals, IsEmpty());
        ASSERT_THAT(decision.denials, SizeIs(2));
        EXPECT_THAT(decision.denials[0].reason, HasSubstr("node id p1"));
    }
    EXPECT_THAT(client->duplicate_member(), HasSubstr("http://p1:1 and http://p2:1"));
    protector(2).node = "p2";
    EXPECT_THAT(decide(attestation_data(1, 2, 3), keys(2)).approvals, SizeIs(1));
}

TEST_F(QuorumClientTest, TwoAddressesOfOneProtector_SecondOneIsLate_CountsOnce) {
    protector(2).node = "p1";
    protector(2).delay = milliseconds{50};
    protector(3).mode = Mode::kHangs;
    EXPECT_THAT(decide(attestation_data(1, 2, 3), keys(2)).approvals, IsEmpty());
}

TEST_F(QuorumClientTest, Refresh_SaysWhoIsThere) {
    protector(2).mode = Mode::kDown;
    protector(3).genesis_validators_root = root(1);
    group.spawn("refresh", client->refresh(clock.steady() + seconds{1}));
    time.advance(seconds{1});
    const auto members = client->members();
    EXPECT_TRUE(members[0].reachable);
    EXPECT_EQ(members[0].detail, "v1, node p1");
    EXPECT_EQ(members[0].last_latency, milliseconds{1});
    EXPECT_FALSE(members[1].reachable);
    EXPECT_FALSE(members[2].reachable);
    EXPECT_THAT(members[2].detail, HasSubstr("another chain"));
}

TEST_F(QuorumClientTest, KeysGivenTwice_AreAskedOnce) {
    auto twice = keys(2);
    twice.push_back(key(0));
    const Decision decision = decide(attestation_data(1, 2, 3), twice);
    ASSERT_THAT(decision.approvals, SizeIs(1));
    EXPECT_EQ(decision.approvals[0].keys(), keys(2));
}

TEST_F(QuorumClientTest, Stop_EndsWhatGoesOn) {
    protector(1).mode = Mode::kHangs;
    const Decision decision = decide(attestation_data(1, 2, 3), keys(2), milliseconds{10});
    EXPECT_THAT(decision.approvals, SizeIs(1));
    bool stopped = false;
    group.spawn("stop", [](HttpQuorumClient& to_stop, bool& done) -> Task<void> {
        co_await to_stop.stop();
        done = true;
    }(*client, stopped));
    time.advance(milliseconds{1});
    EXPECT_TRUE(stopped);
}

TEST_F(QuorumClientTest, UnusableOptions_AreRefused) {
    const auto create = [&](std::vector<std::string> urls, std::size_t quorum) {
        HttpQuorumOptions options;
        options.urls = std::move(urls);
        options.quorum = quorum;
        return HttpQuorumClient::create(io.get_executor(), clock, network, options);
    };
    EXPECT_THAT(create({"http://a:1", "http://b:1"}, 1).error().message, HasSubstr("unsafe"));
    EXPECT_THAT(create({"http://a:1", "http://a:1/"}, 2).error().message, HasSubstr("twice"));
    EXPECT_THAT(create({"a:1"}, 1).error().message, HasSubstr("expected http://"));
    EXPECT_THAT(create({}, 1).error().message, HasSubstr("no protectors"));
}

}  // namespace
}  // namespace holdfast::protection
