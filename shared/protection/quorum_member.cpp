#include "shared/protection/quorum_member.hpp"

#include <algorithm>
#include <utility>

#include "shared/protection/json_reader.hpp"
#include "shared/protection/wire.hpp"

namespace holdfast::protection {
namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds{20};
constexpr Duration kLongestPause = std::chrono::milliseconds{500};
constexpr std::size_t kQuotedMax = 300;
constexpr int kConflict = 409;

bool worth_asking_again(const Error& error) { return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kIo; }

// The sentence in {"code": .., "message": ".."}; any other body as it is.
std::string sentence_of(const std::string& body) {
    std::string message;
    JsonReader reader{body};
    reader.object([&](std::string_view name) {
        if (name == "message") {
            message = reader.string();
        } else {
            reader.skip();
        }
    });
    reader.end();
    return (reader.failed() || message.empty() ? body : message).substr(0, kQuotedMax);
}

Error status_failure(const net::HttpResponse& response) {
    const ErrorCode code = response.status >= 500 ? ErrorCode::kUnavailable : ErrorCode::kRefused;
    return failure(code, "HTTP " + std::to_string(response.status) + ": " + sentence_of(response.body));
}

}  // namespace

QuorumMember::QuorumMember(const ClusterMember& member, ClusterId cluster, Root genesis_validators_root, net::HttpClient& http,
                           Clock& clock, OnLatency on_latency)
    : http_{http},
      clock_{clock},
      cluster_{cluster},
      genesis_validators_root_{genesis_validators_root},
      on_latency_{std::move(on_latency)} {
    status_.name = member.name;
    status_.url = member.url;
}

net::HttpRequest QuorumMember::make_request(const Question& question) const {
    net::HttpRequest request;
    request.method = question.method;
    request.url = status_.url + question.path;
    request.headers.push_back({std::string{kClusterHeader}, to_hex(cluster_)});
    request.headers.push_back({"accept", std::string{question.form}});
    if (seen_ != Position{}) request.headers.push_back({std::string{kSeenHeader}, to_string(seen_)});
    if (!question.body) return request;
    request.headers.push_back({"content-type", std::string{question.form}});
    request.body = *question.body;
    return request;
}

Task<Result<std::string>> QuorumMember::send_once(net::HttpRequest request, SteadyTime deadline) {
    const SteadyTime start = clock_.steady();
    auto response = co_await http_.send(std::move(request), deadline);
    if (!response) co_return std::move(response).error();
    if (response.value().status == kConflict) status_.foreign = true;
    if (!response.value().ok()) co_return status_failure(response.value());
    status_.last_latency = clock_.steady() - start;
    status_.last_answer = clock_.steady();
    co_return std::move(response.value().body);
}

Task<Result<std::string>> QuorumMember::send(Question question, SteadyTime deadline) {
    Duration pause = kFirstPause;
    while (true) {
        net::HttpRequest request = make_request(question);
        auto text = co_await send_once(std::move(request), deadline);
        if (text) co_return text;
        const bool again = question.again && worth_asking_again(text.error()) && clock_.steady() + pause < deadline;
        if (!again) co_return text;
        failed(text.error());
        co_await sleep_for(clock_, pause);
        pause = std::min(2 * pause, kLongestPause);
    }
}

Result<void> QuorumMember::check_node(const std::string& node) {
    if (node == status_.name) return success();
    status_.foreign = true;
    return failure(ErrorCode::kRefused, "the address leads to protector " + node + ", not to " + status_.name);
}

Result<void> QuorumMember::take_head(const AnswerHead& head, std::uint64_t request_id) {
    HOLDFAST_TRY(check_node(head.node));
    if (head.request_id != request_id) return failure(ErrorCode::kMalformed, "its answer belongs to another request");
    seen_ = std::max(seen_, head.position);
    note_tenure(head.tenure);
    return success();
}

// Answers may come out of order, and the generation in force only grows.
void QuorumMember::note_tenure(const Tenure& tenure) {
    if (tenure.generation >= status_.tenure.generation) status_.tenure = tenure;
}

void QuorumMember::failed(const Error& error) {
    status_.reachable = false;
    status_.detail = error.message;
    last_failure_ = error.message;
    ++status_.failed_requests;
}

template <class T>
Result<T> QuorumMember::note(Result<T> outcome) {
    if (!outcome) {
        failed(outcome.error());
        return outcome;
    }
    if (!status_.reachable) status_.detail.clear();
    status_.reachable = true;
    status_.foreign = false;
    last_failure_.clear();
    return outcome;
}

template <class T>
Result<T> QuorumMember::with_head(Result<T> answer, std::uint64_t request_id) {
    if (!answer) return answer;
    HOLDFAST_TRY(take_head(answer.value().head, request_id));
    return answer;
}

void QuorumMember::count(const VerdictAnswer& answer) {
    for (const Verdict& verdict : answer.verdicts) {
        ++(verdict.yes() ? status_.approved : verdict.reason == Reason::kFenced ? status_.fenced : status_.refused);
    }
    if (status_.state == "starting") status_.state = "voting";
    if (on_latency_) on_latency_(status_.name, status_.last_latency);
}

