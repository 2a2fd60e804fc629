// Keeps the duty book filled: fetches the attester duties of this and the next epoch, again after a reorganisation that moves
// them or when a validator becomes active, and tells the nodes which committees to listen to.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>

#include "shared/base/notifier.hpp"
#include "shared/beacon/beacon_nodes.hpp"
#include "shared/duties/duty_book.hpp"

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

    // `validators` says which of ours are active now. Everything passed must outlive the object.
    AttesterDutiesService(Clock& clock, beacon::BeaconNodes& nodes, const ethereum::SlotClock& slots,
                          std::function<const Validators&()> validators, AttesterDutiesOptions options);

    // Fetches what is missing, for ever; ends by cancellation.
    Task<void> run();
    // Looks at once whether something is missing (a new epoch, another set of validators).
    void wake() { wake_.notify_all(); }
    // Has duties fetched again if they stand on another block than the head says. True if the duties of this or the next epoch
    // do.
    bool on_head(const beacon::HeadEvent& event);

    [[nodiscard]] const DutyBook& book() const { return book_; }
    [[nodiscard]] std::uint64_t refetches() const { return refetches_; }

private:
    Clock& clock_;
    beacon::BeaconNodes& nodes_;
    const ethereum::SlotClock& slots_;
    std::function<const Validators&()> validators_;
    AttesterDutiesOptions options_;
    DutyBook book_;
    Notifier wake_;
    std::map<Epoch, SteadyTime> stale_;  // when the fetch is due
    std::map<Epoch, SteadyTime> fetched_;
    std::uint64_t refetches_{0};

    [[nodiscard]] Epoch current_epoch() const;
    [[nodiscard]] bool needs(Epoch epoch) const;
    Task<bool> fetch(Epoch epoch);
    Task<void> subscribe(Epoch epoch);
};

}  // namespace holdfast::duties
