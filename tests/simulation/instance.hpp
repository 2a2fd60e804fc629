// A validator instance: proposes for every duty, counts with the real tally, goes on duty with the real acquisition and adopts
// with the real plan. It does what protection/http_quorum_* and validator/takeover do around them. A wild one also proposes
// what no sound validator client would, and goes on after it was fenced.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/protection/acquisition.hpp"
#include "shared/protection/position.hpp"
#include "shared/protection/quorum_tally.hpp"
#include "tests/simulation/environment.hpp"

namespace holdfast::simulation {

class Instance {
public:
    Instance(Environment& world, std::size_t number);

    void start();
    void kill();
    void take_over();
    // Proposes only what its own view of the chain is, and as a sound client would.
    void be_sound(bool sound) { sound_ = sound; }
    void set_clock(Time ahead) { clock_ahead_ = ahead; }

    [[nodiscard]] bool up() const { return up_; }
    [[nodiscard]] bool on_duty() const { return on_duty_; }
    [[nodiscard]] std::uint64_t generation() const { return generation_; }
    [[nodiscard]] bool acquiring() const { return acquisition_.has_value(); }
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    struct Round;
    struct Reading;

    Environment& world_;
    std::size_t number_;
    std::string name_;
    Time clock_ahead_{0};
    bool sound_{false};
    std::uint64_t source_lag_{0};  // epochs by which a wild one's justified checkpoint is old

    bool up_{false};
    std::uint64_t life_{0};
    bool on_duty_{false};
    std::uint64_t generation_{0};
    std::vector<protection::Tenure> tenures_;
    std::vector<protection::Position> seen_;
    std::map<Epoch, std::set<ValidatorNumber>> left_out_;

    std::optional<protection::Acquisition> acquisition_;
    std::uint64_t acquisition_number_{0};
    std::size_t readings_open_{0};

    [[nodiscard]] std::size_t endpoint() const { return world_.setup.members + number_; }
    [[nodiscard]] protection::ChainTime clock() const;

    // Duties.
    void next_slot();
    void perform(Slot slot);
    void propose_attestations(Slot slot, std::vector<ValidatorNumber> validators);
    void propose_block(Slot slot);
    void make_wild(protection::AttestationMark& mark);
    void propose(Ballot ballot, std::shared_ptr<const ethereum::AttestationData> data, std::vector<ValidatorNumber> validators);
    void ask(const std::shared_ptr<Round>& round);
    void on_verdicts(const std::shared_ptr<Round>& round, std::size_t member, const MemberAnswer& answer);

    // Going on duty (takeover.cpp).
    void acquire_round();
    void watch_round(Time until, std::uint64_t generation);
    void ask_promise(std::size_t member, std::uint64_t generation);
    void on_promised(const protection::Promise& promise);
    void read(const std::shared_ptr<Reading>& reading);
    void read_member(const std::shared_ptr<Reading>& reading, std::size_t member);
    void on_records(const std::shared_ptr<Reading>& reading, std::size_t member,
                    const std::vector<protection::RecordGroup>& groups);
    void take(Epoch target, const protection::AdoptionPlan& plan);
    void check_plan(Epoch target, const protection::AdoptionPlan& plan) const;

    // Puts a command to a member; `then` gets the answer if this process still lives.
    void command(std::size_t member, protector::Command what, OnAnswer then);
    void note(std::size_t member, const MemberAnswer& answer);
};

}  // namespace holdfast::simulation
