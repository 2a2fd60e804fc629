// A drill: for some slots to come, what the secondary has decided (and would have signed) beside what the primary has.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>

#include "instance/peer.hpp"
#include "shared/duties/slot_report.hpp"
#include "shared/ethereum/chain_spec.hpp"
#include "shared/net/http_server.hpp"

namespace holdfast::instance {

struct DrillSources {
    Clock& clock;
    const ethereum::SlotClock& slots;
    const std::deque<duties::SlotReport>& recent;  // ours, newest first
    Peer& peer;
};

// From the slot that is now on, one line of JSON when each is over, and a last one with the sums (docs/health.md). Ends early
// when the reader is gone.
Task<void> run_drill(DrillSources sources, std::uint64_t slots, net::StreamWriter& writer);

// What one instance did for one slot.
struct DrillVote {
    std::string head;  // roots, and epochs with roots ("12:0x..")
    std::string source;
    std::string target;
    std::optional<Duration> decided;
    std::size_t due{0};
    std::size_t attested{0};

    [[nodiscard]] bool same_vote(const DrillVote& other) const {
        return head == other.head && source == other.source && target == other.target;
    }
};
// Nothing if there was no duty in that slot.
[[nodiscard]] std::optional<DrillVote> vote_of(const std::deque<duties::SlotReport>& recent, Slot slot);
// The same out of the body of the primary's /status; kMalformed if it can't be read.
[[nodiscard]] Result<std::optional<DrillVote>> vote_in(const std::string& status, Slot slot);

}  // namespace holdfast::instance
