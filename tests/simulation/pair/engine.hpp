// The duty engine of an instance, as shared/{validator,duties} do it: decides a vote for each slot, performs it while the gate
// is open, keeps it otherwise, goes on duty with adoption, and catches up.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/duties/gate.hpp"
#include "shared/validator/health.hpp"
#include "tests/simulation/pair/quorum.hpp"

namespace holdfast::simulation::pair {

class Engine {
public:
    using OnEnd = std::function<void(Result<void>)>;

    Engine(Ground& ground, std::size_t party, Process& process, Quorum& quorum);

    void reset();  // a new process
    void start();  // it is warm
    void take_over(Time deadline, OnEnd then);
    void stand_down() { gate_.close(); }
    void close_after(Slot last) { gate_.close_after(last); }
    void reopen();
    void request_stop() { stopping_ = true; }
    [[nodiscard]] bool idle() const;
    // Duties of the slot that is now are performed.
    [[nodiscard]] bool gate_open() const;
    // Whether the others have to take us for the one on duty.
    [[nodiscard]] bool on_duty() const;
    [[nodiscard]] Slot slot() const { return ground_.slot_at(wall()); }
    [[nodiscard]] std::vector<validator::HealthCheck> checks() const;

private:
    struct Vote {
        Ballot ballot;
        std::shared_ptr<const ethereum::AttestationData> data;
    };
    struct Kept {
        std::optional<Vote> vote;  // nothing if none could be decided
        std::set<ValidatorNumber> validators;
    };
    struct Work {
        Slot slot;
        Vote vote;
        std::set<ValidatorNumber> pending;
        Time end{0};
        bool before_opening{false};
        bool adopted{false};
        bool caught_up{false};
        std::size_t performed{0};
        bool failed{false};  // for a reason that no other check shows
        std::function<void()> then{};
    };
    using WorkPtr = std::shared_ptr<Work>;
    struct Opening {
        Time deadline;
        OnEnd then;
        std::vector<Epoch> to_read{};
        std::vector<Work> recorded{};
    };
    using OpeningPtr = std::shared_ptr<Opening>;

    Ground& ground_;
    std::size_t party_;
    Process& process_;
    Quorum& quorum_;
    duties::Gate gate_;
    bool stopping_{false};
    std::uint64_t generation_before_{0};  // while the gate is opening
    std::size_t opening_{0};
    Slot next_slot_;
    Time last_turn_{0};
    Time last_head_{0};
    std::deque<Time> heads_;             // of the last slots, newest first: how far into its slot, really, each was heard
    std::array<bool, 2> last_failed_{};  // of the last two slots with duties
    std::set<Slot> deciding_;
    std::size_t performing_{0};
    std::map<Slot, Kept> kept_;
    std::map<ValidatorNumber, Epoch> attested_;  // or left out: the highest target

    [[nodiscard]] const Truth& truth() const { return ground_.truth[party_]; }
    [[nodiscard]] Time wall() const { return process_.now() + truth().clock_ahead; }
    [[nodiscard]] Epoch epoch() const { return ground_.epoch_of(slot()); }
    [[nodiscard]] bool nodes_agree() const { return truth().nodes_fit >= ground_.setup.threshold; }

    // Slot by slot (engine.cpp).
    void turn();
    void begin_slot(Slot slot);
    void decide(Slot slot);
    void try_to_decide(Slot slot);
    void decided(Slot slot, std::optional<Vote> vote);
    void propose(Slot slot);
    [[nodiscard]] Vote make_vote(Slot slot) const;
    [[nodiscard]] std::set<ValidatorNumber> pending_at(Slot slot) const;
    void report(bool failed);
    // How far into its slot, really, its head is known here.
    [[nodiscard]] Time head_arrives(Slot slot) const;
    void listen();
    [[nodiscard]] bool clock_looks_right() const;

    // Approval, signature, publication (performing.cpp).
    [[nodiscard]] bool may_perform(Slot slot) const { return gate_.open_for(slot) && !quorum_.fenced_by(); }
    [[nodiscard]] bool may_go_on(const Work& work) const;
    void perform(Work work);
    void attempt(const WorkPtr& work);
    void sign(const WorkPtr& work, const std::vector<ValidatorNumber>& approved);
    void go_on(const WorkPtr& work);
    void finish(const WorkPtr& work);
    void keep(Slot slot, std::optional<Vote> vote, const std::set<ValidatorNumber>& validators);
    void leave_out(ValidatorNumber validator, Epoch target);
    void catch_up();
    void perform_kept(Slot slot, Kept kept, Time end, bool before_opening, std::function<void()> then);

    // Going on duty (performing.cpp).
    void acquire(const OpeningPtr& opening);
    void read(const OpeningPtr& opening);
    void take(const OpeningPtr& opening, Epoch target, const protection::AdoptionPlan& plan);
    void newest_first(const OpeningPtr& opening);
    void last_epoch_first(const OpeningPtr& opening);
    void open(const OpeningPtr& opening);
    void end_opening(const OpeningPtr& opening, Result<void> how);
};

}  // namespace holdfast::simulation::pair
