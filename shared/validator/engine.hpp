// The engine put together: beacon nodes, keys, quorum and duties, slot by slot.
//
//   Engine engine{executor, clock, nodes, door, quorum, options, hooks};
//   HOLDFAST_CO_TRY(co_await engine.start(deadline));      // knows its validators
//   group.spawn("engine", engine.run());                   // warm: decides every vote, signs none
//   HOLDFAST_CO_TRY(co_await engine.take_over(deadline));  // on duty: a generation is ours, the gate is open
//   engine.close_after(slot);  ...  engine.idle()          // a planned end of duty
//
// The gate: while it is closed everything is done but asking the quorum, signing and publishing; the votes decided meanwhile
// are kept, and caught up with when it opens, as far as they can still be included and nobody else has signed for these
// validators.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "shared/base/notifier.hpp"
#include "shared/base/task_group.hpp"
#include "shared/beacon/beacon_nodes.hpp"
#include "shared/duties/gate.hpp"
#include "shared/protection/quorum_client.hpp"
#include "shared/signing/door.hpp"
#include "shared/validator/duty_cache.hpp"
#include "shared/validator/engine_checks.hpp"
#include "shared/validator/engine_duties.hpp"
#include "shared/validator/engine_safety.hpp"
#include "shared/validator/health.hpp"
#include "shared/validator/takeover.hpp"
#include "shared/validator/validator_set.hpp"

namespace holdfast::validator {

struct EngineOptions {
    duties::AttestationOptions attestation;
    duties::ProposalOptions proposal{};
    duties::ProposerSettings proposers{};
    EngineSafetyOptions safety{};
    std::string data_dir{};                          // where duties are kept over a restart; empty: nowhere
    std::size_t disk_threads{1};                     // 0: the disk is waited for in place, for simulations
    Duration read_records{std::chrono::seconds{5}};  // so long the start waits for what protectors know of our keys
    Duration call_timeout{std::chrono::seconds{10}};
    Duration retry{std::chrono::milliseconds{500}};
    // What the instance before has recorded in its last two slots is published once more, and of older slots as long as it is
    // no more than so many signatures: those were published long ago.
    std::size_t old_votes_max{2048};
};

struct EngineHooks {
    // Gets the report of each slot that had duties, also of those that were only decided (gate closed).
    duties::AttestationDuty::Observer on_report;
    // The same of all duties but attestations.
    duties::DutyObserver on_duty;
    // Every event of every node; of a head event how far into its slot it came.
    std::function<void(const beacon::NodeEventAt&, const std::optional<Duration>& into_slot)> on_event;
    // What became of a slot's attestations and block.
    std::function<void(const InclusionReport&)> on_inclusion;
    // The duty loop has turned: at least once a second. What feeds the watchdog.
    std::function<void()> on_turn;
    // What heartbeats say of this instance: well on duty, or ready for it.
    std::function<bool()> well;
};

class Engine {
public:
    // Everything passed must outlive the engine. Hooks may be empty.
    Engine(Executor executor, Clock& clock, beacon::BeaconNodes& nodes, signing::SigningDoor& door,
           protection::QuorumClient& quorum, EngineOptions options, EngineHooks hooks);
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Watches the nodes, which must be connected, and finds our validators on the chain, until `deadline`. A protector that is
    // down only warns.
    Task<Result<void>> start(SteadyTime deadline);
    // Follows the chain and decides the vote of every slot; performs duties while the gate is open. Heartbeats tell the
    // protectors which it is. After request_stop() no new slot is begun, the one under way is finished. Call once, after
    // start().
    Task<void> run();
    void request_stop();

    // Goes on duty: acquires a generation, keeps out of our duties what the instance before may have signed, opens the gate,
    // publishes that once more, and catches up with the votes that were decided while the gate was closed (this epoch's, and
    // the last slot's before it). At any time after start(), also while run() is at work.
    Task<Result<void>> take_over(SteadyTime deadline);
    // Closes the gate at once: no duty begins, and what is under way asks for no approval and signs nothing more.
    void stand_down();
    // A planned end of duty: duties of slots up to `last` are performed, those of later slots only decided.
    void close_after(Slot last);
    // No duty is under way that would still ask, sign or publish; late deliveries don't count.
    [[nodiscard]] bool idle() const;
    // Opens the gate again in the generation that is still ours, and catches up. After close_after() or stand_down().
    void reopen();
    // Whether duties of the slot that is now are performed.
    [[nodiscard]] bool gate_open() const;

