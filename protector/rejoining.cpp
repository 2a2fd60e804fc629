#include "protector/rejoining.hpp"

#include <optional>
#include <utility>

#include "protector/member_call.hpp"
#include "shared/base/config.hpp"
#include "shared/base/log.hpp"
#include "shared/base/systemd.hpp"
#include "shared/protection/messages.hpp"
#include "shared/protection/wire.hpp"

namespace holdfast::protector {

using protection::MemberRecords;
using protection::RejoinPlan;

namespace {

constexpr Duration kPause = std::chrono::seconds{1};
constexpr Duration kReportPause = std::chrono::seconds{5};
constexpr Duration kAnswerTime = std::chrono::seconds{60};  // 100,000 validators are some 20 MB

Result<MemberRecords> read_answer(const protection::ClusterMember& member, const Result<net::HttpResponse>& sent) {
    if (!sent) return sent.error();
    if (!sent.value().ok()) return not_ok(sent.value());
    HOLDFAST_TRY(auto records, protection::wire::decode_all_records(sent.value().body));
    HOLDFAST_TRY(check_node(member, records.node));
    return records;
}

}  // namespace

// What one asking of all other members has brought.
struct Rejoining::Round {
    struct Member {
        protection::ClusterMember member;
        std::optional<Result<MemberRecords>> answer;
        Slot arrived;  // by our clock
    };
    std::vector<Member> members;

    // The answers as they would stand at slot `now` of our clock: a long answer of another is no reason to doubt a clock.
    std::vector<MemberRecords> take_usable(protection::ChainTime now, std::uint64_t slots_per_epoch) {
        std::vector<MemberRecords> all;
        for (Member& member : members) {
            if (!member.answer || !*member.answer) continue;
            MemberRecords& records = all.emplace_back(std::move(member.answer->value()));
            records.now.slot = records.now.slot + (now.slot - member.arrived);
            records.now.epoch = Epoch{records.now.slot.value / slots_per_epoch};
        }
        return all;
    }
    // "p2: connection refused; p3: ..."; empty if all have answered.
    [[nodiscard]] std::string missing() const {
        std::string all;
        for (const Member& member : members) {
            if (member.answer && *member.answer) continue;
            all += (all.empty() ? "" : "; ") + member.member.name + ": " +
                   (member.answer ? member.answer->error().message : "no answer");
        }
        return all;
    }
};

Rejoining::Rejoining(Clock& clock, net::HttpClient& http, protection::Cluster cluster, std::string node_id)
    : clock_{clock}, http_{http}, cluster_{std::move(cluster)}, node_id_{std::move(node_id)}, chain_{cluster_.chain} {}

Task<void> Rejoining::wait_for_requests_in_flight() {
    if (cluster_.members.size() == 1) co_return;  // run() will refuse
    const Duration wait = 2 * cluster_.chain.slot_duration;
    detail_ = "requests that the lost memory may have answered must be over first, which takes " + format_duration(wait);
    log_warn("waiting to rejoin: {}", detail_);
    notify_status("waiting to rejoin: " + detail_);
    notify_starting(wait + kAnswerTime);
    co_await sleep_for(clock_, wait);
}

Task<Result<RejoinPlan>> Rejoining::run() {
    SteadyTime next_report = clock_.steady();
    for (;;) {
        auto plan = co_await try_once();
        if (plan || plan.error().code != ErrorCode::kUnavailable) co_return plan;
        detail_ = plan.error().message;
        if (clock_.steady() >= next_report) {
            log_warn("waiting to rejoin: {}", detail_);
            notify_status("waiting to rejoin: " + detail_);
            notify_starting(2 * kReportPause + kAnswerTime);
            next_report = clock_.steady() + kReportPause;
        }
        co_await sleep_for(clock_, kPause);
    }
}

Task<Result<RejoinPlan>> Rejoining::try_once() {
    const auto round = std::make_shared<Round>();
    for (const protection::ClusterMember& member : cluster_.members) {
        if (member.name != node_id_) round->members.push_back({member, std::nullopt, {}});
    }
    const auto executor = co_await boost::asio::this_coro::executor;
    TaskGroup group{executor};
    for (std::size_t i = 0; i < round->members.size(); ++i) {
        net::HttpRequest request = member_request("GET", round->members[i].member.url + "/v1/records", cluster_.id(), node_id_);
        request.headers.push_back({"accept", std::string{protection::kOctetType}});
        group.spawn("records of " + round->members[i].member.name,
                    ask(http_, std::move(request), clock_.steady() + kAnswerTime, round, i, clock_, chain_));
    }
    co_await group.join();
    const protection::ChainTime now = chain_.at(clock_.now());
    const std::vector<MemberRecords> answers = round->take_usable(now, chain_.slots_per_epoch());
    auto plan = protection::plan_rejoin(answers, cluster_.members.size(), cluster_.quorum, now, chain_.slots_per_epoch());
    if (plan || plan.error().code != ErrorCode::kUnavailable) co_return plan;
    const std::string missing = round->missing();
    co_return failure(ErrorCode::kUnavailable, plan.error().message + (missing.empty() ? "" : " (" + missing + ")"));
}

Task<void> Rejoining::ask(net::HttpClient& http, net::HttpRequest request, SteadyTime deadline, std::shared_ptr<Round> round,
                          std::size_t index, Clock& clock, ChainClock chain) {
    const auto sent = co_await http.send(std::move(request), deadline);
    Round::Member& member = round->members[index];
    member.arrived = chain.at(clock.now()).slot;
    member.answer = read_answer(member.member, sent);
}

}  // namespace holdfast::protector
