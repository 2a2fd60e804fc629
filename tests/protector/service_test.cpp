// Goal: the API does what docs/protector-api.md says, over real HTTP, and every bad request gets one clear sentence.
#include "protector/service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "shared/base/real_clock.hpp"
#include "shared/base/task_group.hpp"
#include "shared/ethereum/signing_root.hpp"
#include "shared/net/http_client.hpp"
#include "tests/protector/temporary_directory.hpp"
#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protector {
namespace {

using namespace protection;
using std::chrono::seconds;
using testing::HasSubstr;

const RequestHead kHead{"", 0, root(99)};

Task<void> send_one(net::HttpClient& http, net::HttpRequest request, SteadyTime deadline, net::HttpResponse& response) {
    auto result = co_await http.send(std::move(request), deadline);
    if (result) response = std::move(result.value());
}

struct ServiceTest : testing::Test {
    TemporaryDirectory directory;
    boost::asio::io_context io;
    RealClock clock{io.get_executor()};
    // Slot 3200, epoch 100.
    ChainClock chain{clock.now() - seconds{12 * 3200 + 6}, seconds{12}, 32};
    Identity identity{"p1", "", root(99)};
    std::unique_ptr<Store> store = Store::open(StoreOptions{directory / "data", identity, true}, io.get_executor()).value();
    Service service{*store, clock, chain, identity};
    net::HttpServer server{
        io.get_executor(), clock, {}, [this](net::ServerRequest request) { return service.answer(std::move(request)); }};
    std::unique_ptr<net::HttpClient> http = net::make_http_client(io.get_executor(), clock, {});
    TaskGroup group{io.get_executor()};

    ServiceTest() { EXPECT_TRUE(server.listen("127.0.0.1", 0)); }

    net::HttpResponse send(const std::string& method, const std::string& path, std::string body = {}) {
        net::HttpRequest request;
        request.method = method;
        request.url = "http://127.0.0.1:" + std::to_string(server.port()) + path;
        request.body = std::move(body);
        net::HttpResponse response;
        group.spawn("send", send_one(*http, std::move(request), clock.steady() + seconds{10}, response));
        while (group.size() > 0) io.run_one();
        return response;
    }
    net::HttpResponse post(const std::string& path, std::string body) { return send("POST", path, std::move(body)); }

    std::string verdict_of(std::string body, const char* path = "/v1/attestations") {
        const auto response = post(path, std::move(body));
        EXPECT_EQ(response.status, 200) << response.body;
        const auto answer = parse_verdict_answer(response.body, 1);
        if (!answer || answer.value().verdicts.empty()) return "no answer";
        return std::string{to_string(answer.value().verdicts.front().outcome)};
    }
};

TEST_F(ServiceTest, AttestationData_TheProtectorComputesTheSigningRoot) {
    const auto data = attestation_data(99, 100, 1);
    EXPECT_EQ(verdict_of(render_attestation_request(kHead, data, attester_domain(), keys(1))), "approved");
    const AttestationMark same{Epoch{99}, Epoch{100}, ethereum::attestation_signing_root(data, attester_domain())};
    EXPECT_EQ(verdict_of(render_attestation_request(kHead, keys(1), std::vector{same})), "repeated");
    EXPECT_EQ(verdict_of(render_attestation_request(kHead, attestation_data(99, 100, 2), attester_domain(), keys(1))),
              "refused");
}

TEST_F(ServiceTest, OneBadKey_DoesNotFailTheOthers) {
    static_cast<void>(verdict_of(render_attestation_request(kHead, keys(1), std::vector{vote(99, 100, 1)})));
    const std::vector<AttestationMark> marks{vote(99, 100, 2), vote(99, 100, 2), vote(99, 102, 3)};
    const auto response = post("/v1/attestations", render_attestation_request(kHead, keys(3), marks));
    const auto answer = parse_verdict_answer(response.body, 3).value();
    EXPECT_EQ(answer.node, "p1");
    EXPECT_EQ(answer.verdicts[0].outcome, Outcome::kRefused);
    EXPECT_EQ(answer.verdicts[1].outcome, Outcome::kApproved);
    EXPECT_EQ(answer.verdicts[2].outcome, Outcome::kRefused);
    EXPECT_THAT(answer.verdicts[2].reason, HasSubstr("ahead of the protector's clock"));
}

TEST_F(ServiceTest, Blocks) {
    const auto ask = [](std::uint64_t slot, std::uint64_t signing_root) {
        return render_block_request(kHead, keys(1), std::vector{block(slot, signing_root)});
    };
    EXPECT_EQ(verdict_of(ask(3200, 1), "/v1/blocks"), "approved");
    EXPECT_EQ(verdict_of(ask(3200, 1), "/v1/blocks"), "repeated");
    EXPECT_EQ(verdict_of(ask(3200, 2), "/v1/blocks"), "refused");
    EXPECT_EQ(verdict_of(ask(3240, 2), "/v1/blocks"), "refused");
}

TEST_F(ServiceTest, StatusHealthMetrics) {
    static_cast<void>(verdict_of(render_attestation_request(kHead, keys(1), std::vector{vote(99, 100, 1)})));
    const auto status = send("GET", "/v1/status");
    EXPECT_EQ(status.status, 200);
    EXPECT_EQ(parse_status_answer(status.body).value().genesis_validators_root, root(99));
    EXPECT_THAT(status.body, HasSubstr("\"slot\":\"3200\""));
    EXPECT_THAT(status.body, HasSubstr("\"highest_target_epoch\":\"100\""));
    EXPECT_EQ(send("GET", "/healthz").status, 200);
    EXPECT_THAT(send("GET", "/metrics").body, HasSubstr("holdfast_protector_verdicts_total{outcome=\"approved\"} 1\n"));
}

TEST_F(ServiceTest, BadRequests_OneSentenceEach) {
    const auto marks = std::vector{vote(99, 100, 1)};
    Domain proposer = attester_domain();
    proposer.bytes[0] = 0;
    const auto expect = [&](const std::string& body, int status, const char* words) {
        const auto response = post("/v1/attestations", body);
        EXPECT_EQ(response.status, status) << response.body;
        EXPECT_THAT(response.body, HasSubstr(words));
    };
    expect("", 400, "expected");
    expect("{}", 400, "generation");
    expect(render_attestation_request({"", 0, root(1)}, keys(1), marks), 409, "genesis validators root");
    expect(render_attestation_request({"", 1, root(99)}, keys(1), marks), 409, "generation");
    expect(render_attestation_request({"other", 0, root(99)}, keys(1), marks), 409, "cluster other");
    expect(render_attestation_request(kHead, attestation_data(99, 100, 1), proposer, keys(1)), 400, "domain");
    EXPECT_EQ(send("GET", "/v1/attestations").status, 405);
    EXPECT_EQ(send("GET", "/v2").status, 404);
    EXPECT_EQ(store->counts().requests, 0U);
}

TEST_F(ServiceTest, HundredThousandKeys_InOneRequest) {
    const auto many = keys(kRequestKeysMax);
    const auto body = render_attestation_request(kHead, attestation_data(99, 100, 1), attester_domain(), many);
    const auto response = post("/v1/attestations", body);
    ASSERT_EQ(response.status, 200) << response.body;
    const auto answer = parse_verdict_answer(response.body, many.size()).value();
    ASSERT_EQ(answer.verdicts.size(), many.size());
    EXPECT_EQ(answer.verdicts.back().key, many.back());
    EXPECT_EQ(store->counts().approved, many.size());
    EXPECT_EQ(store->counts().commits, 1U);
}

}  // namespace
}  // namespace holdfast::protector
