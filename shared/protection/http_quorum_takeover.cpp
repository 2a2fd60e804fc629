// Going on duty: generations and adoption.
#include <algorithm>
#include <iterator>
#include <utility>

#include "shared/base/log.hpp"
#include "shared/base/notifier.hpp"
#include "shared/protection/http_quorum_client.hpp"
#include "shared/protection/http_quorum_gathering.hpp"

namespace holdfast::protection {
namespace {

// A round in which a rival has asked too: what is still out may decide it, but then it is asked again above the rival.
constexpr Duration kContestedRound = std::chrono::milliseconds{100};
// Before it is asked again: some for the answers that are still out, and a random time, so that one of two rivals comes first.
constexpr Duration kPauseMin = std::chrono::milliseconds{20};
constexpr std::uint64_t kBackoffMsMin = 50;
constexpr std::uint64_t kBackoffMsMax = 500;

}  // namespace

// Shared with the requests, some of which outlive the acquisition.
struct HttpQuorumClient::AcquireRun {
    Acquisition machine;
    Notifier changed{};

    explicit AcquireRun(Acquisition its_machine) : machine{std::move(its_machine)} {}
};

Task<Result<Promise>> HttpQuorumClient::acquire(SteadyTime deadline) {
    if (options_.cluster.mode == Mode::kShared) co_return Promise{};
    auto run = std::make_shared<AcquireRun>(Acquisition{members_.size(), quorum(), options_.instance});
    co_await read_tenures(run, deadline);
    std::uint64_t backoff = kBackoffMsMin;
    while (clock_.steady() < deadline) {
        co_await run_round(run, deadline);
        if (run->machine.state() == Acquisition::State::kPromised) {
            const Promise promise = run->machine.promise();
            generation_ = promise.generation;
            co_return promise;
        }
        run->machine.give_up();
        co_await sleep_for(clock_, kPauseMin + std::chrono::milliseconds{random_.below(backoff)});
        if (run->machine.state() == Acquisition::State::kLost) break;
        backoff = std::min(2 * backoff, kBackoffMsMax);
    }
    co_return acquire_failure(*run);
}

Task<void> HttpQuorumClient::read_tenures(std::shared_ptr<AcquireRun> run, SteadyTime deadline) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
        requests_.spawn("tenure at protector", read_tenure(members_[i], i, run, deadline));
    }
    // A higher one that is not heard now comes with a refusal.
    deadline = std::min(deadline, clock_.steady() + options_.straggler_grace);
    while (run->machine.state() == Acquisition::State::kReading) {
        const bool in_time = co_await run->changed.wait_until(clock_, deadline);
        if (!in_time) break;
    }
}

Task<void> HttpQuorumClient::read_tenure(MemberPtr member, std::size_t index, std::shared_ptr<AcquireRun> run,
                                         SteadyTime deadline) {
    const auto answer = co_await member->ask_status(deadline);
    if (answer) run->machine.on_tenure(index, answer.value().tenure);
    run->changed.notify_all();
}

Task<void> HttpQuorumClient::run_round(std::shared_ptr<AcquireRun> run, SteadyTime deadline) {
    RequestHead head = make_head();
    head.generation = run->machine.ask();
    const auto body = std::make_shared<const std::string>(render(AcquireRequest{head}));
    for (std::size_t i = 0; i < members_.size(); ++i) {
        requests_.spawn("generation from protector", ask_promise(members_[i], i, run, body, head, deadline));
    }
    // Promises are counted together for a slot at most, for the same reason as verdicts.
    deadline = std::min(deadline, clock_.steady() + options_.cluster.chain.slot_duration);
    bool contested = false;
    while (run->machine.state() == Acquisition::State::kAsking) {
        if (!contested && run->machine.contested()) {
            contested = true;
            deadline = std::min(deadline, clock_.steady() + kContestedRound);
        }
        const bool in_time = co_await run->changed.wait_until(clock_, deadline);
        if (!in_time) break;
    }
}

