// Verdicts. The calls around a takeover are in http_quorum_takeover.cpp, those about the members in http_quorum_members.cpp.
#include "shared/protection/http_quorum_client.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "shared/base/notifier.hpp"
#include "shared/ethereum/signing_root.hpp"
#include "shared/protection/approval_issuer.hpp"
#include "shared/protection/key_index.hpp"
#include "shared/protection/quorum_tally.hpp"
#include "shared/protection/wire.hpp"

namespace holdfast::protection {
namespace {

std::vector<PublicKey> without_repeats(std::vector<PublicKey> keys) {
    if (keys.size() < 2) return keys;
    KeyIndex seen{keys.size()};
    std::size_t kept = 0;
    const auto key_at = [&keys](std::uint32_t place) -> const PublicKey& { return keys[place]; };
    for (const PublicKey& key : keys) {
        if (seen.find(key, key_at) != KeyIndex::kNone) continue;
        seen.insert(key, static_cast<std::uint32_t>(kept));
        keys[kept++] = key;
    }
    keys.resize(kept);
    return keys;
}

Result<void> check_cluster(const Cluster& cluster) {
    HOLDFAST_TRY(check_quorum(cluster.quorum, cluster.members.size()));
    std::set<std::string> seen;
    for (const ClusterMember& member : cluster.members) {
        const bool is_new = seen.insert(member.name).second && seen.insert(member.url).second;
        if (!is_new) return failure(ErrorCode::kInvalidArgument, "protector " + member.name + " is there twice");
    }
    return success();
}

}  // namespace

// One question to all members and what has come back so far; shared with the requests, some of which outlive the decision.
struct HttpQuorumClient::Round {
    std::vector<PublicKey> keys;
    Root signing_root;
    QuorumTally::Explain explain;
    std::uint64_t request_id;
    QuorumTally tally;
    // What is heard later doesn't count: a member that lost its memory rejoins when requests that it may have answered are
    // over. By both clocks, since a process that was stopped hears late answers before its alarms, and a machine's steady clock
    // stands still while the machine is suspended.
    SteadyTime counted_until{};
    WallTime counted_until_wall{};
    std::vector<std::vector<std::size_t>> approved_groups{};
    Notifier changed{};

    Round(std::vector<PublicKey> its_keys, const Root& its_root, QuorumTally::Explain its_explain, std::uint64_t its_id,
          QuorumTally its_tally)
        : keys{std::move(its_keys)},
          signing_root{its_root},
          explain{std::move(its_explain)},
          request_id{its_id},
          tally{std::move(its_tally)} {}

