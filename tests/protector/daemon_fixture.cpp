#include "tests/protector/daemon_fixture.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace holdfast::protector {

using namespace protection;

namespace {

constexpr Duration kLong = std::chrono::seconds{20};

std::string program() {
    const char* folder = std::getenv("HOLDFAST_BIN");  // NOLINT(concurrency-mt-unsafe)
    return (folder == nullptr ? std::string{"bin"} : std::string{folder}) + "/holdfast-protector";
}

// Ports that were free a moment ago, all different.
std::vector<std::uint16_t> free_ports(std::size_t count) {
    std::vector<int> sockets;
    std::vector<std::uint16_t> ports;
    for (std::size_t i = 0; i < count; ++i) {
        sockets.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(::bind(sockets.back(), reinterpret_cast<sockaddr*>(&address), size), 0);
        EXPECT_EQ(::getsockname(sockets.back(), reinterpret_cast<sockaddr*>(&address), &size), 0);
        ports.push_back(ntohs(address.sin_port));
    }
    for (const int socket : sockets) ::close(socket);
    return ports;
}

Task<bool> refresh(HttpQuorumClient& client, SteadyTime deadline) {
    co_await client.refresh(deadline);
    co_return true;
}

Task<bool> stop_client(HttpQuorumClient& client) {
    co_await client.stop();
    co_return true;
}

}  // namespace

