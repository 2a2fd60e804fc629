// Goal: strangers that are slow, silent, endless or many don't keep other clients from being served. Method: raw sockets that
// misbehave while our client asks; what is asserted is that it is answered while they still hold on, and who is closed.
#include <sys/resource.h>

#include <boost/asio/ip/tcp.hpp>

#include "shared/base/virtual_clock.hpp"
#include "shared/net/server_state.hpp"
#include "tests/shared/net/tls_fixture.hpp"

namespace holdfast::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Restores the limit on open files.
class OpenFiles {
public:
    OpenFiles() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        set(before_.rlim_max);
    }
    OpenFiles(const OpenFiles&) = delete;
    OpenFiles& operator=(const OpenFiles&) = delete;
    ~OpenFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }

    static void set(rlim_t limit) {
        rlimit now{};
        ::getrlimit(RLIMIT_NOFILE, &now);
        now.rlim_cur = limit;
        ::setrlimit(RLIMIT_NOFILE, &now);
    }
    [[nodiscard]] rlim_t max() const { return before_.rlim_max; }

private:
    rlimit before_{};
};

struct OverloadTest : TlsTest {
    std::vector<tcp::socket> strangers;
    OpenFiles open_files;

    void plain(HttpServerOptions options = {}) {
        scheme = "http";
        start_server(
            [this](ServerRequest request) -> Task<Reply> {
                peers_address = request.peer;
                return echo_path(std::move(request));
            },
            options);
    }
    // A stranger that says `text` and holds on.
    void hold(std::string_view text) {
        strangers.emplace_back(io).connect({asio::ip::address_v4::loopback(), port});
        strangers.back().non_blocking(true);
        boost::system::error_code ignored;
        strangers.back().write_some(asio::buffer(text), ignored);
    }
    void hold_many(std::size_t count, std::string_view text) {
        for (std::size_t i = 0; i < count; ++i) {
            hold(text);
            io.poll();
        }
        turn_for(milliseconds{50});
    }
    static bool closed(tcp::socket& socket) {
        std::array<char, 4096> buffer{};
        boost::system::error_code error;
        while (!error) socket.read_some(asio::buffer(buffer), error);
        return error != asio::error::would_block;
    }
    std::size_t count_closed() { return static_cast<std::size_t>(std::count_if(strangers.begin(), strangers.end(), &closed)); }
    void expect_served_on_the_same_connection() {
        const std::string address = peers_address;
        for (int i = 0; i < 3; ++i) {
            const auto response = get("/x");
            ASSERT_TRUE(response.has_value()) << response.error().message;
            EXPECT_EQ(peers_address, address);
        }
    }
};

constexpr const char* kSlowly[] = {"",
                                   "GET / HT",
                                   "GET / HTTP/1.1\r\nX-A: b\r\n",
                                   "POST / HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n",
                                   "POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc",
                                   "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"};

TEST_F(OverloadTest, SlowAndHalfOpenPeers_OthersAreServedMeanwhile) {
    plain();
    ASSERT_TRUE(get("/x").has_value());
    for (const char* text : kSlowly) hold_many(20, text);
    expect_served_on_the_same_connection();
    // All but the oversized, which are told 413, are still there: nobody had to go for the answers.
    EXPECT_EQ(count_closed(), 20U);
}

TEST_F(OverloadTest, ThousandConnectionsAtOnce_KnownAndNewClientsAreServed) {
    constexpr std::size_t kMany = 1000;
    if (open_files.max() < 2 * kMany + 200) GTEST_SKIP() << "this machine allows too few open files";
    plain({.connections_max = 200});
    ASSERT_TRUE(get("/x").has_value());
    hold_many(kMany, "GET / HT");
    expect_served_on_the_same_connection();
    start_client();
    EXPECT_TRUE(get("/x").has_value()) << "a newcomer";
    EXPECT_GE(count_closed(), kMany - 200);
}

