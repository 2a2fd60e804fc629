// A whole simulation in virtual time, and a client that asks its nodes without sockets.
#pragma once

#include <gtest/gtest.h>
#include <json/reader.h>
#include <boost/asio/co_spawn.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/virtual_clock.hpp"
#include "tests/beacon_chain/admin.hpp"

namespace holdfast::sim {

inline Json::Value parsed(const std::string& text) {
    Json::CharReaderBuilder builder;
    const std::unique_ptr<Json::CharReader> reader{builder.newCharReader()};
    Json::Value json;
    std::string errors;
    EXPECT_TRUE(reader->parse(text.data(), text.data() + text.size(), &json, &errors)) << text;
    return json;
}

// Keeps what a stream writes.
class Recorder final : public net::StreamWriter {
public:
    Task<bool> write(std::string data) override {
        text += data;
        co_return true;
    }
    std::string text;
};

class SimTest : public testing::Test {
protected:
    static constexpr std::uint64_t kValidators = 64;

    static const SignatureChecker& keys() {
        static const std::unique_ptr<SignatureChecker> all = [] {
            auto checker = std::make_unique<SignatureChecker>(kValidators);
            checker->derive(0, kValidators);
            return checker;
        }();
        return *all;
    }

    static SimulationOptions defaults() {
        SimulationOptions options;
        options.config = config_of_preset("minimal").value();
        options.config.validators = kValidators;
        options.genesis_delay_ms = 1000;
        return options;
    }

    void start(const SimulationOptions& options = defaults()) {
        simulation = std::make_unique<Simulation>(io.get_executor(), clock, random, pool, keys(), options);
        admin = std::make_unique<Admin>(io.get_executor(), clock, *simulation);
        tasks.spawn("simulation", simulation->run());
    }

    void TearDown() override {
        tasks.cancel();
        if (simulation) tasks.spawn("close", simulation->close());
        time.advance(Duration{0});
    }

    // To `ms` after the start of `slot`.
    void go_to(Slot slot, std::uint64_t ms = 0) {
        const WallTime when = simulation->time().start_of(slot) + std::chrono::milliseconds{ms};
        ASSERT_GE(when, clock.now());
        time.advance(when - clock.now());
    }

    using Replies = std::shared_ptr<std::optional<net::Reply>>;

    template <class Target>
    static Task<void> answer_into(Target& target, net::ServerRequest request, Replies into) {
        net::Reply reply = co_await target.answer(std::move(request));
        into->emplace(std::move(reply));
    }

    static net::ServerRequest request_of(const std::string& method, const std::string& url, std::string body,
                                         net::Headers headers) {
        net::ServerRequest request;
        request.message = {method, url, std::move(headers), std::move(body)};
        const std::size_t question = url.find('?');
        request.path = url.substr(0, question);
        if (question != std::string::npos) request.query = url.substr(question + 1);
        return request;
    }

    // The question is asked now; the answer may take virtual time.
    template <class Target>
    Replies ask_later(Target& target, const std::string& method, const std::string& url, std::string body = {},
                      net::Headers headers = {{"content-type", "application/json"}}) {
        auto reply = std::make_shared<std::optional<net::Reply>>();
        tasks.spawn("question", answer_into(target, request_of(method, url, std::move(body), std::move(headers)), reply));
        time.advance(Duration{0});
        return reply;
    }

    template <class Target>
    net::HttpResponse ask_any(Target& target, const std::string& method, const std::string& url, std::string body = {},
                              net::Headers headers = {{"content-type", "application/json"}}) {
        const Replies reply = ask_later(target, method, url, std::move(body), std::move(headers));
        if (!reply->has_value() || !std::holds_alternative<net::HttpResponse>(**reply)) {
            ADD_FAILURE() << "no answer: " << method << ' ' << url;
            return {};
        }
        return std::get<net::HttpResponse>(**reply);
    }

