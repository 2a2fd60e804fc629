// Tells the nodes ahead of time what blocks of ours shall be like: fee recipients (each epoch, to all nodes), registrations
// with builders (each validator once an epoch, spread over its slots), and from one epoch before Gloas on preferences, signed
// for each slot that one of ours proposes in. Not slashable; done by an instance on standby too (fee recipients only), so that
// its nodes are ready for a takeover.
#pragma once

#include <functional>
#include <unordered_map>

#include "shared/duties/duty_parts.hpp"
#include "shared/duties/proposer_settings.hpp"

namespace holdfast::duties {

struct PreparationOptions {
    Duration call_timeout{std::chrono::seconds{10}};
    std::size_t registrations_per_request{500};
};

struct PreparationCounters {
    std::uint64_t prepared{0};       // validators told of, at the last time
    std::uint64_t registrations{0};  // accepted
    std::uint64_t preferences{0};    // accepted
    std::uint64_t failures{0};
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
    DutyParts parts_;
    const ProposerSettings& settings_;
    std::function<const Validators&()> validators_;
    std::function<Proposals(Epoch)> proposals_;
    PreparationOptions options_;
    PreparationCounters counters_;
};

}  // namespace holdfast::duties
