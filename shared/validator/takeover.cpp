#include "shared/validator/takeover.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "shared/base/log.hpp"
#include "shared/ethereum/signing_root.hpp"

// GCC 12 mistakes the frames of some coroutines for memory of another allocator.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace holdfast::validator {

using beacon::AttesterDuty;

namespace {

// One attempt to acquire or to read; tried again until the caller's deadline.
constexpr Duration kAttempt = std::chrono::seconds{5};
// How long our own duties wait at most for the predecessor's last one.
constexpr Duration kNewestFirst = std::chrono::seconds{2};
constexpr Duration kPause = std::chrono::milliseconds{500};

}  // namespace

Takeover::Takeover(Clock& clock, beacon::BeaconNodes& nodes, const ethereum::SlotClock& slots,
                   duties::AttestationDuty& attestation, protection::QuorumClient& quorum,
                   std::function<const Validators&()> validators, duties::AttestationDuty::Observer observer,
                   std::size_t old_votes_max)
    : clock_{clock},
      nodes_{nodes},
      slots_{slots},
      attestation_{attestation},
      quorum_{quorum},
      validators_{std::move(validators)},
      observer_{std::move(observer)},
      old_votes_max_{old_votes_max} {}

Epoch Takeover::current_epoch() const { return nodes_.spec().epoch_of(slots_.slot_at(clock_.now())); }

Task<Result<void>> Takeover::begin(SteadyTime deadline) {
    recorded_.clear();
    const Result<protection::Promise> promise = co_await acquire(deadline);
    HOLDFAST_CO_TRY(promise);
    if (promise.value().generation == 0) co_return success();
    log_info("on duty with generation {}", promise.value().generation);
    for (const Epoch target : targets_to_read(promise.value().highest_target)) {
        const Result<void> done = co_await read(target, deadline);
        HOLDFAST_CO_TRY(done);
    }
    const Result<void> left_out = co_await leave_out_last_epoch(promise.value().highest_target, deadline);
    HOLDFAST_CO_TRY(left_out);
    // The newest first: it is most likely not published yet, and worth most.
    std::ranges::sort(recorded_, [](const Recorded& a, const Recorded& b) { return a.data.slot > b.data.slot; });
    drop_old();
    // A vote for this epoch shuts out one for the last, so that one comes first.
    if (!recorded_.empty() && recorded_.front().data.target.epoch < current_epoch()) {
        Recorded newest = std::move(recorded_.front());
        recorded_.erase(recorded_.begin());
        co_await publish_one(std::move(newest), clock_.steady() + kNewestFirst);
    }
    co_return success();
}

// The predecessor published what it had recorded before its last slots. It is only published again where that is cheap: the
// signatures would delay our own duties.
void Takeover::drop_old() {
    if (recorded_.empty()) return;
    const Slot newest = recorded_.front().data.slot;
    std::size_t count = 0;
    std::erase_if(recorded_, [&](const Recorded& message) {
        count += message.keys.size();
        return message.data.slot + 1 < newest && count > old_votes_max_;
    });
}

Task<Result<protection::Promise>> Takeover::acquire(SteadyTime deadline) {
    for (;;) {
        Result<protection::Promise> promise = co_await quorum_.acquire(std::min(deadline, clock_.steady() + kAttempt));
        const bool again = !promise && promise.error().code != ErrorCode::kRefused && clock_.steady() + kPause < deadline;
        if (!again) co_return promise;
        log_warn("not on duty yet: {}", promise.error().message);
        co_await sleep_for(clock_, kPause);
    }
}

// Votes can be included until the end of the epoch after theirs. Where the quorum knows votes for this epoch, those of the last
// one were published long ago.
std::vector<Epoch> Takeover::targets_to_read(Epoch highest_target) const {
    const Epoch now = current_epoch();
    if (highest_target + 1 < now) return {};
    if (highest_target <= now) return {highest_target};
    return {now, highest_target};
}

Task<Result<void>> Takeover::read(Epoch target, SteadyTime deadline) {
    Result<protection::AdoptionPlan> plan = co_await ask(target, deadline);
    HOLDFAST_CO_TRY(plan);
    take(target, std::move(plan).value());
    co_return success();
}

Task<Result<protection::AdoptionPlan>> Takeover::ask(Epoch target, SteadyTime deadline) {
    for (;;) {
        Result<protection::AdoptionPlan> plan =
            co_await quorum_.adoption(target, std::min(deadline, clock_.steady() + kAttempt));
        if (plan || clock_.steady() + kPause >= deadline) co_return plan;
        log_warn("not on duty yet: {}", plan.error().message);
        co_await sleep_for(clock_, kPause);
    }
}