DaemonProcess::DaemonProcess(std::vector<std::string> words, std::string output) : output_{std::move(output)} {
    const int file = ::open(output_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    EXPECT_GE(file, 0) << output_;
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    process_ = ::fork();
    if (process_ == 0) {
        ::dup2(file, STDOUT_FILENO);
        ::dup2(file, STDERR_FILENO);
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    ::close(file);
}

DaemonProcess::~DaemonProcess() { end(SIGKILL); }

void DaemonProcess::signal(int number) const {
    if (process_ > 0) ::kill(process_, number);
}

std::string DaemonProcess::said() const {
    std::ifstream file{output_};
    std::stringstream all;
    all << file.rdbuf();
    return all.str();
}

int DaemonProcess::end(int number) {
    if (process_ <= 0) return 0;
    if (number != 0) signal(number);
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

DaemonTest::~DaemonTest() {
    if (client) run(stop_client(*client));
    if (HasFailure()) {
        for (const auto& [name, daemon] : daemons) std::fprintf(stderr, "--- %s\n%s", name.c_str(), daemon->said().c_str());
    }
}

void DaemonTest::use_cluster(std::size_t members, std::size_t quorum) {
    std::vector<std::string> urls;
    for (const std::uint16_t port : free_ports(members)) {
        urls.push_back((tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port));
    }
    const auto genesis = std::chrono::floor<std::chrono::seconds>(clock.now() - kSlot * kSlotTime);
    cluster = make_cluster(urls, quorum, genesis, kSlotTime);
    write_text(cluster_file(), render_cluster(cluster));
    if (tls) {
        authority.write_ca(directory / "ca.pem");
        for (const ClusterMember& member : cluster.members) authority.issue(directory / member.name, "member/" + member.name);
        for (const char* name : {"primary", "secondary"}) authority.issue(directory / name, std::string{"instance/"} + name);
        authority.issue(directory / "anna", "operator/anna");
    }
    http = client_of("primary");
    HttpQuorumOptions options;
    options.cluster = cluster;
    options.instance = "primary";
    client = HttpQuorumClient::create(io.get_executor(), clock, random, *http, std::move(options)).value();
}

net::TlsFiles DaemonTest::files_of(const std::string& name) const {
    return {directory / "ca.pem", directory / (name + ".pem"), directory / (name + ".key")};
}

std::unique_ptr<net::HttpClient> DaemonTest::client_of(const std::string& name) {
    net::HttpClientOptions options;
    if (tls) options.tls = files_of(name);
    return net::make_http_client(io.get_executor(), clock, std::move(options));
}

DaemonProcess& DaemonTest::launch(const std::string& name, const std::string& how, std::vector<std::string> more) {
    std::vector<std::string> words{program(), "--node-id", name};
    const auto unless_given = [&](const std::string& flag, const std::string& value) {
        if (std::ranges::find(more, flag) != more.end()) return;
        words.push_back(flag);
        words.push_back(value);
    };
    unless_given("--cluster", cluster_file());
    unless_given("--data-dir", directory / name);
    if (!how.empty()) words.push_back(how);
    words.insert(words.end(), more.begin(), more.end());
    auto& daemon = daemons[name];
    daemon.reset();
    daemon = std::make_unique<DaemonProcess>(std::move(words), directory / (name + ".log"));
    return *daemon;
}

void DaemonTest::start(const std::string& name, const std::string& how, std::vector<std::string> more) {
    const DaemonProcess& daemon = launch(name, how, std::move(more));
    ASSERT_TRUE(run_until([&] { return daemon.said().find("listening on ") != std::string::npos; })) << daemon.said();
}

void DaemonTest::start_all(const std::string& how) {
    std::vector<std::string> names;
    for (const ClusterMember& member : cluster.members) {
        launch(member.name, how);
        names.push_back(member.name);
    }
    wait_until_voting(names);
}

int DaemonTest::stop(const std::string& name, int signal) { return daemons.at(name)->end(signal); }

void DaemonTest::copy_data(const std::string& from, const std::string& to) const {
    std::filesystem::remove_all(directory / to);
    std::filesystem::copy(directory / from, directory / to, std::filesystem::copy_options::recursive);
}

bool DaemonTest::run_until(const std::function<bool()>& done) {
    const SteadyTime end = clock.steady() + kLong;
    const auto busy = boost::asio::make_work_guard(io);  // so that it waits when there is nothing to run
    while (!done() && clock.steady() < end) {
        if (io.stopped()) io.restart();
        io.run_one_for(std::chrono::milliseconds{10});
    }
    return done();
}

Result<net::HttpResponse> DaemonTest::send(net::HttpClient& by, const std::string& method, const std::string& to,
                                           const std::string& path, std::string body, net::Headers headers) {
    headers.push_back({std::string{kClusterHeader}, to_hex(cluster.id())});
    net::HttpRequest request{method, url(to) + path, std::move(headers), std::move(body)};
    return run(by.send(std::move(request), in(std::chrono::seconds{5})));
}

Result<net::HttpResponse> DaemonTest::get(const std::string& from, const std::string& path) {
    return send(*http, "GET", from, path);
}

std::optional<StatusAnswer> DaemonTest::status(const std::string& name) {
    const auto response = get(name, "/v1/status");
    if (!response || !response.value().ok()) return std::nullopt;
    auto answer = parse_status_answer(response.value().body);
    EXPECT_TRUE(answer) << response.value().body;
    return answer ? std::optional{answer.value()} : std::nullopt;
}

bool DaemonTest::becomes(const std::string& name, const std::string& state) {
    const SteadyTime end = clock.steady() + kLong;
    while (clock.steady() < end) {
        const auto now = status(name);
        if (now && now->state == state) return true;
        const SteadyTime next = clock.steady() + std::chrono::milliseconds{20};
        run_until([&] { return clock.steady() >= next; });
    }
    return false;
}

void DaemonTest::wait_until_voting(const std::vector<std::string>& names) {
    for (const std::string& name : names) ASSERT_TRUE(becomes(name, "voting")) << name << ": " << daemons.at(name)->said();
    run(refresh(*client, in(std::chrono::seconds{5})));
}

Decision DaemonTest::decide(const ethereum::AttestationData& data, std::size_t count, Duration limit) {
    return run(client->approve_attestation(data, attester_domain(), keys(count), in(limit)));
}

}  // namespace holdfast::protector
