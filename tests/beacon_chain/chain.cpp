#include "tests/beacon_chain/chain.hpp"

#include <algorithm>
#include <functional>
#include <limits>

#include "shared/base/assert.hpp"
#include "tests/beacon_chain/digest.hpp"

namespace holdfast::sim {
namespace {

// How long a block's votes are kept: the deepest reorganisation that can be asked for.
constexpr std::uint64_t kEpochsWithVotes = 4;
constexpr std::size_t kAttestationsInBlock = 8;  // MAX_ATTESTATIONS_ELECTRA

bool two_thirds(const Votes& votes) {
    const auto right =
        static_cast<std::size_t>(std::count_if(votes.begin(), votes.end(), [](const Vote& vote) { return vote.right_target; }));
    return right * 3 >= votes.size() * 2;
}

// The four cases of process_justification_and_finalization; `epoch` is the one that ends.
void finalize(Finality& finality, const ethereum::Checkpoint& old_previous, const ethereum::Checkpoint& old_current,
              Epoch epoch) {
    const auto& bits = finality.bits;
    if (bits[1] && bits[2] && bits[3] && old_previous.epoch + 3 == epoch) finality.finalized = old_previous;
    if (bits[1] && bits[2] && old_previous.epoch + 2 == epoch) finality.finalized = old_previous;
    if (bits[0] && bits[1] && bits[2] && old_current.epoch + 2 == epoch) finality.finalized = old_current;
    if (bits[0] && bits[1] && old_current.epoch + 1 == epoch) finality.finalized = old_current;
}

}  // namespace

Chain::Chain(ChainConfig config) : config_{std::move(config)} {
    const auto nobody = std::make_shared<const Votes>(config_.validators);
    blocks_.push_back({digest("genesis", {config_.seed}), Slot{0}, nullptr, {Epoch{0}, {}, nobody, nobody}, true});
    by_root_[genesis().root] = &genesis();
}

const Block* Chain::find(const Root& root) const {
    const auto found = by_root_.find(root);
    return found == by_root_.end() ? nullptr : found->second;
}

const Block& Chain::ancestor(const Block& head, Slot slot) const {
    const Block* block = &head;
    while (block->slot > slot) block = block->parent;
    return *block;
}

ethereum::Checkpoint Chain::target(const Block& head, Epoch epoch) const {
    return {epoch, ancestor(head, config_.first_slot(epoch)).root};
}

Root Chain::dependent_root(const Block& head, Epoch epoch) const {
    if (epoch.value < 2) return genesis().root;
    return ancestor(head, config_.first_slot(epoch - 1) - 1).root;
}

void Chain::end_epoch(const Block& head, BranchState& state) const {
    const Epoch epoch = state.epoch;
    if (epoch.value > 1) {
        Finality& finality = state.finality;
        const ethereum::Checkpoint old_previous = finality.previous_justified;
        const ethereum::Checkpoint old_current = finality.current_justified;
        finality.previous_justified = old_current;
        finality.bits = {false, finality.bits[0], finality.bits[1], finality.bits[2]};
        if (two_thirds(*state.previous)) {
            finality.current_justified = target(head, epoch - 1);
            finality.bits[1] = true;
        }
        if (two_thirds(*state.current)) {
            finality.current_justified = target(head, epoch);
            finality.bits[0] = true;
        }
        finalize(finality, old_previous, old_current, epoch);
    }
    state.previous = state.current;
    state.current = std::make_shared<const Votes>(config_.validators);
    ++state.epoch;
}

BranchState Chain::state_at(const Block& head, Epoch epoch) const {
    BranchState state = head.state;
    // A head whose votes have been forgotten: what it justified stands, and nothing more is justified on it.
    if (!state.current) state.current = state.previous = std::make_shared<const Votes>(config_.validators);
    while (state.epoch < epoch) end_epoch(head, state);
    return state;
}

ethereum::AttestationData Chain::attestation_data(const Block& head, Slot slot) const {
    const Epoch epoch = config_.epoch_of(slot);
    const Block& voted = ancestor(head, slot);
    const bool full = epoch >= config_.gloas_epoch && voted.slot < slot && voted.payload;
    return {slot, CommitteeIndex{full ? 1U : 0U}, voted.root, state_at(head, epoch).finality.current_justified,
            target(head, epoch)};
}

const Committees& Chain::committees(const Block& head, Epoch epoch) {
    const Root dependent = dependent_root(head, epoch);
    std::unique_ptr<Committees>& entry = committees_[{epoch, dependent}];
    if (!entry) entry = std::make_unique<Committees>(config_, epoch, dependent);
    while (committees_.size() > 16 && committees_.begin()->first.first + kEpochsWithVotes < epoch)
        committees_.erase(committees_.begin());
    return *entry;
}

const Block& Chain::add_block(const Block& parent, Slot slot, Pool& pool) {
    const Root root = digest("block", {config_.seed, slot.value, ++blocks_made_}, parent.root);
    return add_block(parent, slot, root, plan(parent, slot, pool));
}

const Block& Chain::add_block(const Block& parent, Slot slot, const Root& root, const Inclusion& inclusion) {
    HOLDFAST_ASSERT(parent.slot < slot);
    BranchState state = state_at(parent, config_.epoch_of(slot));
    include(parent, slot, inclusion, state);
    blocks_.push_back({root, slot, &parent, std::move(state), true});
    by_root_[root] = &blocks_.back();
    const std::uint64_t kept = kEpochsWithVotes * config_.slots_per_epoch;
    if (slot.value > kept) forget_votes_before(slot - kept);
    return blocks_.back();
}

void Chain::set_payload(const Block& block, bool there) {
    for (auto found = blocks_.rbegin(); found != blocks_.rend(); ++found) {
        if (&*found != &block) continue;
        found->payload = there;
        return;
    }
}

Inclusion Chain::plan(const Block& parent, Slot slot, Pool& pool) const {
    const BranchState state = state_at(parent, config_.epoch_of(slot));
    const Finality& finality = state.finality;
    Inclusion inclusion;
    for (auto& [voted, groups] : pool.by_slot()) {
        if (voted >= slot) break;
        const Epoch epoch = config_.epoch_of(voted);
        if (epoch + 1 < state.epoch) continue;
        const bool current = epoch == state.epoch;
        const Votes& votes = current ? *state.current : *state.previous;
        for (DataVotes& group : groups) {
            if (group.data.source != (current ? finality.current_justified : finality.previous_justified)) {
                group.refused_for_source = true;
                continue;
            }
            Included included{group.data, {}};
            for (const std::uint32_t validator : group.validators) {
                if (votes[validator].distance == 0) included.validators.push_back(validator);
            }
            if (!included.validators.empty()) inclusion.push_back(std::move(included));
        }
    }
    std::ranges::stable_sort(inclusion, std::greater{}, [](const Included& group) { return group.validators.size(); });
    if (state.epoch < config_.gloas_epoch && inclusion.size() > kAttestationsInBlock) inclusion.resize(kAttestationsInBlock);
    return inclusion;
}

void Chain::include(const Block& parent, Slot slot, const Inclusion& inclusion, BranchState& state) const {
    auto previous = std::make_shared<Votes>(*state.previous);
    auto current = std::make_shared<Votes>(*state.current);
    for (const Included& group : inclusion) {
        include_group(parent, slot, group, config_.epoch_of(group.data.slot) == state.epoch ? *current : *previous);
    }
    state.previous = std::move(previous);
    state.current = std::move(current);
}

void Chain::include_group(const Block& parent, Slot slot, const Included& group, Votes& votes) const {
    const ethereum::AttestationData& data = group.data;
    const Block& voted = ancestor(parent, data.slot);
    const bool right_target = data.target == target(parent, data.target.epoch);
    // From Gloas on the index says whether the block's payload has come, but for a block of the slot itself.
    const bool full = config_.epoch_of(data.slot) >= config_.gloas_epoch && voted.slot < data.slot && voted.payload;
    const bool right_head = right_target && data.beacon_block_root == voted.root && data.index.value == (full ? 1U : 0U);
    const auto distance =
        static_cast<std::uint16_t>(std::min<std::uint64_t>(slot - data.slot, std::numeric_limits<std::uint16_t>::max()));
    for (const std::uint32_t validator : group.validators) {
        if (votes[validator].distance == 0) votes[validator] = {distance, right_target, right_head};
    }
}

void Chain::forget_votes_before(Slot slot) {
    // Blocks are added in the order of their slots but for side branches, which are as recent as the rest.
    for (; first_with_votes_ < blocks_.size() && blocks_[first_with_votes_].slot < slot; ++first_with_votes_) {
        blocks_[first_with_votes_].state.previous.reset();
        blocks_[first_with_votes_].state.current.reset();
    }
}

}  // namespace holdfast::sim
