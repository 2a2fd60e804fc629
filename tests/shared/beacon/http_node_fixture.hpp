// One node over HTTP and a server that answers as the test says; and what was recorded of real nodes.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <json/reader.h>
#include <json/writer.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "shared/beacon/http_beacon_node.hpp"
#include "tests/shared/beacon/fake_beacon_node.hpp"
#include "tests/shared/net/net_fixture.hpp"

namespace holdfast::beacon {

using net::HttpResponse;
using net::Reply;
using net::ServerRequest;

inline Json::Value parse(const std::string& text) {
    Json::Value value;
    const std::unique_ptr<Json::CharReader> reader{Json::CharReaderBuilder{}.newCharReader()};
    std::string problem;
    EXPECT_TRUE(reader->parse(text.data(), text.data() + text.size(), &value, &problem)) << problem;
    return value;
}
inline std::string write(const Json::Value& value) {
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "";
    return Json::writeString(builder, value);
}

// What was recorded of a real node, by the path below the samples; nothing if this machine has no recordings.
inline std::optional<Json::Value> sample(const std::string& name) {
    const char* shared = std::getenv("HOLDFAST_SHARED");
    if (shared == nullptr) return std::nullopt;
    std::ifstream file{std::filesystem::path{shared} / "devnet/samples" / (name + ".json")};
    if (!file) return std::nullopt;
    std::ostringstream text;
    text << file.rdbuf();
    return parse(text.str());
}

inline HttpResponse recorded_response(const Json::Value& sample) {
    const Json::Value& body = sample["response"]["body"];
    std::string text = body.isString() ? body.asString() : write(body);
    if (body.isObject() && body.isMember("ssz_hex")) {
        text.resize(body["ssz_bytes"].asUInt());
        auto* bytes = reinterpret_cast<std::uint8_t*>(text.data());
        EXPECT_TRUE(from_hex(body["ssz_hex"].asString(), bytes, text.size()).has_value());
    } else if (body.isObject() && body.isMember("ssz_hex_start")) {
        text.resize(body["ssz_bytes"].asUInt());
        auto* bytes = reinterpret_cast<std::uint8_t*>(text.data());
        EXPECT_TRUE(from_hex(body["ssz_hex_start"].asString(), bytes, text.size()).has_value());
    }
    const Json::Value& headers = sample["response"]["headers"];
    HttpResponse response = net::make_response(sample["response"]["status"].asInt(), headers["Content-Type"].asString(), text);
    for (const std::string& name : headers.getMemberNames()) {
        if (name.starts_with("Eth-")) response.headers.push_back({name, headers[name].asString()});
    }
    return response;
}

inline Task<Reply> give(Reply reply) { co_return reply; }

class HttpBeaconNodeTest : public net::NetTest {
protected:
    HttpBeaconNodeTest() {
        start_server([this](const ServerRequest& request) {
            requests.push_back(request);
            return give(answer(request));
        });
        node =
            make_http_beacon_node(start_client(), clock, "http://user:secret@127.0.0.1:" + std::to_string(port) + "/", options);
        shown = "http://127.0.0.1:" + std::to_string(port);
    }

    void answer_with(int status, std::string type, std::string body) {
        HttpResponse response = net::make_response(status, std::move(type), std::move(body));
        answer = [response](const ServerRequest&) { return Reply{response}; };
    }
    void answer_json(std::string body) { answer_with(200, "application/json", std::move(body)); }
    void answer_recorded(const Json::Value& sample) {
        HttpResponse response = recorded_response(sample);
        answer = [response](const ServerRequest&) { return Reply{response}; };
    }
    // The last request is the one that was recorded: method, path with query, body, and the headers that matter.
    void expect_as_recorded(const Json::Value& sample) {
        ASSERT_FALSE(requests.empty());
        const net::HttpRequest& request = requests.back().message;
        EXPECT_EQ(request.method, sample["request"]["method"].asString());
        EXPECT_EQ(request.url, sample["request"]["path"].asString());
        const Json::Value& body = sample["request"]["body"];
        EXPECT_EQ(request.body.empty() ? Json::Value{} : parse(request.body), body);
        for (const std::string& name : sample["request"]["headers"].getMemberNames()) {
            const auto header = net::find_header(request.headers, name);
            ASSERT_TRUE(header.has_value()) << name;
            EXPECT_THAT(std::string{*header}, ::testing::StartsWith(sample["request"]["headers"][name].asString())) << name;
        }
    }
    [[nodiscard]] std::string last_header(std::string_view name) const {
        const auto header = net::find_header(requests.back().message.headers, name);
        return std::string{header.value_or("")};
    }
    // The node says of its chain that Gloas comes.
    void answer_for_spec_of_gloas() {
        auto other = std::exchange(answer, [](const ServerRequest&) {
            Json::Value body;
            for (const auto& [name, value] : testing::spec_values()) body["data"][name] = value;
            for (const char* fork : {"FULU", "GLOAS"}) {
                body["data"][std::string{fork} + "_FORK_EPOCH"] = "100";
                body["data"][std::string{fork} + "_FORK_VERSION"] = fork[0] == 'F' ? "0x06000000" : "0x07000000";
            }
            return Reply{net::make_response(200, "application/json", write(body))};
        });
        const auto spec = run(node->spec(soon()));
        ASSERT_TRUE(spec.has_value()) << spec.error().message;
        ASSERT_EQ(spec.value().forks().back().name, ethereum::ForkName::kGloas);
        answer = std::move(other);
    }
    [[nodiscard]] SteadyTime soon() const { return clock.steady() + std::chrono::seconds{10}; }

    HttpBeaconNodeOptions options{};
    std::function<Reply(const ServerRequest&)> answer;
    std::vector<ServerRequest> requests;
    std::unique_ptr<BeaconNode> node;
    std::string shown;
};

#define SAMPLE_OR_SKIP(variable, name)                                              \
    const auto variable##_found = sample(name);                                     \
    if (!variable##_found) GTEST_SKIP() << "no recording of a real node: " << name; \
    const Json::Value& variable = *variable##_found

}  // namespace holdfast::beacon
