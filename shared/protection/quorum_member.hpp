// One protector as its client sees it: sends a request until there is a usable answer, and remembers how it went. Its state is
// shared with requests that go on in the background after the slot's decision.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "shared/base/result.hpp"
#include "shared/base/task.hpp"
#include "shared/base/time.hpp"
#include "shared/net/http_client.hpp"
#include "shared/protection/messages.hpp"
#include "shared/protection/quorum_client.hpp"

namespace holdfast::protection {

class QuorumMember {
public:
    // `url` without a slash at its end. `http` and `clock` must outlive every task.
    QuorumMember(std::string url, net::HttpClient& http, Clock& clock) : http_{http}, clock_{clock} {
        status_.url = std::move(url);
    }

    // Posts `body` (shared with the other members' requests) to `path`. What fails fast (connection refused, 5xx) is asked
    // again until `deadline`, after a pause that grows. Verdicts for other keys than `keys` are kMalformed.
    Task<Result<VerdictAnswer>> ask(std::string path, std::shared_ptr<const std::string> body,
                                    std::shared_ptr<const std::vector<PublicKey>> keys, SteadyTime deadline);
    // GET /v1/status. kRefused if it protects another chain.
    Task<Result<StatusAnswer>> ask_status(Root genesis_validators_root, SteadyTime deadline);

    [[nodiscard]] const MemberStatus& status() const { return status_; }
    // Why the last request failed; empty if it did not, or none has ended yet.
    [[nodiscard]] const std::string& last_failure() const { return last_failure_; }

private:
    net::HttpClient& http_;
    Clock& clock_;
    MemberStatus status_;
    std::string last_failure_;

    Task<Result<std::string>> send(net::HttpRequest request, SteadyTime deadline);
    Result<VerdictAnswer> take(const std::string& body, const std::vector<PublicKey>& keys);
    void failed(const std::string& why);
};

}  // namespace holdfast::protection
