#include "healthcheck/restart_advice.hpp"

#include <algorithm>

namespace holdfast::healthcheck {

namespace {

// A restart takes less than two slots: a proposal further ahead is performed after it.
constexpr std::uint64_t kSlotsBeforeProposal = 2;

std::string seconds(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

class Advisor {
public:
    Advisor(Slot now, Duration into_slot, Duration slot_duration)
        : now_{now}, into_slot_{into_slot}, slot_duration_{slot_duration} {}

    // To the beginning of `slot`; nothing if it has begun.
    [[nodiscard]] Duration until(Slot slot) const {
        if (slot <= now_) return Duration::zero();
        // Slots that are further ahead than anybody waits are all the same.
        constexpr std::uint64_t kFar = 1'000'000;
        const auto slots = static_cast<std::int64_t>(std::min(slot - now_, kFar));
        return std::max(slots * slot_duration_ - into_slot_, Duration::zero());
    }
    [[nodiscard]] std::string when(Slot slot) const {
        return "in slot " + to_string(slot) + (slot <= now_ ? ", now" : ", in " + seconds(until(slot)));
    }
    [[nodiscard]] std::optional<Duration> idle(const validator::Upcoming& upcoming) const {
        std::optional<Duration> least;
        for (const std::optional<Slot>& slot : {upcoming.next_proposal, upcoming.next_attestation}) {
            if (slot && (!least || until(*slot) < *least)) least = until(*slot);
        }
        return least;
    }
    [[nodiscard]] bool near(const std::optional<Slot>& proposal) const {
        return proposal && *proposal <= now_ + kSlotsBeforeProposal;
    }

private:
    Slot now_;
    Duration into_slot_;
    Duration slot_duration_;
};

std::string safe_sentence(const RestartAdvice& advice, bool idle_enough, bool covered) {
    std::string text = "safe now: ";
    const std::string what = advice.sync_committee_until ? "no attestation or block" : "nothing";
    if (idle_enough) text += advice.idle ? what + " of ours is due for " + seconds(*advice.idle) : "no duty of ours is known";
    if (covered) text += std::string{idle_enough ? ", and " : ""} + "another instance is on duty or ready for it";
    return text;
}

}  // namespace

RestartAdvice advise(const validator::Upcoming& upcoming, Slot now, Duration into_slot, Duration slot_duration, bool covered) {
    RestartAdvice advice;
    if (!upcoming.known) {
        advice.sentence = "not now: it is not known yet which duties lie ahead";
        return advice;
    }
    const Advisor advisor{now, into_slot, slot_duration};
    advice.next_proposal = upcoming.next_proposal;
    advice.next_attestation = upcoming.next_attestation;
    advice.sync_committee_until = upcoming.sync_committee_until;
    advice.idle = advisor.idle(upcoming);
    const bool idle_enough = !advice.idle || *advice.idle >= slot_duration;
    if (advisor.near(upcoming.next_proposal)) {
        advice.sentence = "not now: a block proposal of ours is due " + advisor.when(*upcoming.next_proposal) + "; after it";
    } else if (covered || idle_enough) {
        advice.safe_now = true;
        advice.sentence = safe_sentence(advice, idle_enough, covered);
    } else {
        advice.sentence = "not now: attestations of ours are due " + advisor.when(*upcoming.next_attestation) +
                          ", and no other instance is ready to take duty";
    }
    if (upcoming.sync_committee_until) {
        advice.sentence +=
            "; a key of ours is in the sync committee until the end of epoch " + to_string(*upcoming.sync_committee_until);
        // That can be a day: nobody waits so long with a restart, and what it costs is little.
        if (!covered) advice.sentence += ": its message is missed in each slot without an instance";
    }
    return advice;
}

}  // namespace holdfast::healthcheck
