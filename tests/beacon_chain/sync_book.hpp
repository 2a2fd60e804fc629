// Sync committees: messages, contributions, and who owed them. Pure: signatures are judged elsewhere.
// Specification: consensus-specs, altair/validator.md; altair/p2p-interface.md.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/beacon_chain/block_forge.hpp"
#include "tests/beacon_chain/domains.hpp"
#include "tests/beacon_chain/duty_score.hpp"
#include "tests/beacon_chain/signature_check.hpp"

namespace holdfast::sim {

struct SyncMessage {
    Slot slot;
    Root block;
    ValidatorIndex validator;
    Signature signature;
};

class SyncBook {
public:
    SyncBook(const ChainConfig& config, const Types& types, const Domains& domains);

    // What is wrong with a message before its signature is looked at, and the claim that it makes.
    [[nodiscard]] std::optional<std::string> fault_of(const SyncMessage& message, Slot now);
    [[nodiscard]] Claim claim(const SyncMessage& message) const;
    void take(const SyncMessage& message, std::optional<std::string> fault, std::uint64_t ms);

    struct Draft {
        std::vector<bool> bits;
        std::vector<Signature> signatures;
    };
    [[nodiscard]] std::optional<Draft> draft(Slot slot, std::uint64_t subcommittee, const Root& block, bool half);
    [[nodiscard]] Object give(Slot slot, std::uint64_t subcommittee, const Root& block, const Draft& draft,
                              const Signature& sum);
    // The bits of the whole committee for `block`: what the next block says.
    [[nodiscard]] std::vector<bool> bits(Slot slot, const Root& block);

    struct Received {
        Slot slot;
        ValidatorIndex aggregator;
        std::uint64_t subcommittee{0};
        std::optional<std::string> fault;
        std::vector<Claim> claims;  // selection proof, contribution and proof
    };
    [[nodiscard]] Received read(const Object& signed_contribution, Slot now);
    void take(const Received& received, const std::vector<bool>& valid, std::uint64_t ms);

    // Who sits where in the committee that signs `slot`: validator -> subcommittees.
    using Members = std::map<std::uint64_t, std::set<std::uint64_t>>;
    [[nodiscard]] const Members& members(Slot slot);
    [[nodiscard]] Root selection_signing_root(Slot slot, std::uint64_t subcommittee) const;
    // One in so many members is an aggregator.
    [[nodiscard]] std::uint64_t modulo() const;
    // `head`: what messages of the slot should have named. Both of those in `owed` only.
    [[nodiscard]] KindScore close_messages(Slot slot, const Root& head, const std::vector<std::uint64_t>& owed) const;
    using Aggregator = std::pair<std::uint64_t, std::uint64_t>;  // validator, subcommittee
    [[nodiscard]] KindScore close_contributions(Slot slot, const std::vector<Aggregator>& owed) const;
    void prune(Slot slot);

private:
    struct Kept {
        Root block;
        Signature signature;
        std::uint64_t ms{0};
    };
    struct OfSlot {
        std::map<std::uint64_t, std::vector<Kept>> messages;  // by validator; one for each block that it named
        std::set<Root> given;
        std::map<Aggregator, std::uint64_t> contributions;  // when they came
        std::map<std::uint64_t, std::string> refused_messages;
        std::map<Aggregator, std::string> refused_contributions;
    };
    ChainConfig config_;
    const Types& types_;
    const Domains& domains_;
    std::map<Slot, OfSlot> slots_;
    std::map<std::uint64_t, std::vector<ValidatorIndex>> committees_;  // by period
    std::map<std::uint64_t, Members> members_;

    [[nodiscard]] std::uint64_t subcommittee_size() const;
    [[nodiscard]] std::uint64_t period(Slot slot) const;
    [[nodiscard]] const std::vector<ValidatorIndex>& committee(Slot slot);
    [[nodiscard]] const Signature* signature_of(Slot slot, std::uint64_t validator, const Root& block) const;
};

}  // namespace holdfast::sim
