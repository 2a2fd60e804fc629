// Goal: the main promise with real processes: four protectors, three must agree, through crashes, restored backups, wrong
// starts and lost disks. Method: starts the daemons on free loopback ports, kills and restarts them, and asks them through the
// real quorum client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>

#include "tests/protector/daemon_fixture.hpp"

namespace holdfast::protector {
namespace {

using namespace protection;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct ProcessTest : DaemonTest {
    void SetUp() override { use_cluster(4, 3); }

    // All four, and "primary" on duty.
    void begin() {
        start_all("--init");
        ASSERT_TRUE(run(client->acquire(in(seconds{5}))));
    }
    // Until two exchanges have passed: the others know where `name` is.
    void let_others_see(const std::string& name) {
        // What was asked before may still be on its way to this member, and move it.
        Position before;
        for (int tries = 0; tries < 4; ++tries) {
            before = status(name)->position;
            const SteadyTime end = in(milliseconds{2500});
            run_until([&] { return clock.steady() >= end; });
            if (status(name)->position == before) return;
        }
        ADD_FAILURE() << name << " is never at rest";
    }
    // One vote at one member, past the quorum client.
    std::string vote_at(const std::string& name, const AttestationMark& mark, std::uint64_t generation) {
        RequestHead head;
        head.cluster = cluster.id();
        head.instance = "primary";
        head.generation = generation;
        head.genesis_validators_root = root(99);
        const auto response =
            send(*http, "POST", name, "/v1/attestations", render_attestation_request(head, keys(1), std::vector{mark}));
        return response ? response.value().body : response.error().message;
    }
};

TEST_F(ProcessTest, QuorumOverDaemons_StopsWithTwoDownAndGoesOnWithOneBack) {
    begin();
    EXPECT_THAT(decide(attestation_data(97, 98, 1), 64).approvals, SizeIs(1));

    EXPECT_EQ(stop("p1", SIGKILL), -SIGKILL);
    EXPECT_THAT(decide(attestation_data(98, 99, 1), 64).approvals, SizeIs(1));

    EXPECT_EQ(stop("p2", SIGTERM), 0);
    const Decision none = decide(attestation_data(99, 100, 1), 64, milliseconds{300});
    EXPECT_THAT(none.approvals, IsEmpty());
    ASSERT_THAT(none.denials, SizeIs(64));
    EXPECT_EQ(none.denials[0].kind, Denial::Kind::kNoQuorum);

    start("p1");
    wait_until_voting({"p1"});
    EXPECT_THAT(decide(attestation_data(99, 100, 1), 64).approvals, SizeIs(1));
    const Decision conflict = decide(attestation_data(99, 100, 2), 64);
    EXPECT_THAT(conflict.approvals, IsEmpty());
    ASSERT_THAT(conflict.denials, SizeIs(64));
    EXPECT_EQ(conflict.denials[0].kind, Denial::Kind::kRefused);

    start("p2");
    wait_until_voting({"p2"});
    EXPECT_THAT(decide(attestation_data(99, 100, 1), 64).approvals, SizeIs(1));
}

TEST_F(ProcessTest, Sigterm_StopsCleanlyAndKeepsRecords) {
    begin();
    EXPECT_THAT(decide(attestation_data(97, 98, 1), 8).approvals, SizeIs(1));
    for (const ClusterMember& member : cluster.members) EXPECT_EQ(stop(member.name, SIGTERM), 0);
    start_all("");
    EXPECT_THAT(decide(attestation_data(97, 98, 2), 8).approvals, IsEmpty());
    EXPECT_THAT(decide(attestation_data(97, 98, 1), 8).approvals, SizeIs(1));
}

TEST_F(ProcessTest, LearnedGenerationAndHalt_SurviveSigkill) {
    begin();
    EXPECT_THAT(vote_at("p1", vote(97, 98, 1), 7), HasSubstr("approved"));
    ASSERT_TRUE(run(client->halt(keys(1, 3), in(seconds{5}))));
    EXPECT_EQ(stop("p1", SIGKILL), -SIGKILL);
    start("p1");
    wait_until_voting({"p1"});
    const auto now = status("p1");
    ASSERT_TRUE(now);
    EXPECT_EQ(now->tenure.generation, 7U);
    EXPECT_EQ(now->tenure.holder, "primary");
    EXPECT_EQ(now->halted, 1U);
    EXPECT_THAT(vote_at("p1", vote(98, 99, 1), 6), AllOf(HasSubstr("refused"), HasSubstr("generation")));
    EXPECT_THAT(get("p1", "/v1/records?pubkey=" + to_hex(key(3))).value().body, HasSubstr("\"halted\":true"));
}

TEST_F(ProcessTest, RestoredBackup_RefusesToVoteUntilRejoined) {
    begin();
    EXPECT_THAT(decide(attestation_data(96, 97, 1), 8).approvals, SizeIs(1));
    EXPECT_EQ(stop("p1", SIGTERM), 0);
    copy_data("p1", "backup");
    start("p1");
    wait_until_voting({"p1"});
    EXPECT_THAT(vote_at("p1", vote(97, 98, 1), 1), HasSubstr("approved"));
    let_others_see("p1");
    EXPECT_EQ(stop("p1", SIGTERM), 0);

    copy_data("backup", "p1");
    start("p1");
    ASSERT_TRUE(becomes("p1", "stale"));
    EXPECT_THAT(vote_at("p1", vote(97, 98, 2), 1), AllOf(HasSubstr("stale"), HasSubstr("--rejoin")));
    EXPECT_THAT(daemons.at("p1")->said(), HasSubstr("does not vote any more"));
    EXPECT_EQ(get("p1", "/healthz").value().status, 200);
    // The other three are a quorum.
    EXPECT_THAT(decide(attestation_data(97, 98, 3), 8).approvals, SizeIs(1));
    EXPECT_EQ(stop("p1", SIGTERM), 0);

    std::filesystem::rename(directory / "p1", directory / "moved-away");
    start("p1", "--rejoin");
    ASSERT_TRUE(becomes("p1", "rejoining"));
    const auto now = status("p1");
    ASSERT_TRUE(now);
    EXPECT_EQ(now->position.incarnation, 2U);
    EXPECT_GE(now->floor.target, Epoch{101});
    EXPECT_GE(now->tenure.generation, 1U);
    EXPECT_THAT(vote_at("p1", vote(97, 98, 3), 1), HasSubstr("refused"));
    EXPECT_THAT(vote_at("p1", vote(99, now->floor.target.value, 3), 1), HasSubstr("refused"));
    EXPECT_EQ(stop("p1", SIGTERM), 0);

    // Its records are there, and in time it votes again: two epochs later by a chain that began earlier.
    cluster.chain.genesis_time -= 32 * 3 * kSlotTime;
    write_text(cluster_file(), render_cluster(cluster));
    for (const char* name : {"p2", "p3", "p4"}) EXPECT_EQ(stop(name, SIGTERM), 0);
    start_all("");
    EXPECT_THAT(vote_at("p1", vote(99, now->floor.target.value + 1, 3), 1), HasSubstr("approved"));
    EXPECT_THAT(vote_at("p1", vote(99, now->floor.target.value, 3), 1), HasSubstr("refused"));
}

TEST_F(ProcessTest, WrongInitOnALostDisk_IsCaught) {
    begin();
    EXPECT_THAT(decide(attestation_data(97, 98, 1), 8).approvals, SizeIs(1));
    let_others_see("p1");
    EXPECT_EQ(stop("p1", SIGKILL), -SIGKILL);
    std::filesystem::remove_all(directory / "p1");
    start("p1", "--init");
    ASSERT_TRUE(becomes("p1", "stale"));
    EXPECT_THAT(vote_at("p1", vote(97, 98, 2), 1), HasSubstr("--rejoin"));
}

TEST_F(ProcessTest, Rejoin_WaitsForOthersAndStopsOnSigterm) {
    const DaemonProcess& daemon = launch("p1", "--rejoin");
    ASSERT_TRUE(run_until([&] { return daemon.said().find("p4: ") != std::string::npos; }));
    EXPECT_THAT(daemon.said(), HasSubstr("must be over first, which takes 2s"));
    EXPECT_THAT(daemon.said(), AllOf(HasSubstr("p2"), HasSubstr("p3"), HasSubstr("p4")));
    const auto asked = get("p1", "/v1/status");
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked.value().status, 503);
    EXPECT_EQ(stop("p1", SIGTERM), 0);
    EXPECT_FALSE(std::filesystem::exists(directory / "p1/protection.sqlite"));
}

TEST_F(ProcessTest, MetricsListener_PlainAndSmall) {
    start("p1", "--init", {"--metrics-listen", "127.0.0.1:0"});
    const std::string said = daemons.at("p1")->said();
    const std::size_t at = said.find("metrics on ");
    ASSERT_NE(at, std::string::npos) << said;
    const std::string address = said.substr(at + 11, said.find('\n', at) - at - 11);
    const auto ask = [&](const std::string& path) {
        net::HttpRequest request;
        request.url = "http://" + address + path;
        return run(http->send(std::move(request), in(seconds{5}))).value();
    };
    EXPECT_THAT(ask("/metrics").body, HasSubstr("holdfast_protector_state{state=\"starting\"} 1\n"));
    EXPECT_EQ(ask("/healthz").status, 200);
    EXPECT_EQ(ask("/v1/status").status, 404);
}

// What a service manager hears on its socket, by then.
std::string heard(int socket) {
    std::string all;
    std::array<char, 1000> text{};
    for (;;) {
        const ssize_t size = ::recv(socket, text.data(), text.size(), MSG_DONTWAIT);
        if (size <= 0) return all;
        all += std::string(text.data(), static_cast<std::size_t>(size)) + "\n";
    }
}

TEST_F(ProcessTest, ServiceManager_HearsReadyAndTheState) {
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = "holdfast-protector-test-" + std::to_string(::getpid());
    std::copy(name.begin(), name.end(), std::next(std::begin(address.sun_path)));  // abstract: no file
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), size), 0);
    ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
    launch("p1", "--init");
    ::unsetenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe)
    std::string all;
    EXPECT_TRUE(run_until([&] { return (all += heard(socket)).find("STATUS=starting") != std::string::npos; })) << all;
    EXPECT_THAT(all, HasSubstr("READY=1"));
    for (const char* other : {"p2", "p3"}) start(other, "--init");
    EXPECT_TRUE(run_until([&] { return (all += heard(socket)).find("STATUS=voting") != std::string::npos; })) << all;
    EXPECT_EQ(stop("p1", SIGTERM), 0);
    EXPECT_THAT(heard(socket), HasSubstr("STOPPING=1"));
    ::close(socket);
}

