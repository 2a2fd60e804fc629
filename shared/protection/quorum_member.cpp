#include "shared/protection/quorum_member.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::protection {
namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds{20};
constexpr Duration kLongestPause = std::chrono::milliseconds{500};
constexpr std::size_t kQuotedMax = 300;

bool worth_asking_again(const Error& error) { return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kIo; }

Error status_failure(const net::HttpResponse& response) {
    const ErrorCode code = response.status >= 500 ? ErrorCode::kUnavailable : ErrorCode::kRefused;
    return failure(code, "HTTP " + std::to_string(response.status) + ": " + response.body.substr(0, kQuotedMax));
}

}  // namespace

void QuorumMember::failed(const std::string& why) {
    status_.reachable = false;
    status_.detail = why;
    last_failure_ = why;
    ++status_.failed_requests;
}

Task<Result<std::string>> QuorumMember::send(net::HttpRequest request, SteadyTime deadline) {
    const SteadyTime start = clock_.steady();
    auto response = co_await http_.send(std::move(request), deadline);
    if (!response) co_return std::move(response).error();
    if (!response.value().ok()) co_return status_failure(response.value());
    status_.last_latency = clock_.steady() - start;
    co_return std::move(response.value().body);
}

Result<VerdictAnswer> QuorumMember::take(const std::string& body, const std::vector<PublicKey>& keys) {
    HOLDFAST_TRY(auto answer, parse_verdict_answer(body, keys.size()));
    const auto same_key = [](const KeyAnswer& verdict, const PublicKey& key) { return verdict.key == key; };
    if (!std::equal(answer.verdicts.begin(), answer.verdicts.end(), keys.begin(), keys.end(), same_key)) {
        return failure(ErrorCode::kMalformed, "its answer is for other keys than were asked");
    }
    status_.reachable = true;
    status_.node_id = answer.node;
    last_failure_.clear();
    for (const KeyAnswer& verdict : answer.verdicts) {
        const bool yes = verdict.outcome == Outcome::kApproved || verdict.outcome == Outcome::kRepeated;
        ++(yes ? status_.approved : status_.refused);
    }
    return answer;
}

Task<Result<VerdictAnswer>> QuorumMember::ask(std::string path, std::shared_ptr<const std::string> body,
                                              std::shared_ptr<const std::vector<PublicKey>> keys, SteadyTime deadline) {
    Duration pause = kFirstPause;
    while (true) {
        net::HttpRequest request;
        request.method = "POST";
        request.url = status_.url + path;
        request.headers.push_back({"content-type", "application/json"});
        request.body = *body;
        auto text = co_await send(std::move(request), deadline);
        if (text) {
            auto answer = take(text.value(), *keys);
            if (!answer) failed(answer.error().message);
            co_return answer;
        }
        failed(text.error().message);
        if (!worth_asking_again(text.error()) || clock_.steady() + pause >= deadline) co_return text.error();
        co_await sleep_for(clock_, pause);
        pause = std::min(2 * pause, kLongestPause);
    }
}

Task<Result<StatusAnswer>> QuorumMember::ask_status(Root genesis_validators_root, SteadyTime deadline) {
    net::HttpRequest request;
    request.url = status_.url + "/v1/status";
    auto text = co_await send(std::move(request), deadline);
    if (!text) {
        failed(text.error().message);
        co_return text.error();
    }
    auto answer = parse_status_answer(text.value());
    if (answer && answer.value().genesis_validators_root != genesis_validators_root) {
        answer = failure(ErrorCode::kRefused, "it protects another chain: its genesis validators root is " +
                                                  to_hex(answer.value().genesis_validators_root));
    }
    if (!answer) {
        failed(answer.error().message);
        co_return answer;
    }
    status_.reachable = true;
    status_.node_id = answer.value().node;
    status_.detail = answer.value().version + ", node " + answer.value().node;
    last_failure_.clear();
    co_return answer;
}

}  // namespace holdfast::protection
