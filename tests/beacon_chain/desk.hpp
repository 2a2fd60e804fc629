// Where all nodes hand in what validators do besides attesting: takes it to the books, has its signatures verified, and closes
// the books of each slot. Used on the I/O thread only.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/beacon_chain/aggregate_book.hpp"
#include "tests/beacon_chain/claim_queue.hpp"
#include "tests/beacon_chain/ledger.hpp"
#include "tests/beacon_chain/payload_book.hpp"
#include "tests/beacon_chain/preparation_book.hpp"
#include "tests/beacon_chain/proposal_book.hpp"
#include "tests/beacon_chain/sync_book.hpp"

namespace holdfast::sim {

class Desk {
public:
    // What becomes of a proposed block: it is given to the chain and to the nodes, once; each further node that it is posted to
    // has it at once. False if its parent is not the chain's head.
    using Propose = std::function<bool(std::size_t node, const Offer& offer, const Root& root)>;

    // The payload of a block has come in time.
    using Reveal = std::function<void(const Block& block)>;

    // Everything passed must outlive it.
    Desk(Chain& chain, Ledger& ledger, ChainTime time, Clock& clock, WorkerPool& pool, const SignatureChecker& keys,
         Propose propose, Reveal reveal);

    // What a node answers.
    struct Posted {
        int status{200};
        std::string message;
    };
    // A signed_block or signed_blinded_block of its fork. 202: sent on, but not the chain's.
    Task<Posted> post_block(std::size_t node, Object signed_block);
    void submit_aggregates(std::vector<Object> signed_aggregates);
    void submit_sync_messages(std::vector<SyncMessage> messages);
    void submit_contributions(std::vector<Object> signed_contributions);
    struct SignedRegistration {
        ethereum::ValidatorRegistration message;
        Signature signature;
    };
    void submit_registrations(std::vector<SignedRegistration> registrations);

    // From Gloas on: a signed_execution_payload_envelope.
    Task<Posted> post_envelope(Object signed_envelope);
    void submit_payload_attestations(std::vector<PayloadBook::Message> messages);
    struct SignedPreferences {
        ethereum::ProposerPreferences message;
        Signature signature;
    };
    void submit_preferences(std::vector<SignedPreferences> preferences);

    // Verifies what was handed in; ends by cancellation.
    Task<void> run() { return claims_.run(); }
    // The books of `slot` are closed: what has not come has been missed.
    Task<void> close(Slot slot);

    // Who proposes in `slot`, on the branch of `head`; whether a client must do it for the block to be.
    [[nodiscard]] ValidatorIndex proposer(const Block& head, Slot slot) const;
    [[nodiscard]] bool proposed_by_client(const Block& head, Slot slot) const;
    // A block that nobody had to sign, and its root.
    struct Made {
        Root root;
        Inclusion inclusion;
    };
    [[nodiscard]] Made make_block(const Block& parent, Slot slot);
    // A draft of what a block of `slot` on `parent` says; `inclusion` is set to what it includes.
    [[nodiscard]] BlockDraft draft(const Block& parent, Slot slot, Inclusion& inclusion);
    [[nodiscard]] const Object* signed_block(const Root& root) const;

    [[nodiscard]] ProposalBook& proposals() { return proposals_; }
    [[nodiscard]] AggregateBook& aggregates() { return aggregates_; }
    [[nodiscard]] SyncBook& sync() { return sync_; }
    [[nodiscard]] PreparationBook& preparation() { return preparation_; }
    [[nodiscard]] PayloadBook& payloads() { return payloads_; }
    [[nodiscard]] ClaimQueue& claims() { return claims_; }
    [[nodiscard]] Ledger& ledger() { return ledger_; }
    [[nodiscard]] const Types& types() const { return types_; }
    [[nodiscard]] DutyScore& score() { return score_; }
    [[nodiscard]] std::set<std::uint64_t>& slashed() { return slashed_; }

private:
    Chain& chain_;
    Ledger& ledger_;
    ChainTime time_;
    Clock& clock_;
    const SignatureChecker& keys_;
    Propose propose_;
    Reveal reveal_;
    Types types_;
    Domains domains_;
    ClaimQueue claims_;
    ProposalBook proposals_;
    AggregateBook aggregates_;
    SyncBook sync_;
    PreparationBook preparation_;
    PayloadBook payloads_;
    DutyScore score_;
    std::set<std::uint64_t> slashed_;
    std::unordered_map<Root, Object> signed_blocks_;
    std::map<Slot, std::set<Leaf>> received_;  // digests of messages, by the slot in which they came

    [[nodiscard]] Slot now() const { return time_.slot_at(clock_.now()); }
    [[nodiscard]] std::uint64_t ms_into(Slot slot) const;
    [[nodiscard]] std::vector<Claim> claims_of(const Object& signed_block) const;
    bool known(std::size_t node, Slot slot, const Root& root);
    [[nodiscard]] Posted take_block(std::size_t node, const Object& signed_block, const Root& root);
    void keep(const Root& root, const Object& block, const Signature& signature);
    // False for a message that has come before, byte for byte: by another node.
    [[nodiscard]] bool first_time(std::string_view kind, const Bytes& message);
    [[nodiscard]] bool gloas(Slot slot) const;
    [[nodiscard]] bool payload_in_time(Slot slot) const;
    void close_proposals(Slot slot);
    void close_payloads(Slot slot);
    Task<void> close_aggregates(Slot slot);
    Task<void> close_sync(Slot slot);
    void prune(Slot slot);
};

}  // namespace holdfast::sim
