// Goal: between machines only certificates of the cluster's own CA are let in, each for its role; what is refused is counted; a
// renewal costs no request. Method: real daemons with mutual TLS, certificates made here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/protector/daemon_fixture.hpp"

namespace holdfast::protector {
namespace {

using namespace protection;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::SizeIs;

struct TlsProcessTest : DaemonTest {
    void SetUp() override {
        tls = true;
        use_cluster(3, 2);
    }
    void begin() {
        start_all("--init");
        ASSERT_TRUE(run(client->acquire(in(seconds{5}))));
    }
    std::string metrics(const std::string& name) { return get(name, "/metrics").value().body; }
    bool counts_refused_handshakes(const std::string& name) {
        return run_until(
            [&] { return metrics(name).find("refused_requests_total{reason=\"handshake\"} 0\n") == std::string::npos; });
    }
    // A client with a certificate of its own, good until `ends_in_seconds` from now.
    std::unique_ptr<net::HttpClient> stranger(const TestAuthority& by, const std::string& common_name, long ends_in_seconds) {
        by.issue(directory / "stranger", common_name, ends_in_seconds);
        return client_of("stranger");
    }
    bool log_has(const std::string& name, const std::string& words) {
        return run_until([&] { return daemons.at(name)->said().find(words) != std::string::npos; });
    }
};

TEST_F(TlsProcessTest, Quorum_OverMutualTls) {
    begin();
    EXPECT_THAT(decide(attestation_data(99, 100, 1), 64).approvals, SizeIs(1));
    const auto now = status("p1");
    ASSERT_TRUE(now);
    EXPECT_EQ(now->tenure.holder, "primary");
    ASSERT_TRUE(now->certificate_expires);
    const auto today = std::chrono::floor<seconds>(clock.now()).time_since_epoch().count();
    EXPECT_NEAR(static_cast<double>(*now->certificate_expires), static_cast<double>(today + 86'400), 120.0);
    EXPECT_THAT(metrics("p1"), HasSubstr("holdfast_protector_certificate_expiry_seconds"));
    EXPECT_TRUE(log_has("p1", "the certificate ends in 0 days"));
}

TEST_F(TlsProcessTest, Roles_AreThoseOfTheCertificates) {
    begin();
    const auto anna = client_of("anna");
    const auto member = client_of("p2");
    const auto status_of = [&](net::HttpClient& by, const char* method, const char* path) {
        const auto response = send(by, method, "p1", path);
        return response ? response.value().status : 0;
    };
    EXPECT_EQ(status_of(*anna, "GET", "/v1/interchange"), 200);
    EXPECT_EQ(status_of(*anna, "GET", "/v1/records"), 403);
    EXPECT_EQ(status_of(*anna, "POST", "/v1/attestations"), 403);
    EXPECT_EQ(status_of(*member, "GET", "/v1/records"), 200);
    EXPECT_EQ(status_of(*member, "GET", "/v1/interchange"), 403);
    EXPECT_EQ(status_of(*http, "GET", "/v1/interchange"), 403);
    EXPECT_EQ(status_of(*http, "GET", "/v1/heartbeats"), 200);
    EXPECT_THAT(metrics("p1"), HasSubstr("refused_requests_total{reason=\"role\"} 4\n"));
    // Once for each peer, whatever it asked for.
    const std::string said = daemons.at("p1")->said();
    const std::size_t first = said.find("refused operator/anna at 127.0.0.1");
    EXPECT_NE(first, std::string::npos);
    EXPECT_EQ(said.find("refused operator/anna", first + 1), std::string::npos);
}

TEST_F(TlsProcessTest, ForeignCertificate_IsRefusedAndCounted) {
    begin();
    const TestAuthority other;
    const auto by = stranger(other, "instance/primary", 3600);
    EXPECT_FALSE(send(*by, "GET", "p1", "/v1/status"));
    EXPECT_TRUE(counts_refused_handshakes("p1"));
    EXPECT_TRUE(log_has("p1", "refused 127.0.0.1"));
}

TEST_F(TlsProcessTest, ExpiredCertificate_IsRefusedAndCounted) {
    begin();
    const auto by = stranger(authority, "instance/primary", -60);
    EXPECT_FALSE(send(*by, "GET", "p1", "/v1/status"));
    EXPECT_TRUE(counts_refused_handshakes("p1"));
    EXPECT_TRUE(log_has("p1", "expired"));
}

TEST_F(TlsProcessTest, NoCertificateAndPlainHttp_AreRefused) {
    begin();
    const auto without = net::make_http_client(io.get_executor(), clock, {.tls = {directory / "ca.pem", "", ""}});
    EXPECT_FALSE(send(*without, "GET", "p1", "/v1/status"));
    net::HttpRequest plain;
    plain.url = "http://" + url("p1").substr(8) + "/v1/status";
    EXPECT_FALSE(run(without->send(std::move(plain), in(seconds{5}))));
    EXPECT_TRUE(counts_refused_handshakes("p1"));
}

TEST_F(TlsProcessTest, Renewal_WithoutALostRequest) {
    begin();
    const std::int64_t before = status("p1")->certificate_expires.value();
    std::uint64_t target = 1;
    // Votes over connections that are open, and a call of each member over a new one.
    const auto work = [&] {
        EXPECT_THAT(decide(attestation_data(target - 1, target, 1), 8).approvals, SizeIs(1)) << target;
        ++target;
        const auto fresh = client_of("secondary");
        for (const ClusterMember& member : cluster.members) {
            const auto response = send(*fresh, "GET", member.name, "/v1/heartbeats");
            EXPECT_TRUE(response && response.value().ok()) << member.name;
        }
    };
    for (int i = 0; i < 5; ++i) work();
    for (const ClusterMember& member : cluster.members) {
        authority.issue(directory / member.name, "member/" + member.name, 90L * 86'400);
        daemons.at(member.name)->signal(SIGHUP);
        for (int i = 0; i < 5; ++i) work();
        EXPECT_TRUE(log_has(member.name, "new connections use the certificates"));
    }
    for (int i = 0; i < 5; ++i) work();
    EXPECT_GT(status("p1")->certificate_expires.value(), before);
    EXPECT_THAT(metrics("p1"), HasSubstr("refused_requests_total{reason=\"handshake\"} 0\n"));
}

TEST_F(TlsProcessTest, RenewalWithABrokenFile_KeepsTheOldOne) {
    begin();
    write_text(directory / "p1.pem", "no certificate");
    daemons.at("p1")->signal(SIGHUP);
    EXPECT_TRUE(log_has("p1", "the certificates stay as they were"));
    const auto fresh = client_of("secondary");
    EXPECT_TRUE(send(*fresh, "GET", "p1", "/v1/heartbeats"));
    authority.issue(directory / "p1", "member/p1", 90L * 86'400);
    daemons.at("p1")->signal(SIGHUP);
    EXPECT_TRUE(log_has("p1", "new connections use the certificates"));
}

TEST_F(TlsProcessTest, Rejoin_OverMutualTls) {
    begin();
    EXPECT_THAT(decide(attestation_data(98, 99, 1), 64).approvals, SizeIs(1));
    EXPECT_EQ(stop("p1", SIGKILL), -SIGKILL);
    std::filesystem::remove_all(directory / "p1");
    start("p1", "--rejoin");
    ASSERT_TRUE(becomes("p1", "rejoining"));
    const auto now = status("p1");
    ASSERT_TRUE(now);
    EXPECT_EQ(now->validators, 64U);
    EXPECT_EQ(now->highest_target, Epoch{99});
}

TEST_F(TlsProcessTest, WrongFiles_SentenceAndExitCode) {
    std::filesystem::remove(directory / "p1.key");
    EXPECT_EQ(launch("p1", "--init").end(0), 2);
    EXPECT_THAT(daemons.at("p1")->said(), HasSubstr("p1.key"));
    std::filesystem::copy(directory / "p2.key", directory / "p1.key");
    EXPECT_EQ(launch("p1", "--init").end(0), 2);
    EXPECT_THAT(daemons.at("p1")->said(), HasSubstr("p1.key"));
    EXPECT_FALSE(std::filesystem::exists(directory / "p1/protection.sqlite"));
}

}  // namespace
}  // namespace holdfast::protector
