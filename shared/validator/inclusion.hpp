// What became of our attestations and blocks on the chain: each is looked for in the blocks that follow, and counted once its
// time is over, along the branch that the chain has then. The blocks are fetched one at a time, each once, off the hot path.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "shared/base/notifier.hpp"
#include "shared/beacon/beacon_nodes.hpp"
#include "shared/validator/committee_sizes.hpp"

namespace holdfast::validator {

// Of one slot's duties, when their time is over.
struct InclusionReport {
    Slot slot;
    Epoch epoch;
    std::size_t published{0};                         // attestations
    std::map<std::uint64_t, std::size_t> included{};  // by distance in slots, 1 at best
    std::size_t missed{0};
    std::size_t unknown{0};  // can't be told: blocks that no node gave, or committees whose sizes are not known
    // Of those included; unknown where the chain of that time is.
    std::optional<bool> head_right{};
    std::optional<bool> target_right{};
    std::optional<bool> block_in_chain{};  // a block of ours in this slot; false: orphaned

    [[nodiscard]] std::size_t included_count() const;
    void add(const InclusionReport& other);  // sums of an epoch; what is right or not is only of slots
};

// The chain as blocks tell it, and our votes. Pure.
class InclusionBook {
public:
    // An attestation can be included for an epoch; after that, and `settle` slots more, it is reported.
    InclusionBook(std::uint64_t slots_per_epoch, std::uint64_t settle_slots);

    // Published attestations of one slot; may come in several calls.
    void expect(const ethereum::AttestationData& data, const std::vector<beacon::AttesterDuty>& duties);
    void expect_block(Slot slot, const Root& root);
    // A block that some node calls part of its chain. kMalformed if it isn't one.
    Result<void> on_block(const Root& root, const beacon::ChainBlock& block);
    // The chain's head. Blocks of that branch that are still to be fetched: the newest first missing one; nothing if the
    // branch is known as far back as votes are open.
    void on_head(const Root& root, Slot slot);
    [[nodiscard]] std::optional<Root> missing_block() const;
    // The block can't be had.
    void give_up_on(const Root& root);
    // What is due by now, oldest first.
    [[nodiscard]] std::vector<InclusionReport> settle(Slot now);

    [[nodiscard]] std::size_t blocks() const { return blocks_.size(); }

private:
    struct Block {
        Slot slot;
        Root parent;
    };
    // A vote of ours that blocks are searched for.
    struct Places {
        std::map<CommitteeIndex, std::vector<std::uint64_t>> of_committee;  // positions of ours
    };
    struct Found {
        Root block;
        std::vector<std::uint8_t> committees;   // bits
        std::vector<std::uint8_t> aggregation;  // bits
        std::uint64_t length{0};
    };
    struct Vote {
        ethereum::AttestationData data;
        std::vector<beacon::AttesterDuty> duties;
        std::vector<Found> found;
    };
    struct Open {
        std::vector<Vote> votes;
        std::optional<Root> block;
    };

    std::uint64_t slots_per_epoch_;
    std::uint64_t settle_slots_;
    std::map<Slot, Open> open_;
    std::unordered_map<Root, Block> blocks_;
    std::unordered_map<Root, bool> given_up_;
    std::map<Epoch, CommitteeSizes> sizes_;
    std::optional<Root> head_;
};

struct InclusionHooks {
    std::function<void(const InclusionReport&)> on_slot{};          // each slot with attestations or a block of ours
    std::function<void(Epoch, const InclusionReport&)> on_epoch{};  // sums; also logged
};

class InclusionCheck {
public:
    InclusionCheck(Clock& clock, beacon::BeaconNodes& nodes, const ethereum::SlotClock& slots, InclusionHooks hooks);

    // Attestations that a node has accepted.
    void expect(const ethereum::AttestationData& data, const std::vector<beacon::AttesterDuty>& duties);
    // A block of ours that a node has accepted.
    void expect_block(Slot slot, const Root& root);
    // Heads of fit nodes, as they come.
    void on_head(const beacon::HeadEvent& event);
    // For ever; ends by cancellation.
    Task<void> run();

private:
    Clock& clock_;
    beacon::BeaconNodes& nodes_;
    const ethereum::SlotClock& slots_;
    InclusionHooks hooks_;
    InclusionBook book_;
    std::map<Epoch, InclusionReport> epochs_;
    Notifier wake_;

    Task<void> fetch_missing();
    void report(const InclusionReport& report);
    void close_epochs(Slot settled);
};

}  // namespace holdfast::validator
