#include "shared/duties/duty_cross_check.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/base/log.hpp"
#include "shared/ethereum/hash.hpp"

namespace holdfast::duties {

using beacon::AttesterDuties;
using beacon::AttesterDuty;
using beacon::ProposerDuties;
using beacon::ProposerDuty;

namespace {

class Numbers {
public:
    void add(std::uint64_t number) {
        for (std::size_t i = 0; i < 8; ++i) bytes_.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
    }
    [[nodiscard]] Root digest() const { return ethereum::sha256(bytes_); }

private:
    std::vector<std::uint8_t> bytes_;
};

bool without_root(const AttesterDuties& /*duties*/) { return false; }
bool without_root(const ProposerDuties& duties) { return !duties.dependent_root; }

// Near the end of its slot, when votes and aggregates are out.
SteadyTime end_of_work(const DutyParts& parts, Slot slot) {
    return parts.start_of(slot) + parts.nodes.spec().slot_duration() * 4 / 5;
}

}  // namespace

Root fingerprint(const AttesterDuties& duties) {
    std::vector<AttesterDuty> sorted = duties.duties;
    std::ranges::sort(sorted, {}, &AttesterDuty::validator_index);
    Numbers numbers;
    for (const AttesterDuty& duty : sorted) {
        for (const std::uint64_t number : {duty.validator_index.value, duty.slot.value, duty.committee_index.value,
                                           duty.committee_length, duty.committees_at_slot, duty.validator_committee_index}) {
            numbers.add(number);
        }
    }
    return numbers.digest();
}

Root fingerprint(const ProposerDuties& duties) {
    std::vector<ProposerDuty> sorted = duties.duties;
    std::ranges::sort(sorted, {}, &ProposerDuty::slot);
    Numbers numbers;
    for (const ProposerDuty& duty : sorted) {
        numbers.add(duty.slot.value);
        numbers.add(duty.validator_index.value);
    }
    return numbers.digest();
}

DutyVerdict judge_duties(const std::vector<GivenDuties>& given, const std::optional<Root>& named_by_heads) {
    std::map<Root, std::size_t> votes;
    for (const GivenDuties& one : given) ++votes[one.fingerprint];
    DutyVerdict verdict;
    verdict.differ = votes.size() > 1;
    std::size_t most = 0;
    for (const auto& [fingerprint, count] : votes) most = std::max(most, count);
    const auto leads = [&](const auto& vote) { return vote.second == most; };
    const bool tie = std::ranges::count_if(votes, leads) > 1;
    for (std::size_t i = 0; i < given.size(); ++i) {
        if (votes[given[i].fingerprint] != most) continue;
        const bool named = named_by_heads && given[i].dependent_root == named_by_heads;
        const bool better = !verdict.use || (given[i].dependent_root && !given[*verdict.use].dependent_root);
        if (better && (!tie || named)) verdict.use = i;
    }
    return verdict;
}

DutyCrossCheck::DutyCrossCheck(const DutyParts& parts, AttesterDutiesService& attesters, DutyOutlook& proposers,
                               std::function<const AttesterDutiesService::Validators&()> validators, Duration call_timeout)
    : parts_{parts},
      attester_duties_{attesters},
      outlook_{proposers},
      validators_{std::move(validators)},
      call_timeout_{call_timeout} {}

Task<void> DutyCrossCheck::run() {
    for (;;) {
        const Slot slot = parts_.slots.slot_at(parts_.clock.now());
        const bool passed = parts_.clock.steady() >= end_of_work(parts_, slot);
        co_await sleep_until(parts_.clock,
                             parts_.slots.start_of(passed ? slot + 1 : slot) + parts_.nodes.spec().slot_duration() * 4 / 5);
        co_await check_next();
    }
}

void DutyCrossCheck::on_head(const beacon::HeadEvent& event) {
    const Epoch epoch = parts_.epoch_of(event.slot);
    named_[epoch] = event.previous_duty_dependent_root;
    named_[epoch + 1] = event.current_duty_dependent_root;
}

// What is due sooner first.
Task<void> DutyCrossCheck::check_next() {
    const Epoch now = parts_.epoch_of(parts_.slots.slot_at(parts_.clock.now()));
    for (auto* checked : {&attesters_checked_, &proposers_checked_})
        checked->erase(checked->begin(), checked->lower_bound(now));
    named_.erase(named_.begin(), named_.lower_bound(now));
    if (parts_.nodes.fit_count() < 2) co_return;
    for (const Epoch epoch : {now, now + 1}) {
        if (outlook_.knows(epoch) && proposers_checked_[epoch] != outlook_.version(epoch))
            co_return co_await check_proposers(epoch);
        const std::uint64_t version = attester_duties_.book().version(epoch);
        if (version != 0 && attesters_checked_[epoch] != version) co_return co_await check_attesters(epoch);
    }
}

Task<void> DutyCrossCheck::check_attesters(Epoch epoch) {
    const std::uint64_t version = attester_duties_.book().version(epoch);
    AttesterDuties held = attester_duties_.book().all(epoch);
    std::vector<ValidatorIndex> indices;
    for (const auto& [key, index] : validators_()) indices.push_back(index);
    std::ranges::sort(indices);
    const SteadyTime deadline = parts_.clock.steady() + call_timeout_;
    auto asking = parts_.nodes.all_attester_duties(epoch, std::move(indices), deadline);
    std::string what = "attester duties of epoch " + to_string(epoch);
    std::optional<AttesterDuties> better =
        co_await compare<AttesterDuties>(std::move(asking), std::move(held), std::move(what), attester_counters_);
    // Fetched again meanwhile: another matter.
    if (attester_duties_.book().version(epoch) != version) co_return;
    if (better) {
        better->epoch = epoch;
        const Result<void> taken = attester_duties_.put(std::move(*better), false);
        if (!taken) log_warn("attester duties of most nodes can't be used: {}", taken.error().message);
    }
    attesters_checked_[epoch] = attester_duties_.book().version(epoch);
}

Task<void> DutyCrossCheck::check_proposers(Epoch epoch) {
    const std::uint64_t version = outlook_.version(epoch);
    ProposerDuties held = outlook_.all(epoch);
    auto asking = parts_.nodes.all_proposer_duties(epoch, parts_.clock.steady() + call_timeout_);
    std::string what = "proposers of epoch " + to_string(epoch);
    std::optional<ProposerDuties> better =
        co_await compare<ProposerDuties>(std::move(asking), std::move(held), std::move(what), proposer_counters_);
    if (outlook_.version(epoch) != version) co_return;
    if (better) {
        better->epoch = epoch;
        const Result<void> taken = outlook_.put(std::move(*better), false);
        if (!taken) log_warn("proposers of most nodes can't be used: {}", taken.error().message);
    }
    proposers_checked_[epoch] = outlook_.version(epoch);
}

// What to use instead of what is held; nothing if that is as good as any.
template <class Duties>
Task<std::optional<Duties>> DutyCrossCheck::compare(beacon::AskingPtr<Duties> asking, Duties held, std::string what,
                                                    CrossCheckCounters& counters) {
    const SteadyTime until = parts_.clock.steady() + call_timeout_;
    std::vector<GivenDuties> given;
    std::vector<Duties> answers;
    for (;;) {
        std::optional<beacon::NodeAnswer<Duties>> answer = co_await asking->next(until);
        if (!answer) break;
        if (!answer->result) continue;
        Duties& duties = answer->result.value();
        given.push_back({answer->node, fingerprint(duties), duties.dependent_root});
        answers.push_back(std::move(duties));
    }
    if (given.size() < 2) co_return std::nullopt;
    const auto named = named_.find(held.epoch);
    const DutyVerdict verdict =
        judge_duties(given, named == named_.end() ? std::optional<Root>{} : std::optional<Root>{named->second});
    const Root ours = fingerprint(held);
    const bool replace = verdict.use && given[*verdict.use].fingerprint != ours;
    ++(verdict.differ || replace ? counters.different : counters.same);
    if (verdict.differ) say(what, given, verdict);
    const bool fuller = verdict.use && without_root(held) && given[*verdict.use].dependent_root;
    if (!replace && !fuller) co_return std::nullopt;
    if (replace) {
        ++counters.replaced;
        log_warn("{}: what most nodes say is used from here on", what);
    }
    co_return std::move(answers[*verdict.use]);
}

// Names every node with the beginning of its answer's fingerprint.
void DutyCrossCheck::say(const std::string& what, const std::vector<GivenDuties>& given, const DutyVerdict& verdict) const {
    const std::vector<beacon::NodeState> nodes = parts_.nodes.states();
    std::string line;
    for (const GivenDuties& one : given) {
        line += (line.empty() ? "" : ", ") + nodes[one.node].url + " says " + to_short_hex(one.fingerprint);
    }
    log_warn("{} differ between nodes: {}; {}", what, line,
             verdict.use ? to_short_hex(given[*verdict.use].fingerprint) + " is right" : "nobody can tell which is right");
}

}  // namespace holdfast::duties
