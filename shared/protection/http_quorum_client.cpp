#include "shared/protection/http_quorum_client.hpp"

#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

#include "shared/base/notifier.hpp"
#include "shared/ethereum/signing_root.hpp"
#include "shared/protection/approval_issuer.hpp"
#include "shared/protection/quorum_tally.hpp"

namespace holdfast::protection {
namespace {

Result<std::string> clean_url(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    const std::size_t scheme = url.starts_with("http://") ? 7 : url.starts_with("https://") ? 8 : 0;
    if (scheme == 0 || url.size() == scheme) {
        return failure(ErrorCode::kInvalidArgument, "'" + url + "' is no protector's address; expected http://HOST:PORT");
    }
    return url;
}

std::vector<PublicKey> without_repeats(std::vector<PublicKey> keys) {
    std::unordered_set<PublicKey> seen;
    seen.reserve(keys.size());
    std::erase_if(keys, [&seen](const PublicKey& key) { return !seen.insert(key).second; });
    return keys;
}

// What all keys are told when nobody was asked.
Decision deny_all(const std::vector<PublicKey>& keys, const std::string& reason) {
    Decision decision;
    for (const PublicKey& key : keys) decision.denials.push_back({key, Denial::Kind::kNoQuorum, reason});
    return decision;
}

}  // namespace

// One question to all members and what has come back so far; shared with the requests, some of which outlive the decision.
struct HttpQuorumClient::Round {
    std::shared_ptr<const std::vector<PublicKey>> keys;
    QuorumTally tally;
    std::vector<std::vector<std::size_t>> approved_groups;
    std::set<std::string> answered_nodes;
    std::string same_node;  // a sentence, if two members turned out to be one
    Notifier changed;

    Round(std::vector<std::string> names, std::size_t quorum, std::vector<PublicKey> asked)
        : keys{std::make_shared<const std::vector<PublicKey>>(std::move(asked))},
          tally{std::move(names), quorum, keys->size()} {}

    void on_result(std::size_t member, Result<VerdictAnswer> result) {
        take(result ? on_answer(member, std::move(result.value())) : tally.on_failure(member, result.error().message));
    }

    QuorumTally::Step on_answer(std::size_t member, VerdictAnswer answer) {
        if (answered_nodes.insert(answer.node).second) return tally.on_answer(member, std::move(answer.verdicts));
        same_node =
            "two addresses lead to one protector (node id " + answer.node + "): nothing is approved until that is mended";
        return tally.on_failure(member, "it is node " + answer.node + " again, which another address leads to");
    }

