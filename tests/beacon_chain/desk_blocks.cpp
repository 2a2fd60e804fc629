// Blocks: what they say, who signed them, and which become the chain's.
#include <algorithm>
#include <utility>

#include "tests/beacon_chain/desk.hpp"
#include "tests/beacon_chain/proposers.hpp"

namespace holdfast::sim {

ValidatorIndex Desk::proposer(const Block& head, Slot slot) const {
    const ChainConfig& config = chain_.config();
    return proposer_of(config, slot, chain_.dependent_root(head, config.epoch_of(slot)));
}

bool Desk::proposed_by_client(const Block& head, Slot slot) const {
    const ValidatorIndex index = proposer(head, slot);
    return !is_stranger(chain_.config(), index) && ledger_.counts(index.value);
}

BlockDraft Desk::draft(const Block& parent, Slot slot, Inclusion& inclusion) {
    const ChainConfig& config = chain_.config();
    inclusion = chain_.plan(parent, slot, ledger_.pool());
    BlockDraft draft;
    draft.slot = slot;
    draft.proposer = proposer(parent, slot);
    draft.parent = parent.root;
    draft.randao_reveal = no_signature();
    draft.timestamp = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(time_.start_of(slot).time_since_epoch()).count());
    const Type& type = *types_.at(config.epoch_of(slot)).attestation;
    for (const Included& group : inclusion) {
        const Committees& committees = chain_.committees(parent, config.epoch_of(group.data.slot));
        draft.attestations.push_back(attestation(type, committees, group.data, group.validators, no_signature()));
    }
    draft.sync_bits = sync_.bits(slot - 1, parent.root);
    draft.by_builder = gloas(slot);  // a block that nobody of ours proposes
    return draft;
}

Desk::Made Desk::make_block(const Block& parent, Slot slot) {
    Inclusion inclusion;
    const BlockDraft said = draft(parent, slot, inclusion);
    const Object block = forge(types_.at(chain_.config().epoch_of(slot)), said).block;
    const Root root = block.root();
    keep(root, block, no_signature());
    return {root, std::move(inclusion)};
}

void Desk::keep(const Root& root, const Object& block, const Signature& signature) {
    const Epoch epoch = chain_.config().epoch_of(Slot{block.find({"slot"}).as_uint()});
    const ethereum::schema::TypePtr type = types_.at(epoch).signed_block;
    signed_blocks_[root] = {type, container(*type, {{"message", block.bytes}, {"signature", bytes_of(signature)}})};
}

const Object* Desk::signed_block(const Root& root) const {
    const auto found = signed_blocks_.find(root);
    return found == signed_blocks_.end() ? nullptr : &found->second;
}

// The block's signature and its RANDAO reveal.
std::vector<Claim> Desk::claims_of(const Object& signed_block) const {
    const Part message = signed_block.find({"message"});
    const Epoch epoch = chain_.config().epoch_of(Slot{signed_block.find({"message", "slot"}).as_uint()});
    // An index that no validator has stays one when it is cut off to 32 bits.
    const auto index = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(signed_block.find({"message", "proposer_index"}).as_uint(), ~std::uint32_t{0}));
    const Root root = hash_tree_root(*message.type, message.bytes);
    return {{domains_.signing_root(root, Purpose::kProposer, epoch),
             {index, signed_block.find({"signature"}).as_bytes<Signature>()}},
            {domains_.signing_root(root_of(epoch.value), Purpose::kRandao, epoch),
             {index, signed_block.find({"message", "body", "randao_reveal"}).as_bytes<Signature>()}}};
}

// Whether the block is the chain's already; then the node has it now.
bool Desk::known(std::size_t node, Slot slot, const Root& root) {
    const Offer* const offer = proposals_.find(root);
    if (offer == nullptr || proposals_.accepted(slot) != root) return false;
    return propose_(node, *offer, root);
}

Task<Desk::Posted> Desk::post_block(std::size_t node, Object signed_block) {
    const Part message = signed_block.find({"message"});
    const Root root = hash_tree_root(*message.type, message.bytes);
    const Slot slot{signed_block.find({"message", "slot"}).as_uint()};
    if (known(node, slot, root)) co_return Posted{};
    std::vector<Claim> claims = claims_of(signed_block);
    const std::vector<bool> valid = co_await claims_.check_now(std::move(claims));
    if (known(node, slot, root)) co_return Posted{};
    Posted posted;
    if (!valid[0]) {
        posted = {400, "block with an invalid signature"};
    } else {
        const std::uint64_t index = signed_block.find({"message", "proposer_index"}).as_uint();
        ledger_.proposed(static_cast<std::uint32_t>(index), slot, root);
        posted = valid[1] ? take_block(node, signed_block, root) : Posted{400, "block with an invalid RANDAO reveal"};
    }
    if (posted.status != 200) {
        score_.count(posted.message);
        proposals_.refuse(slot, posted.message);
    }
    co_return posted;
}

Desk::Posted Desk::take_block(std::size_t node, const Object& signed_block, const Root& root) {
    const Slot slot{signed_block.find({"message", "slot"}).as_uint()};
    const Offer* const offer = proposals_.find(root);
    if (slot > now()) return {400, "block from the future"};
    if (offer == nullptr) return {400, "block is not one that a node made"};
    if (offer->proposer != proposer(ledger_.head(), slot)) return {400, "block of one who does not propose in its slot"};
    if (proposals_.accepted(slot)) return {400, "a second block of its slot"};
    if (slot < now()) return {202, "block came after the end of its slot"};
    if (!propose_(node, *offer, root)) return {202, "block whose parent is not the chain's head"};
    keep(root, offer->forged.block, signed_block.find({"signature"}).as_bytes<Signature>());
    proposals_.accept(slot, root, ms_into(slot), preparation_.wanted_payee(offer->proposer));
    return {};
}

}  // namespace holdfast::sim
