#include "shared/duties/selection_proofs.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/log.hpp"
#include "shared/duties/performing.hpp"
#include "shared/ethereum/hash.hpp"
#include "shared/ethereum/signing_root.hpp"
#include "shared/ethereum/ssz.hpp"

namespace holdfast::duties {

namespace {

// Signatures between two looks at what is due: few enough that a block never waits for long.
constexpr std::size_t kBatch = 64;
constexpr Duration kRestMin = std::chrono::milliseconds{1};

// altair/validator.md: SYNC_COMMITTEE_SUBNET_COUNT, TARGET_AGGREGATORS_PER_SYNC_SUBCOMMITTEE.
constexpr std::uint64_t kSyncSubnets = 4;
constexpr std::uint64_t kSyncAggregators = 16;

bool chosen(const Signature& proof, std::uint64_t modulo) {
    const Root hash = ethereum::sha256(proof.bytes);
    return ethereum::ssz::read_uint(std::span{hash.bytes}.first(8)) % std::max<std::uint64_t>(1, modulo) == 0;
}

}  // namespace

bool is_aggregator(const Signature& proof, std::uint64_t committee_length, std::uint64_t target_aggregators) {
    return chosen(proof, committee_length / std::max<std::uint64_t>(1, target_aggregators));
}

bool is_sync_aggregator(const Signature& proof, std::uint64_t sync_committee_size) {
    return chosen(proof, sync_committee_size / kSyncSubnets / kSyncAggregators);
}

SelectionProofs::SelectionProofs(DutyParts parts, const DutyBook& book, std::function<void(Slot)> on_complete)
    : parts_{std::move(parts)}, book_{book}, on_complete_{std::move(on_complete)} {}

Task<void> SelectionProofs::run() {
    for (;;) {
        const Slot from = now();
        proofs_.erase(proofs_.begin(), proofs_.lower_bound(from));
        settled_.erase(settled_.begin(), settled_.lower_bound(from));
        const std::size_t again = std::erase_if(not_before_, [from](const auto& entry) { return entry.second <= from; });
        if (again > 0) settled_.clear();
        const std::optional<Slot> next = next_slot();
        if (next) {
            co_await settle(*next);
            continue;
        }
        SteadyTime until = parts_.start_of(from + 1);
        if (parts_.clock.steady() < quiet_until()) until = std::min(until, quiet_until());
        co_await wake_.wait_until(parts_.clock, until);
    }
}

void SelectionProofs::wake() {
    settled_.clear();
    wake_.notify_all();
}

std::optional<Signature> SelectionProofs::proof(Slot slot, const PublicKey& key) const {
    const auto of_slot = proofs_.find(slot);
    if (of_slot == proofs_.end()) return std::nullopt;
    const auto found = of_slot->second.find(key);
    if (found == of_slot->second.end()) return std::nullopt;
    return found->second;
}

bool SelectionProofs::aggregates(const beacon::AttesterDuty& duty) const {
    const std::optional<Signature> made = proof(duty.slot, duty.key);
    return made && is_aggregator(*made, duty.committee_length, parts_.nodes.spec().target_aggregators_per_committee());
}

bool SelectionProofs::complete(Slot slot) const {
    const auto signed_for = [this, slot](const beacon::AttesterDuty& duty) { return proof(slot, duty.key).has_value(); };
    return book_.knows(parts_.epoch_of(slot)) && std::ranges::all_of(book_.at(slot), signed_for);
}

// An epoch's first block is due before most of the new epoch's proofs.
SteadyTime SelectionProofs::quiet_until() const {
    const ethereum::ChainSpec& spec = parts_.nodes.spec();
    return parts_.start_of(spec.first_slot(spec.epoch_of(now()))) + spec.slot_duration() / 3;
}

std::optional<Slot> SelectionProofs::next_slot() const {
    const Slot from = now();
    const bool quiet = parts_.clock.steady() < quiet_until();
    const Slot end = quiet ? from + 2 : parts_.nodes.spec().first_slot(parts_.epoch_of(from) + 2);
    for (Slot slot = from; slot < end; ++slot) {
        if (!settled_.contains(slot) && book_.knows(parts_.epoch_of(slot))) return slot;
    }
    return std::nullopt;
}

// Who has no proof yet. Proofs of validators that no longer attest in this slot are dropped.
std::vector<PublicKey> SelectionProofs::missing(Slot slot) {
    OfSlot& known = proofs_[slot];
    OfSlot kept;
    std::vector<PublicKey> keys;
    for (const beacon::AttesterDuty& duty : book_.at(slot)) {
        auto made = known.extract(duty.key);
        if (made) {
            kept.insert(std::move(made));
        } else if (!not_before_.contains(duty.key)) {
            keys.push_back(duty.key);
        }
    }
    known = std::move(kept);
    return keys;
}

Task<void> SelectionProofs::settle(Slot slot) {
    settled_.insert(slot);
    const std::vector<PublicKey> keys = missing(slot);
    if (keys.empty()) {
        // To look through all slots of a large book takes a while: the loop has other things to do.
        co_await rest(slot, Duration::zero());
        co_return;
    }
    for (std::size_t first = 0; first < keys.size(); first += kBatch) {
        const std::size_t last = std::min(keys.size(), first + kBatch);
        std::vector<PublicKey> batch(keys.begin() + static_cast<std::ptrdiff_t>(first),
                                     keys.begin() + static_cast<std::ptrdiff_t>(last));
        const SteadyTime begin = parts_.clock.steady();
        co_await sign(slot, std::move(batch));
        co_await rest(slot, parts_.clock.steady() - begin);
        const bool quiet = slot > now() + 1 && parts_.clock.steady() < quiet_until();
        if (quiet) settled_.erase(slot);
        // Something sooner may be due now; the rest of this slot comes later.
        if (!settled_.contains(slot)) co_return;
    }
    if (complete(slot) && on_complete_) on_complete_(slot);
}

Task<void> SelectionProofs::sign(Slot slot, std::vector<PublicKey> keys) {
    const bool soon = slot <= now() + 1;
    signing::Message message;
    message.kind = signing::MessageKind::kSelectionProof;
    message.object_root = ethereum::ssz::hash_tree_root(slot);
    message.domain = parts_.domain_at(ethereum::kDomainSelectionProof, parts_.epoch_of(slot));
    message.object = ethereum::ssz::serialize(slot);
    message.slot = slot;
    const signing::Urgency urgency = soon ? signing::Urgency::kSoon : signing::Urgency::kAhead;
    const SignedAll all = co_await sign_with_all(parts_.door, std::move(message), keys, urgency);
    OfSlot& known = proofs_[slot];
    for (const signing::SignedKey& made : all.made) known.insert_or_assign(made.key, made.signature);
    if (all.why_not.empty()) co_return;
    for (const PublicKey& key : keys) {
        if (!known.contains(key)) not_before_.insert_or_assign(key, now() + 1);
    }
    if (soon) log_warn("selection proofs of slot {}: {}", slot.value, all.why_not);
}

Task<void> SelectionProofs::rest(Slot slot, Duration worked) {
    if (slot <= now() + 1) co_return;
    co_await sleep_for(parts_.clock, std::max(worked, kRestMin));
}

}  // namespace holdfast::duties
