// The simulated chain: a tree of blocks, each with the part of its state that attesters depend on. Pure: no clock, no I/O.
// Specification: consensus-specs, phase0/beacon-chain.md (justification and finalization), altair (participation), deneb
// (EIP-7045), and the Beacon API's definition of dependent roots.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "shared/ethereum/attestation.hpp"
#include "tests/beacon_chain/chain_config.hpp"
#include "tests/beacon_chain/committees.hpp"
#include "tests/beacon_chain/pool.hpp"

namespace holdfast::sim {

// What a branch knows of one validator's attestation in one epoch.
struct Vote {
    std::uint16_t distance{0};  // from its slot to the slot of the block that included it; 0: not included
    bool right_target{false};
    bool right_head{false};
};
using Votes = std::vector<Vote>;  // by validator index

struct Finality {
    ethereum::Checkpoint previous_justified;  // epoch 0 with a root of zeros at first, as on every chain
    ethereum::Checkpoint current_justified;
    ethereum::Checkpoint finalized;
    std::array<bool, 4> bits{};
};

// The state after a block, or after empty slots behind it.
struct BranchState {
    Epoch epoch;
    Finality finality;
    std::shared_ptr<const Votes> previous;  // of epoch - 1
    std::shared_ptr<const Votes> current;   // of epoch
};

struct Block {
    Root root;
    Slot slot;
    const Block* parent{nullptr};
    BranchState state;
    bool payload{true};  // from Gloas on: its payload has come
};

// Attestations with the same data that a block includes.
struct Included {
    ethereum::AttestationData data;
    std::vector<std::uint32_t> validators;  // that its branch has not included before
};
using Inclusion = std::vector<Included>;

class Chain {
public:
    explicit Chain(ChainConfig config);

    [[nodiscard]] const ChainConfig& config() const { return config_; }
    [[nodiscard]] const Block& genesis() const { return blocks_.front(); }
    // Null if unknown.
    [[nodiscard]] const Block* find(const Root& root) const;

    // What a block of `slot` on `parent` would include of `pool`, the most new votes first: at most 8 before Gloas
    // (MAX_ATTESTATIONS_ELECTRA).
    [[nodiscard]] Inclusion plan(const Block& parent, Slot slot, Pool& pool) const;
    // A new block on `parent` (parent.slot < slot). Blocks stay where they are.
    const Block& add_block(const Block& parent, Slot slot, const Root& root, const Inclusion& inclusion);
    // The same with what it may include, and a root that is made up.
    const Block& add_block(const Block& parent, Slot slot, Pool& pool);
    // From Gloas on. Until then, and if nothing is said, payloads are there.
    void set_payload(const Block& block, bool there);

    // The last block at or before `slot` on the branch of `head`.
    [[nodiscard]] const Block& ancestor(const Block& head, Slot slot) const;
    // The state of `head` with empty slots up to `epoch`.
    [[nodiscard]] BranchState state_at(const Block& head, Epoch epoch) const;
    [[nodiscard]] ethereum::Checkpoint target(const Block& head, Epoch epoch) const;
    // Of attester duties of `epoch`, on the branch of `head`.
    [[nodiscard]] Root dependent_root(const Block& head, Epoch epoch) const;
    // What an attester of `slot` says whose head is `head`.
    [[nodiscard]] ethereum::AttestationData attestation_data(const Block& head, Slot slot) const;
    // Of `epoch` on the branch of `head`; cached.
    [[nodiscard]] const Committees& committees(const Block& head, Epoch epoch);

private:
    ChainConfig config_;
    std::deque<Block> blocks_;
    std::unordered_map<Root, const Block*> by_root_;
    std::map<std::pair<Epoch, Root>, std::unique_ptr<Committees>> committees_;
    std::size_t first_with_votes_{0};
    std::uint64_t blocks_made_{0};

    void end_epoch(const Block& head, BranchState& state) const;
    void include(const Block& parent, Slot slot, const Inclusion& inclusion, BranchState& state) const;
    void include_group(const Block& parent, Slot slot, const Included& group, Votes& votes) const;
    void forget_votes_before(Slot slot);
};

}  // namespace holdfast::sim
