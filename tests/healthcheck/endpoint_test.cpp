// Goal: every path answers what docs/health.md says, and only those who may can command. Method: a table of requests against
// the handler; the drill once more through a real server.
#include "healthcheck/endpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "shared/base/task_group.hpp"

namespace holdfast::healthcheck {
namespace {

using net::HttpResponse;
using net::ServerRequest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Lines : public net::StreamWriter {
public:
    Task<bool> write(std::string data) override {
        text += data;
        co_return text.size() < 20;
    }
    std::string text;
};

template <class T>
Task<void> store(Task<T> task, std::optional<T>& into) {
    into = co_await std::move(task);
}

Task<void> write_lines(std::uint64_t slots, net::StreamWriter& writer) {
    for (std::uint64_t i = 0; i < slots; ++i) {
        const bool more = co_await writer.write("{\"slot\":\"" + std::to_string(i) + "\"}\n");
        if (!more) co_return;
    }
}

class EndpointTest : public testing::Test {
protected:
    EndpointTest() {
        health.role = "primary";
        health.state = "on_duty";
        health.healthy = health.on_duty = health.ready = true;
        sources.health = [this] { return health; };
        sources.status = [this] {
            StatusDocument status;
            status.health = health;
            return status;
        };
        sources.metrics = [] { return std::string{"ha_role 1\n"}; };
    }

    void allow_commands() {
        sources.command = [this](CommandRequest request) { return take(std::move(request)); };
        sources.drill = [](std::uint64_t slots, net::StreamWriter& writer) { return write_lines(slots, writer); };
    }

    Task<Result<std::string>> take(CommandRequest request) {
        commands.push_back(request.by + ": " + std::string{to_string(request.command)});
        co_return outcome;
    }

    net::Reply ask(ServerRequest request) {
        const net::HttpHandler handler = make_handler(sources);
        std::optional<net::Reply> reply;
        group.spawn("asks", store(handler(std::move(request)), reply));
        run();
        EXPECT_TRUE(reply);
        return std::move(*reply);
    }

    HttpResponse answer(ServerRequest request) {
        net::Reply reply = ask(std::move(request));
        EXPECT_TRUE(std::holds_alternative<HttpResponse>(reply));
        return std::get<HttpResponse>(std::move(reply));
    }

    HttpResponse answer(const std::string& method, const std::string& path) { return answer(request(method, path)); }

    HttpResponse send(const std::string& body, const std::string& type = "application/json", net::Headers more = {}) {
        ServerRequest post = request("POST", "/v1/commands");
        post.message.body = body;
        post.message.headers = std::move(more);
        if (!type.empty()) post.message.headers.push_back({"content-type", type});
        return answer(std::move(post));
    }

    static ServerRequest request(const std::string& method, const std::string& path) {
        ServerRequest request;
        request.message.method = method;
        const auto question = path.find('?');
        request.path = path.substr(0, question);
        if (question != std::string::npos) request.query = path.substr(question + 1);
        request.peer = "127.0.0.1:40000";
        return request;
    }

    void run() {
        io.restart();
        io.run();
    }

