// Goal: polls begin on a steady schedule whatever becomes of them, and each brings what the rules need to know. Method: virtual
// time, and a client whose answers and delays the test gives.
#include "healthcheck/poller.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

#include "shared/base/task_group.hpp"
#include "shared/base/virtual_clock.hpp"

namespace holdfast::healthcheck {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

struct Answer {
    Duration after{};
    Result<net::HttpResponse> what;
};

class ScriptedHttp final : public net::HttpClient {
public:
    explicit ScriptedHttp(Clock& clock) : clock_{clock} {}

    Task<Result<net::HttpResponse>> send(net::HttpRequest request, SteadyTime deadline) override {
        urls.push_back(request.url);
        begun.push_back(clock_.steady().time_since_epoch());
        const Answer answer = first ? *std::exchange(first, std::nullopt) : next;
        const SteadyTime due = clock_.steady() + answer.after;
        if (!keeps_deadlines || due <= deadline) {
            co_await sleep_for(clock_, answer.after);
            co_return answer.what;
        }
        co_await sleep_for(clock_, deadline - clock_.steady());
        co_return failure(ErrorCode::kTimeout, "GET http://primary/healthz: no answer within 400 ms");
    }
    Task<Result<void>> stream(net::HttpRequest /*request*/, Duration /*silence_max*/,
                              std::function<bool(std::string_view)> /*on_data*/) override {
        co_return failure(ErrorCode::kUnavailable, "no streams here");
    }

    Answer next{milliseconds{1}, net::make_response(200, "application/json", "{}")};
    std::optional<Answer> first;  // before `next`
    bool keeps_deadlines{true};
    std::vector<std::string> urls;
    std::vector<Duration> begun;

private:
    Clock& clock_;
};

HealthDocument on_duty() {
    HealthDocument document;
    document.role = "primary";
    document.instance = "primary";
    document.state = "on_duty";
    document.rules_state = "on_duty";
    document.reason = "nobody else is on duty";
    document.healthy = true;
    document.on_duty = true;
    document.ready = true;
    document.generation = 7;
    return document;
}

struct PollerTest : testing::Test {
    PollerTest() { answer(200, render(on_duty())); }
    ~PollerTest() override {
        boost::asio::post(io, [this] { tasks.cancel(); });
        time.advance({});
    }

    void answer(int status, std::string body, Duration after = milliseconds{1}) {
        http.next = {after, net::make_response(status, "application/json", std::move(body))};
    }
    void fail(ErrorCode code, std::string why, Duration after = milliseconds{1}) {
        http.next = {after, failure(code, std::move(why))};
    }
    void start() { tasks.spawn("poller", poller.run()); }
    // One poll, begun now.
    PolledAnswer poll() {
        start();
        time.advance(milliseconds{450});
        EXPECT_EQ(answers.size(), 1U);
        return answers.at(0);
    }