Task<void> HttpQuorumClient::ask_promise(MemberPtr member, std::size_t index, std::shared_ptr<AcquireRun> run, Body body,
                                         RequestHead head, SteadyTime deadline) {
    const auto answer = co_await member->acquire(std::move(body), head.request_id, deadline);
    if (answer) {
        const AcquireAnswer& said = answer.value();
        const PromiseAnswer promise{said.promised, said.head.tenure, said.highest_target, said.highest_slot};
        run->machine.on_answer(index, head.generation, promise);
    } else {
        run->machine.on_failure(index, head.generation);
    }
    run->changed.notify_all();
}

Error HttpQuorumClient::acquire_failure(const AcquireRun& run) const {
    if (run.machine.state() == Acquisition::State::kLost) {
        return failure(ErrorCode::kRefused, "another instance went on duty: " + describe(run.machine.highest()));
    }
    std::string text = "no generation was promised by " + std::to_string(quorum()) + " protectors:";
    const char* separator = " ";
    for (const MemberPtr& member : members_) {
        const std::string& why = member->last_failure();
        text += separator + member->status().name + ": " + (why.empty() ? describe(member->status().tenure) : why);
        separator = "; ";
    }
    return failure(ErrorCode::kUnavailable, text);
}

std::optional<Tenure> HttpQuorumClient::fenced_by() const {
    std::vector<KnownTenure> known;
    for (const MemberPtr& member : members_) known.push_back({member->status().tenure, member->status().votes()});
    return protection::fenced_by(known, quorum(), generation_);
}

// What was read of a member that has not promised our generation could change afterwards: so it promises first.
Task<Result<RecordsAnswer>> HttpQuorumClient::promised_records(MemberPtr member, Epoch target, Body body, RequestHead head,
                                                               SteadyTime deadline) {
    if (member->status().tenure.generation < head.generation) {
        const auto promise = co_await member->acquire(std::move(body), head.request_id, deadline);
        if (!promise) co_return promise.error();
    }
    auto records = co_await member->records(target, deadline);
    if (records && records.value().head.tenure.generation < head.generation) {
        records = failure(ErrorCode::kUnavailable, "it has not promised generation " + std::to_string(head.generation));
    }
    co_return records;
}

Task<Result<AdoptionPlan>> HttpQuorumClient::adoption(Epoch target, SteadyTime deadline) {
    const RequestHead head = make_head();
    const auto body = std::make_shared<const std::string>(render(AcquireRequest{head}));
    auto gathering = std::make_shared<Gathering<RecordsAnswer>>();
    for (const MemberPtr& member : members_) {
        requests_.spawn("records of protector",
                        ask_into(member, gathering, promised_records(member, target, body, head, deadline)));
    }
    co_await gather(gathering, deadline);
    if (gathering->answers.size() < quorum()) co_return too_few(*gathering, "what they recorded");
    std::vector<std::vector<RecordGroup>> answers;
    for (RecordsAnswer& answer : gathering->answers) answers.push_back(std::move(answer.groups));
    co_return plan_adoption(answers, quorum(), members_.size());
}

// The older first: a record that moves on meanwhile is then seen twice, not never.
Task<Result<RecordsAnswer>> HttpQuorumClient::records_since(MemberPtr member, Epoch first, SteadyTime deadline) {
    auto older = co_await member->records(first, deadline);
    if (!older) co_return older;
    auto newer = co_await member->records(first + 1, deadline);
    if (!newer) co_return newer;
    RecordsAnswer both = std::move(older).value();
    std::ranges::move(newer.value().groups, std::back_inserter(both.groups));
    co_return both;
}

Task<Result<std::vector<PublicKey>>> HttpQuorumClient::used_since(Epoch first, SteadyTime deadline) {
    auto gathering = std::make_shared<Gathering<RecordsAnswer>>();
    for (const MemberPtr& member : members_) {
        requests_.spawn("records of protector", ask_into(member, gathering, records_since(member, first, deadline)));
    }
    co_await gather(gathering, deadline);
    if (gathering->answers.size() < quorum()) co_return too_few(*gathering, "what they recorded");
    std::vector<std::vector<RecordGroup>> answers;
    for (RecordsAnswer& answer : gathering->answers) answers.push_back(std::move(answer.groups));
    co_return keys_in_use(answers, quorum());
}

}  // namespace holdfast::protection
