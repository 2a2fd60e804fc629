// One protector as its client sees it: sends a request until there is a usable answer, checks who answered what, and remembers
// how it went. Its state is shared with requests that go on in the background after the slot's decision.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "shared/base/result.hpp"
#include "shared/base/task.hpp"
#include "shared/base/time.hpp"
#include "shared/net/http_client.hpp"
#include "shared/protection/cluster.hpp"
#include "shared/protection/messages.hpp"
#include "shared/protection/quorum_client.hpp"

namespace holdfast::protection {

// What fails fast (connection refused, 5xx) is asked again with the same bytes until the deadline, after a pause that grows. An
// answer counts if it comes from the node that the cluster file names and belongs to the request; kMalformed or kRefused
// otherwise, and that is not asked again.
class QuorumMember {
public:
    using OnLatency = std::function<void(const std::string& member, Duration)>;

    // `http` and `clock` must outlive every task. `on_latency` is told of each answer with verdicts.
    QuorumMember(const ClusterMember& member, ClusterId cluster, Root genesis_validators_root, net::HttpClient& http,
                 Clock& clock, OnLatency on_latency);

    // Posts `body` in octet-stream form (shared with the other members' requests) to `path`; `count` verdicts are expected.
    Task<Result<VerdictAnswer>> verdicts(std::string path, std::shared_ptr<const std::string> body, std::uint64_t request_id,
                                         std::size_t count, SteadyTime deadline);
    Task<Result<AcquireAnswer>> acquire(std::shared_ptr<const std::string> body, std::uint64_t request_id, SteadyTime deadline);
    Task<Result<RecordsAnswer>> records(Epoch target, SteadyTime deadline);
    Task<Result<KeysAnswer>> halt(std::shared_ptr<const std::string> body, SteadyTime deadline);
    // Once, without repetition: the next heartbeat comes soon.
    Task<Result<HeartbeatAnswer>> beat(std::shared_ptr<const std::string> body, std::uint64_t request_id, SteadyTime deadline);
    Task<Result<HeartbeatAnswer>> heard(SteadyTime deadline);
    // Once. kRefused if it protects another chain or belongs to another cluster.
    Task<Result<StatusAnswer>> ask_status(SteadyTime deadline);

    [[nodiscard]] const MemberStatus& status() const { return status_; }
    // Why the last request failed; empty if it did not, or none has ended yet.
    [[nodiscard]] const std::string& last_failure() const { return last_failure_; }

private:
    struct Question {
        std::string method{"GET"};
        std::string path;
        std::shared_ptr<const std::string> body;  // null: none
        std::string_view form{kJsonType};         // of body and answer
        bool again{true};
    };

    net::HttpClient& http_;
    Clock& clock_;
    ClusterId cluster_;
    Root genesis_validators_root_;
    OnLatency on_latency_;
    Position seen_;
    MemberStatus status_;
    std::string last_failure_;

    [[nodiscard]] net::HttpRequest make_request(const Question& question) const;
    Task<Result<std::string>> send(Question question, SteadyTime deadline);
    Task<Result<std::string>> send_once(net::HttpRequest request, SteadyTime deadline);
    Result<void> check_node(const std::string& node);
    Result<void> take_head(const AnswerHead& head, std::uint64_t request_id);
    Result<VerdictAnswer> take_verdicts(const Result<std::string>& text, std::uint64_t request_id, std::size_t count_wanted);
    Result<StatusAnswer> take_status(const Result<std::string>& text);
    Result<void> check_status(const StatusAnswer& answer);
    void note_tenure(const Tenure& tenure);
    void count(const VerdictAnswer& answer);
    void failed(const Error& error);
    template <class T>
    Result<T> note(Result<T> outcome);
    template <class T>
    Result<T> with_head(Result<T> answer, std::uint64_t request_id);
};

}  // namespace holdfast::protection
