// The members themselves: status, heartbeats, halts.
#include <algorithm>
#include <utility>

#include "shared/protection/http_quorum_client.hpp"
#include "shared/protection/http_quorum_gathering.hpp"

namespace holdfast::protection {
namespace {

constexpr Duration kWarmFor = std::chrono::seconds{2};
// Enough to open a connection over a link with 400 ms there and back: TCP, TLS and the answer take three of these. Beats keep
// the connections open that verdicts use.
constexpr Duration kBeatTimeout = std::chrono::milliseconds{1500};

}  // namespace

std::vector<MemberStatus> HttpQuorumClient::members() const {
    std::vector<MemberStatus> result;
    for (const MemberPtr& member : members_) result.push_back(member->status());
    return result;
}

Task<void> HttpQuorumClient::ask_status(MemberPtr member, SteadyTime deadline) {
    const auto answer = co_await member->ask_status(deadline);
    static_cast<void>(answer);  // the member's status says it
}

Task<void> HttpQuorumClient::refresh(SteadyTime deadline) {
    TaskGroup asking{requests_.executor()};
    for (const MemberPtr& member : members_) asking.spawn("status of protector", ask_status(member, deadline));
    co_await asking.join();
}

Task<void> HttpQuorumClient::warm(SteadyTime deadline) {
    TaskGroup asking{requests_.executor()};
    for (const MemberPtr& member : members_) {
        const auto& last = member->status().last_answer;
        if (last && clock_.steady() - *last < kWarmFor) continue;
        asking.spawn("connection to protector", ask_status(member, deadline));
    }
    co_await asking.join();
}

Task<Result<void>> HttpQuorumClient::halt(std::vector<PublicKey> keys, SteadyTime deadline) {
    const auto body = std::make_shared<const std::string>(render(KeysRequest{make_head(), std::move(keys)}));
    auto gathering = std::make_shared<Gathering<KeysAnswer>>();
    for (const MemberPtr& member : members_) {
        requests_.spawn("halt at protector", ask_into(member, gathering, member->halt(body, deadline)));
    }
    co_await gather(gathering, deadline);
    if (gathering->answers.size() < quorum()) co_return too_few(*gathering, "that the halt is recorded");
    co_return success();
}

Task<Result<std::vector<std::vector<Heard>>>> HttpQuorumClient::heard(SteadyTime deadline) {
    auto gathering = std::make_shared<Gathering<HeartbeatAnswer>>();
    for (const MemberPtr& member : members_) {
        requests_.spawn("heartbeats at protector", ask_into(member, gathering, member->heard(deadline)));
    }
    co_await gather(gathering, deadline);
    if (gathering->answers.size() < quorum()) co_return too_few(*gathering, "whom they have heard");
    std::vector<std::vector<Heard>> lists;
    for (HeartbeatAnswer& answer : gathering->answers) lists.push_back(std::move(answer.heard));
    co_return lists;
}

void HttpQuorumClient::start_heartbeats(std::function<Beat()> beat) {
    beating_.cancel();
    for (const MemberPtr& member : members_) beating_.spawn("heartbeats", beat_for_ever(member, beat));
}

void HttpQuorumClient::beat_now() {
    ++beats_wanted_;
    beat_wanted_.notify_all();
}

Task<void> HttpQuorumClient::beat_for_ever(MemberPtr member, std::function<Beat()> beat) {
    while (true) {
        const SteadyTime begun = clock_.steady();
        const std::uint64_t wanted = beats_wanted_;
        const Beat now = beat();
        const RequestHead head = make_head();
        const auto body = std::make_shared<const std::string>(render(HeartbeatRequest{head, now.on_duty, now.well}));
        const auto answer = co_await member->beat(body, head.request_id, begun + kBeatTimeout);
        static_cast<void>(answer);  // the member's status has the generation in force
        // Something changed while this one was under way: the next is sent at once.
        if (wanted != beats_wanted_) continue;
        co_await beat_wanted_.wait_until(clock_, begun + options_.heartbeat_every);
    }
}

}  // namespace holdfast::protection
