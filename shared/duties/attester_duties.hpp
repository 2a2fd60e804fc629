// Keeps the duty book filled: fetches the attester duties of this and the next epoch, again after a reorganisation that moves
// them or when a validator becomes active, and tells the nodes which committees to listen to, and where one of ours aggregates.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <unordered_map>

#include "shared/base/notifier.hpp"
#include "shared/duties/duty_book.hpp"
#include "shared/duties/duty_parts.hpp"

namespace holdfast::duties {

struct AttesterDutiesOptions {
    Duration retry_min{std::chrono::milliseconds{250}};
    Duration retry_max{std::chrono::seconds{5}};
    Duration call_timeout{std::chrono::seconds{10}};
    Duration refetch_min{};  // between two fetches because of head events; the engine gives a quarter of a slot
};

class AttesterDutiesService {
public:
    using Validators = std::unordered_map<PublicKey, ValidatorIndex>;

    struct Hooks {
        // Whether it is known that a validator aggregates. Until it is told, none does.
        std::function<bool(const beacon::AttesterDuty&)> aggregates;
        // Other duties are known than before.
        std::function<void()> on_change;
    };

    // `validators` says which of ours are active now. Everything passed must outlive the object.
    AttesterDutiesService(const DutyParts& parts, std::function<const Validators&()> validators, AttesterDutiesOptions options);
    void use(Hooks hooks) { hooks_ = std::move(hooks); }

    // Fetches what is missing, for ever; ends by cancellation.
    Task<void> run();
    // Others are active than before: drops duties of those who aren't, and fetches those of who has become it.
    void on_validators_changed();
    // It is known now who aggregates in `slot`: the nodes are told.
    void on_aggregators_known(Slot slot);
    // What is known otherwise: kept from an earlier run, or said by most nodes. As DutyBook::put(). `confirm`: it is asked for
    // all the same.
    Result<void> put(beacon::AttesterDuties duties, bool confirm);
    // Has duties fetched again if they stand on another block than the head says. True if the duties of this or the next epoch
    // do.
    bool on_head(const beacon::HeadEvent& event);

    [[nodiscard]] const DutyBook& book() const { return book_; }
    // The duties of all our validators in this epoch are known.
    [[nodiscard]] bool complete(Epoch epoch) const { return complete_.contains(epoch); }
    [[nodiscard]] std::uint64_t refetches() const { return refetches_; }

private:
    DutyParts parts_;
    std::function<const Validators&()> validators_;
    AttesterDutiesOptions options_;
    DutyBook book_;
    std::set<Epoch> complete_;
    Notifier wake_;
    std::map<Epoch, SteadyTime> stale_;  // when the fetch is due
    std::map<Epoch, SteadyTime> fetched_;
    Hooks hooks_;
    std::set<Slot> aggregators_known_;  // that nodes are still to be told of
    std::uint64_t refetches_{0};
    bool looked_{false};  // run() has fetched what it could at its start

    [[nodiscard]] Slot now() const { return parts_.slots.slot_at(parts_.clock.now()); }
    [[nodiscard]] bool needs(Epoch epoch) const;
    [[nodiscard]] SteadyTime next_look(bool all, Duration pause) const;
    void changed();
    Task<bool> fetch_all();
    Task<bool> fetch(Epoch epoch);
    Task<void> subscribe(Epoch epoch);
    Task<void> tell_aggregators();
    Task<void> send(std::vector<beacon::CommitteeSubscription> subscriptions);
    [[nodiscard]] beacon::CommitteeSubscription subscription(const beacon::AttesterDuty& duty) const;
};

}  // namespace holdfast::duties
