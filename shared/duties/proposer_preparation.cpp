#include "shared/duties/proposer_preparation.hpp"

#include <algorithm>
#include <limits>

#include "shared/base/log.hpp"
#include "shared/ethereum/signing_root.hpp"
#include "shared/ethereum/ssz.hpp"

// GCC 12 mistakes the frames of some coroutines for memory of another allocator.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace holdfast::duties {

using beacon::SignedPreferences;
using beacon::SignedRegistration;
using ethereum::ProposerPreferences;
using ethereum::ValidatorRegistration;

namespace {

constexpr unsigned kSettled = std::numeric_limits<unsigned>::max();
// A node may refuse what it has seen already, from the instance before us: then it is of no use to go on.
constexpr unsigned kPreferenceAttempts = 3;

// Another one when validators come or go; the order of the map doesn't matter.
std::uint64_t mark_of(const ProposerPreparation::Validators& validators) {
    std::uint64_t mark = validators.size();
    for (const auto& [key, index] : validators) mark += (index.value + 1) * 0x9e3779b97f4a7c15ULL;
    return mark;
}

bool same_wish(const ValidatorRegistration& a, const ValidatorRegistration& b) {
    return a.fee_recipient == b.fee_recipient && a.gas_limit == b.gas_limit;
}

template <class T>
signing::Message message_of(signing::MessageKind kind, const T& object, const Domain& domain) {
    signing::Message message;
    message.kind = kind;
    message.object_root = ethereum::ssz::hash_tree_root(object);
    message.domain = domain;
    message.object = ethereum::ssz::serialize(object);
    return message;
}

std::optional<Signature> only_signature(const Result<std::vector<signing::SignedKey>>& made, const PublicKey& key) {
    if (made && made.value().size() == 1) return made.value().front().signature;
    log_warn("{}: not signed: {}", to_short_hex(key), made ? "the key is not loaded" : made.error().message);
    return std::nullopt;
}

}  // namespace

ProposerPreparation::ProposerPreparation(DutyParts parts, const ProposerSettings& settings,
                                         std::function<const Validators&()> validators,
                                         std::function<Proposals(Epoch)> proposals, PreparationOptions options)
    : parts_{std::move(parts)},
      settings_{settings},
      validators_{std::move(validators)},
      proposals_{std::move(proposals)},
      options_{options} {}

Task<void> ProposerPreparation::run() {
    for (;;) {
        const Slot slot = parts_.slots.slot_at(parts_.clock.now());
        co_await prepare(slot);
        co_await register_due(slot);
        co_await tell_preferences(slot);
        co_await sleep_until(parts_.clock, middle_of(std::max(slot, parts_.slots.slot_at(parts_.clock.now())) + 1));
    }
}

std::optional<Epoch> ProposerPreparation::gloas_epoch() const {
    for (const ethereum::Fork& fork : parts_.nodes.spec().forks()) {
        if (fork.name >= ethereum::ForkName::kGloas) return fork.epoch;
    }
    return std::nullopt;
}

SteadyTime ProposerPreparation::deadline() const { return parts_.clock.steady() + options_.call_timeout; }

bool ProposerPreparation::accepted(const char* what, const Result<void>& sent) {
    if (sent) return true;
    ++counters_.failures;
    log_warn("no node accepted {}: {}", what, sent.error().message);
    return false;
}

WallTime ProposerPreparation::middle_of(Slot slot) const {
    return parts_.slots.start_of(slot) + parts_.nodes.spec().slot_duration() / 2;
}

// Through the fork's own epoch: a node that has not taken the preferences still knows whom to pay. A part that no node takes
// waits for the next slot, behind those that have not been sent yet.
Task<void> ProposerPreparation::prepare(Slot slot) {
    const Epoch epoch = parts_.epoch_of(slot);
    const std::optional<Epoch> gloas = gloas_epoch();
    if (gloas && epoch > *gloas) co_return;
    const std::uint64_t mark = mark_of(validators_());
    if (prepared_in_ != epoch || prepared_mark_ != mark) plan_preparations(slot);
    prepared_in_ = epoch;
    prepared_mark_ = mark;
    std::size_t refused = 0;
    std::string why;
    for (std::size_t left = to_prepare_.size(); left > 0 && parts_.clock.now() < middle_of(slot + 1); --left) {
        Preparations part = std::move(to_prepare_.front());
        to_prepare_.pop_front();
        const Result<void> sent = co_await parts_.nodes.prepare_proposers(part, deadline());
        if (sent) {
            counters_.prepared += part.size();
        } else {
            ++counters_.failures;
            refused += part.size();
            why = sent.error().message;
            to_prepare_.push_back(std::move(part));
        }
        // A node that is slow gets them one after another, and has time for others.
        if (left > 1) co_await sleep_for(parts_.clock, parts_.nodes.spec().slot_duration() / 60);
    }
    if (refused > 0) log_warn("no node accepted the fee recipients of {} validators: {}", refused, why);
}