// Where votes of the last epoch wait to be caught up with: those that are recorded were published long ago if there are already
// votes for this epoch.
Task<Result<void>> Takeover::leave_out_last_epoch(Epoch highest_target, SteadyTime deadline) {
    const Epoch now = current_epoch();
    if (highest_target < now || !attestation_.keeps_votes_before(now)) co_return success();
    const Epoch last{now.value - 1};
    const Result<protection::AdoptionPlan> plan = co_await ask(last, deadline);
    HOLDFAST_CO_TRY(plan);
    leave_out(ours(plan.value().lost), last);
    for (const protection::AdoptedGroup& group : plan.value().adopt) leave_out(ours(group.keys), last);
    co_return success();
}

void Takeover::leave_out(const std::vector<PublicKey>& keys, Epoch target) {
    for (const PublicKey& key : keys) attestation_.leave_out(validators_().at(key), target);
}

void Takeover::take(Epoch target, protection::AdoptionPlan plan) {
    const Slot now = slots_.slot_at(clock_.now());
    const std::vector<PublicKey> lost = ours(plan.lost);
    leave_out(lost, target);
    report_lost(now, target, lost.size(), "recorded without its data");
    for (const protection::AdoptedGroup& group : plan.adopt) {
        std::vector<PublicKey> keys = ours(group.keys);
        if (keys.empty()) continue;
        leave_out(keys, target);
        if (is_message(group)) {
            recorded_.push_back({*group.data, std::move(keys)});
        } else {
            report_lost(now, target, keys.size(), "the recorded data is not what was signed on this chain");
        }
    }
}

std::vector<PublicKey> Takeover::ours(const std::vector<PublicKey>& keys) const {
    std::vector<PublicKey> result;
    std::ranges::copy_if(keys, std::back_inserter(result), [this](const PublicKey& k) { return validators_().contains(k); });
    return result;
}

bool Takeover::is_message(const protection::AdoptedGroup& group) const {
    if (!group.data) return false;
    const Domain domain = ethereum::domain_at(nodes_.spec(), nodes_.genesis().validators_root, ethereum::kDomainBeaconAttester,
                                              group.data->target.epoch);
    return group.data->target.epoch == group.mark.target && group.data->source.epoch == group.mark.source &&
           ethereum::attestation_signing_root(*group.data, domain) == group.mark.signing_root;
}

Task<void> Takeover::publish() {
    const std::vector<Recorded> messages = std::exchange(recorded_, {});
    for (const Recorded& message : messages) {
        if (quorum_.fenced_by()) co_return;
        const WallTime included_until = slots_.start_of(nodes_.spec().first_slot(message.data.target.epoch + 2));
        const SteadyTime end = clock_.steady() + nodes_.spec().slot_duration();
        co_await publish_one(message, std::min(end, clock_.steady_at(included_until)));
    }
}

Task<void> Takeover::publish_one(Recorded message, SteadyTime end) {
    const ethereum::AttestationData data = message.data;
    const std::size_t count = message.keys.size();
    Result<std::vector<AttesterDuty>> duties = co_await duties_of(std::move(message), end);
    if (!duties) {
        report_lost(data.slot, data.target.epoch, count, duties.error().message);
        co_return;
    }
    const std::size_t found = duties.value().size();
    report_lost(data.slot, data.target.epoch, count - found, "their duty is in another slot on this branch");
    if (found > 0) co_await attestation_.adopt(data, std::move(duties).value(), end);
}

// Those of data's slot; a reorganisation may have moved some.
Task<Result<std::vector<AttesterDuty>>> Takeover::duties_of(Recorded message, SteadyTime end) {
    const std::unordered_set<PublicKey> keys{message.keys.begin(), message.keys.end()};
    std::vector<ValidatorIndex> indices;
    for (const auto& [key, index] : validators_()) {
        if (keys.contains(key)) indices.push_back(index);
    }
    for (;;) {
        std::vector<ValidatorIndex> asked = indices;
        Result<beacon::AttesterDuties> answer =
            co_await nodes_.attester_duties(message.data.target.epoch, std::move(asked), end);
        if (answer) {
            std::vector<AttesterDuty> duties = std::move(answer.value().duties);
            std::erase_if(duties, [&](const AttesterDuty& duty) {
                const auto ours = validators_().find(duty.key);
                return duty.slot != message.data.slot || !keys.contains(duty.key) || ours == validators_().end() ||
                       ours->second != duty.validator_index;
            });
            co_return duties;
        }
        if (clock_.steady() + kPause >= end) co_return answer.error();
        co_await sleep_for(clock_, kPause);
    }
}

void Takeover::report_lost(Slot slot, Epoch target, std::size_t count, const std::string& why) {
    if (count == 0) return;
    duties::SlotReport report;
    report.slot = slot;
    report.epoch = target;
    report.due = count;
    report.adopted = true;
    report.miss(duties::MissedReason::kNotAdoptable, count, why);
    log_warn("{}", describe(report));
    if (observer_) observer_(report);
}

}  // namespace holdfast::validator
