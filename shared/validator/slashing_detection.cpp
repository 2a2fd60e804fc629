#include "shared/validator/slashing_detection.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/log.hpp"

namespace holdfast::validator {

namespace {

// A slashing is in a block within a few slots; one that no other node knows after so long is not coming.
constexpr std::uint64_t kDoubtEpochs = 2;
// Nodes whose events confirm a slashing, where there are so many.
constexpr std::size_t kEventsNeeded = 2;

void append(std::vector<PublicKey>& to, const std::vector<PublicKey>& keys) { to.insert(to.end(), keys.begin(), keys.end()); }

std::string names(const std::vector<PublicKey>& keys) {
    std::string text;
    for (const PublicKey& key : keys) text += (text.empty() ? "" : ", ") + to_hex(key);
    return text;
}

}  // namespace

Result<OnSlashing> parse_on_slashing(std::string_view word) {
    if (word == "halt-validator") return OnSlashing::kHaltValidator;
    if (word == "halt-all") return OnSlashing::kHaltAll;
    return failure(ErrorCode::kInvalidArgument,
                   "on-slashing: '" + std::string{word} + "' is neither halt-validator nor halt-all");
}

bool is_slashed(const beacon::Validator& validator) { return validator.status.ends_with("_slashed"); }

SlashingRule::SlashingRule(std::size_t nodes, std::size_t threshold) : nodes_{nodes}, threshold_{threshold} {}

SlashingRule::Change SlashingRule::suspect(const std::vector<PublicKey>& keys, Epoch now) {
    Change change;
    for (const PublicKey& key : keys) {
        if (confirmed_.contains(key)) continue;
        const bool is_new = suspected_.try_emplace(key, Suspicion{now, {}, {}, {}}).second;
        if (is_new) change.suspected.push_back(key);
    }
    return change;
}

SlashingRule::Change SlashingRule::on_event(std::size_t node, const std::vector<PublicKey>& keys, Epoch now) {
    Change change = suspect(keys, now);
    for (const PublicKey& key : keys) {
        const auto entry = suspected_.find(key);
        if (entry == suspected_.end()) continue;
        entry->second.events.insert(node);
        conclude(key, change);
    }
    return change;
}

SlashingRule::Change SlashingRule::on_status(std::size_t node, const std::vector<beacon::Validator>& validators, Epoch now) {
    Change change;
    for (const beacon::Validator& validator : validators) {
        const bool slashed = is_slashed(validator);
        if (slashed) append(change.suspected, suspect({validator.key}, now).suspected);
        const auto entry = suspected_.find(validator.key);
        if (entry == suspected_.end()) continue;
        (slashed ? entry->second.slashed : entry->second.not_slashed).insert(node);
        (slashed ? entry->second.not_slashed : entry->second.slashed).erase(node);
        conclude(validator.key, change);
    }
    return change;
}

void SlashingRule::conclude(const PublicKey& key, Change& change) {
    const Suspicion& suspicion = suspected_.at(key);
    const bool by_events = suspicion.events.size() >= std::min(kEventsNeeded, nodes_);
    if (!by_events && suspicion.slashed.size() < threshold_) return;
    suspected_.erase(key);
    confirmed_.insert(key);
    change.confirmed.push_back(key);
}

SlashingRule::Change SlashingRule::on_epoch(Epoch now) {
    Change change;
    for (const auto& [key, suspicion] : suspected_) {
        const bool old = now >= suspicion.since + kDoubtEpochs;
        if (old && suspicion.not_slashed.size() >= threshold_) change.resumed.push_back(key);
    }
    for (const PublicKey& key : change.resumed) suspected_.erase(key);
    return change;
}

std::vector<PublicKey> SlashingRule::suspected() const {
    std::vector<PublicKey> keys;
    for (const auto& [key, suspicion] : suspected_) keys.push_back(key);
    return keys;
}

SlashingDetection::SlashingDetection(Clock& clock, beacon::BeaconNodes& nodes, protection::QuorumClient& quorum,
                                     const ethereum::SlotClock& slots, std::function<std::vector<PublicKey>()> keys,
                                     std::function<void()> on_change, SlashingOptions options)
    : clock_{clock},
      nodes_{nodes},
      quorum_{quorum},
      slots_{slots},
      keys_{std::move(keys)},
      on_change_{std::move(on_change)},
      options_{options},
      rule_{nodes.size(), options.threshold} {}

void SlashingDetection::on_event(std::size_t node, const beacon::SlashingEvent& event) {
    std::vector<PublicKey> ours;
    for (const ValidatorIndex index : event.validators) {
        const auto key = known_.find(index);
        if (key != known_.end()) ours.push_back(key->second);
    }
    if (ours.empty()) return;
    apply(rule_.on_event(node, ours, current_epoch()),
          std::string{event.by_blocks ? "two blocks" : "two attestations"} + ", as " + nodes_.node(node).url() + " says");
}

// Of one node, whichever it was: enough to stop, and to ask all.
void SlashingDetection::on_validators(const std::vector<beacon::Validator>& validators) {
    std::vector<PublicKey> slashed;
    for (const beacon::Validator& validator : validators) {
        known_.insert_or_assign(validator.index, validator.key);
        if (is_slashed(validator)) slashed.push_back(validator.key);
    }
    if (std::exchange(first_look_, false)) slashed_before_.insert(slashed.begin(), slashed.end());
    apply(rule_.suspect(slashed, current_epoch()), "its status");
}

void SlashingDetection::apply(const SlashingRule::Change& change, const std::string& sign) {
    const auto is_old = [this](const PublicKey& key) { return slashed_before_.contains(key); };
    for (const PublicKey& key : change.suspected) {
        stopped_.insert(key);
        if (is_old(key)) {
            log_warn("validator {} was slashed before: nothing is signed with it", to_hex(key));
        } else {
            log_error("validator {} seems to be slashed ({}): nothing is signed with it any more", to_hex(key), sign);
        }
    }
    for (const PublicKey& key : change.confirmed) {
        to_halt_.insert(key);
        if (is_old(key)) continue;
        log_error("validator {} is slashed ({}): it is halted at the protectors", to_hex(key), sign);
        all_confirmed_ = options_.on_slashing == OnSlashing::kHaltAll;
    }
    for (const PublicKey& key : change.resumed) {
        stopped_.erase(key);
        log_warn("validator {} is not slashed, as {} beacon nodes say: it goes on", to_hex(key), options_.threshold);
    }
    if (all_confirmed_ && !change.confirmed.empty()) {
        log_error("all validators are halted, as on-slashing says");
        for (const PublicKey& key : keys_()) to_halt_.insert(key);
    }
    if (change.suspected.empty() && change.confirmed.empty() && change.resumed.empty()) return;
    if (on_change_) on_change_();
    wake_.notify_all();
}

bool SlashingDetection::all_stopped() const {
    if (all_confirmed_) return true;
    return options_.on_slashing == OnSlashing::kHaltAll &&
           std::ranges::any_of(stopped_, [this](const PublicKey& key) { return !slashed_before_.contains(key); });
}

Epoch SlashingDetection::current_epoch() const { return nodes_.spec().epoch_of(slots_.slot_at(clock_.now())); }

Task<void> SlashingDetection::run() {
    for (;;) {
        if (!rule_.suspected().empty()) co_await confirm();
        if (!to_halt_.empty()) co_await halt();
        if (rule_.suspected().empty() && to_halt_.empty()) {
            co_await wake_.wait();
        } else {
            co_await wake_.wait_until(clock_, clock_.steady() + options_.retry);
        }
    }
}

// What each node says of those that are suspected.
Task<void> SlashingDetection::confirm() {
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
        if (!nodes_.fit(node)) continue;
        std::vector<PublicKey> keys = rule_.suspected();
        if (keys.empty()) co_return;
        const Result<std::vector<beacon::Validator>> answer =
            co_await nodes_.node(node).validators(std::move(keys), clock_.steady() + options_.call_timeout);
        if (answer) apply(rule_.on_status(node, answer.value(), current_epoch()), "its status");
    }
    apply(rule_.on_epoch(current_epoch()), "");
}

