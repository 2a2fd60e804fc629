// The primary, as its secondary sees it: polls it, compares the configurations, and passes commands on to it. One thread.
#pragma once

#include <functional>
#include <string>

#include "healthcheck/document.hpp"
#include "healthcheck/poller.hpp"
#include "healthcheck/times.hpp"
#include "shared/base/result.hpp"
#include "shared/net/http_client.hpp"

namespace holdfast::instance {

struct PeerHooks {
    // What must be the same there.
    std::function<healthcheck::Configuration()> configuration;
    std::function<void(const healthcheck::PolledAnswer&)> on_poll;
};

class Peer {
public:
    // `url` without a path. `clock` and `http` must outlive the object and run().
    Peer(Clock& clock, net::HttpClient& http, std::string url, const healthcheck::FailoverTimes& times,
         std::vector<std::string> accepted_drift, PeerHooks hooks);

    // Polls for ever; ends by cancellation.
    Task<void> run() { return poller_.run(); }
    [[nodiscard]] const healthcheck::PeerDocument& document() const { return document_; }
    // Since its last answer; nothing if it never answered.
    [[nodiscard]] std::optional<Duration> silence() const;
    // What keeps us from taking over from it: how its configuration differs from ours. Empty: nothing that is known.
    [[nodiscard]] std::string obstacle() const;

    // Has it obey `command`; its answer, or why not (kRefused: it said no; kUnavailable: it could not be asked).
    Task<Result<std::string>> relay(healthcheck::Command command);
    // The body of its /status.
    Task<Result<std::string>> status();

private:
    Clock& clock_;
    net::HttpClient& http_;
    std::vector<std::string> accepted_drift_;
    PeerHooks hooks_;
    healthcheck::PeerDocument document_;
    std::optional<SteadyTime> answered_;
    healthcheck::Poller poller_;

    void on_poll(const healthcheck::PolledAnswer& answer);
};

}  // namespace holdfast::instance
