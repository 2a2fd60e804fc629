// Real daemons on free loopback ports, with or without TLS, and the real quorum client. For tests of label "process".
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/real_clock.hpp"
#include "shared/base/task_group.hpp"
#include "shared/net/http_client.hpp"
#include "shared/protection/http_quorum_client.hpp"
#include "tests/protector/cluster_files.hpp"
#include "tests/protector/temporary_directory.hpp"
#include "tests/protector/test_authority.hpp"

namespace holdfast::protector {

// One process; what it says goes to a file.
class DaemonProcess {
public:
    DaemonProcess(std::vector<std::string> words, std::string output);
    DaemonProcess(const DaemonProcess&) = delete;
    DaemonProcess& operator=(const DaemonProcess&) = delete;
    ~DaemonProcess();

    void signal(int number) const;
    // All that it has said so far.
    [[nodiscard]] std::string said() const;
    // Waits for its end, after the signal if it isn't 0. Its exit code, or minus the signal that ended it.
    int end(int number);

private:
    std::string output_;
    pid_t process_{0};
};

struct DaemonTest : testing::Test {
    static constexpr std::uint64_t kSlot = 3200;  // epoch 100
    // Short, since a rejoin waits for two of them.
    static constexpr Duration kSlotTime = std::chrono::seconds{1};

    TemporaryDirectory directory;
    boost::asio::io_context io;
    RealClock clock{io.get_executor()};
    TaskGroup group{io.get_executor()};
    SeededRandom random{1};
    bool tls{false};
    TestAuthority authority;
    protection::Cluster cluster;
    std::map<std::string, std::unique_ptr<DaemonProcess>> daemons;
    std::unique_ptr<net::HttpClient> http;
    std::unique_ptr<protection::HttpQuorumClient> client;  // "primary"

    ~DaemonTest() override;

    // The cluster file, certificates, and the client.
    void use_cluster(std::size_t members, std::size_t quorum);
    [[nodiscard]] std::string cluster_file() const { return directory / "cluster.toml"; }
    [[nodiscard]] const std::string& url(const std::string& name) const { return cluster.member(name)->url; }
    net::TlsFiles files_of(const std::string& name) const;
    std::unique_ptr<net::HttpClient> client_of(const std::string& name);

    // With `how` ("--init", "--rejoin" or nothing) and more words. Waits until it listens.
    void start(const std::string& name, const std::string& how = "", std::vector<std::string> more = {});
    // Doesn't wait.
    DaemonProcess& launch(const std::string& name, const std::string& how, std::vector<std::string> more = {});
    void start_all(const std::string& how);
    int stop(const std::string& name, int signal);
    void copy_data(const std::string& from, const std::string& to) const;

    // Runs the loop until `done` says so; false after twenty seconds.
    bool run_until(const std::function<bool()>& done);
    template <class T>
    T run(Task<T> task);
    [[nodiscard]] SteadyTime in(Duration duration) const { return clock.steady() + duration; }

    Result<net::HttpResponse> send(net::HttpClient& by, const std::string& method, const std::string& to,
                                   const std::string& path, std::string body = {}, net::Headers headers = {});
    Result<net::HttpResponse> get(const std::string& from, const std::string& path);
    std::optional<protection::StatusAnswer> status(const std::string& name);
    // Waits for it; "unreachable" if it does not answer.
    bool becomes(const std::string& name, const std::string& state);
    void wait_until_voting(const std::vector<std::string>& names);
    protection::Decision decide(const ethereum::AttestationData& data, std::size_t count,
                                Duration limit = std::chrono::seconds{5});

private:
    template <class T>
    static Task<void> keep(Task<T> task, std::optional<T>& into) {
        T result = co_await std::move(task);
        into.emplace(std::move(result));
    }
};

template <class T>
T DaemonTest::run(Task<T> task) {
    std::optional<T> result;
    group.spawn("test", keep(std::move(task), result));
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return std::move(*result);
}

}  // namespace holdfast::protector
