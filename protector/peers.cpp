#include "protector/peers.hpp"

#include <algorithm>
#include <utility>

#include "protector/member_call.hpp"
#include "shared/base/log.hpp"

namespace holdfast::protector {

using protection::PeerAnswer;

namespace {

constexpr Duration kPause = std::chrono::seconds{1};
constexpr Duration kAnswerTime = std::chrono::seconds{2};

}  // namespace

Peers::Peers(Parts parts) : parts_{parts} {
    for (const protection::ClusterMember& member : parts_.membership.cluster().members) {
        if (member.name == parts_.membership.node()) continue;
        peers_.push_back({member, parts_.metrics.gauge("holdfast_protector_peer_up", "Does this other member answer",
                                                       {{"peer", member.name}})});
    }
}

void Peers::start(TaskGroup& group) {
    for (Peer& peer : peers_) group.spawn("peer " + peer.member.name, follow(peer));
}

Task<void> Peers::follow(Peer& peer) {
    for (;;) {
        const Result<PeerAnswer> answer = co_await exchange(peer);
        take(peer, answer);
        if (answer) co_await parts_.membership.note_peer(peer.member.name, answer.value().position);
        if (peer.heard) {
            co_await sleep_for(parts_.clock, kPause);
        } else {
            co_await news_.wait_until(parts_.clock, parts_.clock.steady() + kPause);
        }
    }
}

void Peers::called_by(const std::string& name) {
    const auto caller = std::ranges::find_if(peers_, [&name](const Peer& peer) { return peer.member.name == name; });
    if (caller != peers_.end() && !caller->heard) news_.notify_all();
}

Task<Result<PeerAnswer>> Peers::exchange(const Peer& peer) {
    Membership& self = parts_.membership;
    net::HttpRequest request = member_request("POST", peer.member.url + "/v1/peers", self.cluster_id(), self.node());
    request.headers.push_back({"content-type", std::string{protection::kJsonType}});
    request.headers.push_back({std::string{protection::kSeenHeader}, to_string(self.seen_of(peer.member.name))});
    request.body = protection::render(protection::PeerRequest{self.head(), self.position()});
    auto sent = co_await parts_.http.send(std::move(request), parts_.clock.steady() + kAnswerTime);
    if (!sent) co_return sent.error();
    if (!sent.value().ok()) co_return not_ok(sent.value());
    HOLDFAST_CO_TRY(const PeerAnswer answer, protection::parse_peer_answer(sent.value().body));
    const auto right_node = check_node(peer.member, answer.node);
    if (!right_node) {
        parts_.refusals.note(Refusal::kNode, peer.member.url, right_node.error().message);
        co_return right_node.error();
    }
    co_return answer;
}

void Peers::take(Peer& peer, const Result<PeerAnswer>& answer) {
    peer.up.set(answer ? 1 : 0);
    if (!answer) {
        if (!peer.failed) log_warn("member {} does not answer: {}", peer.member.name, answer.error().message);
        peer.failed = true;
        return;
    }
    if (peer.failed || !peer.heard) log_info("member {} answers", peer.member.name);
    peer.failed = false;
    peer.heard = true;
    // One that has just rejoined has forgotten what it had seen of others: its word doesn't count yet.
    parts_.membership.on_seen(peer.member.name, !answer.value().rejoining, answer.value().seen_of_you);
}

}  // namespace holdfast::protector
