// Watches a world from outside the rules: knows how everything really is, what was signed and published, and what must be true.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "healthcheck/failover.hpp"
#include "tests/simulation/oracle.hpp"
#include "tests/simulation/pair/setup.hpp"

namespace holdfast::simulation::pair {

struct Ground;

struct PairCounts {
    std::uint64_t worlds{0};
    std::uint64_t slots{0};
    std::uint64_t duties{0};
    std::uint64_t performed{0};       // in their slot
    std::uint64_t performed_late{0};  // later, as long as they can still be included
    std::uint64_t demanded{0};        // duties that the liveness bound demanded
    std::uint64_t split{0};           // ... and nobody could get a quorum for any more
    std::uint64_t takeovers{0};       // by the secondary, not planned
    std::uint64_t generations{0};
    std::uint64_t handovers{0};  // planned, that were taken
    std::uint64_t adopted{0};
    std::uint64_t kills{0};
    std::uint64_t troubles{0};
    std::uint64_t commands{0};
    void add(const PairCounts& other);
};

// Every change of state that was seen: (party, from, to).
using Changes = std::set<std::pair<std::size_t, std::pair<std::string, std::string>>>;

class Watch {
public:
    explicit Watch(Ground& ground);

    // From a quorum, a healthy instance with its nodes and no pause to duties performed: so long after they are all there.
    [[nodiscard]] Time bound() const;

    // What the parties do.
    void on_approved(std::size_t party, std::uint64_t generation);
    void on_promise(std::size_t party, std::uint64_t generation);
    void on_signed(std::size_t party, ValidatorNumber validator, const Ballot& ballot);
    void on_published(ValidatorNumber validator, Slot slot);
    void on_block(std::size_t party, Slot slot);
    void on_change(std::size_t party, const std::string& from, const std::string& to);
    void on_going_on_duty(std::size_t party, bool forced);
    void on_duty_begun(std::size_t party);
    void on_draining(std::size_t party);
    void on_drained(std::size_t party, bool idle, Slot last_slot);
    void on_go_on_again(std::size_t party);
    void on_command(std::size_t party, healthcheck::Command command);
    void on_gone(std::size_t party);

    // Every 100 ms, and at each slot's end.
    void look();
    void on_slot_end(Slot slot);

    // What the world asks at its end.
    [[nodiscard]] std::vector<std::size_t> on_duty() const;  // who really performs
    [[nodiscard]] std::size_t missing(Slot slot, Time until) const;
    [[nodiscard]] bool block_missing(Slot slot) const;
    [[nodiscard]] bool signed_in(Time from, Time to) const;
    // Of planned handovers: from drained to the other one's open gate; and of the last one, to its generation.
    [[nodiscard]] Time longest_gap() const { return longest_gap_; }
    [[nodiscard]] Time last_gap() const { return last_gap_; }

    PairCounts counts;
    Changes changes;

private:
    // Of one instance; times are since when it is so without a break.
    struct Seen {
        std::optional<Time> good;                   // could do all duties, if only the rules let it
        std::optional<Time> performing;             // does them, and everybody can see that
        std::array<std::optional<Time>, 4> unable;  // could not, whatever the rules say: for each cause
        Time worse_at{0};                           // when something of it last went wrong
        std::array<bool, 6> parts{};                // what is right with it
        Time last_ready{-1'000 * kSecond};          // or on duty
        Time last_frozen{-1'000 * kSecond};
        bool drained{false};  // has said that it is off duty
        Time drained_at{0};
        Slot draining_since;
    };

    Ground& ground_;
    std::array<Seen, kBoth> seen_;
    std::map<std::uint64_t, std::size_t> approved_in_;
    std::map<std::pair<ValidatorNumber, Epoch>, Root> signed_;
    std::map<Slot, std::map<ValidatorNumber, Time>> published_;
    std::map<Slot, std::size_t> blocks_;  // and whose: each has its own block
    std::vector<Time> signed_at_;
    std::uint64_t generation_{0};  // the highest that was promised
    std::size_t holder_{kBoth};
    Time longest_gap_{0};
    Time last_gap_{0};

    [[nodiscard]] bool calm() const;
    // Nodes, signer, duty loop, protectors.
    [[nodiscard]] std::array<bool, 4> needs_of(std::size_t party) const;
    [[nodiscard]] bool is_able(std::size_t party) const;
    [[nodiscard]] std::array<bool, 6> parts_of(std::size_t party) const;
    [[nodiscard]] bool is_seen(std::size_t party) const;
    [[nodiscard]] bool is_good(std::size_t party) const;
    [[nodiscard]] bool is_performing(std::size_t party) const;
    [[nodiscard]] bool demands(Slot slot) const;
    [[nodiscard]] bool could_perform(std::size_t party, Slot slot) const;
    [[nodiscard]] bool is_split(ValidatorNumber validator, Slot slot) const;
};

}  // namespace holdfast::simulation::pair
