#include "tests/beacon_chain/ledger.hpp"

#include <algorithm>

namespace holdfast::sim {
namespace {

using ethereum::AttestationData;
using ethereum::SingleAttestation;

// All that makes an attestation another one, signature included: a second, wrongly signed copy is not the same.
std::string fingerprint(const SingleAttestation& attestation) {
    std::string key;
    const auto number = [&key](std::uint64_t value) { key.append(std::to_string(value)).push_back(','); };
    const auto bytes = [&key](const auto& value) { key.append(value.bytes.begin(), value.bytes.end()); };
    number(attestation.attester_index.value);
    number(attestation.committee_index.value);
    number(attestation.data.slot.value);
    number(attestation.data.index.value);
    number(attestation.data.source.epoch.value);
    number(attestation.data.target.epoch.value);
    bytes(attestation.data.beacon_block_root);
    bytes(attestation.data.source.root);
    bytes(attestation.data.target.root);
    bytes(attestation.signature);
    return key;
}

}  // namespace

Json::Value to_json(const AttestationData& data) {
    Json::Value result;
    result["slot"] = to_string(data.slot);
    result["index"] = to_string(data.index);
    result["beacon_block_root"] = to_hex(data.beacon_block_root);
    result["source"]["epoch"] = to_string(data.source.epoch);
    result["source"]["root"] = to_hex(data.source.root);
    result["target"]["epoch"] = to_string(data.target.epoch);
    result["target"]["root"] = to_hex(data.target.root);
    return result;
}

Ledger::Ledger(Chain& chain, IndexRange scored, IndexRange attested_by_sim)
    : chain_{chain}, scored_{scored}, by_sim_{attested_by_sim}, head_{&chain.genesis()} {
    head_is(chain.genesis());
}

bool Ledger::first_time(const SingleAttestation& attestation) {
    return received_[attestation.data.target.epoch].insert(fingerprint(attestation)).second;
}

bool Ledger::known_validator(const SingleAttestation& attestation) const {
    return attestation.attester_index.value < chain_.config().validators;
}

void Ledger::take(const SingleAttestation& attestation, bool signature_valid, Slot now) {
    const auto validator = static_cast<std::uint32_t>(attestation.attester_index.value);
    std::optional<std::string_view> fault;
    if (!known_validator(attestation)) {
        count_dropped("unknown validator");
        return;
    }
    if (signature_valid) {
        watch_.add(validator, attestation.data);
        set_live(validator, attestation.data.target.epoch);
        fault = fault_of(attestation, now);
    } else {
        fault = "invalid signature";
    }
    if (fault) {
        count_dropped(*fault);
        reasons_[chain_.config().epoch_of(attestation.data.slot)][validator] = *fault;
        return;
    }
    pool_.add(attestation.data, validator, attestation.signature);
}

bool Ledger::is_live(std::uint64_t validator, Epoch epoch) const {
    const auto of_epoch = live_.find(epoch);
    return of_epoch != live_.end() && of_epoch->second.contains(validator);
}

std::optional<std::string_view> Ledger::fault_of(const SingleAttestation& attestation, Slot now) {
    const AttestationData& data = attestation.data;
    const Epoch epoch = chain_.config().epoch_of(data.slot);
    if (data.target.epoch != epoch) return "target epoch is not the slot's";
    if (data.slot > now) return "slot is in the future";
    if (epoch + 1 < chain_.config().epoch_of(now)) return "slot is too old";
    const bool gloas = epoch >= chain_.config().gloas_epoch;
    if (!gloas && data.index.value != 0) return "data index is not 0";
    const Block* const voted = chain_.find(data.beacon_block_root);
    if (voted == nullptr) return "unknown head block";
    if (data.index.value > 1) return "data index is neither 0 nor 1";
    if (voted->slot == data.slot && data.index.value != 0) return "data index is not 0 for a block of its slot";
    if (voted->slot > data.slot) return "head block is later than the slot";
    if (data.target != chain_.target(*voted, epoch)) return "wrong target";
    const Duty duty = chain_.committees(*voted, epoch).duty(attestation.attester_index);
    if (duty.slot != data.slot) return "wrong slot for this validator";
    if (duty.committee != attestation.committee_index) return "wrong committee";
    return std::nullopt;
}

void Ledger::attest_for(const Block& head, Slot slot) {
    if (by_sim_.count == 0) return;
    const AttestationData data = chain_.attestation_data(head, slot);
    for (const std::uint32_t validator : chain_.committees(head, data.target.epoch).attesters(slot)) {
        if (by_sim_.contains(validator)) pool_.add(data, validator);
    }
}

void Ledger::head_is(const Block& head) {
    head_ = &head;
    const Epoch epoch = head.state.epoch;
    votes_[epoch] = head.state.current;
    if (epoch.value > 0) votes_[epoch - 1] = head.state.previous;
    if (epoch.value > 1) close_epochs_before(epoch - 1);
}

// No block can include them any more (EIP-7045): their score stands, and what it was made of can go.
void Ledger::close_epochs_before(Epoch epoch) {
    while (!votes_.empty() && votes_.begin()->first < epoch) {
        closed_[votes_.begin()->first] = score_of(votes_.begin()->first, *votes_.begin()->second);
        votes_.erase(votes_.begin());
    }
    if (epoch.value == 0) return;
    pool_.prune(chain_.config().first_slot(epoch - 1));
    received_.erase(received_.begin(), received_.lower_bound(epoch - 1));
    live_.erase(live_.begin(), live_.lower_bound(epoch - 1));
    reasons_.erase(reasons_.begin(), reasons_.lower_bound(epoch - 1));
}

Ledger::EpochScore Ledger::score_of(Epoch epoch, const Votes& votes) const {
    EpochScore score;
    const Committees& committees = chain_.committees(*head_, epoch);
    for (std::uint32_t validator = 0; validator < votes.size(); ++validator) {
        add_to(score, validator, committees.duty(ValidatorIndex{validator}).slot, votes[validator]);
    }
    return score;
}

void Ledger::add_to(EpochScore& score, std::uint32_t validator, Slot slot, const Vote& vote) const {
    if (!counts(validator)) return;
    ++score.duties;
    if (vote.distance == 0) {
        score.missed.push_back({validator, slot, why_missed(validator, slot)});
        return;
    }
    ++score.included;
    score.right_target += vote.right_target ? 1U : 0U;
    score.right_head += vote.right_head ? 1U : 0U;
    score.distance_sum += vote.distance;
    score.distance_max = std::max<std::uint64_t>(score.distance_max, vote.distance);
}

std::string Ledger::why_missed(std::uint32_t validator, Slot slot) const {
    if (const auto groups = pool_.by_slot().find(slot); groups != pool_.by_slot().end()) {
        for (const DataVotes& group : groups->second) {
            if (std::find(group.validators.begin(), group.validators.end(), validator) == group.validators.end()) continue;
            return group.refused_for_source ? "wrong source" : "no block has included it";
        }
    }
    if (const auto reasons = reasons_.find(chain_.config().epoch_of(slot)); reasons != reasons_.end()) {
        if (const auto reason = reasons->second.find(validator); reason != reasons->second.end())
            return "dropped: " + reason->second;
    }
    return "never received";
}

Json::Value Ledger::to_json(const EpochScore& score) {
    Json::Value result;
    result["duties"] = Json::UInt64{score.duties};
    result["included"] = Json::UInt64{score.included};
    result["right_source"] = Json::UInt64{score.included};  // the chain includes nothing else
    result["right_target"] = Json::UInt64{score.right_target};
    result["right_head"] = Json::UInt64{score.right_head};
    result["distance_sum"] = Json::UInt64{score.distance_sum};
    result["distance_max"] = Json::UInt64{score.distance_max};
    result["missed"] = Json::arrayValue;
    for (const Missed& missed : score.missed) {
        Json::Value& item = result["missed"].append(Json::objectValue);
        item["validator"] = missed.validator;
        item["slot"] = Json::UInt64{missed.slot.value};
        item["why"] = missed.why;
    }
    return result;
}

Json::Value Ledger::score_of_slot(Slot slot) const {
    EpochScore score;
    const Epoch epoch = chain_.config().epoch_of(slot);
    if (const auto votes = votes_.find(epoch); votes != votes_.end()) {
        for (const std::uint32_t validator : chain_.committees(*head_, epoch).attesters(slot)) {
            add_to(score, validator, slot, (*votes->second)[validator]);
        }
    }
    Json::Value result = to_json(score);
    result["slot"] = Json::UInt64{slot.value};
    return result;
}

Json::Value Ledger::score(bool only_final) const {
    Json::Value result;
    result["epochs"] = Json::arrayValue;
    EpochScore total;
    const auto add = [&](Epoch epoch, const EpochScore& score) {
        Json::Value entry = to_json(score);
        entry["epoch"] = Json::UInt64{epoch.value};
        result["epochs"].append(std::move(entry));
        total.duties += score.duties;
        total.included += score.included;
        total.right_target += score.right_target;
        total.right_head += score.right_head;
        total.distance_sum += score.distance_sum;
        total.distance_max = std::max(total.distance_max, score.distance_max);
    };
    for (const auto& [epoch, score] : closed_) add(epoch, score);
    for (const auto& [epoch, votes] : votes_) {
        const bool final = head_->slot >= chain_.config().last_slot(epoch) + kInclusionSlots;
        if (final || !only_final) add(epoch, score_of(epoch, *votes));
    }
    result["total"] = to_json(total);
    result["total"].removeMember("missed");
    result["slashable_pairs"] = Json::UInt64{watch_.pairs().size()};
    result["slashable"] = Json::arrayValue;
    for (const SlashablePair& pair : watch_.pairs()) {
        Json::Value& item = result["slashable"].append(Json::objectValue);
        item["validator"] = pair.validator;
        item["kind"] = pair.kind;
        item["first"] = sim::to_json(pair.first);
        item["second"] = sim::to_json(pair.second);
    }
    result["dropped"] = Json::objectValue;
    for (const auto& [reason, count] : dropped_) result["dropped"][reason] = Json::UInt64{count};
    return result;
}

}  // namespace holdfast::sim
