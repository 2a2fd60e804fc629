#include "tests/beacon_chain/payload_book.hpp"

#include <algorithm>
#include <set>

#include "shared/base/random.hpp"
#include "tests/beacon_chain/digest.hpp"

namespace holdfast::sim {

std::vector<std::uint64_t> PayloadBook::committee(const Block& head, Slot slot) const {
    const ChainConfig& config = chain_.config();
    const Epoch epoch = config.epoch_of(slot);
    const auto attesters = chain_.committees(head, epoch).attesters(slot);
    if (attesters.empty()) return {};
    const Root seed = digest("ptc", {config.seed, slot.value}, chain_.dependent_root(head, epoch));
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < 8; ++i) number = (number << 8U) | seed.bytes[i];
    SeededRandom random{number};
    std::set<std::uint64_t> members;
    for (std::uint64_t place = 0; place < ptc_size(config); ++place) members.insert(attesters[random.below(attesters.size())]);
    return {members.begin(), members.end()};
}

std::optional<std::string> PayloadBook::fault_of(const Message& message, const Block& head, Slot now) const {
    const Slot slot = message.data.slot;
    if (message.validator_index.value >= chain_.config().validators) return "unknown validator";
    if (slot != now) return "payload attestation is not of the current slot";
    if (chain_.config().epoch_of(slot) < chain_.config().gloas_epoch) return "payload attestation before Gloas";
    const std::vector<std::uint64_t> members = committee(head, slot);
    if (!std::ranges::binary_search(members, message.validator_index.value)) return "validator is not in the committee";
    const Block* const block = chain_.find(message.data.beacon_block_root);
    if (block == nullptr) return "payload attestation of an unknown block";
    if (block->slot != slot) return "payload attestation of another slot's block";
    return std::nullopt;
}

Claim PayloadBook::claim(const Message& message) const {
    const Epoch epoch = chain_.config().epoch_of(message.data.slot);
    return {domains_.signing_root(root_of(message.data), Purpose::kPayloadAttestation, epoch),
            {static_cast<std::uint32_t>(message.validator_index.value), message.signature}};
}

void PayloadBook::take(const Message& message, std::optional<std::string> fault, std::uint64_t ms) {
    if (fault) {
        refused_[message.data.slot][message.validator_index.value] = *fault;
    } else {
        messages_[message.data.slot].try_emplace(message.validator_index.value, Kept{message.data, ms});
    }
}

KindScore PayloadBook::close(const Block& block, const std::vector<std::uint64_t>& owed) const {
    KindScore score;
    score.expected = owed.size();
    const auto kept = messages_.find(block.slot);
    const auto refused = refused_.find(block.slot);
    for (const std::uint64_t validator : owed) {
        if (kept != messages_.end()) {
            if (const auto found = kept->second.find(validator); found != kept->second.end()) {
                const auto& data = found->second.data;
                ++score.accepted;
                score.right += data.beacon_block_root == block.root && data.payload_present == block.payload ? 1U : 0U;
                score.last_ms = std::max(score.last_ms, found->second.ms);
                continue;
            }
        }
        const bool told = refused != refused_.end() && refused->second.contains(validator);
        score.miss(validator, told ? refused->second.at(validator) : "never received");
    }
    return score;
}

KindScore PayloadBook::close_envelope(const Block& block, ValidatorIndex proposer) const {
    KindScore score;
    score.expected = 1;
    const auto came = envelopes_.find(block.slot);
    if (came != envelopes_.end()) {
        score.accepted = 1;
        score.last_ms = came->second;
        score.right = block.payload ? 1 : 0;
    } else {
        const auto refused = refused_envelopes_.find(block.slot);
        score.miss(proposer.value, refused == refused_envelopes_.end() ? "never received" : refused->second);
    }
    return score;
}

void PayloadBook::prune(Slot slot) {
    messages_.erase(messages_.begin(), messages_.lower_bound(slot));
    refused_.erase(refused_.begin(), refused_.lower_bound(slot));
    envelopes_.erase(envelopes_.begin(), envelopes_.lower_bound(slot));
    refused_envelopes_.erase(refused_envelopes_.begin(), refused_envelopes_.lower_bound(slot));
}

}  // namespace holdfast::sim