// Who proposes soonest comes first.
void ProposerPreparation::plan_preparations(Slot slot) {
    const std::unordered_map<ValidatorIndex, Slot> proposals = proposals_from(slot);
    const auto turn = [&](const beacon::ProposerPreparation& one) {
        const auto proposal = proposals.find(one.validator_index);
        const Slot when = proposal == proposals.end() ? Slot{std::numeric_limits<std::uint64_t>::max()} : proposal->second;
        return std::pair{when, one.validator_index};
    };
    Preparations all;
    for (const auto& [key, index] : validators_()) {
        const std::optional<Address> payee = settings_.fee_recipient(key);
        if (payee) all.push_back({index, *payee});
    }
    std::ranges::sort(all, {}, turn);
    counters_.prepared = 0;
    to_prepare_.clear();
    for (std::size_t from = 0; from < all.size(); from += options_.preparations_per_request) {
        const std::size_t to = std::min(all.size(), from + options_.preparations_per_request);
        to_prepare_.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(from),
                                 all.begin() + static_cast<std::ptrdiff_t>(to));
    }
}

// The first of each validator.
std::unordered_map<ValidatorIndex, Slot> ProposerPreparation::proposals_from(Slot slot) const {
    std::unordered_map<ValidatorIndex, Slot> proposals;
    const Epoch now = parts_.epoch_of(slot);
    for (const Epoch epoch : {now, now + 1}) {
        for (const beacon::ProposerDuty& duty : proposals_(epoch).duties) {
            if (duty.slot < slot) continue;
            Slot& first = proposals.try_emplace(duty.validator_index, duty.slot).first->second;
            first = std::min(first, duty.slot);
        }
    }
    return proposals;
}

// Whose turn has come since the last time: validator by validator over the slots of an epoch.
std::vector<PublicKey> ProposerPreparation::registrations_due(Slot slot) {
    const std::uint64_t slots = parts_.nodes.spec().slots_per_epoch();
    const std::uint64_t since = registered_at_ && *registered_at_ < slot ? std::min(slots, slot - *registered_at_) : 1;
    registered_at_ = slot;
    std::vector<std::pair<ValidatorIndex, PublicKey>> due;
    for (const auto& [key, index] : validators_()) {
        const std::uint64_t slots_ago = (slot.value % slots + slots - index.value % slots) % slots;
        if (slots_ago < since) due.emplace_back(index, key);
    }
    std::ranges::sort(due);
    std::vector<PublicKey> keys;
    for (const auto& [index, key] : due) keys.push_back(key);
    return keys;
}

Task<void> ProposerPreparation::register_due(Slot slot) {
    const std::optional<Epoch> gloas = gloas_epoch();
    if (!settings_.use_builder || (gloas && parts_.epoch_of(slot) >= *gloas)) co_return;
    const std::vector<PublicKey> due = registrations_due(slot);
    for (std::size_t from = 0; from < due.size(); from += options_.registrations_per_request) {
        if (!parts_.may_perform(slot)) co_return;
        const std::size_t to = std::min(due.size(), from + options_.registrations_per_request);
        std::vector<PublicKey> some{due.begin() + static_cast<std::ptrdiff_t>(from),
                                    due.begin() + static_cast<std::ptrdiff_t>(to)};
        co_await register_some(std::move(some));
    }
}

Task<void> ProposerPreparation::register_some(std::vector<PublicKey> keys) {
    std::vector<SignedRegistration> registrations;
    for (const PublicKey& key : keys) {
        const std::optional<Address> payee = settings_.fee_recipient(key);
        if (!payee) continue;
        std::optional<SignedRegistration> made = co_await registration(key, *payee);
        if (made) registrations.push_back(*made);
    }
    if (registrations.empty()) co_return;
    const std::size_t count = registrations.size();
    const Result<void> sent = co_await parts_.nodes.register_validators(std::move(registrations), deadline());
    if (accepted("the registrations with builders", sent)) counters_.registrations += count;
}