    boost::asio::io_context io;
    TaskGroup group{io.get_executor()};
    HealthDocument health;
    EndpointSources sources;
    std::vector<std::string> commands;
    Result<std::string> outcome{"done"};
};

struct StateRow {
    bool healthy, on_duty, ready;
    int healthz, activez, readyz;
};

TEST_F(EndpointTest, Documents_ByState) {
    constexpr StateRow kRows[] = {
        {true, true, true, 200, 200, 200},    // on duty
        {false, true, true, 503, 200, 200},   // on duty, not well
        {true, false, true, 200, 503, 200},   // standby
        {false, false, false, 503, 503, 503}  // starting
    };
    for (const StateRow& row : kRows) {
        health.healthy = row.healthy;
        health.on_duty = row.on_duty;
        health.ready = row.ready;
        for (const char* method : {"GET", "HEAD"}) {
            EXPECT_EQ(answer(method, "/healthz").status, row.healthz);
            EXPECT_EQ(answer(method, "/activez").status, row.activez);
            EXPECT_EQ(answer(method, "/readyz").status, row.readyz);
            for (const char* path : {"/livez", "/status", "/metrics"}) EXPECT_EQ(answer(method, path).status, 200) << path;
        }
    }
}

TEST_F(EndpointTest, Documents_Bodies) {
    EXPECT_EQ(answer("GET", "/healthz").body, render(health));
    EXPECT_EQ(answer("GET", "/status").body, render(sources.status()));
    EXPECT_EQ(answer("GET", "/metrics").body, "ha_role 1\n");
    EXPECT_EQ(answer("GET", "/livez").body, "ok\n");
    EXPECT_EQ(answer("GET", "/activez").body, "on duty\n");
    health.on_duty = health.ready = false;
    health.state = "standby";
    health.why_not_ready = "protectors: 2 of 4";
    EXPECT_EQ(answer("GET", "/activez").body, "not on duty: standby\n");
    EXPECT_EQ(answer("GET", "/readyz").body, "not ready: protectors: 2 of 4\n");
    EXPECT_EQ(net::find_header(answer("GET", "/healthz").headers, "content-type"), "application/json");
    EXPECT_EQ(net::find_header(answer("GET", "/healthz").headers, "cache-control"), "no-store");
}

TEST_F(EndpointTest, OtherMethods_405) {
    allow_commands();
    for (const char* path : {"/livez", "/readyz", "/healthz", "/activez", "/status", "/metrics"}) {
        for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
            const HttpResponse response = answer(method, path);
            EXPECT_EQ(response.status, 405) << method << path;
            EXPECT_EQ(net::find_header(response.headers, "allow"), "GET, HEAD");
            EXPECT_THAT(response.body, HasSubstr(std::string{path} + " wants GET, HEAD"));
        }
    }
    for (const char* method : {"GET", "HEAD", "PUT", "OPTIONS"}) {
        EXPECT_EQ(answer(method, "/v1/commands").status, 405) << method;
        if (method != std::string{"GET"}) {
            EXPECT_EQ(answer(method, "/v1/drill").status, 405) << method;
        }
    }
    EXPECT_THAT(commands, IsEmpty());
}

TEST_F(EndpointTest, OtherPaths_404SayingWhatThereIs) {
    for (const char* path : {"/", "/health", "/healthz/", "/v1", "/v1/commands", "/v1/drill"}) {
        for (const char* method : {"GET", "POST"}) {
            const HttpResponse response = answer(method, path);
            EXPECT_EQ(response.status, 404) << path;
            EXPECT_THAT(response.body, HasSubstr("there is /livez, /readyz, /healthz, /activez, /status, /metrics\""));
        }
    }
    allow_commands();
    EXPECT_THAT(answer("GET", "/").body, HasSubstr("/v1/commands, /v1/drill"));
}

TEST_F(EndpointTest, Commands_Each) {
    allow_commands();
    for (const char* word : {"failover", "force-failover", "failback", "force-failback", "pause", "resume"}) {
        const HttpResponse response = send(std::string{R"({"command": ")"} + word + "\"}");
        EXPECT_EQ(response.status, 200) << word;
        EXPECT_EQ(response.body, "{\"message\":\"done\"}\n");
        EXPECT_EQ(commands.back(), std::string{"somebody at 127.0.0.1:40000: "} + word);
        EXPECT_EQ(parse_command(render_command(parse_command(std::string{R"({"command":")"} + word + "\"}").value())).value(),
                  parse_command(std::string{R"({"command":")"} + word + "\"}").value());
    }
    EXPECT_EQ(commands.size(), 6U);
}

TEST_F(EndpointTest, Commands_OutcomesByTheirCode) {
    allow_commands();
    const std::pair<ErrorCode, int> codes[] = {{ErrorCode::kRefused, 409},
                                               {ErrorCode::kInvalidArgument, 409},
                                               {ErrorCode::kUnavailable, 503},
                                               {ErrorCode::kTimeout, 503},
                                               {ErrorCode::kInternal, 500}};
    for (const auto& [code, status] : codes) {
        outcome = failure(code, "the secondary is not ready: \"why\"");
        const HttpResponse response = send(R"({"command":"failover"})");
        EXPECT_EQ(response.status, status);
        EXPECT_EQ(response.body,
                  "{\"code\": " + std::to_string(status) + R"(, "message": "the secondary is not ready: \"why\""})");
    }
}

