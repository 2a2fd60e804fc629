// How far a protector's memory has come, and how it notices that it is older than others have seen it: a restored backup, a VM
// snapshot, an empty directory made by mistake under a known name. Pure.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"

namespace holdfast::protection {

// Grows with every commit; a rejoin begins a higher incarnation. {0, 0}: never seen.
struct Position {
    std::uint64_t incarnation{0};
    std::uint64_t sequence{0};
    friend constexpr auto operator<=>(const Position&, const Position&) = default;
};
// "2.1041": incarnation and sequence. kMalformed for anything else.
[[nodiscard]] std::string to_string(Position position);
[[nodiscard]] Result<Position> parse_position(std::string_view text);

// May this protector vote?
class Standing {
public:
    enum class State : std::uint8_t {
        kStarting,  // not enough peers have said yet what they saw of us: no votes
        kVoting,
        kStale,  // somebody has seen us further on than we are: no votes until a rejoin. Final
    };

    // Voting needs the word of min(N-Q+1, Q-1) peers: none for 1 of 1.
    Standing(std::size_t members, std::size_t quorum);

    // `peer` (or a client, under its name) says how far it has seen us; `own` is our position now.
    // Peers count towards the start, others only towards staleness.
    void on_seen(const std::string& who, bool is_peer, Position seen_of_us, Position own);

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] std::size_t peers_needed() const { return needed_; }
    [[nodiscard]] std::size_t peers_heard() const { return heard_.size(); }
    // Why it doesn't vote, as a sentence; empty while it votes.
    [[nodiscard]] std::string explain() const;

private:
    std::size_t needed_;
    State state_;
    std::map<std::string, Position> heard_;
    std::string evidence_;
};

// What this protector has seen of its peers; durable with the next commit (protector/ledger).
class SeenPositions {
public:
    // True if it is news.
    bool note(const std::string& node, Position position);
    [[nodiscard]] Position of(const std::string& node) const;
    [[nodiscard]] const std::map<std::string, Position>& all() const { return seen_; }

private:
    std::map<std::string, Position> seen_;
};

}  // namespace holdfast::protection
