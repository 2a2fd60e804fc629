// The engine put together: beacon nodes, keys, quorum and duties, slot by slot.
//
//   Engine engine{executor, clock, nodes, door, quorum, options, observer};
//   HOLDFAST_CO_TRY(co_await engine.start(deadline));      // ready, not on duty
//   HOLDFAST_CO_TRY(co_await engine.take_over(deadline));  // on duty: a generation is ours
//   co_await engine.run();       // until request_stop(); the duty of the slot under way is finished first
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "shared/base/notifier.hpp"
#include "shared/base/task_group.hpp"
#include "shared/beacon/beacon_nodes.hpp"
#include "shared/duties/attestation_duty.hpp"
#include "shared/duties/attester_duties.hpp"
#include "shared/protection/quorum_client.hpp"
#include "shared/signing/door.hpp"
#include "shared/validator/health.hpp"
#include "shared/validator/takeover.hpp"
#include "shared/validator/validator_set.hpp"

namespace holdfast::validator {

struct EngineOptions {
    duties::AttestationOptions attestation;
    Duration call_timeout{std::chrono::seconds{10}};
    Duration retry{std::chrono::milliseconds{500}};
};

class Engine {
public:
    // Everything passed must outlive the engine. `observer` gets the report of each slot that had duties.
    Engine(Executor executor, Clock& clock, beacon::BeaconNodes& nodes, signing::SigningDoor& door,
           protection::QuorumClient& quorum, EngineOptions options, duties::AttestationDuty::Observer observer);
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Watches the nodes, which must be connected, and finds our validators on the chain, until `deadline`. A protector that is
    // down only warns.
    Task<Result<void>> start(SteadyTime deadline);
    // Acquires a generation and adopts what the instance before may have signed; publishing that goes on beside run(). After
    // start(), before run(), or while run() is fenced.
    Task<Result<void>> take_over(SteadyTime deadline);
    // Performs duties, except while another instance holds a higher generation (fenced). After request_stop() no new slot is
    // begun, the one under way is finished. Call once, after start().
    Task<void> run();
    void request_stop();

    [[nodiscard]] Health health() const;
    [[nodiscard]] const ValidatorSet& validators() const { return validators_; }
    [[nodiscard]] std::vector<beacon::NodeState> node_states() const { return nodes_.states(); }
    [[nodiscard]] std::vector<protection::MemberStatus> protectors() const { return quorum_.members(); }
    [[nodiscard]] std::uint64_t generation() const { return quorum_.generation(); }
    [[nodiscard]] bool fenced() const { return quorum_.fenced_by().has_value(); }
    // Nothing before start().
    [[nodiscard]] const ethereum::SlotClock* slots() const { return slots_ ? &*slots_ : nullptr; }
    [[nodiscard]] const duties::AttesterDutiesService* attester_duties() const { return attester_duties_.get(); }
    [[nodiscard]] const std::optional<duties::SlotReport>& last_report() const { return last_report_; }

private:
    enum class State { kStarting, kOnDuty, kDraining };

    Executor executor_;
    Clock& clock_;
    beacon::BeaconNodes& nodes_;
    signing::SigningDoor& door_;
    protection::QuorumClient& quorum_;
    EngineOptions options_;
    duties::AttestationDuty::Observer observer_;
    State state_{State::kStarting};
    bool stop_requested_{false};
    bool said_fenced_{false};
    Notifier stop_;
    ValidatorSet validators_;
    std::optional<ethereum::SlotClock> slots_;
    std::unique_ptr<duties::AttesterDutiesService> attester_duties_;
    std::unique_ptr<duties::AttestationDuty> attestation_;
    std::unique_ptr<Takeover> takeover_;
    std::optional<duties::SlotReport> last_report_;
    std::optional<SteadyTime> last_tick_;
    TaskGroup background_;
    TaskGroup slot_tasks_;

    Result<void> check_fork() const;
    Task<Result<void>> find_validators(SteadyTime deadline);
    Task<Result<void>> refresh_validators();
    void make_duties();
    Task<void> loop_slots();
    void begin_slot(Slot slot);
    Task<bool> wait_for_slot(Slot slot);
    Task<void> follow_events();
    Task<void> watch_validators();
    Task<void> watch_quorum();
    void on_report(const duties::SlotReport& report);
    [[nodiscard]] std::string state() const;
    [[nodiscard]] HealthCheck check_nodes() const;
    [[nodiscard]] HealthCheck check_protectors() const;
    [[nodiscard]] HealthCheck check_generation() const;
};

}  // namespace holdfast::validator