// At the protectors, so that no instance signs with them, whatever is restarted. Halting what is halted already changes
// nothing.
Task<void> SlashingDetection::halt() {
    const std::set<PublicKey> now = to_halt_;
    std::vector<PublicKey> keys{now.begin(), now.end()};
    const std::size_t count = keys.size();
    const Result<void> halted = co_await quorum_.halt(std::move(keys), clock_.steady() + options_.call_timeout);
    if (!halted) {
        const std::string why = halted.error().message;
        if (why != halt_failure_) log_error("{} validators that are to be halted are not halted yet: {}", count, why);
        halt_failure_ = why;
        co_return;
    }
    halt_failure_.clear();
    log_warn("{} validators are halted at a quorum of the protectors, until an operator lifts it", count);
    for (const PublicKey& key : now) to_halt_.erase(key);
}

HealthCheck SlashingDetection::check() const {
    std::vector<PublicKey> fresh;
    std::ranges::copy_if(stopped_, std::back_inserter(fresh),
                         [this](const PublicKey& key) { return !slashed_before_.contains(key); });
    HealthCheck check{"slashing", fresh.empty(), "no validator of ours is slashed"};
    check.moves_duty = false;
    if (!slashed_before_.empty()) check.detail = std::to_string(slashed_before_.size()) + " were slashed before this start";
    if (!fresh.empty()) check.detail = "slashed: " + names(fresh);
    if (all_stopped()) check.detail += "; all validators are stopped";
    if (!to_halt_.empty()) check.detail += "; " + std::to_string(to_halt_.size()) + " are still to be halted at the protectors";
    return check;
}

}  // namespace holdfast::validator
