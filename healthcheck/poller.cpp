#include "healthcheck/poller.hpp"

#include <utility>

// GCC 12 warns wrongly where it inlines the allocation of a coroutine's frame but not its release.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace holdfast::healthcheck {

namespace {

constexpr int kHealthy = 200;
constexpr int kUnhealthy = 503;

Poll no_answer(const Error& error) {
    Poll poll;
    poll.outcome = net::connection_refused(error) ? Poll::Outcome::kRefused : Poll::Outcome::kSilent;
    poll.sentence = error.message;
    return poll;
}

// Something answers there, but it doesn't say that it is well.
Poll useless_answer(std::string why) {
    Poll poll;
    poll.outcome = Poll::Outcome::kAnswered;
    poll.sentence = std::move(why);
    return poll;
}

PolledAnswer read(const net::HttpResponse& response, const std::string& url) {
    PolledAnswer result;
    if (response.status != kHealthy && response.status != kUnhealthy) {
        result.poll = useless_answer(url + " answered with status " + std::to_string(response.status));
        return result;
    }
    auto health = parse_health(response.body);
    if (!health) {
        result.poll = useless_answer(url + " gave an answer that is no health document: " + health.error().message);
        return result;
    }
    result.poll = poll_of(health.value());
    result.health = std::move(health.value());
    return result;
}

}  // namespace

Poller::Poller(Clock& clock, net::HttpClient& http, std::string url, Duration interval, Duration timeout, OnPoll on_poll)
    : clock_{clock},
      http_{http},
      url_{std::move(url)},
      configured_{interval},
      interval_{interval},
      timeout_{timeout},
      on_poll_{std::move(on_poll)} {
    while (url_.ends_with('/')) url_.pop_back();
    url_ += "/healthz";
}

void Poller::set_interval(Duration interval) {
    interval_ = interval == Duration::zero() ? configured_ : interval;
    changed_.notify_all();
}

Task<void> Poller::run() {
    due_ = clock_.steady();
    while (true) {
        const PolledAnswer answer = co_await poll_once();
        on_poll_(answer);
        co_await wait_for_next();
    }
}

// Polls that have been missed (a slow one, a process that was stopped) are not made up for: the last of them begins at once.
Task<void> Poller::wait_for_next() {
    while (clock_.steady() < due_ + interval_) {
        const SteadyTime until = due_ + interval_;
        co_await changed_.wait_until(clock_, until);
    }
    due_ += (clock_.steady() - due_) / interval_ * interval_;
}

Task<PolledAnswer> Poller::poll_once() {
    const SteadyTime begun = clock_.steady();
    net::HttpRequest request;
    request.url = url_;
    auto response = co_await http_.send(std::move(request), begun + timeout_);
    PolledAnswer answer;
    answer.round_trip = clock_.steady() - begun;
    if (response && answer.round_trip > timeout_) {
        // This process was stopped meanwhile: what it says may be long past.
        response = failure(ErrorCode::kTimeout, url_ + ": the answer was read too late");
    }
    if (response) {
        const Duration round_trip = answer.round_trip;
        answer = read(response.value(), url_);
        answer.round_trip = round_trip;
    } else if (response.error().code == ErrorCode::kMalformed) {
        answer.poll = useless_answer(response.error().message);
    } else {
        answer.poll = no_answer(response.error());
    }
    co_return answer;
}

}  // namespace holdfast::healthcheck