TEST_F(EndpointTest, Commands_BadBodies) {
    allow_commands();
    for (const char* body : {"", "{}", "[]", "null", "failover", R"("failover")", R"({"command":"failover")",
                             R"({"command":1})", R"({"command":"failover"}x)", R"({"command":"failover","command":"failover"})",
                             R"({"command":"failover","force":true})", R"({"Command":"failover"})", R"({"command":"FAILOVER"})",
                             R"({"command":""})", R"({"command":{"command":"failover"}})"}) {
        EXPECT_EQ(send(body).status, 400) << body;
    }
    EXPECT_EQ(send(R"({"command":"failover")" + std::string(2'000, ' ') + "}").status, 400);
    EXPECT_THAT(
        send(R"({"command":"halt"})").body,
        HasSubstr(R"(there is no command \"halt\"; there are failover, force-failover, failback, force-failback, pause, )"
                  "resume"));
    EXPECT_THAT(commands, IsEmpty());
}

TEST_F(EndpointTest, Commands_OnlyAsJson) {
    allow_commands();
    const std::string body = R"({"command":"failover"})";
    for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                             "text/plain; application/json", "application/jsonp"}) {
        EXPECT_EQ(send(body, type).status, 415) << type;
    }
    EXPECT_THAT(commands, IsEmpty());
    for (const char* type : {"application/json", "application/json; charset=utf-8", "Application/JSON ;x=y"}) {
        EXPECT_EQ(send(body, type).status, 200) << type;
    }
}

TEST_F(EndpointTest, WebPages_GetNothingDone) {
    allow_commands();
    for (const net::Header& header :
         {net::Header{"origin", "https://evil.example"}, net::Header{"Origin", "null"},
          net::Header{"sec-fetch-site", "cross-site"}, net::Header{"sec-fetch-site", "same-origin"}}) {
        EXPECT_EQ(send(R"({"command":"failover"})", "application/json", {header}).status, 403) << header.value;
        ServerRequest drill = request("GET", "/v1/drill");
        drill.message.headers = {header};
        EXPECT_EQ(answer(drill).status, 403) << header.value;
    }
    EXPECT_THAT(commands, IsEmpty());
}

struct CallerRow {
    const char* common_name;
    bool may;
};

TEST_F(EndpointTest, MutualTls_OperatorsAndInstancesOnly) {
    allow_commands();
    sources.mutual_tls = true;
    constexpr CallerRow kRows[] = {
        {"operator/anna", true}, {"instance/secondary", true}, {"member/p1", false},      {"", false}, {"operator/", false},
        {"anna", false},         {"root/anna", false},         {"operator/anna/x", false}};
    for (const CallerRow& row : kRows) {
        const auto as = [&](ServerRequest request) {
            request.common_name = row.common_name;
            return request;
        };
        for (const char* path : {"/livez", "/healthz", "/status", "/metrics", "/nothing"}) {
            EXPECT_EQ(answer(as(request("GET", path))).status == 403, !row.may) << row.common_name << path;
        }
        ServerRequest post = as(request("POST", "/v1/commands"));
        post.message.headers = {{"content-type", "application/json"}};
        post.message.body = R"({"command":"pause"})";
        EXPECT_EQ(answer(post).status, row.may ? 200 : 403) << row.common_name;
        EXPECT_EQ(std::holds_alternative<net::StreamResponse>(ask(as(request("GET", "/v1/drill")))), row.may);
    }
    EXPECT_THAT(commands, ElementsAre("operator/anna: pause", "instance/secondary: pause"));
}

TEST_F(EndpointTest, MutualTls_TheRefusalNamesTheCaller) {
    sources.mutual_tls = true;
    ServerRequest get = request("GET", "/healthz");
    EXPECT_THAT(answer(get).body, HasSubstr("a caller without a certificate may ask nothing here"));
    get.common_name = "member/p1";
    EXPECT_THAT(answer(get).body, HasSubstr(R"(\"member/p1\" may ask nothing here)"));
}

TEST_F(EndpointTest, LocalSocket_NeedsNoCertificate) {
    allow_commands();
    for (const bool mutual_tls : {false, true}) {
        sources.mutual_tls = mutual_tls;
        ServerRequest post = request("POST", "/v1/commands");
        post.peer = net::kUnixPeer;
        post.message.headers = {{"content-type", "application/json"}};
        post.message.body = R"({"command":"pause"})";
        EXPECT_EQ(answer(post).status, 200);
        EXPECT_EQ(commands.back(), "the local socket: pause");
    }
}

TEST_F(EndpointTest, Drill_StreamsLinesUntilNobodyReads) {
    allow_commands();
    net::Reply reply = ask(request("GET", "/v1/drill?slots=100"));
    auto& stream = std::get<net::StreamResponse>(reply);
    EXPECT_EQ(stream.head.status, 200);
    EXPECT_EQ(net::find_header(stream.head.headers, "content-type"), "application/x-ndjson");
    Lines lines;
    group.spawn("reads", stream.body(lines));
    run();
    EXPECT_EQ(lines.text, "{\"slot\":\"0\"}\n{\"slot\":\"1\"}\n");
}

TEST_F(EndpointTest, Drill_Slots) {
    allow_commands();
    for (const char* query : {"slots=0", "slots=-1", "slots=x", "slots=", "slots=1001", "slots=99999999999999999999"}) {
        EXPECT_EQ(answer("GET", std::string{"/v1/drill?"} + query).status, 400) << query;
    }
    for (const char* query : {"", "slots=1", "slots=1000"}) {
        EXPECT_TRUE(std::holds_alternative<net::StreamResponse>(ask(request("GET", std::string{"/v1/drill?"} + query))))
            << query;
    }
}

}  // namespace
}  // namespace holdfast::healthcheck
