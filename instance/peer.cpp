#include "instance/peer.hpp"

#include <json/json.h>

#include <memory>
#include <utility>

#include "healthcheck/endpoint.hpp"
#include "shared/base/log.hpp"

namespace holdfast::instance {

namespace {

// A primary that drains is to be relieved in the slot's rest.
constexpr Duration kWhileItDrains = std::chrono::milliseconds{100};
constexpr Duration kRelayTimeout = std::chrono::seconds{5};

// "message" of an answer to a command, good or bad; empty if there is none.
std::string message_of(const std::string& body) {
    Json::Value document;
    std::string errors;
    Json::CharReaderBuilder builder;
    builder["stackLimit"] = 16;
    const std::unique_ptr<Json::CharReader> reader{builder.newCharReader()};
    try {
        if (!reader->parse(body.data(), body.data() + body.size(), &document, &errors) || !document.isObject()) return {};
    } catch (const Json::Exception&) {
        return {};
    }
    return document["message"].isString() ? document["message"].asString() : "";
}

}  // namespace

Peer::Peer(Clock& clock, net::HttpClient& http, std::string url, const healthcheck::FailoverTimes& times,
           std::vector<std::string> accepted_drift, PeerHooks hooks)
    : clock_{clock},
      http_{http},
      accepted_drift_{std::move(accepted_drift)},
      hooks_{std::move(hooks)},
      poller_{clock, http, url, times.poll_interval, times.poll_timeout, [this](const healthcheck::PolledAnswer& answer) {
                  on_poll(answer);
              }} {
    document_.url = std::move(url);
    document_.last_poll.sentence = "not polled yet";
}

void Peer::on_poll(const healthcheck::PolledAnswer& answer) {
    document_.last_poll = answer.poll;
    if (answer.health) {
        document_.last_answer = clock_.now();
        answered_ = clock_.steady();
        document_.round_trip = answer.round_trip;
        document_.health = answer.health;
        // While it starts it doesn't know its keys: what it said before still stands.
        if (!answer.health->configuration.keys.empty()) {
            std::vector<std::string> differences =
                healthcheck::differences(hooks_.configuration(), answer.health->configuration, accepted_drift_);
            if (differences != document_.differences) {
                for (const std::string& difference : differences) log_error("differs from the primary: {}", difference);
            }
            document_.differences = std::move(differences);
        }
    }
    poller_.set_interval(answer.poll.draining ? kWhileItDrains : Duration{});
    hooks_.on_poll(answer);
}

std::optional<Duration> Peer::silence() const {
    if (!answered_) return std::nullopt;
    return clock_.steady() - *answered_;
}

std::string Peer::obstacle() const {
    std::string all;
    for (const std::string& difference : document_.differences) all += (all.empty() ? "" : "; ") + difference;
    return all.empty() ? all : "differs from the primary: " + all;
}

Task<Result<std::string>> Peer::relay(healthcheck::Command command) {
    net::HttpRequest request;
    request.method = "POST";
    request.url = document_.url + "/v1/commands";
    request.headers.push_back({"content-type", "application/json"});
    request.body = healthcheck::render_command(command);
    const Result<net::HttpResponse> answer = co_await http_.send(std::move(request), clock_.steady() + kRelayTimeout);
    if (!answer) co_return with_context("the primary could not be asked", answer.error());
    if (answer.value().status == 404) {
        co_return failure(ErrorCode::kRefused, "the primary takes no commands at " + document_.url +
                                                   ": give it --control-listen, and that address as --primary here");
    }
    std::string message = message_of(answer.value().body);
    if (message.empty()) message = "status " + std::to_string(answer.value().status);
    if (!answer.value().ok()) co_return failure(ErrorCode::kRefused, "the primary says: " + message);
    co_return message;
}

Task<Result<std::string>> Peer::status() {
    net::HttpRequest request;
    request.url = document_.url + "/status";
    Result<net::HttpResponse> answer = co_await http_.send(std::move(request), clock_.steady() + kRelayTimeout);
    if (!answer) co_return answer.error();
    if (!answer.value().ok())
        co_return failure(ErrorCode::kUnavailable, "its /status answers " + std::to_string(answer.value().status));
    co_return std::move(answer.value().body);
}

}  // namespace holdfast::instance
