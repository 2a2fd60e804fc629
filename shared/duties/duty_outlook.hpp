// Who proposes: the proposers of this and the next epoch, known before their epoch begins, and which of them are ours.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "shared/base/notifier.hpp"
#include "shared/duties/duty_parts.hpp"

namespace holdfast::duties {

struct DutyOutlookOptions {
    Duration retry_min{std::chrono::milliseconds{250}};
    Duration retry_max{std::chrono::seconds{5}};
    Duration call_timeout{std::chrono::seconds{10}};
    Duration refetch_min{};  // between two fetches because of head events; the engine gives a quarter of a slot
};

// When what is not urgent may be asked for: not in the first three quarters of an epoch's first slot, whose block comes first.
[[nodiscard]] SteadyTime quiet_from(const DutyParts& parts);

class DutyOutlook {
public:
    using Validators = std::unordered_map<PublicKey, ValidatorIndex>;

    // `validators` says which of ours are active now. Everything passed must outlive the object.
    DutyOutlook(const DutyParts& parts, std::function<const Validators&()> validators, DutyOutlookOptions options);

    // Keeps what is known up to date, for ever; ends by cancellation.
    Task<void> run();
    // Has proposers asked for again when a head names another block than their epoch's duties stand on. Where nodes don't say
    // on which (v1 of the call): when a head names another one than the head before it.
    void on_head(const beacon::HeadEvent& event);
    // What is known otherwise: kept from an earlier run, or said by most nodes. kMalformed, and nothing is changed, if a slot
    // lies outside the epoch or is there twice. `confirm`: it is asked for all the same.
    Result<void> put(beacon::ProposerDuties duties, bool confirm);

    // Whether the proposers of `epoch` are known.
    [[nodiscard]] bool knows(Epoch epoch) const { return known_.contains(epoch); }
    // Another number after each change of what is known of `epoch`; 0: nothing is.
    [[nodiscard]] std::uint64_t version(Epoch epoch) const;
    // Our validator that proposes in a slot, if one does.
    [[nodiscard]] std::optional<beacon::ProposerDuty> proposer_at(Slot slot) const;
    // Our proposals of an epoch, as far as it is known.
    [[nodiscard]] beacon::ProposerDuties ours(Epoch epoch) const;
    // Everybody's.
    [[nodiscard]] beacon::ProposerDuties all(Epoch epoch) const;
    // Of one of ours, `from` or later, as far as it is known.
    [[nodiscard]] std::optional<Slot> next_proposal(Slot from) const;

private:
    struct Known {
        beacon::ProposerDuties duties;  // in the order of slots
        bool tentative{false};          // before Fulu the end of the epoch before may still change them
        std::uint64_t version{0};
    };

    DutyParts parts_;
    std::function<const Validators&()> validators_;
    DutyOutlookOptions options_;
    Notifier wake_;
    std::map<Epoch, Known> known_;
    std::map<Epoch, SteadyTime> stale_;    // when the fetch is due
    std::map<Epoch, SteadyTime> fetched_;  // the last time
    std::map<Epoch, Root> named_;          // by head events: what duties of the epoch stand on
    std::optional<Slot> tried_next_;       // when the next epoch was asked for: not every node gives it
    std::uint64_t versions_{0};

    [[nodiscard]] Slot now() const { return parts_.slots.slot_at(parts_.clock.now()); }
    void forget_before(Epoch epoch);
    [[nodiscard]] bool stale(Epoch epoch) const;
    [[nodiscard]] bool needs(Epoch epoch) const;
    [[nodiscard]] bool may_ask_next() const;
    Task<bool> ask_all();
    Task<bool> ask(Epoch epoch);
    bool note_root(Epoch epoch, const Root& root);
    void make_stale(Epoch epoch);
};

}  // namespace holdfast::duties