struct BadStart {
    std::vector<std::string> words;
    int code;
    const char* says;
};

TEST_F(ProcessTest, BadStarts_SentenceAndExitCode) {
    start("p1", "--init");
    const std::string taken = url("p1").substr(7);
    std::filesystem::create_directories(directory / "full");
    write_text(directory / "full/protection.sqlite", "x");
    const BadStart cases[] = {
        {{}, 2, "--init"},
        {{"--data-dir", directory / "p1"}, 2, "another holdfast-protector"},
        {{"--listen", "0.0.0.0:0", "--init"}, 2, "loopback"},
        {{"--listen", taken, "--init"}, 1, "in use"},
        {{"--surprise"}, 2, "surprise"},
        {{"--init", "--rejoin"}, 2, "only one of"},
        {{"--data-dir", directory / "full", "--rejoin"}, 2, "move it away"},
        {{"--cluster", directory / "nowhere.toml", "--init"}, 2, "nowhere.toml"},
    };
    for (const BadStart& test : cases) {
        EXPECT_EQ(launch("p2", "", test.words).end(0), test.code) << test.says;
        EXPECT_THAT(daemons.at("p2")->said(), HasSubstr(test.says));
        EXPECT_FALSE(std::filesystem::exists(directory / "p2/protection.sqlite")) << test.says;
    }
}

TEST_F(ProcessTest, ForeignDatabase_IsNotOpened) {
    start("p1", "--init");
    EXPECT_EQ(stop("p1", SIGTERM), 0);
    copy_data("p1", "p2");
    EXPECT_EQ(launch("p2", "").end(0), 2);
    EXPECT_THAT(daemons.at("p2")->said(), HasSubstr("p1"));
    cluster.quorum = 4;
    write_text(cluster_file(), render_cluster(cluster));
    EXPECT_EQ(launch("p1", "").end(0), 2);
    EXPECT_THAT(daemons.at("p1")->said(), HasSubstr("--change-cluster"));
    start("p1", "--change-cluster");
    EXPECT_EQ(stop("p1", SIGTERM), 0);
    start("p1");
}

struct LonelyTest : DaemonTest {};

TEST_F(LonelyTest, OneMember_CannotRejoin) {
    use_cluster(1, 1);
    EXPECT_EQ(launch("p1", "--rejoin").end(0), 2);
    EXPECT_THAT(daemons.at("p1")->said(), HasSubstr("one member"));
}

}  // namespace
}  // namespace holdfast::protector
