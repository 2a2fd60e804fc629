// Goal: server and client speak through a Unix socket that nobody else can open, whose file comes and goes with the server; and
// the client tells a place where nobody listens from silence. Method: sockets in a folder of the test's own.
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>
#include <fstream>

#include "tests/shared/net/net_fixture.hpp"

namespace holdfast::net {
namespace {

using boost::asio::local::stream_protocol;
namespace fs = std::filesystem;

struct UnixTest : NetTest {
    UnixTest() {
        folder = (fs::temp_directory_path() / "holdfast-unix-XXXXXX").string();
        EXPECT_NE(::mkdtemp(folder.data()), nullptr);
        path = folder + "/primary.sock";
        HttpClientOptions options;
        options.unix_socket = path;
        start_client(options);
    }
    ~UnixTest() override {
        if (server) stop_server();
        server.reset();
        // By name: never what a path leads to.
        ::unlink((folder + "/primary.sock").c_str());
        EXPECT_EQ(::rmdir(folder.c_str()), 0);
    }

    Result<void> listen_at(const std::string& where, HttpServerOptions options = {}) {
        server.emplace(io.get_executor(), clock, std::move(options), [this](ServerRequest request) {
            peer = request.peer;
            return echo_path(std::move(request));
        });
        return server->listen_unix(where);
    }
    Result<void> listen() { return listen_at(path); }
    Result<HttpResponse> ask(Duration allowed = kLong) {
        HttpRequest request;
        request.url = "http://localhost/status";
        return send(std::move(request), allowed);
    }
    [[nodiscard]] mode_t mode() const {
        struct stat file {};
        EXPECT_EQ(::lstat(path.c_str(), &file), 0);
        return file.st_mode;
    }
    [[nodiscard]] bool file_is_there() const { return fs::exists(fs::symlink_status(path)); }
    // As a process leaves it that was killed.
    void leave_dead_socket() { const stream_protocol::acceptor dead{io, stream_protocol::endpoint{path}}; }