    void take(QuorumTally::Step step) {
        if (!step.approved.empty()) approved_groups.push_back(std::move(step.approved));
        changed.notify_all();
    }
};

Result<std::unique_ptr<HttpQuorumClient>> HttpQuorumClient::create(Executor executor, Clock& clock, net::HttpClient& http,
                                                                   HttpQuorumOptions options) {
    HOLDFAST_TRY(check_quorum(options.quorum, options.urls.size()));
    std::set<std::string> seen;
    for (std::string& url : options.urls) {
        HOLDFAST_TRY(url, clean_url(url));
        if (!seen.insert(url).second) return failure(ErrorCode::kInvalidArgument, "protector " + url + " is given twice");
    }
    return std::unique_ptr<HttpQuorumClient>{new HttpQuorumClient{std::move(executor), clock, http, std::move(options)}};
}

HttpQuorumClient::HttpQuorumClient(Executor executor, Clock& clock, net::HttpClient& http, HttpQuorumOptions options)
    : options_{std::move(options)}, clock_{clock}, requests_{std::move(executor)} {
    for (const std::string& url : options_.urls) members_.push_back(std::make_shared<QuorumMember>(url, http, clock));
}

Task<Decision> HttpQuorumClient::approve_attestation(ethereum::AttestationData data, Domain domain, std::vector<PublicKey> keys,
                                                     SteadyTime deadline) {
    keys = without_repeats(std::move(keys));
    if (keys.empty()) co_return Decision{};
    if (!duplicate_member().empty()) co_await refresh(deadline);  // mended in the meantime?
    const std::string duplicate = duplicate_member();
    if (!duplicate.empty()) co_return deny_all(keys, duplicate);
    const Root signing_root = ethereum::attestation_signing_root(data, domain);
    const RequestHead head{{}, options_.generation, options_.genesis_validators_root};
    std::string body = render_attestation_request(head, data, domain, keys);
    const auto round = std::make_shared<Round>(options_.urls, options_.quorum, std::move(keys));
    start(round, "/v1/attestations", std::move(body), deadline);
    co_await wait(round, deadline);
    co_return conclude(*round, signing_root);
}

void HttpQuorumClient::start(const std::shared_ptr<Round>& round, const std::string& path, std::string body,
                             SteadyTime deadline) {
    const auto shared_body = std::make_shared<const std::string>(std::move(body));
    for (std::size_t i = 0; i < members_.size(); ++i) {
        requests_.spawn("ask protector " + options_.urls[i], ask_one(members_[i], i, round, path, shared_body, deadline));
    }
}

Task<void> HttpQuorumClient::ask_one(std::shared_ptr<QuorumMember> member, std::size_t index, std::shared_ptr<Round> round,
                                     std::string path, std::shared_ptr<const std::string> body, SteadyTime deadline) {
    auto result = co_await member->ask(std::move(path), std::move(body), round->keys, deadline);
    round->on_result(index, std::move(result));
}

// Until every key is decided, the grace after the first approval is over, or the deadline.
Task<void> HttpQuorumClient::wait(std::shared_ptr<Round> round, SteadyTime deadline) {
    bool grace = false;
    while (!round->tally.decided()) {
        if (!grace && !round->approved_groups.empty()) {
            grace = true;
            deadline = std::min(deadline, clock_.steady() + options_.straggler_grace);
        }
        const bool in_time = co_await round->changed.wait_until(clock_, deadline);
        if (!in_time) break;
    }
}

Decision HttpQuorumClient::conclude(Round& round, const Root& signing_root) const {
    // It counted once; but who belongs to the quorum is not what the operator thinks, so nothing is built on it.
    if (!round.same_node.empty()) return deny_all(*round.keys, round.same_node);
    Decision decision;
    std::vector<bool> approved(round.keys->size(), false);
    for (const auto& group : round.approved_groups) {
        std::vector<PublicKey> keys;
        keys.reserve(group.size());
        for (const std::size_t i : group) {
            keys.push_back((*round.keys)[i]);
            approved[i] = true;
        }
        decision.approvals.push_back(ApprovalIssuer::issue(signing_root, std::move(keys)));
    }
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (!members_[i]->last_failure().empty()) round.tally.note(i, "no answer (" + members_[i]->last_failure() + ")");
    }
    for (std::size_t i = 0; i < approved.size(); ++i) {
        if (approved[i]) continue;
        const auto kind = round.tally.refused(i) ? Denial::Kind::kRefused : Denial::Kind::kNoQuorum;
        decision.denials.push_back({(*round.keys)[i], kind, round.tally.explain(i)});
    }
    return decision;
}

std::vector<MemberStatus> HttpQuorumClient::members() const {
    std::vector<MemberStatus> result;
    for (const auto& member : members_) result.push_back(member->status());
    return result;
}

std::string HttpQuorumClient::duplicate_member() const {
    for (std::size_t i = 0; i < members_.size(); ++i) {
        const MemberStatus& one = members_[i]->status();
        for (std::size_t j = i + 1; j < members_.size() && !one.node_id.empty(); ++j) {
            const MemberStatus& other = members_[j]->status();
            if (one.node_id != other.node_id) continue;
            return one.url + " and " + other.url + " are the same protector (node id " + one.node_id +
                   "): nothing is approved until each address leads to another one";
        }
    }
    return {};
}

Task<void> HttpQuorumClient::refresh_one(std::shared_ptr<QuorumMember> member, Root genesis_validators_root,
                                         SteadyTime deadline) {
    const auto answer = co_await member->ask_status(genesis_validators_root, deadline);
    static_cast<void>(answer);  // the member's status says it
}

Task<void> HttpQuorumClient::refresh(SteadyTime deadline) {
    TaskGroup asking{requests_.executor()};
    for (const auto& member : members_) {
        asking.spawn("status of protector", refresh_one(member, options_.genesis_validators_root, deadline));
    }
    co_await asking.join();
}

Task<void> HttpQuorumClient::stop() {
    requests_.cancel();
    co_await requests_.join();
}

}  // namespace holdfast::protection
