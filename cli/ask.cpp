#include "cli/ask.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <memory>

#include "shared/base/real_clock.hpp"
#include "shared/base/task_group.hpp"
#include "shared/net/http_client.hpp"
#include "shared/protection/interchange.hpp"
#include "shared/protection/json_reader.hpp"
#include "shared/protection/messages.hpp"

namespace holdfast::cli {

namespace {

using std::chrono::milliseconds;

constexpr Duration kPauseFirst = milliseconds{200};
constexpr Duration kPauseMax = std::chrono::seconds{2};
constexpr int kUnavailableStatus = 503;

struct Round {
    Clock& clock;
    net::HttpClient& http;
    const Question& question;
    std::string cluster_id;
    std::vector<MemberAnswer> answers;
    const Progress& progress;
    std::size_t done{0};
};

net::HttpRequest make_request(const Round& round, const protection::ClusterMember& member) {
    net::HttpRequest request;
    request.method = round.question.method;
    request.url = member.url + round.question.path;
    request.headers.push_back({std::string{protection::kClusterHeader}, round.cluster_id});
    if (round.question.body.empty()) return request;
    request.headers.push_back({"content-type", std::string{protection::kJsonType}});
    request.body = round.question.body;
    return request;
}

// True if the same question may be answered later.
bool take(MemberAnswer& answer, Result<net::HttpResponse>& response) {
    if (!response) {
        answer.problem = response.error().message;
        return response.error().code == ErrorCode::kUnavailable || response.error().code == ErrorCode::kTimeout;
    }
    if (response.value().status == 200) {
        answer.body = std::move(response.value().body);
        answer.problem.clear();
        return false;
    }
    answer.problem = sentence_of(response.value());
    return response.value().status == kUnavailableStatus;
}

Task<void> ask_one(Round& round, std::size_t index) {
    MemberAnswer& answer = round.answers[index];
    const SteadyTime give_up = round.clock.steady() + round.question.patience;
    Duration pause = kPauseFirst;
    while (true) {
        net::HttpRequest request = make_request(round, answer.member);
        const SteadyTime started = round.clock.steady();
        Result<net::HttpResponse> response = co_await round.http.send(std::move(request), started + round.question.limit);
        answer.latency = round.clock.steady() - started;
        const bool again = take(answer, response);
        if (!again || round.clock.steady() + pause > give_up) break;
        co_await sleep_for(round.clock, pause);
        pause = std::min(2 * pause, kPauseMax);
    }
    ++round.done;
    if (round.progress) round.progress(round.done, round.answers.size());
}

}  // namespace

std::string sentence_of(const net::HttpResponse& response) {
    std::string sentence;
    protection::JsonReader json{response.body};
    json.object([&](std::string_view name) {
        if (name == "message") {
            sentence = json.string();
        } else {
            json.skip();
        }
    });
    if (!json.failed() && !sentence.empty()) return sentence;
    return "it answers with status " + std::to_string(response.status);
}

std::vector<MemberAnswer> ask_all(const protection::Cluster& cluster, const net::TlsFiles& tls, const Question& question,
                                  const Progress& progress) {
    boost::asio::io_context io{1};
    RealClock clock{io.get_executor()};
    net::HttpClientOptions options;
    options.tls = tls;
    options.response_bytes_max = protection::kInterchangeBytesMax;
    options.user_agent = "holdfast";
    const auto http = net::make_http_client(io.get_executor(), clock, std::move(options));
    Round round{clock, *http, question, to_hex(cluster.id()), {}, progress};
    for (const protection::ClusterMember& member : cluster.members) round.answers.push_back({member, std::nullopt, "", {}});
    TaskGroup group{io.get_executor()};
    for (std::size_t i = 0; i < round.answers.size(); ++i) group.spawn(round.answers[i].member.name, ask_one(round, i));
    while (group.size() > 0) io.run_one();
    return std::move(round.answers);
}

WallTime wall_now() {
    boost::asio::io_context io{1};
    return RealClock{io.get_executor()}.now();
}

}  // namespace holdfast::cli