    std::string folder;
    std::string path;
    std::string peer;
};

TEST_F(UnixTest, RequestGetsItsAnswer_AndThePeerHasAName) {
    ASSERT_TRUE(listen());
    const auto response = ask();
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response.value().body, "/status");
    EXPECT_EQ(peer, "the local socket");
}

TEST_F(UnixTest, BesideTcp_BothAnswer) {
    ASSERT_TRUE(listen());
    ASSERT_TRUE(server->listen("127.0.0.1", 0));
    port = server->port();
    EXPECT_EQ(ask().value().body, "/status");
    client = make_http_client(io.get_executor(), clock, {});
    EXPECT_EQ(get("/over-tcp").value().body, "/over-tcp");
    EXPECT_TRUE(peer.starts_with("127.0.0.1:"));
}

TEST_F(UnixTest, AddressThatIsTaken_LeavesTheSocketAlone) {
    const boost::asio::ip::tcp::acceptor other{io, {boost::asio::ip::address_v4::loopback(), 0}};
    ASSERT_TRUE(listen());
    EXPECT_FALSE(server->listen("127.0.0.1", other.local_endpoint().port()));
    EXPECT_TRUE(ask().has_value());
}

TEST_F(UnixTest, OnlyTheOwnerMayConnect_WhateverTheUmask) {
    for (const mode_t mask : {0U, 0277U}) {
        const mode_t before = ::umask(mask);
        const auto listening = listen();
        ::umask(before);
        ASSERT_TRUE(listening.has_value()) << listening.error().message;
        EXPECT_EQ(mode(), S_IFSOCK | 0600U);
        stop_server();
    }
}

TEST_F(UnixTest, TlsOptions_DontConcernIt) {
    HttpServerOptions options;
    options.tls = TlsFiles{"missing.pem", "missing.pem", "missing.pem"};
    ASSERT_TRUE(listen_at(path, options));
    EXPECT_TRUE(ask().has_value());
}

TEST_F(UnixTest, FileIsGoneAfterStop) {
    ASSERT_TRUE(listen());
    EXPECT_TRUE(file_is_there());
    stop_server();
    EXPECT_FALSE(file_is_there());
}

TEST_F(UnixTest, AnothersFile_StaysAfterStop) {
    ASSERT_TRUE(listen());
    ASSERT_EQ(::unlink(path.c_str()), 0);
    const stream_protocol::acceptor other{io, stream_protocol::endpoint{path}};
    stop_server();
    EXPECT_TRUE(file_is_there());
}

TEST_F(UnixTest, SecondSocketOfAServer_RefusedAndTheFirstStays) {
    ASSERT_TRUE(listen());
    EXPECT_FALSE(server->listen_unix(folder + "/other.sock"));
    EXPECT_TRUE(ask().has_value());
}

TEST_F(UnixTest, FileOfADeadProcess_IsReplaced) {
    leave_dead_socket();
    ASSERT_TRUE(file_is_there());
    const auto listening = listen();
    ASSERT_TRUE(listening.has_value()) << listening.error().message;
    EXPECT_TRUE(ask().has_value());
}

TEST_F(UnixTest, SomebodyListensThere_RefusedAndLeftAlone) {
    const stream_protocol::acceptor other{io, stream_protocol::endpoint{path}};
    const auto listening = listen();
    ASSERT_FALSE(listening.has_value());
    EXPECT_EQ(listening.error().code, ErrorCode::kIo);
    EXPECT_EQ(listening.error().message, "cannot listen on the Unix socket " + path + ": another process listens there");
    EXPECT_TRUE(file_is_there());
}

TEST_F(UnixTest, FileThatIsNoSocket_RefusedAndLeftAlone) {
    std::ofstream{path} << "a letter";
    const auto listening = listen();
    ASSERT_FALSE(listening.has_value());
    EXPECT_TRUE(listening.error().message.ends_with("a file is there that is no socket; remove it"));
    EXPECT_EQ(fs::file_size(path), 8U);
}

TEST_F(UnixTest, NoSuchFolderOrPathTooLong_Sentence) {
    auto listening = listen_at(folder + "/no/such.sock");
    ASSERT_FALSE(listening.has_value());
    EXPECT_EQ(listening.error().message,
              "cannot listen on the Unix socket " + folder + "/no/such.sock: No such file or directory");
    listening = listen_at(folder + "/" + std::string(200, 'a'));
    ASSERT_FALSE(listening.has_value());
    EXPECT_EQ(listening.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(UnixTest, NobodyListens_IsTold) {
    auto response = ask();
    ASSERT_FALSE(response.has_value());
    EXPECT_TRUE(connection_refused(response.error())) << response.error().message;
    leave_dead_socket();
    response = ask();
    ASSERT_FALSE(response.has_value());
    EXPECT_TRUE(connection_refused(response.error())) << response.error().message;
}

TEST_F(UnixTest, NobodyListensOverTcp_IsTold) {
    boost::asio::ip::tcp::acceptor gone{io, {boost::asio::ip::address_v4::loopback(), 0}};
    port = gone.local_endpoint().port();
    gone.close();
    client = make_http_client(io.get_executor(), clock, {});
    const auto response = get("/");
    ASSERT_FALSE(response.has_value());
    EXPECT_TRUE(connection_refused(response.error())) << response.error().message;
}

TEST_F(UnixTest, SilenceAndBrokenAnswers_AreNotRefusals) {
    start_server(hang(clock));
    client = make_http_client(io.get_executor(), clock, {});
    const auto silence = get("/", milliseconds{50});
    ASSERT_FALSE(silence.has_value());
    EXPECT_FALSE(connection_refused(silence.error())) << silence.error().message;
    stop_server();
    start_server([](ServerRequest) -> Task<Reply> { co_return DropConnection{}; });
    const auto broken = get("/");
    ASSERT_FALSE(broken.has_value());
    EXPECT_FALSE(connection_refused(broken.error())) << broken.error().message;
}

}  // namespace
}  // namespace holdfast::net
