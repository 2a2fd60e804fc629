// From Gloas on: envelopes, payload attestations, preferences.
#include <algorithm>
#include <utility>

#include "tests/beacon_chain/desk.hpp"
#include "tests/beacon_chain/proposers.hpp"

namespace holdfast::sim {
namespace {

constexpr std::uint64_t kPayloadDueBps = 5000;

}  // namespace

bool Desk::gloas(Slot slot) const { return chain_.config().epoch_of(slot) >= chain_.config().gloas_epoch; }

bool Desk::payload_in_time(Slot slot) const {
    return clock_.now() < time_.start_of(slot) + time_.slot() * static_cast<std::int64_t>(kPayloadDueBps) / 10'000;
}

Task<Desk::Posted> Desk::post_envelope(Object signed_envelope) {
    const Part message = signed_envelope.find({"message"});
    const auto block_root = signed_envelope.find({"message", "beacon_block_root"}).as_bytes<Root>();
    const Offer* offer = proposals_.find(block_root);
    if (offer == nullptr) co_return Posted{400, "envelope of a block that no node made"};
    const Slot slot = offer->slot;
    const auto index = static_cast<std::uint32_t>(offer->proposer.value);
    const Root root = hash_tree_root(*message.type, message.bytes);
    Posted posted;
    if (proposals_.accepted(slot) != block_root) {
        posted = {400, "envelope of a block that is not the chain's"};
    } else if (!offer->forged.envelope || offer->forged.envelope->root() != root) {
        posted = {400, "envelope is not one that a node made"};
    } else {
        const Root signing_root = domains_.signing_root(root, Purpose::kEnvelope, chain_.config().epoch_of(slot));
        std::vector<Claim> claims{{signing_root, {index, signed_envelope.find({"signature"}).as_bytes<Signature>()}}};
        const std::vector<bool> valid = co_await claims_.check_now(std::move(claims));
        if (!valid[0]) posted = {400, "envelope with an invalid signature"};
    }
    if (posted.status != 200) {
        score_.count(posted.message);
        payloads_.refuse_envelope(slot, posted.message);
        co_return posted;
    }
    payloads_.envelope(slot, ms_into(slot));
    const Block* const block = chain_.find(block_root);
    if (block != nullptr && !block->payload && payload_in_time(slot)) reveal_(*block);
    co_return posted;
}

void Desk::submit_payload_attestations(std::vector<PayloadBook::Message> messages) {
    for (const PayloadBook::Message& message : messages) {
        if (!first_time("payload attestation", bytes_of(message.signature))) continue;
        const std::optional<std::string> fault = payloads_.fault_of(message, ledger_.head(), now());
        const std::uint64_t ms = ms_into(message.data.slot);
        if (fault) {
            score_.count(*fault);
            payloads_.take(message, fault, ms);
            continue;
        }
        auto then = [this, message, ms](const std::vector<bool>& valid) {
            payloads_.take(message, valid[0] ? std::nullopt : std::optional<std::string>{"invalid signature"}, ms);
        };
        claims_.submit({payloads_.claim(message)}, std::move(then));
    }
}

void Desk::submit_preferences(std::vector<SignedPreferences> preferences) {
    for (const SignedPreferences& one : preferences) {
        if (!first_time("preferences", bytes_of(one.signature))) continue;
        const Slot slot = one.message.proposal_slot;
        const Epoch epoch = chain_.config().epoch_of(slot);
        const Block& head = ledger_.head();
        const bool near = epoch <= chain_.config().epoch_of(now()) + 1;
        const std::optional<std::string> fault =
            near ? preparation_.fault_of(one.message, now(), proposer(head, slot), chain_.dependent_root(head, epoch))
                 : std::optional<std::string>{"preferences for a slot beyond the next epoch"};
        if (fault) {
            score_.count(*fault);
            continue;
        }
        auto then = [this, message = one.message](const std::vector<bool>& valid) {
            score_.count(valid[0] ? "preferences" : "preferences with an invalid signature");
            if (valid[0]) preparation_.take(message);
        };
        const Root root = domains_.signing_root(root_of(one.message), Purpose::kPreferences, epoch);
        const auto index = static_cast<std::uint32_t>(one.message.validator_index.value);
        claims_.submit({{root, {index, one.signature}}}, std::move(then));
    }
}

void Desk::close_payloads(Slot slot) {
    if (!gloas(slot)) return;
    const Block& head = ledger_.head();
    const ValidatorIndex index = proposer(head, slot);
    const bool ours = slot.value > 0 && proposed_by_client(head, slot);
    if (ours) {
        KindScore preferences;
        preferences.expected = 1;
        preferences.accepted = preparation_.preferred_payee(slot, index) ? 1 : 0;
        preferences.right = preferences.accepted;
        if (preferences.accepted == 0) preferences.miss(index.value, "never received");
        score_.close(slot, "preferences", std::move(preferences));
    }
    const Block& block = chain_.ancestor(head, slot);
    if (block.slot != slot) return;
    std::vector<std::uint64_t> owed;
    for (const std::uint64_t member : payloads_.committee(head, slot)) {
        if (ledger_.counts(member)) owed.push_back(member);
    }
    score_.close(slot, "payload_attestation", payloads_.close(block, owed));
    const Offer* const offer = proposals_.find(block.root);
    if (ours && offer != nullptr && offer->forged.envelope)
        score_.close(slot, "envelope", payloads_.close_envelope(block, index));
}

}  // namespace holdfast::sim
