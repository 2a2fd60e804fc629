// Aggregates: what nodes give to aggregators, and what aggregators publish. Pure: signatures are judged elsewhere.
// Specification: consensus-specs, phase0/validator.md and electra/validator.md, "Attestation aggregation"; p2p-interface.md,
// beacon_aggregate_and_proof.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "tests/beacon_chain/block_forge.hpp"
#include "tests/beacon_chain/domains.hpp"
#include "tests/beacon_chain/duty_score.hpp"
#include "tests/beacon_chain/signature_check.hpp"

namespace holdfast::sim {

class AggregateBook {
public:
    AggregateBook(Chain& chain, const Types& types, const Domains& domains);

    // Whose votes an aggregate of one committee has.
    struct Draft {
        ethereum::AttestationData data;
        std::vector<std::uint32_t> validators;
        std::vector<Signature> signatures;
    };
    // Nothing if the pool has none of them. `half`: only half of the votes.
    [[nodiscard]] std::optional<Draft> draft(const Pool& pool, const Block& head, Slot slot, CommitteeIndex committee,
                                             const Root& data_root, bool half) const;
    // The attestation, which is remembered as given.
    [[nodiscard]] Object give(const Block& head, const Draft& draft, const Signature& sum);

    // What is read from a SignedAggregateAndProof, and what must have been signed for it to be valid.
    struct Received {
        Slot slot;
        ValidatorIndex aggregator;
        std::optional<std::string> fault;  // seen without looking at signatures
        std::vector<Claim> claims;         // selection proof, aggregate and proof
    };
    [[nodiscard]] Received read(const Object& signed_aggregate, const Block& head, Slot now) const;
    void take(const Received& received, const std::vector<bool>& valid, std::uint64_t ms);

    // Of whom a selection proof says whether they aggregate in `slot`: the attesters for whom `counts` holds. A modulo of 1
    // needs no proof.
    struct Candidate {
        std::uint64_t validator{0};
        std::uint64_t modulo{1};
    };
    template <class Counts>
    [[nodiscard]] std::vector<Candidate> candidates(const Block& head, Slot slot, const Counts& counts) const {
        std::vector<Candidate> result;
        const Committees& committees = chain_.committees(head, chain_.config().epoch_of(slot));
        for (const std::uint32_t validator : committees.attesters(slot)) {
            if (counts(validator)) result.push_back({validator, modulo(committees.duty(ValidatorIndex{validator}))});
        }
        return result;
    }
    [[nodiscard]] Root selection_signing_root(Slot slot) const;
    [[nodiscard]] KindScore close(Slot slot, const std::vector<std::uint64_t>& aggregators) const;
    void prune(Slot slot);

private:
    Chain& chain_;
    const Types& types_;
    const Domains& domains_;
    std::map<Slot, std::set<Root>> given_;                             // roots of attestations
    std::map<Slot, std::map<std::uint64_t, std::uint64_t>> accepted_;  // aggregator -> ms
    std::map<Slot, std::map<std::uint64_t, std::string>> refused_;

    [[nodiscard]] static std::uint64_t modulo(const Duty& duty);
    [[nodiscard]] std::optional<std::string> fault_of(const Object& signed_aggregate, const Block& head, Slot now) const;
};

}  // namespace holdfast::sim