    net::HttpResponse ask(std::size_t node, const std::string& method, const std::string& url, std::string body = {},
                          net::Headers headers = {{"content-type", "application/json"}}) {
        return ask_any(simulation->node(node), method, url, std::move(body), std::move(headers));
    }
    Json::Value get(std::size_t node, const std::string& url) {
        const net::HttpResponse response = ask(node, "GET", url);
        EXPECT_EQ(response.status, 200) << url << ' ' << response.body;
        return parsed(response.body);
    }
    Json::Value command(const std::string& path, const std::string& body) {
        const net::HttpResponse response = ask_any(*admin, "POST", path, body);
        EXPECT_EQ(response.status, 200) << response.body;
        return parsed(response.body);
    }
    void faults(std::size_t node, const std::string& json) {
        command("/faults", R"({"node":)" + std::to_string(node) + R"(,"faults":)" + json + "}");
    }
    Json::Value admin_get(const std::string& url) { return parsed(ask_any(*admin, "GET", url).body); }

    // What the stream of a node gives from now on.
    std::shared_ptr<Recorder> listen(std::size_t node, const std::string& topics) {
        const Replies reply = ask_later(simulation->node(node), "GET", "/eth/v1/events?topics=" + topics);
        auto recorder = std::make_shared<Recorder>();
        auto& stream = std::get<net::StreamResponse>(**reply);
        tasks.spawn("stream", record(stream.body, recorder));
        time.advance(Duration{0});
        return recorder;
    }

    Json::Value data_of(std::size_t node, Slot slot) {
        return get(node, "/eth/v1/validator/attestation_data?committee_index=0&slot=" + to_string(slot))["data"];
    }

    // One attestation as a client makes it out of what `node` says: its duty, its data, its signature.
    Json::Value attestation(std::size_t node, std::uint32_t validator, Slot slot) {
        const Json::Value data = data_of(node, slot);
        ethereum::AttestationData value{slot,
                                        CommitteeIndex{0},
                                        parse_hex<Root>(data["beacon_block_root"].asString()).value(),
                                        {Epoch{std::stoull(data["source"]["epoch"].asString())},
                                         parse_hex<Root>(data["source"]["root"].asString()).value()},
                                        {Epoch{std::stoull(data["target"]["epoch"].asString())},
                                         parse_hex<Root>(data["target"]["root"].asString()).value()}};
        const ChainConfig& config = simulation->options().config;
        const Root root =
            signing_root_of(value, fork_at(config, value.target.epoch).version, genesis_validators_root_of(config));
        Json::Value result;
        result["attester_index"] = std::to_string(validator);
        result["committee_index"] = duty(node, validator, config.epoch_of(slot))["committee_index"];
        result["data"] = data;
        result["signature"] = to_hex(sign(interop_secret(validator), root));
        return result;
    }

    Json::Value duty(std::size_t node, std::uint32_t validator, Epoch epoch) {
        const net::HttpResponse response = ask(node, "POST", "/eth/v1/validator/duties/attester/" + to_string(epoch),
                                               "[\"" + std::to_string(validator) + "\"]");
        return parsed(response.body)["data"][0];
    }

    // Returns when the signatures have been judged.
    net::HttpResponse post(std::size_t node, const Json::Value& attestations) {
        const net::HttpResponse response = ask(node, "POST", "/eth/v2/beacon/pool/attestations", one_line(attestations),
                                               {{"content-type", "application/json"}, {"eth-consensus-version", "electra"}});
        time.advance(simulation->time().slot() / 16);
        return response;
    }

    // All validators with a duty in `slot` attest through `node`.
    void attest(std::size_t node, Slot slot) {
        const Epoch epoch = simulation->options().config.epoch_of(slot);
        Json::Value list = Json::arrayValue;
        for (std::uint32_t validator = 0; validator < kValidators; ++validator) {
            if (duty(node, validator, epoch)["slot"].asString() == to_string(slot))
                list.append(attestation(node, validator, slot));
        }
        EXPECT_EQ(post(node, list).status, 200);
    }

    boost::asio::io_context io;
    VirtualTime time{io};
    VirtualClock clock{time};
    SeededRandom random{1};
    WorkerPool pool{0};
    TaskGroup tasks{io.get_executor()};
    std::unique_ptr<Simulation> simulation;
    std::unique_ptr<Admin> admin;

private:
    static Task<void> record(std::function<Task<void>(net::StreamWriter&)> body, std::shared_ptr<Recorder> recorder) {
        co_await body(*recorder);
    }
};

}  // namespace holdfast::sim