Task<Result<VerdictAnswer>> QuorumMember::verdicts(std::string path, std::shared_ptr<const std::string> body,
                                                   std::uint64_t request_id, std::size_t count_wanted, SteadyTime deadline) {
    Question question{"POST", std::move(path), std::move(body), kOctetType, true};
    const auto text = co_await send(std::move(question), deadline);
    co_return take_verdicts(text, request_id, count_wanted);
}

Result<VerdictAnswer> QuorumMember::take_verdicts(const Result<std::string>& text, std::uint64_t request_id,
                                                  std::size_t count_wanted) {
    Result<VerdictAnswer> answer = text ? with_head(wire::decode_answer(text.value()), request_id) : text.error();
    if (answer && answer.value().verdicts.size() != count_wanted) {
        answer = failure(ErrorCode::kMalformed, "its answer has " + std::to_string(answer.value().verdicts.size()) +
                                                    " verdicts, " + std::to_string(count_wanted) + " were asked for");
    }
    answer = note(std::move(answer));
    if (answer) count(answer.value());
    return answer;
}

Task<Result<AcquireAnswer>> QuorumMember::acquire(std::shared_ptr<const std::string> body, std::uint64_t request_id,
                                                  SteadyTime deadline) {
    Question question{"POST", "/v1/generations", std::move(body), kJsonType, true};
    const auto text = co_await send(std::move(question), deadline);
    Result<AcquireAnswer> answer = text ? with_head(parse_acquire_answer(text.value()), request_id) : text.error();
    co_return note(std::move(answer));
}

Task<Result<RecordsAnswer>> QuorumMember::records(Epoch target, SteadyTime deadline) {
    Question question{"GET", "/v1/records?target_epoch=" + to_string(target), nullptr, kOctetType, true};
    const auto text = co_await send(std::move(question), deadline);
    Result<RecordsAnswer> answer = text ? with_head(wire::decode_records(text.value()), 0) : text.error();
    co_return note(std::move(answer));
}

Task<Result<KeysAnswer>> QuorumMember::halt(std::shared_ptr<const std::string> body, SteadyTime deadline) {
    Question question{"POST", "/v1/halts", std::move(body), kJsonType, true};
    const auto text = co_await send(std::move(question), deadline);
    Result<KeysAnswer> answer = text ? parse_keys_answer(text.value()) : text.error();
    const Result<void> same = answer ? check_node(answer.value().node) : success();
    if (!same) answer = same.error();
    co_return note(std::move(answer));
}

Task<Result<HeartbeatAnswer>> QuorumMember::beat(std::shared_ptr<const std::string> body, std::uint64_t request_id,
                                                 SteadyTime deadline) {
    Question question{"POST", "/v1/heartbeats", std::move(body), kJsonType, false};
    const auto text = co_await send(std::move(question), deadline);
    Result<HeartbeatAnswer> answer = text ? with_head(parse_heartbeat_answer(text.value()), request_id) : text.error();
    co_return note(std::move(answer));
}

Task<Result<HeartbeatAnswer>> QuorumMember::heard(SteadyTime deadline) {
    Question question{"GET", "/v1/heartbeats", nullptr, kJsonType, true};
    const auto text = co_await send(std::move(question), deadline);
    Result<HeartbeatAnswer> answer = text ? with_head(parse_heartbeat_answer(text.value()), 0) : text.error();
    co_return note(std::move(answer));
}

Result<void> QuorumMember::check_status(const StatusAnswer& answer) {
    HOLDFAST_TRY(check_node(answer.node));
    status_.foreign = true;
    if (answer.genesis_validators_root != genesis_validators_root_) {
        return failure(ErrorCode::kRefused,
                       "it protects another chain: its genesis validators root is " + to_hex(answer.genesis_validators_root));
    }
    if (answer.cluster != cluster_) {
        return failure(ErrorCode::kRefused, "it belongs to another cluster: its id is " + to_hex(answer.cluster));
    }
    status_.foreign = false;
    return success();
}

Result<StatusAnswer> QuorumMember::take_status(const Result<std::string>& text) {
    Result<StatusAnswer> answer = text ? parse_status_answer(text.value()) : text.error();
    const Result<void> ours = answer ? check_status(answer.value()) : success();
    if (!ours) answer = ours.error();
    answer = note(std::move(answer));
    if (!answer) return answer;
    const StatusAnswer& said = answer.value();
    seen_ = std::max(seen_, said.position);
    note_tenure(said.tenure);
    status_.state = said.state;
    status_.detail = said.version + ", " + said.state + (said.detail.empty() ? "" : ": " + said.detail);
    return answer;
}

Task<Result<StatusAnswer>> QuorumMember::ask_status(SteadyTime deadline) {
    Question question{"GET", "/v1/status", nullptr, kJsonType, false};
    const auto text = co_await send(std::move(question), deadline);
    co_return take_status(text);
}

}  // namespace holdfast::protection
