// What the rules of primary and secondary have in common: what goes in, and what is to be done.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/time.hpp"

namespace holdfast::healthcheck {

// What the driver (the program, or the simulation) has to do. Each is given out once, and answered by the call named beside it.
enum class Action : std::uint8_t {
    kLook,       // ask the protectors whom they have heard: on_sight()
    kGoOnDuty,   // acquire a generation, adopt, open the gate, catch up: on_duty_begun() or on_duty_failed()
    kDrain,      // begin nothing new after a slot's end (drain.hpp): on_drained() when no duty is under way
    kGoOnAgain,  // open the gate again, in the generation that is still ours, and catch up: no answer
    kStandDown,  // close the gate at once: no answer
};
[[nodiscard]] std::string_view to_string(Action action);

// Could this instance go on duty this second?
struct Readiness {
    bool ready{false};
    std::string why_not;
};

// What an operator asks for.
enum class Command : std::uint8_t {
    kFailover,       // duty goes to the secondary, planned; no automatic failback afterwards
    kForceFailover,  // at the secondary: take duty at once, without waiting for the primary
    kFailback,       // duty goes to the primary, planned
    kForceFailback,  // at the primary: take duty at once
    kPause,          // nothing automatic until kResume: no takeover, no failback; planned handovers go on
    kResume,
};
[[nodiscard]] std::string_view to_string(Command command);

// One possible change of state: the table of these is the state diagram in docs/failover.md (a test compares them).
template <class State>
struct Transition {
    State from;
    State to;
    std::string_view when;
    friend bool operator==(const Transition&, const Transition&) = default;
};

// A change that has happened; the driver logs it and keeps the last ones for the status.
struct Change {
    std::string from;
    std::string to;
    std::string why;
};

}  // namespace holdfast::healthcheck