    void on_result(std::size_t member, const std::string& why_not, Result<VerdictAnswer> result) {
        take(result ? tally.on_answer(member, std::move(result.value().verdicts), result.value().head.tenure)
                    : tally.on_failure(member, why_not));
    }
    void take(QuorumTally::Step step) {
        if (!step.approved.empty()) approved_groups.push_back(std::move(step.approved));
        changed.notify_all();
    }
};

Result<std::unique_ptr<HttpQuorumClient>> HttpQuorumClient::create(Executor executor, Clock& clock, Random& random,
                                                                   net::HttpClient& http, HttpQuorumOptions options) {
    HOLDFAST_TRY(check_cluster(options.cluster));
    return std::unique_ptr<HttpQuorumClient>{
        new HttpQuorumClient{std::move(executor), clock, random, http, std::move(options)}};
}

HttpQuorumClient::HttpQuorumClient(Executor executor, Clock& clock, Random& random, net::HttpClient& http,
                                   HttpQuorumOptions options)
    : options_{std::move(options)},
      cluster_id_{options_.cluster.id()},
      clock_{clock},
      random_{random},
      next_request_{random.next()},
      requests_{executor},
      beating_{executor} {
    const Root& root = options_.cluster.chain.genesis_validators_root;
    for (const ClusterMember& member : options_.cluster.members) {
        members_.push_back(std::make_shared<QuorumMember>(member, cluster_id_, root, http, clock, options_.on_latency));
    }
}

RequestHead HttpQuorumClient::make_head() {
    return {cluster_id_, options_.instance, generation_, options_.cluster.chain.genesis_validators_root, ++next_request_};
}

std::vector<std::string> HttpQuorumClient::names() const {
    std::vector<std::string> result;
    for (const ClusterMember& member : options_.cluster.members) result.push_back(member.name);
    return result;
}

Task<Decision> HttpQuorumClient::approve_attestation(ethereum::AttestationData data, Domain domain, std::vector<PublicKey> keys,
                                                     SteadyTime deadline) {
    keys = without_repeats(std::move(keys));
    if (keys.empty()) co_return Decision{};
    const AttestationMark mark{data.source.epoch, data.target.epoch, ethereum::attestation_signing_root(data, domain)};
    const RequestHead head = make_head();
    auto body = std::make_shared<const std::string>(wire::encode_attestation_request(head, data, domain, keys));
    QuorumTally::Explain sentence = [mark](const Verdict& verdict) { return explain(verdict, mark); };
    QuorumTally tally{names(), quorum(), keys.size()};
    auto round =
        std::make_shared<Round>(std::move(keys), mark.signing_root, std::move(sentence), head.request_id, std::move(tally));
    std::string path{"/v1/attestations"};
    Decision decision = co_await ask(std::move(round), std::move(path), std::move(body), deadline);
    co_return decision;
}

Task<Decision> HttpQuorumClient::approve_block(Slot slot, Root signing_root, PublicKey key, SteadyTime deadline) {
    const BlockMark mark{slot, signing_root};
    const RequestHead head = make_head();
    std::vector<PublicKey> keys{key};
    const std::vector<BlockMark> marks{mark};
    auto body = std::make_shared<const std::string>(wire::encode_block_request(head, keys, marks));
    QuorumTally::Explain sentence = [mark](const Verdict& verdict) { return explain(verdict, mark); };
    QuorumTally tally{names(), quorum(), keys.size()};
    auto round = std::make_shared<Round>(std::move(keys), signing_root, std::move(sentence), head.request_id, std::move(tally));
    std::string path{"/v1/blocks"};
    Decision decision = co_await ask(std::move(round), std::move(path), std::move(body), deadline);
    co_return decision;
}

Task<Decision> HttpQuorumClient::ask(std::shared_ptr<Round> round, std::string path, Body body, SteadyTime deadline) {
    round->counted_until = clock_.steady() + options_.cluster.chain.slot_duration;
    round->counted_until_wall = clock_.now() + options_.cluster.chain.slot_duration;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        requests_.spawn("ask protector " + members_[i]->status().name, ask_one(members_[i], i, round, path, body, deadline));
    }
    co_await wait(round, std::min(deadline, round->counted_until));
    co_return conclude(*round);
}

Task<void> HttpQuorumClient::ask_one(MemberPtr member, std::size_t index, std::shared_ptr<Round> round, std::string path,
                                     Body body, SteadyTime deadline) {
    const std::size_t count = round->keys.size();
    auto result = co_await member->verdicts(std::move(path), std::move(body), round->request_id, count, deadline);
    const bool too_late = clock_.steady() >= round->counted_until || clock_.now() >= round->counted_until_wall;
    if (too_late) result = failure(ErrorCode::kTimeout, "it answered later than a slot after it was asked");
    const std::string why_not = result ? std::string{} : result.error().message;
    round->on_result(index, why_not, std::move(result));
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

Decision HttpQuorumClient::conclude(Round& round) const {
    Decision decision;
    std::vector<bool> approved(round.keys.size(), false);
    for (const auto& group : round.approved_groups) {
        std::vector<PublicKey> keys;
        keys.reserve(group.size());
        for (const std::size_t i : group) {
            keys.push_back(round.keys[i]);
            approved[i] = true;
        }
        decision.approvals.push_back(ApprovalIssuer::issue(round.signing_root, std::move(keys)));
    }
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (!members_[i]->last_failure().empty()) round.tally.note(i, "no answer (" + members_[i]->last_failure() + ")");
    }
    for (std::size_t i = 0; i < approved.size(); ++i) {
        if (approved[i]) continue;
        const auto kind = round.tally.fenced(i)    ? Denial::Kind::kFenced
                          : round.tally.refused(i) ? Denial::Kind::kRefused
                                                   : Denial::Kind::kNoQuorum;
        decision.denials.push_back({round.keys[i], kind, round.tally.explain(i, round.explain), round.tally.record(i)});
    }
    return decision;
}

Task<void> HttpQuorumClient::stop() {
    beating_.cancel();
    requests_.cancel();
    co_await beating_.join();
    co_await requests_.join();
}

}  // namespace holdfast::protection
