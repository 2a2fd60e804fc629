// The block proposal, slot by slot: blocks from all nodes in parallel, checked before they are thought of, the best by a
// deadline; approved by the quorum, signed, published to all nodes. From Gloas on the payload's envelope after it.
// Specification: consensus-specs, */validator.md, "Block proposal"; Beacon API produceBlockV3 and V4.
// With the gate closed nothing is asked for: a block that nobody will publish is a burden for the nodes.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "shared/duties/block_choice.hpp"
#include "shared/duties/duty_parts.hpp"
#include "shared/duties/duty_report.hpp"
#include "shared/duties/proposer_settings.hpp"

namespace holdfast::duties {

struct ProposalOptions {
    // Of the slot, in basis points: until then blocks are collected, and the best is taken; with none there the first to come.
    std::uint64_t decide_bps{1667};
    Duration retry{std::chrono::milliseconds{250}};  // between two questions while nobody has a block, or the quorum is away
    Duration quorum_timeout_min{std::chrono::milliseconds{500}};  // one request: a sixth of the slot, at least this
    Duration publish_timeout{std::chrono::seconds{10}};
    std::size_t payload_to_rest{3};  // so often to each node that refuses the payload after another one took it
};

class ProposalDuty {
public:
    // `proposer_at`: our validator that proposes in a slot, if one does and the block is not known to be there.
    using ProposerAt = std::function<std::optional<beacon::ProposerDuty>(Slot)>;
    // Block roots that fit nodes have announced as heads lately (what a parent may be), with the slots of those blocks.
    using KnownHead = std::function<std::optional<Slot>(const Root& block)>;

    ProposalDuty(DutyParts parts, const ProposerSettings& settings, ProposalOptions options, ProposerAt proposer_at,
                 KnownHead known_head, DutyObserver observer);

    // Signs the RANDAO reveal of `slot` ahead, if one of ours proposes there; also while the gate is closed. For the slot
    // before, and at a takeover.
    Task<void> prepare(Slot slot);
    // The proposal of `slot`, from its start to its end at most (and the publication's time limit). While it may not be
    // performed it waits for the gate: an instance that takes over within the slot still proposes. Nothing if none of ours
    // proposes, or this slot or a later one has been performed.
    Task<void> perform(Slot slot);
    // Whether one of ours proposes in `slot` and its block is not published.
    [[nodiscard]] bool due_at(Slot slot) const;
    // Nothing is under way that would still ask, sign or publish.
    [[nodiscard]] bool idle() const { return performing_ == 0; }

private:
    struct Randao {
        PublicKey key;
        Signature reveal;
    };
    struct Work {
        beacon::ProposerDuty duty;
        SteadyTime start;
        SteadyTime end;
        DutyReport report;
        Signature randao;
        std::optional<BlockChoice::Best> best;
        Root root;                       // of the block
        bool again{false};               // nodes have been asked before
        std::set<std::size_t> blamed{};  // nodes, for their blocks
    };

    DutyParts parts_;
    const ProposerSettings& settings_;
    ProposalOptions options_;
    ProposerAt proposer_at_;
    KnownHead known_head_;
    DutyObserver observer_;
    std::map<Slot, Randao> randaos_;
    std::optional<Slot> last_slot_;
    std::optional<Slot> published_;
    std::size_t performing_{0};

    Task<Result<Signature>> reveal(beacon::ProposerDuty duty);
    Task<void> propose(Work& work);
    [[nodiscard]] BlockExpectation expectation(const Work& work) const;
    [[nodiscard]] beacon::BlockRequest request(const Work& work) const;
    Task<void> choose(Work& work);
    Task<void> ask(Work& work, BlockChoice& choice);
    void take(Work& work, BlockChoice& choice, beacon::NodeAnswer<beacon::ProducedBlock> answer);
    Task<std::optional<Signature>> sign(Work& work);
    Task<std::optional<signing::Approval>> approve(Work& work, Root signing_root);
    Task<void> publish(Work& work, Signature signature);
    Task<void> deliver_payload(const Work& work);
    Task<Result<Signature>> sign_payload(const Work& work);
    Task<void> publish_payload(const Work& work, Signature signature, DutyReport& report);
};

}  // namespace holdfast::duties
