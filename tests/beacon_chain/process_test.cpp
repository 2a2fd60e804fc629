// holdfast-sim over real sockets, and the program itself. Nothing here depends on how long something takes.
#include <gtest/gtest.h>
#include <json/reader.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/base/real_clock.hpp"
#include "shared/net/http_client.hpp"
#include "tests/beacon_chain/admin.hpp"
#include "tests/beacon_chain/keystore_files.hpp"

namespace holdfast::sim {
namespace {

Json::Value parsed(const std::string& text) {
    Json::CharReaderBuilder builder;
    const std::unique_ptr<Json::CharReader> reader{builder.newCharReader()};
    Json::Value json;
    std::string errors;
    EXPECT_TRUE(reader->parse(text.data(), text.data() + text.size(), &json, &errors)) << text;
    return json;
}

struct Ran {
    int exit_code{0};
    std::vector<std::string> lines;  // of stdout
};

Ran run_sim(const std::string& arguments) {
    const char* const bin = std::getenv("HOLDFAST_BIN");
    const std::string line = std::string{bin == nullptr ? "." : bin} + "/holdfast-sim " + arguments + " 2>&1";
    Ran ran;
    FILE* const pipe = ::popen(line.c_str(), "r");
    std::string text;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
        if (c != '\n') {
            text.push_back(static_cast<char>(c));
            continue;
        }
        ran.lines.push_back(std::exchange(text, {}));
    }
    ran.exit_code = WEXITSTATUS(::pclose(pipe));
    return ran;
}

TEST(Program, RunsItsEpochsAndPrintsTheScore) {
    const Ran ran = run_sim("--slot-ms 50 --block-ms 10 --genesis-delay-ms 0 --epochs 1 --attest-rest 0:48 --json");
    EXPECT_EQ(ran.exit_code, 0);
    ASSERT_EQ(ran.lines.size(), 2U);
    const Json::Value start = parsed(ran.lines[0]);
    EXPECT_EQ(start["nodes"].size(), 3U);
    EXPECT_TRUE(start["admin"].asString().starts_with("http://127.0.0.1:"));
    EXPECT_EQ(start["slots_per_epoch"].asUInt(), 8U);
    const Json::Value score = parsed(ran.lines[1]);
    EXPECT_EQ(score["epochs"].size(), 1U);
    EXPECT_EQ(score["total"]["duties"].asUInt(), 16U);
    EXPECT_EQ(score["total"]["included"].asUInt(), 0U);
}

TEST(Program, ListensWhereItIsTold) {
    const Ran ran = run_sim("--address 127.0.0.2 --nodes 1 --slot-ms 50 --block-ms 10 --genesis-delay-ms 0 --epochs 1 --json");
    EXPECT_EQ(ran.exit_code, 0);
    ASSERT_EQ(ran.lines.size(), 2U);
    EXPECT_TRUE(parsed(ran.lines[0])["nodes"][0].asString().starts_with("http://127.0.0.2:"));
    EXPECT_EQ(run_sim("--address 192.0.2.1 --nodes 1").exit_code, 1);
}

TEST(Program, RefusesWhatMakesNoSense) {
    for (const char* arguments :
         {"--nodes 0", "--preset gnosis", "--attest-rest 60:10", "--keys x", "--slot-ms 200 --block-ms 300", "--nonsense"}) {
        const Ran ran = run_sim(arguments);
        EXPECT_EQ(ran.exit_code, 2) << arguments;
        EXPECT_FALSE(ran.lines.empty()) << arguments;
    }
    EXPECT_EQ(run_sim("--help").exit_code, 0);
}

TEST(Keystores, AreWrittenForTheUserOnly) {
    std::string folder = (std::filesystem::temp_directory_path() / "holdfast-keystores-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    SignatureChecker keys{3};
    keys.derive(0, 3);
    SystemRandom random;
    ASSERT_TRUE(write_keystores(folder, {1, 2}, keys, random));
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        names.insert(entry.path().filename());
        EXPECT_EQ(entry.status().permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
    EXPECT_EQ(names,
              (std::set<std::string>{"keystore-0001.json", "keystore-0001.txt", "keystore-0002.json", "keystore-0002.txt"}));
    std::ifstream file{folder + "/keystore-0002.json"};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    EXPECT_EQ("0x" + parsed(text)["pubkey"].asString(), to_hex(keys.key(2)));
    std::filesystem::remove_all(folder);
}

// A simulation whose genesis is far away, so that nothing moves, on real sockets.
class Sockets : public testing::Test {
protected:
    Sockets() : keys{8} {
        keys.derive(0, 8);
        SimulationOptions options;
        options.config = config_of_preset("minimal").value();
        options.config.validators = 8;
        options.genesis_delay_ms = 3'600'000;
        simulation = std::make_unique<Simulation>(io.get_executor(), clock, random, pool, keys, options);
        client = net::make_http_client(io.get_executor(), clock, {});
    }
    ~Sockets() override {
        auto closing = simulation->close();
        finish(std::move(closing));
        client.reset();
    }

    template <class T>
    static Task<void> store(Task<T> task, std::optional<T>& into) {
        T value = co_await std::move(task);
        into.emplace(std::move(value));
    }
    void finish(Task<void> task) {
        TaskGroup group{io.get_executor()};
        group.spawn("test", std::move(task));
        io.restart();
        while (group.size() != 0) io.run_one();
    }
    template <class T>
    T finish(Task<T> task) {
        std::optional<T> result;
        finish(store(std::move(task), result));
        return std::move(*result);
    }

    Result<net::HttpResponse> get(const std::string& path) {
        net::HttpRequest request;
        request.url = simulation->node(0).url() + path;
        return finish(client->send(std::move(request), clock.steady() + std::chrono::seconds{20}));
    }

    boost::asio::io_context io;
    RealClock clock{io.get_executor()};
    SystemRandom random;
    WorkerPool pool{0};
    SignatureChecker keys;
    std::unique_ptr<Simulation> simulation;
    std::unique_ptr<net::HttpClient> client;
};

TEST_F(Sockets, EveryNodeAnswersOnItsPort) {
    ASSERT_TRUE(simulation->open(0));
    const auto response = get("/eth/v1/beacon/genesis");
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response.value().status, 200);
    EXPECT_EQ(parsed(response.value().body)["data"]["genesis_time"].asString(),
              std::to_string(simulation->time().genesis_seconds()));
    EXPECT_NE(simulation->node(0).port(), simulation->node(1).port());
}

TEST_F(Sockets, ANodeThatIsDownRefusesAndComesBackOnItsPort) {
    ASSERT_TRUE(simulation->open(0));
    const std::string url = simulation->node(0).url();
    ASSERT_TRUE(get("/eth/v1/node/health"));
    Faults down;
    down.down = true;
    finish(simulation->set_faults(0, down));
    const auto refused = get("/eth/v1/node/health");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
    finish(simulation->set_faults(0, {}));
    EXPECT_EQ(simulation->node(0).url(), url);
    EXPECT_TRUE(get("/eth/v1/node/health"));
}

TEST_F(Sockets, ARestartCutsTheEventStreams) {
    ASSERT_TRUE(simulation->open(0));
    net::HttpRequest request;
    request.url = simulation->node(0).url() + "/eth/v1/events?topics=head";
    std::string text;
    // The first thing that comes on the stream restarts the node; then the stream must end by itself.
    TaskGroup tasks{io.get_executor()};
    const auto on_data = [&](std::string_view data) {
        if (text.empty()) tasks.spawn("restart", simulation->restart(0, Duration{0}));
        text += data;
        return true;
    };
    const auto ended = finish(client->stream(std::move(request), std::chrono::seconds{20}, on_data));
    EXPECT_NE(text, "");
    if (!ended) {
        EXPECT_NE(ended.error().code, ErrorCode::kTimeout);
    }
    finish(tasks.join());
    EXPECT_TRUE(get("/eth/v1/node/health"));
}

TEST_F(Sockets, APortInUseIsSaid) {
    ASSERT_TRUE(simulation->open(0));
    Admin admin{io.get_executor(), clock, *simulation};
    const auto opened = admin.open(simulation->node(0).port());
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find(std::to_string(simulation->node(0).port())), std::string::npos);
}

TEST_F(Sockets, TheProgramSaysWhichPortIsTaken) {
    ASSERT_TRUE(simulation->open(0));
    const std::string port = std::to_string(simulation->node(0).port());
    const Ran ran = run_sim("--admin-port " + port);
    EXPECT_EQ(ran.exit_code, 1);
    ASSERT_EQ(ran.lines.size(), 1U);
    EXPECT_NE(ran.lines[0].find(port), std::string::npos);
}

}  // namespace
}  // namespace holdfast::sim