    boost::asio::io_context io;
    VirtualTime time{io};
    VirtualClock clock{time};
    ScriptedHttp http{clock};
    std::vector<PolledAnswer> answers;
    Poller poller{clock, http, "http://primary/", milliseconds{500}, milliseconds{400}, [this](const PolledAnswer& answer) {
                      answers.push_back(answer);
                  }};
    TaskGroup tasks{io.get_executor()};
};

TEST_F(PollerTest, PollsBeginOnASteadySchedule) {
    start();
    time.advance(milliseconds{1900});
    EXPECT_THAT(http.begun, ElementsAre(milliseconds{0}, milliseconds{500}, milliseconds{1000}, milliseconds{1500}));
    EXPECT_EQ(answers.size(), 4U);
    EXPECT_THAT(http.urls[0], "http://primary/healthz");
}

TEST_F(PollerTest, SlowPolls_DontMoveTheNext) {
    answer(200, render(on_duty()), milliseconds{390});
    start();
    time.advance(milliseconds{1900});
    EXPECT_THAT(http.begun, ElementsAre(milliseconds{0}, milliseconds{500}, milliseconds{1000}, milliseconds{1500}));
    EXPECT_EQ(answers.at(0).round_trip, milliseconds{390});
    EXPECT_EQ(answers.at(0).poll.outcome, Poll::Outcome::kAnswered);
}

TEST_F(PollerTest, GoodAnswer_IsWhatTheRulesNeed) {
    const PolledAnswer polled = poll();
    EXPECT_TRUE(polled.poll.performs());
    ASSERT_TRUE(polled.health.has_value());
    EXPECT_EQ(polled.health->generation, 7U);
    EXPECT_EQ(polled.round_trip, milliseconds{1});
}

TEST_F(PollerTest, NoAnswerInTime_IsSilence) {
    answer(200, render(on_duty()), seconds{10});
    const PolledAnswer polled = poll();
    EXPECT_EQ(polled.poll.outcome, Poll::Outcome::kSilent);
    EXPECT_THAT(polled.poll.sentence, HasSubstr("no answer within 400 ms"));
    EXPECT_FALSE(polled.health.has_value());
}

// As after SIGSTOP: the answer had come, but nobody knows when.
TEST_F(PollerTest, AnswerThatIsReadTooLate_IsSilence) {
    http.first = Answer{milliseconds{3200}, net::make_response(200, "application/json", render(on_duty()))};
    http.keeps_deadlines = false;
    start();
    time.advance(milliseconds{3300});
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(answers[0].poll.outcome, Poll::Outcome::kSilent);
    EXPECT_FALSE(answers[0].health.has_value());
    EXPECT_EQ(answers[1].poll.outcome, Poll::Outcome::kAnswered);
    // What was missed is not made up for, and the schedule is the old one.
    time.advance(milliseconds{700});
    EXPECT_THAT(http.begun, ElementsAre(milliseconds{0}, milliseconds{3200}, milliseconds{3500}, milliseconds{4000}));
}

TEST_F(PollerTest, NobodyListens_IsRefused) {
    fail(ErrorCode::kUnavailable, "GET http://primary/healthz: no connection: connection refused");
    EXPECT_EQ(poll().poll.outcome, Poll::Outcome::kRefused);
}

TEST_F(PollerTest, OtherFailures_AreSilence) {
    fail(ErrorCode::kUnavailable, "GET http://primary/healthz: no connection: no route to host");
    const PolledAnswer polled = poll();
    EXPECT_EQ(polled.poll.outcome, Poll::Outcome::kSilent);
    EXPECT_EQ(polled.poll.sentence, "GET http://primary/healthz: no connection: no route to host");
}

TEST_F(PollerTest, Garbage_IsAnAnswerOfSomebodyWhoIsNotWell) {
    answer(200, "<html>");
    const PolledAnswer polled = poll();
    EXPECT_EQ(polled.poll.outcome, Poll::Outcome::kAnswered);
    EXPECT_FALSE(polled.poll.healthy || polled.poll.on_duty || polled.poll.drained || polled.poll.ready);
    EXPECT_THAT(polled.poll.sentence, HasSubstr("http://primary/healthz gave an answer that is no health document: "));
    EXPECT_FALSE(polled.health.has_value());
}

TEST_F(PollerTest, NotHttp_IsAnAnswerOfSomebodyWhoIsNotWell) {
    fail(ErrorCode::kMalformed, "GET http://primary/healthz: received HTTP/0.9 when not allowed");
    EXPECT_EQ(poll().poll.outcome, Poll::Outcome::kAnswered);
}

TEST_F(PollerTest, OtherStatus_IsAnAnswerOfSomebodyWhoIsNotWell) {
    answer(404, render(on_duty()));
    const PolledAnswer polled = poll();
    EXPECT_EQ(polled.poll.outcome, Poll::Outcome::kAnswered);
    EXPECT_FALSE(polled.poll.healthy);
    EXPECT_EQ(polled.poll.sentence, "http://primary/healthz answered with status 404");
}

TEST_F(PollerTest, UnhealthyPrimary_IsRead) {
    HealthDocument document = on_duty();
    document.healthy = false;
    answer(503, render(document));
    const PolledAnswer polled = poll();
    EXPECT_EQ(polled.poll.outcome, Poll::Outcome::kAnswered);
    EXPECT_TRUE(polled.poll.on_duty);
    EXPECT_FALSE(polled.poll.healthy);
    EXPECT_TRUE(polled.health.has_value());
}

TEST_F(PollerTest, ShorterInterval_CountsFromTheLastPoll) {
    start();
    time.advance(milliseconds{150});
    poller.set_interval(milliseconds{100});
    time.advance(milliseconds{100});
    EXPECT_THAT(http.begun, ElementsAre(milliseconds{0}, milliseconds{150}, milliseconds{200}));
    poller.set_interval({});
    time.advance(milliseconds{750});
    EXPECT_THAT(http.begun, ElementsAre(milliseconds{0}, milliseconds{150}, milliseconds{200}, milliseconds{700}));
}

TEST_F(PollerTest, IntervalSetByTheReceiver_CountsForTheNextPoll) {
    answer(503, render(on_duty()));
    Poller draining{clock, http, "http://primary", milliseconds{500}, milliseconds{400}, [&](const PolledAnswer& /*answer*/) {
                        draining.set_interval(milliseconds{100});
                    }};
    tasks.spawn("poller", draining.run());
    time.advance(milliseconds{250});
    EXPECT_THAT(http.begun, ElementsAre(milliseconds{0}, milliseconds{100}, milliseconds{200}));
    boost::asio::post(io, [this] { tasks.cancel(); });
    time.advance({});
}

}  // namespace
}  // namespace holdfast::healthcheck