// Signed once; the same again while the operator's wish is the same.
Task<std::optional<SignedRegistration>> ProposerPreparation::registration(PublicKey key, Address fee_recipient) {
    ValidatorRegistration wish;
    wish.fee_recipient = fee_recipient;
    wish.gas_limit = settings_.gas_limit(key);
    wish.timestamp = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(parts_.clock.now().time_since_epoch()).count());
    wish.pubkey = key;
    const auto known = registrations_.find(key);
    if (known != registrations_.end() && same_wish(known->second.message, wish)) co_return known->second;
    const Domain domain =
        ethereum::compute_domain(ethereum::kDomainApplicationBuilder, parts_.nodes.genesis().fork_version, Root{});
    signing::Message message = message_of(signing::MessageKind::kValidatorRegistration, wish, domain);
    std::vector<PublicKey> keys{key};
    const Result<std::vector<signing::SignedKey>> made =
        co_await parts_.door.sign(std::move(message), std::move(keys), signing::Urgency::kAhead);
    const std::optional<Signature> signature = only_signature(made, key);
    if (!signature) {
        ++counters_.failures;
        co_return std::nullopt;
    }
    const SignedRegistration registration{wish, *signature};
    registrations_[key] = registration;
    co_return registration;
}

// For every slot to come of this epoch and the next, as soon as it is known who proposes there.
std::vector<std::pair<PublicKey, ProposerPreferences>> ProposerPreparation::preferences_due(Slot slot) const {
    std::vector<std::pair<PublicKey, ProposerPreferences>> due;
    const std::optional<Epoch> gloas = gloas_epoch();
    if (!gloas) return due;
    const Epoch now = parts_.epoch_of(slot);
    for (const Epoch epoch : {now, now + 1}) {
        if (epoch < *gloas) continue;
        const Proposals proposals = proposals_(epoch);
        if (!proposals.dependent_root) continue;
        for (const beacon::ProposerDuty& duty : proposals.duties) {
            const std::optional<Address> payee = settings_.fee_recipient(duty.key);
            const auto sent = preferences_.find({duty.slot, *proposals.dependent_root});
            const bool again = sent == preferences_.end() || sent->second < kPreferenceAttempts;
            if (duty.slot <= slot || !payee || !again) continue;
            due.emplace_back(duty.key, ProposerPreferences{*proposals.dependent_root, duty.slot, duty.validator_index, *payee,
                                                           settings_.gas_limit(duty.key)});
        }
    }
    return due;
}

Task<void> ProposerPreparation::tell_preferences(Slot slot) {
    preferences_.erase(preferences_.begin(), preferences_.lower_bound({slot, Root{}}));
    if (!parts_.may_perform(slot)) co_return;
    const std::vector<std::pair<PublicKey, ProposerPreferences>> due = preferences_due(slot);
    std::vector<SignedPreferences> all;
    for (const auto& [key, preferences] : due) {
        const std::optional<SignedPreferences> made = co_await sign_preferences(key, preferences);
        if (made) all.push_back(*made);
    }
    if (all.empty() || !parts_.may_perform(slot)) co_return;
    const ethereum::ForkName fork = parts_.fork_of(all.front().message.proposal_slot);
    const std::vector<SignedPreferences> told = all;
    const Result<void> sent = co_await parts_.nodes.publish_preferences(std::move(all), fork, deadline());
    const bool settled = accepted("the preferences for our proposals", sent);
    if (settled) counters_.preferences += told.size();
    for (const SignedPreferences& one : told) {
        unsigned& times = preferences_[{one.message.proposal_slot, one.message.dependent_root}];
        times = settled ? kSettled : times + 1;
    }
}

// In the domain of the fork in force at the proposal, also before the fork: what clients do, whatever state they have.
Task<std::optional<SignedPreferences>> ProposerPreparation::sign_preferences(PublicKey key, ProposerPreferences preferences) {
    const Domain domain = parts_.domain_at(ethereum::kDomainProposerPreferences, parts_.epoch_of(preferences.proposal_slot));
    signing::Message message = message_of(signing::MessageKind::kProposerPreferences, preferences, domain);
    std::vector<PublicKey> keys{key};
    const Result<std::vector<signing::SignedKey>> made =
        co_await parts_.door.sign(std::move(message), std::move(keys), signing::Urgency::kAhead);
    const std::optional<Signature> signature = only_signature(made, key);
    if (!signature) {
        ++counters_.failures;
        co_return std::nullopt;
    }
    co_return SignedPreferences{preferences, *signature};
}

}  // namespace holdfast::duties