    // Raw, as they are now: for healthcheck::Checks.
    [[nodiscard]] std::vector<HealthCheck> checks() const;
    [[nodiscard]] Upcoming upcoming() const;
    // Of the last slots with duties, newest first, at most 64.
    [[nodiscard]] const std::deque<duties::SlotReport>& recent() const { return recent_; }
    // Of all other duties.
    [[nodiscard]] const std::deque<duties::DutyReport>& recent_duties() const { return recent_duties_; }
    [[nodiscard]] Health health() const;
    [[nodiscard]] const ValidatorSet& validators() const { return validators_; }
    [[nodiscard]] std::vector<beacon::NodeState> node_states() const { return nodes_.states(); }
    [[nodiscard]] std::vector<protection::MemberStatus> protectors() const { return quorum_.members(); }
    [[nodiscard]] std::uint64_t generation() const { return quorum_.generation(); }
    [[nodiscard]] bool fenced() const { return quorum_.fenced_by().has_value(); }
    // Nothing before start().
    [[nodiscard]] const ethereum::SlotClock* slots() const { return slots_ ? &*slots_ : nullptr; }
    [[nodiscard]] const duties::AttesterDutiesService* attester_duties() const {
        return duties_ ? &duties_->attester_duties() : nullptr;
    }
    [[nodiscard]] const EngineDuties* duties() const { return duties_.get(); }
    [[nodiscard]] const EngineSafety* safety() const { return safety_.get(); }
    [[nodiscard]] const std::optional<duties::SlotReport>& last_report() const { return last_report_; }

private:
    enum class State { kStarting, kRunning, kDraining };

    Executor executor_;
    Clock& clock_;
    beacon::BeaconNodes& nodes_;
    signing::SigningDoor& door_;
    protection::QuorumClient& quorum_;
    EngineOptions options_;
    EngineHooks hooks_;
    State state_{State::kStarting};
    bool stop_requested_{false};
    bool said_fenced_{false};
    Notifier stop_;
    duties::Gate gate_;
    bool last_on_duty_{false};            // as heartbeats last said
    std::uint64_t generation_before_{0};  // when the gate began to open
    ValidatorSet validators_;
    DutyCache cache_;
    bool validators_kept_{false};  // from an earlier run: to be confirmed
    std::optional<ethereum::SlotClock> slots_;
    std::unique_ptr<EngineSafety> safety_;
    std::unique_ptr<EngineDuties> duties_;
    std::unique_ptr<Takeover> takeover_;
    std::unique_ptr<EngineChecks> checks_;
    std::optional<duties::SlotReport> last_report_;
    std::deque<duties::SlotReport> recent_;
    std::deque<duties::DutyReport> recent_duties_;
    std::optional<Slot> last_begun_;
    TaskGroup background_;
    TaskGroup slot_tasks_;
    TaskGroup opening_;  // adoption, and what else belongs to the opening of the gate

    Result<void> check_fork() const;
    [[nodiscard]] Epoch current_epoch() const { return nodes_.spec().epoch_of(slots_->slot_at(clock_.now())); }
    Task<std::optional<KeptDuties>> load_kept();
    Task<void> keep_duties();
    Task<Result<void>> find_validators(SteadyTime deadline);
    Task<Result<void>> refresh_validators();
    [[nodiscard]] duties::DutyParts parts();
    void make_safety();
    void on_validators_changed();
    void make_duties();
    Task<void> loop_slots();
    void turn();
    void begin_slot(Slot slot);
    Task<void> perform(Task<void> duty);
    Task<bool> wait_for_slot(Slot slot);
    Task<void> open_gate();
    Task<void> finish();
    void tell_protectors();
    [[nodiscard]] bool gate_open_now() const;
    [[nodiscard]] bool on_duty() const;
    Task<void> follow_events();
    Task<void> watch_validators();
    Task<void> watch_quorum();
    void on_report(const duties::SlotReport& report);
    void on_duty_report(const duties::DutyReport& report);
    void remember(const duties::SlotReport& report);
    [[nodiscard]] std::string state() const;
    [[nodiscard]] HealthCheck check_generation() const;
};

}  // namespace holdfast::validator