TEST_F(OverloadTest, ThousandTlsConnectionsAtOnce_KnownAndNewClientsAreServed) {
    constexpr std::size_t kMany = 1000;
    if (open_files.max() < 2 * kMany + 200) GTEST_SKIP() << "this machine allows too few open files";
    start_tls_server("ca", {.connections_max = 200});
    ASSERT_TRUE(get_as("ca", "client").has_value());
    hold_many(kMany, "");
    expect_served_on_the_same_connection();
    EXPECT_TRUE(get_as("ca", "client").has_value()) << "a newcomer";
}

TEST_F(OverloadTest, WhenFull_TheOldestStrangerGoesFirst_ThenTheIdlestKnownPeer) {
    plain({.connections_max = 3});
    ASSERT_TRUE(get("/x").has_value());
    const std::string first = peers_address;
    const auto first_client = std::move(client);
    hold("GET / HT");
    turn_for(milliseconds{20});
    hold("");
    turn_for(milliseconds{20});
    start_client();
    ASSERT_TRUE(get("/x").has_value());
    EXPECT_TRUE(closed(strangers[0]));
    EXPECT_FALSE(closed(strangers[1]));
    const auto second_client = std::move(client);
    start_client();
    ASSERT_TRUE(get("/x").has_value());
    EXPECT_TRUE(closed(strangers[1]));
    // Three known peers: the first has been idle longest, and connects anew for its next request.
    const auto third_client = std::move(client);
    start_client();
    ASSERT_TRUE(get("/x").has_value());
    HttpRequest request;
    request.url = url("/x");
    EXPECT_TRUE(run(first_client->send(std::move(request), clock.steady() + kLong)).has_value());
    EXPECT_NE(peers_address, first);
}

