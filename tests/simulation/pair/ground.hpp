// What everybody in one world shares: time, network, protectors, the chain, and how each instance really is.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/protection/witness.hpp"
#include "tests/simulation/environment.hpp"
#include "tests/simulation/member.hpp"
#include "tests/simulation/pair/setup.hpp"
#include "tests/simulation/pair/trace.hpp"
#include "tests/simulation/pair/watch.hpp"

namespace holdfast::simulation::pair {

class Party;

// What a protector answers, to whatever was asked.
struct Reply {
    MemberAnswer said;  // always with the tenure in force
    std::vector<protection::RecordGroup> groups;
    std::vector<protection::Heard> heard;
    std::optional<bool> votes;  // of a status
};
using ReplyPtr = std::shared_ptr<const Reply>;
using Respond = std::function<void(ReplyPtr)>;

// A member of the quorum, and what it has heard of the instances: gone when it ends.
class Protector {
public:
    explicit Protector(Member& member) : member_{member} {}

    void crash();
    void restart(Time now);
    // It has heard whoever beats to it.
    [[nodiscard]] bool has_heard(Time now) const { return member_.up() && now - started_ >= kSecond; }
    [[nodiscard]] Member& member() { return member_; }
    [[nodiscard]] const Member& member() const { return member_; }

    // Not answered by a member that is down, or doesn't vote where that is needed.
    void verdicts(const VerdictRequest& request, protection::Position seen, const Respond& respond);
    void acquire(std::uint64_t generation, const std::string& holder, WallTime now, protection::Position seen,
                 const Respond& respond);
    void records(Epoch target, const Respond& respond);
    void status(const Respond& respond);
    void beat(const protection::Heartbeat& beat, Time now, const Respond& respond);
    void heard(Time now, const Respond& respond);

private:
    Member& member_;
    protection::Heartbeats heartbeats_;
    Time started_{0};
};

// How it really is with what an instance depends on; what it knows of that is its own business.
struct Truth {
    std::size_t nodes_fit{3};
    bool heads{true};
    bool signer{true};
    bool hung{false};  // its duty loop
    Time clock_ahead{0};
};

struct Ground {
    Ground(const PairSetup& how, std::size_t trace_lines);
    ~Ground();
    Ground(const Ground&) = delete;
    Ground& operator=(const Ground&) = delete;

    PairSetup setup;
    Environment base;
    Trace trace;
    Watch watch;
    std::vector<Protector> protectors;
    std::array<Truth, kBoth> truth;
    std::array<std::unique_ptr<Party>, kBoth> parties;

    [[nodiscard]] Time now() const { return base.events.now(); }
    [[nodiscard]] std::size_t endpoint(std::size_t party) const { return setup.base.members + party; }
    [[nodiscard]] bool linked(std::size_t a, std::size_t b) const {
        return !base.network.is_cut(a, b) && !base.network.is_cut(b, a);
    }
    // How many protectors vote and are linked with it both ways.
    [[nodiscard]] std::size_t voters_for(std::size_t party) const;
    // How many are up and linked with it both ways.
    [[nodiscard]] std::size_t links_of(std::size_t party) const;
    // Chance that belongs to the chain: the same for whoever asks, whenever.
    [[nodiscard]] std::uint64_t draw(Slot slot, std::uint64_t what) const;
    [[nodiscard]] Slot slot_at(Time wall) const { return chain_at(setup.base, wall).slot; }
    [[nodiscard]] Time start_of(Slot slot) const {
        return static_cast<Time>(slot.value - kFirstEpoch * setup.base.slots_per_epoch) * setup.base.slot;
    }
    [[nodiscard]] Epoch epoch_of(Slot slot) const { return Epoch{slot.value / setup.base.slots_per_epoch}; }
    [[nodiscard]] std::vector<ValidatorNumber> attesters(Slot slot) const;
    // One of our validators, if the slot's block is ours.
    [[nodiscard]] std::optional<ValidatorNumber> proposer(Slot slot) const;
    [[nodiscard]] std::optional<Slot> next_proposal(Slot from) const;

    void say(const std::string& who, const std::string& what) { trace.say(now(), who, what); }
    void fail(const std::string& what);
};

}  // namespace holdfast::simulation::pair
