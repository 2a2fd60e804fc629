#include "tests/beacon_chain/sync_book.hpp"

#include <algorithm>

#include "tests/beacon_chain/proposers.hpp"

namespace holdfast::sim {
namespace {

constexpr std::uint64_t kSubcommittees = 4;       // SYNC_COMMITTEE_SUBNET_COUNT
constexpr std::uint64_t kTargetAggregators = 16;  // TARGET_AGGREGATORS_PER_SYNC_SUBCOMMITTEE

}  // namespace

SyncBook::SyncBook(const ChainConfig& config, const Types& types, const Domains& domains)
    : config_{config}, types_{types}, domains_{domains} {}

std::uint64_t SyncBook::subcommittee_size() const { return sync_committee_size(config_) / kSubcommittees; }
std::uint64_t SyncBook::modulo() const { return std::max<std::uint64_t>(1, subcommittee_size() / kTargetAggregators); }

// What is signed in a slot goes into the next one's block: the committee is that of the next slot.
std::uint64_t SyncBook::period(Slot slot) const { return config_.epoch_of(slot + 1).value / epochs_per_sync_period(config_); }

const std::vector<ValidatorIndex>& SyncBook::committee(Slot slot) {
    std::vector<ValidatorIndex>& committee = committees_[period(slot)];
    if (committee.empty()) committee = sync_committee(config_, config_.epoch_of(slot + 1));
    return committee;
}

const SyncBook::Members& SyncBook::members(Slot slot) {
    Members& members = members_[period(slot)];
    if (members.empty()) {
        const std::vector<ValidatorIndex>& all = committee(slot);
        for (std::size_t place = 0; place < all.size(); ++place) members[all[place].value].insert(place / subcommittee_size());
    }
    return members;
}

std::optional<std::string> SyncBook::fault_of(const SyncMessage& message, Slot now) {
    if (message.validator.value >= config_.validators) return "unknown validator";
    if (message.slot > now) return "sync message is from the future";
    if (message.slot + 1 < now) return "sync message is too old";
    if (!members(message.slot).contains(message.validator.value)) return "validator is not in the sync committee";
    return std::nullopt;
}

Claim SyncBook::claim(const SyncMessage& message) const {
    const Epoch epoch = config_.epoch_of(message.slot);
    return {domains_.signing_root(message.block, Purpose::kSyncMessage, epoch),
            {static_cast<std::uint32_t>(message.validator.value), message.signature}};
}

void SyncBook::take(const SyncMessage& message, std::optional<std::string> fault, std::uint64_t ms) {
    OfSlot& slot = slots_[message.slot];
    if (fault) {
        slot.refused_messages[message.validator.value] = *fault;
    } else if (signature_of(message.slot, message.validator.value, message.block) == nullptr) {
        slot.messages[message.validator.value].push_back({message.block, message.signature, ms});
    }
}

const Signature* SyncBook::signature_of(Slot slot, std::uint64_t validator, const Root& block) const {
    const auto of_slot = slots_.find(slot);
    if (of_slot == slots_.end()) return nullptr;
    const auto kept = of_slot->second.messages.find(validator);
    if (kept == of_slot->second.messages.end()) return nullptr;
    const auto found = std::ranges::find(kept->second, block, &Kept::block);
    return found == kept->second.end() ? nullptr : &found->signature;
}

std::optional<SyncBook::Draft> SyncBook::draft(Slot slot, std::uint64_t subcommittee, const Root& block, bool half) {
    if (subcommittee >= kSubcommittees) return std::nullopt;
    const std::uint64_t size = subcommittee_size();
    Draft draft{std::vector<bool>(size), {}};
    for (std::uint64_t place = 0; place < (half ? size / 2 : size); ++place) {
        const ValidatorIndex validator = committee(slot)[subcommittee * size + place];
        const Signature* const signature = signature_of(slot, validator.value, block);
        if (signature == nullptr) continue;
        draft.bits[place] = true;
        draft.signatures.push_back(*signature);
    }
    return draft.signatures.empty() ? std::nullopt : std::optional{std::move(draft)};
}

Object SyncBook::give(Slot slot, std::uint64_t subcommittee, const Root& block, const Draft& draft, const Signature& sum) {
    const ethereum::schema::TypePtr type = types_.at(config_.epoch_of(slot)).sync_contribution;
    Object object{type, container(*type, {{"slot", number(slot.value)},
                                          {"beacon_block_root", bytes_of(block)},
                                          {"subcommittee_index", number(subcommittee)},
                                          {"aggregation_bits", bit_vector(draft.bits)},
                                          {"signature", bytes_of(sum)}})};
    slots_[slot].given.insert(object.root());
    return object;
}

std::vector<bool> SyncBook::bits(Slot slot, const Root& block) {
    std::vector<bool> bits;
    for (const ValidatorIndex validator : committee(slot))
        bits.push_back(signature_of(slot, validator.value, block) != nullptr);
    return bits;
}

SyncBook::Received SyncBook::read(const Object& signed_contribution, Slot now) {
    const Part message = signed_contribution.find({"message"});
    const Part contribution = signed_contribution.find({"message", "contribution"});
    Received received;
    received.slot = Slot{signed_contribution.find({"message", "contribution", "slot"}).as_uint()};
    received.aggregator = ValidatorIndex{signed_contribution.find({"message", "aggregator_index"}).as_uint()};
    received.subcommittee = signed_contribution.find({"message", "contribution", "subcommittee_index"}).as_uint();
    const auto proof = signed_contribution.find({"message", "selection_proof"}).as_bytes<Signature>();
    const auto fault = [&]() -> std::optional<std::string> {
        if (received.slot > now) return "contribution is from the future";
        if (received.slot + 1 < now) return "contribution is too old";
        const auto slot = slots_.find(received.slot);
        const Root root = hash_tree_root(*contribution.type, contribution.bytes);
        if (slot == slots_.end() || !slot->second.given.contains(root)) return "contribution is not one that a node gave";
        const auto member = members(received.slot).find(received.aggregator.value);
        if (member == members(received.slot).end() || !member->second.contains(received.subcommittee))
            return "aggregator is not in the subcommittee";
        if (!selected(proof, modulo())) return "not selected as aggregator";
        return std::nullopt;
    };
    received.fault = fault();
    if (received.fault) return received;
    const auto index = static_cast<std::uint32_t>(received.aggregator.value);
    const Root root = hash_tree_root(*message.type, message.bytes);
    received.claims.push_back({selection_signing_root(received.slot, received.subcommittee), {index, proof}});
    received.claims.push_back({domains_.signing_root(root, Purpose::kContribution, config_.epoch_of(received.slot)),
                               {index, signed_contribution.find({"signature"}).as_bytes<Signature>()}});
    return received;
}

void SyncBook::take(const Received& received, const std::vector<bool>& valid, std::uint64_t ms) {
    const Aggregator who{received.aggregator.value, received.subcommittee};
    OfSlot& slot = slots_[received.slot];
    if (received.fault || !valid[0] || !valid[1]) {
        slot.refused_contributions[who] = received.fault ? *received.fault
                                          : !valid[0]    ? "invalid selection proof"
                                                         : "invalid signature";
    } else {
        slot.contributions.try_emplace(who, ms);
    }
}

Root SyncBook::selection_signing_root(Slot slot, std::uint64_t subcommittee) const {
    return domains_.signing_root(root_of(ethereum::SyncAggregatorSelectionData{slot, subcommittee}), Purpose::kSyncSelection,
                                 config_.epoch_of(slot));
}

KindScore SyncBook::close_messages(Slot slot, const Root& head, const std::vector<std::uint64_t>& owed) const {
    static const OfSlot kNothing;
    const auto found = slots_.find(slot);
    const OfSlot& of_slot = found == slots_.end() ? kNothing : found->second;
    KindScore score;
    score.expected = owed.size();
    for (const std::uint64_t validator : owed) {
        const auto kept = of_slot.messages.find(validator);
        if (kept != of_slot.messages.end()) {
            ++score.accepted;
            score.right += std::ranges::find(kept->second, head, &Kept::block) != kept->second.end() ? 1U : 0U;
            score.last_ms = std::max(score.last_ms, kept->second.front().ms);
            continue;
        }
        const auto refused = of_slot.refused_messages.find(validator);
        score.miss(validator, refused == of_slot.refused_messages.end() ? "never received" : refused->second);
    }
    return score;
}

KindScore SyncBook::close_contributions(Slot slot, const std::vector<Aggregator>& owed) const {
    static const OfSlot kNothing;
    const auto found = slots_.find(slot);
    const OfSlot& of_slot = found == slots_.end() ? kNothing : found->second;
    KindScore score;
    score.expected = owed.size();
    for (const Aggregator& aggregator : owed) {
        const auto came = of_slot.contributions.find(aggregator);
        if (came != of_slot.contributions.end()) {
            ++score.accepted;
            score.last_ms = std::max(score.last_ms, came->second);
            continue;
        }
        const auto refused = of_slot.refused_contributions.find(aggregator);
        score.miss(aggregator.first, refused == of_slot.refused_contributions.end() ? "never received" : refused->second);
    }
    score.right = score.accepted;
    return score;
}

void SyncBook::prune(Slot slot) { slots_.erase(slots_.begin(), slots_.lower_bound(slot)); }

}  // namespace holdfast::sim
