// When is it safe to restart this machine? Pure.
#pragma once

#include <optional>
#include <string>

#include "shared/base/time.hpp"
#include "shared/validator/upcoming.hpp"

namespace holdfast::healthcheck {

struct RestartAdvice {
    bool safe_now{false};
    std::optional<Slot> next_proposal;
    std::optional<Epoch> sync_committee_until;  // a key of ours is in a sync committee up to this epoch's end
    std::optional<Slot> next_attestation;
    std::optional<Duration> idle;  // from now to the slot of our next attestation or block; nothing: none is known
    std::string sentence;
};

// Safe: no proposal of ours is due in this slot or the next two, and either the stop costs nothing or there is a slot's time
// until the next attestation or block; sync committee messages, due in every slot of a day, are only mentioned. `into_slot`:
// how far slot `now` has gone. `covered`: another instance is on duty or ready for it, so that a planned stop costs nothing.
[[nodiscard]] RestartAdvice advise(const validator::Upcoming& upcoming, Slot now, Duration into_slot, Duration slot_duration,
                                   bool covered);

}  // namespace holdfast::healthcheck
