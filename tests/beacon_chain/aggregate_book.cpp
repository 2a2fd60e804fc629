#include "tests/beacon_chain/aggregate_book.hpp"

#include <algorithm>

namespace holdfast::sim {
namespace {

constexpr std::uint64_t kTargetAggregators = 16;  // TARGET_AGGREGATORS_PER_COMMITTEE

Slot slot_of(const Object& signed_aggregate) {
    return Slot{signed_aggregate.find({"message", "aggregate", "data", "slot"}).as_uint()};
}

// The one committee that an aggregate is of; nothing if it names none or several.
std::optional<std::uint64_t> committee_of(const Part& committee_bits) {
    std::optional<std::uint64_t> committee;
    for (std::size_t bit = 0; bit < committee_bits.bytes.size() * 8; ++bit) {
        if ((committee_bits.bytes[bit / 8] >> (bit % 8) & 1U) == 0) continue;
        if (committee) return std::nullopt;
        committee = bit;
    }
    return committee;
}

}  // namespace

AggregateBook::AggregateBook(Chain& chain, const Types& types, const Domains& domains)
    : chain_{chain}, types_{types}, domains_{domains} {}

std::uint64_t AggregateBook::modulo(const Duty& duty) {
    return std::max<std::uint64_t>(1, duty.committee_length / kTargetAggregators);
}

std::optional<AggregateBook::Draft> AggregateBook::draft(const Pool& pool, const Block& head, Slot slot,
                                                         CommitteeIndex committee, const Root& data_root, bool half) const {
    const DataVotes* const votes = pool.find(slot, data_root);
    if (votes == nullptr) return std::nullopt;
    const Committees& committees = chain_.committees(head, chain_.config().epoch_of(slot));
    Draft draft{votes->data, {}, {}};
    for (std::size_t i = 0; i < votes->validators.size(); ++i) {
        if (committees.duty(ValidatorIndex{votes->validators[i]}).committee != committee) continue;
        draft.validators.push_back(votes->validators[i]);
        draft.signatures.push_back(votes->signatures[i]);
    }
    if (half) {
        draft.validators.resize((draft.validators.size() + 1) / 2);
        draft.signatures.resize(draft.validators.size());
    }
    return draft.validators.empty() ? std::nullopt : std::optional{std::move(draft)};
}

Object AggregateBook::give(const Block& head, const Draft& draft, const Signature& sum) {
    const Epoch epoch = chain_.config().epoch_of(draft.data.slot);
    const ethereum::schema::TypePtr type = types_.at(epoch).attestation;
    const Committees& committees = chain_.committees(head, epoch);
    Object object{type, attestation(*type, committees, draft.data, draft.validators, sum)};
    given_[draft.data.slot].insert(object.root());
    return object;
}

AggregateBook::Received AggregateBook::read(const Object& signed_aggregate, const Block& head, Slot now) const {
    const Part message = signed_aggregate.find({"message"});
    const ValidatorIndex aggregator{signed_aggregate.find({"message", "aggregator_index"}).as_uint()};
    Received received{slot_of(signed_aggregate), aggregator, fault_of(signed_aggregate, head, now), {}};
    if (received.fault) return received;
    const Epoch epoch = chain_.config().epoch_of(received.slot);
    const auto index = static_cast<std::uint32_t>(aggregator.value);
    const auto proof = signed_aggregate.find({"message", "selection_proof"}).as_bytes<Signature>();
    const auto signature = signed_aggregate.find({"signature"}).as_bytes<Signature>();
    received.claims.push_back({selection_signing_root(received.slot), {index, proof}});
    const Root root = hash_tree_root(*message.type, message.bytes);
    received.claims.push_back({domains_.signing_root(root, Purpose::kAggregate, epoch), {index, signature}});
    return received;
}

std::optional<std::string> AggregateBook::fault_of(const Object& signed_aggregate, const Block& head, Slot now) const {
    const Slot slot = slot_of(signed_aggregate);
    const std::uint64_t aggregator = signed_aggregate.find({"message", "aggregator_index"}).as_uint();
    if (aggregator >= chain_.config().validators) return "unknown aggregator";
    if (slot > now) return "aggregate is from the future";
    if (slot + 32 < now) return "aggregate is too old";
    const Part aggregate = signed_aggregate.find({"message", "aggregate"});
    const auto given = given_.find(slot);
    if (given == given_.end() || !given->second.contains(hash_tree_root(*aggregate.type, aggregate.bytes)))
        return "aggregate is not one that a node gave";
    const auto committee = committee_of(signed_aggregate.find({"message", "aggregate", "committee_bits"}));
    if (!committee) return "aggregate is not of one committee";
    const Duty duty = chain_.committees(head, chain_.config().epoch_of(slot)).duty(ValidatorIndex{aggregator});
    if (duty.slot != slot || duty.committee.value != *committee) return "aggregator is not in the committee";
    const auto proof = signed_aggregate.find({"message", "selection_proof"}).as_bytes<Signature>();
    if (!selected(proof, modulo(duty))) return "not selected as aggregator";
    return std::nullopt;
}

void AggregateBook::take(const Received& received, const std::vector<bool>& valid, std::uint64_t ms) {
    const auto refuse = [&](const std::string& why) { refused_[received.slot][received.aggregator.value] = why; };
    if (received.fault) return refuse(*received.fault);
    if (!valid[0]) return refuse("invalid selection proof");
    if (!valid[1]) return refuse("invalid signature");
    accepted_[received.slot].try_emplace(received.aggregator.value, ms);
}

Root AggregateBook::selection_signing_root(Slot slot) const {
    return domains_.signing_root(root_of(slot.value), Purpose::kSelection, chain_.config().epoch_of(slot));
}

KindScore AggregateBook::close(Slot slot, const std::vector<std::uint64_t>& aggregators) const {
    KindScore score;
    const auto accepted = accepted_.find(slot);
    const auto refused = refused_.find(slot);
    score.expected = aggregators.size();
    for (const std::uint64_t aggregator : aggregators) {
        if (accepted != accepted_.end()) {
            if (const auto found = accepted->second.find(aggregator); found != accepted->second.end()) {
                ++score.accepted;
                score.last_ms = std::max(score.last_ms, found->second);
                continue;
            }
        }
        const bool told = refused != refused_.end() && refused->second.contains(aggregator);
        score.miss(aggregator, told ? refused->second.at(aggregator) : "never received");
    }
    score.right = score.accepted;
    return score;
}

void AggregateBook::prune(Slot slot) {
    given_.erase(given_.begin(), given_.lower_bound(slot));
    accepted_.erase(accepted_.begin(), accepted_.lower_bound(slot));
    refused_.erase(refused_.begin(), refused_.lower_bound(slot));
}

}  // namespace holdfast::sim
