// What became of our attestations and blocks, as the chain's blocks tell it: each is looked for in the blocks of the branch
// that the chain has when its time is over. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "shared/beacon/production_types.hpp"
#include "shared/validator/committee_sizes.hpp"

namespace holdfast::validator {

// Of one slot's duties, or the sum of an epoch's.
struct InclusionReport {
    Slot slot;
    Epoch epoch;
    std::size_t published{0};                         // attestations of ours that a node had accepted
    std::map<std::uint64_t, std::size_t> included{};  // by distance in slots, 1 at best
    std::size_t missed{0};                            // not within an epoch
    std::size_t unknown{0};                           // blocks could not be had, or sizes of committees aren't known
    // Of those included, as far as the chain of that time is known.
    std::size_t head_right{0};
    std::size_t head_wrong{0};
    std::size_t target_right{0};
    std::size_t target_wrong{0};
    std::size_t blocks_in_chain{0};  // of ours
    std::size_t blocks_orphaned{0};

    [[nodiscard]] std::size_t included_count() const;
    void add(const InclusionReport& other);
};

class InclusionBook {
public:
    // Attestations are waited for an epoch long; their slot is reported `settle_slots` later.
    explicit InclusionBook(std::uint64_t slots_per_epoch, std::uint64_t settle_slots = 2);

    // Published attestations of one slot. May come in several calls; each validator counts once.
    void expect(const ethereum::AttestationData& data, const std::vector<beacon::AttesterDuty>& duties);
    // A published block of ours.
    void expect_block(Slot slot, const Root& root);
    [[nodiscard]] bool expects_anything() const { return !open_.empty(); }

    // A node's head. The one that most nodes have is the chain's.
    void on_head(std::size_t node, const Root& root, Slot slot);
    // A block of the chain's branch that is needed and not here: the newest first. Nothing if all is there.
    [[nodiscard]] std::optional<Root> missing_block() const;
    void on_block(const Root& root, const beacon::ChainBlock& block);

    // Slots whose time is over, oldest first.
    [[nodiscard]] std::vector<InclusionReport> settle(Slot now);
    [[nodiscard]] bool settled(Slot slot, Slot now) const { return now.value > slot.value + slots_per_epoch_ + settle_slots_; }
    [[nodiscard]] std::size_t blocks() const { return blocks_.size(); }

private:
    // An attestation in a block.
    struct Carried {
        std::vector<std::uint8_t> data;  // encoded
        Slot slot;
        std::vector<std::uint64_t> committees;
        std::vector<std::uint8_t> votes;  // bits of all these committees' members, one after the other
        std::uint64_t members{0};
    };
    struct Block {
        Slot slot;
        Root parent;
        std::vector<Carried> attestations;
    };
    struct Vote {
        ethereum::AttestationData data;
        std::vector<std::uint8_t> encoded;
        std::vector<beacon::AttesterDuty> duties;
    };
    struct Open {
        std::vector<Vote> votes;
        std::set<ValidatorIndex> validators;
        std::optional<Root> block;
    };
    struct Head {
        Root root;
        Slot slot;
    };
    // The chain back from its head, newest first, as far as it is known.
    struct Branch {
        std::vector<const Block*> blocks;
        std::vector<Root> roots;
        std::optional<Root> missing;  // where it ends
        // The root of the last block up to that slot; nothing if that isn't known.
        [[nodiscard]] std::optional<Root> at(Slot slot) const;
        [[nodiscard]] bool reaches(Slot slot) const { return !blocks.empty() && blocks.back()->slot <= slot; }
    };
    enum class Answer { kYes, kNo, kUnknown };

    std::uint64_t slots_per_epoch_;
    std::uint64_t settle_slots_;
    std::map<Slot, Open> open_;
    std::map<std::size_t, Head> heads_;  // by node
    std::unordered_map<Root, Block> blocks_;
    std::map<Epoch, CommitteeSizes> sizes_;

    [[nodiscard]] Slot first_slot_of(Slot slot) const { return Slot{slot.value - slot.value % slots_per_epoch_}; }
    [[nodiscard]] Epoch epoch_of(Slot slot) const { return Epoch{slot.value / slots_per_epoch_}; }
    [[nodiscard]] const Head* head() const;
    [[nodiscard]] Branch branch(Slot down_to) const;
    [[nodiscard]] InclusionReport report(Slot slot, const Open& open) const;
    void learn_sizes(const Branch& branch, Epoch epoch);
    void count(InclusionReport& report, const Vote& vote, const Branch& branch) const;
    [[nodiscard]] Answer carries(const Carried& carried, const beacon::AttesterDuty& duty) const;
    void forget(Slot now);
};

}  // namespace holdfast::validator
