// Goal: the main promise with real processes: four protectors, three must agree. Method: starts the daemons on free loopback
// ports, kills and restarts them, and asks them through the real quorum client.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <optional>

#include "shared/base/real_clock.hpp"
#include "shared/protection/http_quorum_client.hpp"
#include "tests/protector/temporary_directory.hpp"
#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protector {
namespace {

using namespace protection;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string program() {
    const char* folder = std::getenv("HOLDFAST_BIN");  // NOLINT(concurrency-mt-unsafe)
    return (folder == nullptr ? std::string{"bin"} : std::string{folder}) + "/holdfast-protector";
}

// One daemon; what it prints is read by us.
class Daemon {
public:
    Daemon(std::vector<std::string> words) : words_{std::move(words)} {}
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;
    ~Daemon() { end(SIGKILL); }

    void start(std::vector<std::string> more) {
        int ends[2];
        ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        process_ = ::fork();
        if (process_ == 0) {
            ::dup2(ends[1], STDOUT_FILENO);
            ::dup2(ends[1], STDERR_FILENO);
            std::vector<std::string> all = words_;
            all.insert(all.end(), more.begin(), more.end());
            std::vector<char*> argv;
            for (std::string& word : all) argv.push_back(word.data());
            argv.push_back(nullptr);
            ::execv(argv[0], argv.data());
            ::_exit(127);
        }
        ::close(ends[1]);
        output_ = ends[0];
    }

    // The next line; empty at the end.
    std::string line() const {
        std::string text;
        char c = 0;
        while (::read(output_, &c, 1) == 1 && c != '\n') text += c;
        return text;
    }

    // Its exit code, or minus the signal.
    int end(int signal) {
        if (process_ <= 0) return 0;
        if (signal != 0) ::kill(process_, signal);
        int status = 0;
        ::waitpid(process_, &status, 0);
        ::close(output_);
        process_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

private:
    std::vector<std::string> words_;
    pid_t process_{0};
    int output_{-1};
};

Task<void> ask(QuorumClient& client, ethereum::AttestationData data, std::vector<PublicKey> asked, SteadyTime deadline,
               std::optional<Decision>& decision) {
    auto result = co_await client.approve_attestation(data, attester_domain(), std::move(asked), deadline);
    decision = std::move(result);
}

struct ProcessTest : testing::Test {
    TemporaryDirectory directory;
    boost::asio::io_context io;
    RealClock clock{io.get_executor()};
    std::unique_ptr<net::HttpClient> http = net::make_http_client(io.get_executor(), clock, {});
    TaskGroup group{io.get_executor()};
    std::vector<std::unique_ptr<Daemon>> daemons;
    std::vector<std::string> listen;

    std::vector<std::string> words(const std::string& name) {
        const auto genesis = std::chrono::floor<seconds>(clock.now() - seconds{12 * 3200}).time_since_epoch().count();
        return {program(),
                "--data-dir",
                directory / name,
                "--node-id",
                name,
                "--genesis-time",
                std::to_string(genesis),
                "--genesis-validators-root",
                to_hex(root(99)),
                "--slot-duration-ms",
                "12000",
                "--slots-per-epoch",
                "32"};
    }

    void start_all() {
        HttpQuorumOptions options;
        options.quorum = 3;
        options.genesis_validators_root = root(99);
        for (int i = 1; i <= 4; ++i) {
            daemons.push_back(std::make_unique<Daemon>(words("p" + std::to_string(i))));
            daemons.back()->start({"--listen", "127.0.0.1:0", "--init"});
            const std::string line = daemons.back()->line();
            ASSERT_THAT(line, testing::StartsWith("listening on 127.0.0.1:"));
            listen.push_back(line.substr(13));
            options.urls.push_back("http://" + listen.back());
        }
        client = HttpQuorumClient::create(io.get_executor(), clock, *http, options).value();
    }
    std::unique_ptr<HttpQuorumClient> client;

    Decision decide(const ethereum::AttestationData& data, std::size_t count, Duration limit = seconds{5}) {
        std::optional<Decision> decision;
        group.spawn("ask", ask(*client, data, keys(count), clock.steady() + limit, decision));
        while (!decision) io.run_one();
        return std::move(*decision);
    }

    void restart(std::size_t i) {
        daemons[i]->start({"--listen", listen[i]});
        EXPECT_EQ(daemons[i]->line(), "listening on " + listen[i]);
    }
};

TEST_F(ProcessTest, QuorumOverDaemons_StopsWithTwoDownAndGoesOnWithOneBack) {
    start_all();
    EXPECT_THAT(decide(attestation_data(97, 98, 1), 64).approvals, SizeIs(1));

    EXPECT_EQ(daemons[0]->end(SIGKILL), -SIGKILL);
    EXPECT_THAT(decide(attestation_data(98, 99, 1), 64).approvals, SizeIs(1));

    EXPECT_EQ(daemons[1]->end(SIGTERM), 0);
    const Decision none = decide(attestation_data(99, 100, 1), 64, milliseconds{300});
    EXPECT_THAT(none.approvals, IsEmpty());
    ASSERT_THAT(none.denials, SizeIs(64));
    EXPECT_EQ(none.denials[0].kind, Denial::Kind::kNoQuorum);

    restart(0);
    EXPECT_THAT(decide(attestation_data(99, 100, 1), 64).approvals, SizeIs(1));
    const Decision conflict = decide(attestation_data(99, 100, 2), 64);
    EXPECT_THAT(conflict.approvals, IsEmpty());
    ASSERT_THAT(conflict.denials, SizeIs(64));
    EXPECT_EQ(conflict.denials[0].kind, Denial::Kind::kRefused);

    restart(1);
    EXPECT_THAT(decide(attestation_data(99, 100, 1), 64).approvals, SizeIs(1));
}

TEST_F(ProcessTest, Sigterm_StopsCleanlyAndKeepsRecords) {
    start_all();
    EXPECT_THAT(decide(attestation_data(97, 98, 1), 8).approvals, SizeIs(1));
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(daemons[i]->end(SIGTERM), 0);
    for (std::size_t i = 0; i < 4; ++i) restart(i);
    EXPECT_THAT(decide(attestation_data(97, 98, 2), 8).approvals, IsEmpty());
    EXPECT_THAT(decide(attestation_data(97, 98, 1), 8).approvals, SizeIs(1));
}

struct BadStart {
    const char* name;
    std::vector<std::string> more;
    int code;
    const char* says;
};

TEST_F(ProcessTest, BadStarts_SentenceAndExitCode) {
    start_all();
    const BadStart cases[] = {
        {"p5", {"--listen", "127.0.0.1:0"}, 2, "--init"},
        {"p1", {"--listen", "127.0.0.1:0"}, 2, "another holdfast-protector"},
        {"p5", {"--listen", "0.0.0.0:0", "--init"}, 2, "loopback"},
        {"p5", {"--listen", listen[0], "--init"}, 1, "in use"},
        {"p5", {"--listen", "127.0.0.1:0", "--surprise"}, 2, "surprise"},
    };
    for (const BadStart& test : cases) {
        Daemon daemon{words(test.name)};
        daemon.start(test.more);
        EXPECT_THAT(daemon.line(), HasSubstr(test.says));
        EXPECT_EQ(daemon.end(0), test.code) << test.says;
        EXPECT_FALSE(std::filesystem::exists(directory / "p5/protection.sqlite")) << test.says;
    }
}

}  // namespace
}  // namespace holdfast::protector
