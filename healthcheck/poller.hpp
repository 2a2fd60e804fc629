// Polls the other instance's /healthz on a steady schedule over one kept connection: a poll that is slow doesn't move the next
// one, and one that has had no answer by its own time limit is silence. One thread.
#pragma once

#include <functional>
#include <string>

#include "healthcheck/document.hpp"
#include "shared/base/notifier.hpp"
#include "shared/base/task.hpp"
#include "shared/net/http_client.hpp"

namespace holdfast::healthcheck {

struct PolledAnswer {
    Poll poll;
    Duration round_trip{};
    // Of kAnswered; nothing if what it answered was no such document: then it doesn't count as healthy either.
    std::optional<HealthDocument> health;
};

class Poller {
public:
    using OnPoll = std::function<void(const PolledAnswer&)>;

    // `url`: "http://127.0.0.1:7770", without a path. Everything passed must outlive the object and run().
    Poller(Clock& clock, net::HttpClient& http, std::string url, Duration interval, Duration timeout, OnPoll on_poll);

    // For ever; ends by cancellation. The first poll begins at once.
    Task<void> run();
    // From now on polls begin so far apart, counted from the last one (a draining primary is watched more closely); 0: the
    // configured one.
    void set_interval(Duration interval);

private:
    Clock& clock_;
    net::HttpClient& http_;
    std::string url_;
    Duration configured_;
    Duration interval_;
    Duration timeout_;
    OnPoll on_poll_;
    SteadyTime due_{};  // of the poll that is under way, or was last
    Notifier changed_;

    Task<PolledAnswer> poll_once();
    Task<void> wait_for_next();
};

}  // namespace holdfast::healthcheck