TEST_F(OverloadTest, OversizedBodies_RefusedAndOthersServed) {
    plain({.body_bytes_max = 100'000,
           .body_bytes_max_of = [](std::string_view path) { return path == "/a file" ? 3'000'000U : 100'000U; }});
    ASSERT_TRUE(get("/x").has_value());
    hold_many(20, "POST /x HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n");
    const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
    EXPECT_TRUE(
        talk({"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", chunk, chunk, chunk}).starts_with("HTTP/1.1 413"));
    expect_served_on_the_same_connection();
    HttpRequest large{"POST", url("/a%20file?x=1"), {}, std::string(2'000'000, 'x')};
    EXPECT_EQ(send(large).value().status, 200);
    large.url = url("/x");
    EXPECT_EQ(send(large).value().status, 413);
}

TEST_F(OverloadTest, BodiesWithoutALength_HaveALimitOfTheirOwn) {
    plain({.body_bytes_max = 300'000, .unsized_body_bytes_max = 100'000});
    const std::string head = "POST /x HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string chunk = "c000\r\n" + std::string(0xc000, 'x') + "\r\n";
    const std::string end = "0\r\n\r\n";
    EXPECT_TRUE(talk({head, chunk, chunk, end}).starts_with("HTTP/1.1 200"));
    const std::string answer = talk({head, chunk, chunk, chunk, end});
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 413")) << answer;
    EXPECT_TRUE(answer.find("the request's body is larger than 100000 bytes; say its length with content-length") !=
                std::string::npos)
        << answer;
    const HttpRequest large{"POST", url("/x"), {}, std::string(200'000, 'x')};
    EXPECT_EQ(send(large).value().status, 200);
}

TEST_F(OverloadTest, BodiesWithoutALength_NeverMoreThanTheOthers) {
    plain({.body_bytes_max = 1000});
    const std::string answer =
        talk({"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + std::string(2000, 'x') + "\r\n"});
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 413")) << answer;
    EXPECT_EQ(answer.find("content-length\""), std::string::npos);
    EXPECT_TRUE(answer.find("larger than 1000 bytes\"") != std::string::npos) << answer;
}

TEST_F(OverloadTest, VeryLargeBodies_ArriveWhole) {
    plain();
    HttpRequest large{"POST", url("/x"), {}, std::string(48U << 20U, 'x')};
    for (int i = 0; i < 2; ++i) EXPECT_EQ(send(large).value().status, 200);
}

TEST(ServerState, WhoSendsMuchIsHeldUp_AfterABurst) {
    asio::io_context io;
    VirtualTime time{io};
    VirtualClock clock{time};
    ServerState state{io.get_executor(), clock, {}, {}};
    constexpr std::size_t kMiB = 1U << 20U;
    for (int i = 0; i < 32; ++i) EXPECT_EQ(state.pause_after(kMiB), Duration::zero()) << i;
    // From here on, 128 MiB a second, whoever sends them.
    EXPECT_EQ(state.pause_after(64 * kMiB), milliseconds{500});
    EXPECT_EQ(state.pause_after(64 * kMiB), milliseconds{1000});
    time.advance(milliseconds{1000});
    EXPECT_EQ(state.pause_after(0), Duration::zero());
    EXPECT_GT(state.pause_after(kMiB), Duration::zero());
    time.advance(seconds{1});
    EXPECT_EQ(state.pause_after(32 * kMiB), Duration::zero());
}

TEST_F(OverloadTest, ManyUnfinishedLargeBodies_TheNextIsRefused_SmallOnesAreNot) {
    plain({.unfinished_bodies_bytes_max = 3U << 20U});
    const std::string head = "POST /x HTTP/1.1\r\nContent-Length: 4000000\r\n\r\n";
    const std::string first_half(2U << 20U, 'x');
    tcp::socket socket{io};
    socket.connect({asio::ip::address_v4::loopback(), port});
    socket.non_blocking(true);
    const std::string begun = head + first_half;
    for (std::size_t sent = 0; sent < begun.size();) {
        boost::system::error_code error;
        sent += socket.write_some(asio::buffer(begun) + sent, error);
        // All of it is read before the next one comes.
        while (io.poll() > 0) continue;
    }
    EXPECT_TRUE(talk({head + first_half}).starts_with("HTTP/1.1 503"));
    HttpRequest small{"POST", url("/x"), {}, std::string(1U << 20U, 'x')};
    EXPECT_EQ(send(small).value().status, 200);
    socket.close();
    turn_for(milliseconds{20});
    HttpRequest large{"POST", url("/x"), {}, first_half};
    EXPECT_EQ(send(large).value().status, 200);
}

TEST_F(OverloadTest, DescriptorsRunOut_StrangersGoAndOthersAreServed) {
    plain();
    ASSERT_TRUE(get("/x").has_value());
    hold_many(50, "GET / HT");
    // Our own sockets are open already: from here on only the server needs descriptors.
    tcp::socket spare{io};
    spare.open(tcp::v4());
    OpenFiles::set(static_cast<rlim_t>(spare.native_handle()) + 1);
    spare.non_blocking(true);
    boost::system::error_code ignored;
    spare.connect({asio::ip::address_v4::loopback(), port}, ignored);
    ASSERT_TRUE(run_until([&] { return count_closed() > 0; }));
    expect_served_on_the_same_connection();
    OpenFiles::set(open_files.max());
    start_client();
    EXPECT_TRUE(get("/x").has_value());
}

TEST_F(OverloadTest, Ipv6Loopback) {
    server.emplace(io.get_executor(), clock, HttpServerOptions{}, [this](ServerRequest request) -> Task<Reply> {
        peers_address = request.peer;
        return echo_path(std::move(request));
    });
    if (!server->listen("::1", 0)) GTEST_SKIP() << "no IPv6 on this machine";
    port = server->port();
    HttpRequest request;
    request.url = "http://[::1]:" + std::to_string(port) + "/x";
    const auto response = send(std::move(request));
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_TRUE(peers_address.starts_with("[::1]:")) << peers_address;
}

}  // namespace
}  // namespace holdfast::net
