// Tells the nodes ahead of time what blocks of ours shall be like: fee recipients (each epoch, and when validators come or go,
// to all nodes, in parts: who proposes soonest first), registrations with builders (each validator once an epoch, spread over
// its slots), and from one epoch before Gloas on preferences, signed for each slot that one of ours proposes in, which replace
// the others from the fork on. Nothing of it can be slashed. An instance on standby tells fee recipients too, so that its nodes
// are ready for a takeover; the rest only whoever is on duty. Specification: Beacon API prepareBeaconProposer,
// registerValidator, submitProposerPreferences; builder-specs; consensus-specs, gloas/validator.md, "Broadcasting
// SignedProposerPreferences".
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "shared/duties/duty_parts.hpp"
#include "shared/duties/proposer_settings.hpp"

namespace holdfast::duties {

struct PreparationOptions {
    Duration call_timeout{std::chrono::seconds{10}};
    std::size_t registrations_per_request{500};
    std::size_t preparations_per_request{5000};
};

struct PreparationCounters {
    std::uint64_t prepared{0};       // validators told of, since the last time that all had to be
    std::uint64_t registrations{0};  // accepted
    std::uint64_t preferences{0};    // accepted
    std::uint64_t failures{0};       // requests that no node accepted, and messages that could not be signed
};

class ProposerPreparation {
public:
    using Validators = std::unordered_map<PublicKey, ValidatorIndex>;
    // Our proposals of an epoch that are known, with the dependent root of their epoch where it is known.
    struct Proposals {
        std::vector<beacon::ProposerDuty> duties;
        std::optional<Root> dependent_root;
    };

    ProposerPreparation(DutyParts parts, const ProposerSettings& settings, std::function<const Validators&()> validators,
                        std::function<Proposals(Epoch)> proposals, PreparationOptions options);

    // For ever; ends by cancellation. At once at the start, then slot by slot, in the second half of the slot.
    Task<void> run();
    [[nodiscard]] const PreparationCounters& counters() const { return counters_; }

private:
    using Preparations = std::vector<beacon::ProposerPreparation>;
    using PreferenceKey = std::pair<Slot, Root>;  // proposal slot, dependent root: the first for a pair is the one that counts

    DutyParts parts_;
    const ProposerSettings& settings_;
    std::function<const Validators&()> validators_;
    std::function<Proposals(Epoch)> proposals_;
    PreparationOptions options_;
    PreparationCounters counters_;
    std::optional<Epoch> prepared_in_;
    std::uint64_t prepared_mark_{0};       // of whom it was
    std::deque<Preparations> to_prepare_;  // parts that no node has taken yet
    std::optional<Slot> registered_at_;
    std::unordered_map<PublicKey, beacon::SignedRegistration> registrations_;
    std::map<PreferenceKey, unsigned> preferences_;  // how often they were sent, or kSettled

    [[nodiscard]] std::optional<Epoch> gloas_epoch() const;
    [[nodiscard]] SteadyTime deadline() const;
    [[nodiscard]] bool accepted(const char* what, const Result<void>& sent);
    Task<void> prepare(Slot slot);
    void plan_preparations(Slot slot);
    [[nodiscard]] std::unordered_map<ValidatorIndex, Slot> proposals_from(Slot slot) const;
    [[nodiscard]] WallTime middle_of(Slot slot) const;
    Task<void> register_due(Slot slot);
    [[nodiscard]] std::vector<PublicKey> registrations_due(Slot slot);
    Task<void> register_some(std::vector<PublicKey> keys);
    Task<std::optional<beacon::SignedRegistration>> registration(PublicKey key, Address fee_recipient);
    Task<void> tell_preferences(Slot slot);
    [[nodiscard]] std::vector<std::pair<PublicKey, ethereum::ProposerPreferences>> preferences_due(Slot slot) const;
    Task<std::optional<beacon::SignedPreferences>> sign_preferences(PublicKey key, ethereum::ProposerPreferences preferences);
};

}  // namespace holdfast::duties
