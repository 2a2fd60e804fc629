// From Gloas on: payloads of proposed blocks, and what the payload timeliness committee says of them. Pure: signatures are
// judged elsewhere. Specification: consensus-specs, gloas/beacon-chain.md, gloas/validator.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/ethereum/validator_messages.hpp"
#include "tests/beacon_chain/chain.hpp"
#include "tests/beacon_chain/domains.hpp"
#include "tests/beacon_chain/duty_score.hpp"
#include "tests/beacon_chain/signature_check.hpp"

namespace holdfast::sim {

class PayloadBook {
public:
    PayloadBook(Chain& chain, const Domains& domains) : chain_{chain}, domains_{domains} {}

    // The committee of `slot`, each member once: drawn from those who attest in it.
    [[nodiscard]] std::vector<std::uint64_t> committee(const Block& head, Slot slot) const;

    using Message = ethereum::PayloadAttestationMessage;
    [[nodiscard]] std::optional<std::string> fault_of(const Message& message, const Block& head, Slot now) const;
    [[nodiscard]] Claim claim(const Message& message) const;
    void take(const Message& message, std::optional<std::string> fault, std::uint64_t ms);

    // A payload came for a block of ours, or could not be taken.
    void envelope(Slot slot, std::uint64_t ms) { envelopes_.try_emplace(slot, ms); }
    void refuse_envelope(Slot slot, const std::string& why) { refused_envelopes_[slot] = why; }

    // `block`: that of the slot, with or without its payload.
    [[nodiscard]] KindScore close(const Block& block, const std::vector<std::uint64_t>& owed) const;
    [[nodiscard]] KindScore close_envelope(const Block& block, ValidatorIndex proposer) const;
    void prune(Slot slot);

private:
    struct Kept {
        ethereum::PayloadAttestationData data;
        std::uint64_t ms{0};
    };
    Chain& chain_;
    const Domains& domains_;
    std::map<Slot, std::map<std::uint64_t, Kept>> messages_;
    std::map<Slot, std::map<std::uint64_t, std::string>> refused_;
    std::map<Slot, std::uint64_t> envelopes_;  // when they came
    std::map<Slot, std::string> refused_envelopes_;
};

}  // namespace holdfast::sim
